"""Take an import back: who was changed is as before, who was made is gone, and what people did since stays."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from regulars.core import background as jobs
from regulars.core import bulk
from regulars.core.background import background
from regulars.customers import people, presenting, search
from regulars.customers.actions.bulk import NotPossibleNow, take_back_in_words
from regulars.customers.actions.imports import ACTION
from regulars.customers.bulk.lifecycle import holders_of
from regulars.customers.facts import BulkUndone, BulkWorkUndone
from regulars.customers.journal import Image
from regulars.customers.models import Change, ChangeSet, ChangeSpan, Customer, Identity, Tag, Tagging
from regulars.customers.standings import id_list
from regulars.staff.policy import verb
from regulars.timeline.actions import blank_many, record, record_many
from regulars.timeline.models import Entry
from regulars.timeline.queries import names_of_reads

AT_ONCE = 5_000
AT_HAND = 500
# What an import makes with a customer, and what the product finds out about one by itself. It goes with them; anything
# else that hangs on a customer came later, and keeps them.
_GOES_WITH = frozenset({
    "customers.Address", "customers.Consent", "customers.ConsentRecord", "customers.ContactPoint",
    "customers.CustomValue", "customers.DuplicatePair", "customers.Identity", "customers.Note", "customers.Tagging",
    "timeline.Entry",
})  # fmt: skip

_WHY_KEPT = {
    "customers.Customer.merged_into": gettext_lazy("They were merged with somebody since, and stay."),
    "customers.Customer.organisation": gettext_lazy("Somebody works there since, and they stay."),
    "customers.MergeLink.kept": gettext_lazy("They were merged with somebody since, and stay."),
    "customers.MergeLink.merged": gettext_lazy("They were merged with somebody since, and stay."),
    "customers.OwnProfile.customer": gettext_lazy("They were merged with somebody since, and stay."),
}

Outcome = Change.Outcome
State = ChangeSet.State


def undo_import(change_set: ChangeSet, *, is_now: bool = False) -> ChangeSet:
    """Take an import back, however long ago it was; a small one here and now. Raises NotPossibleNow."""
    with transaction.atomic():
        current = ChangeSet.objects.select_for_update(of=("self",), no_key=True).get(pk=change_set.pk, action=ACTION)
        if not may_undo(current):
            raise NotPossibleNow(_("This cannot be undone any more."))
        made = sum(span.last_id - span.first_id + 1 for span in current.spans.all())
        changed = Change.objects.filter(change_set=current, state=Change.State.APPLIED).count()
        now = timezone.now()
        # what happened until now is the import's own doing; what comes later is somebody's
        current.params = {**current.params, "ended_at": (current.applied_at or current.updated_at).isoformat()}
        current.state, current.done, current.total, current.updated_at = State.UNDOING, 0, made + changed, now
        current.save(update_fields=["state", "done", "total", "updated_at", "params"])
        is_now = is_now or current.total <= AT_HAND
        if not is_now:
            undo_import_rows.later(change_set_id=current.pk)
    if is_now:
        undo_import_rows(change_set_id=current.pk)
        current.refresh_from_db()
    return current


def may_undo(change_set: ChangeSet) -> bool:
    """Whether there is something to take back: imports can be, for ever."""
    return change_set.state in {State.APPLIED, State.STOPPED, State.FAILED} and change_set.started_at is not None


@background(label=gettext_lazy("Take an import back"), retries=3)
def undo_import_rows(*, change_set_id: int) -> None:
    """The changes first, the last one first; then the customers it made. Begun again, it goes on where it was."""
    undoing = ChangeSet.objects.get(pk=change_set_id)
    if undoing.state != State.UNDOING:
        return
    language = undoing.file.options.get("language") if hasattr(undoing, "file") else None
    with override(language) if language else nullcontext():
        while _undo_changes(undoing):
            jobs.progress(undoing.done, undoing.total)
        while _undo_creations(undoing):
            jobs.progress(undoing.done, undoing.total)
        _finish(undoing)


@verb
def _undo_changes(undoing: ChangeSet) -> bool:
    """Put some customers back as they were; whether there were any."""
    lines = list(
        Change.objects.filter(change_set=undoing, state=Change.State.APPLIED)
        .order_by("-id")
        .values_list("id", "customer_id", "images", "fields")[:AT_ONCE]
    )
    if not lines:
        return False
    numbers = sorted({number for _id, number, _images, _fields in lines if number is not None})
    # a customer whom several rows changed has the images with the last of them; together they go back or stay
    images = [(number, of_line) for _id, number, of_line, _fields in reversed(lines) if number is not None and of_line]
    taken = _taken_emails(undoing, images)
    kept = taken | take_back_in_words([(number, of_line) for number, of_line in images if number not in taken])
    states = [
        (str(Change.State.KEPT if number in kept else Change.State.UNDONE), kept.get(number or 0, ""), line_id)
        for line_id, number, _images, _fields in lines
    ]
    bulk.update(Change, ("state", "reason"), states)
    told = [
        (
            number,
            BulkUndone(
                change_set=undoing.public_id,
                action=ACTION,
                # what a note says stands with the note alone
                changes={name: [new, old] for name, (old, new) in fields.items() if name != "note"},
            ),
        )
        for _id, number, _images, fields in lines
        if number is not None and number not in kept
    ]
    record_many(told, subject=Customer)
    presenting.follow(numbers)
    search.mark_unindexed(numbers)
    _went_on(undoing, len(lines))
    return True


def _taken_emails(undoing: ChangeSet, images: Sequence[tuple[int, Sequence[Image]]]) -> dict[int, str]:
    """Whose e-mail cannot come back because somebody else has it by now, and why, in a sentence.

    Nobody is in the way who gives it back in the same undo, or has shared it as another account of one channel.
    """
    back: dict[int, str] = {}
    for number, of_line in images:
        for table, _key, before, after in of_line:
            if table == "customer" and before and after and before.get("email"):
                back.setdefault(number, before["email"])
    holders = holders_of(set(back.values()))
    others = {holder for of_email in holders.values() for holder in of_email} - back.keys()
    roots = people.roots_of(back)
    channels: dict[int, set[int]] = defaultdict(set)
    for number, channel in Identity.objects.filter(customer__in=id_list({*back, *others})).values_list(
        "customer", "channel"
    ):
        channels[number].add(channel)
    lines = Change.objects.filter(change_set=undoing, state=Change.State.APPLIED, customer_id__in=id_list(others))
    gives = {number for number, fields in lines.values_list("customer_id", "fields") if "email" in fields} | back.keys()
    spans = undoing.spans.values_list("first_id", "last_id")
    made = sorted(holder for holder in others if any(first <= holder <= last for first, last in spans))
    gives |= set(made) - _used_since(made, ended_at=undoing.params["ended_at"]).keys() if made else set()
    found: dict[int, str] = {}
    is_settled = False
    while not is_settled:
        is_settled = True
        for number, email in back.items():
            for holder, name in holders[email].items():
                is_free = holder in (number, roots[number]) or holder in gives or channels[number] & channels[holder]
                if number not in found and not is_free:
                    found[number] = _("%(name)s has the e-mail %(email)s now.") % {"name": name, "email": email}
                    # who keeps their new e-mail gives it to nobody
                    gives.discard(number)
                    is_settled = False
    return found


@verb
def _undo_creations(undoing: ChangeSet) -> bool:
    """Let some customers go whom the import made; whether there were any."""
    span = ChangeSpan.objects.filter(change_set=undoing).order_by("-last_id").first()
    if span is None:
        return False
    first = max(span.first_id, span.last_id - AT_ONCE + 1)
    numbers = list(range(first, span.last_id + 1))
    kept = _used_since(numbers, ended_at=undoing.params["ended_at"])
    there = dict(Customer.everyone.filter(pk__in=id_list(numbers)).values_list("pk", "name"))
    same = {
        "change_set_id": undoing.pk,
        "outcome": str(Outcome.NEW),
        "state": str(Change.State.KEPT),
        "fields": "{}",
        "images": "[]",
    }
    staying = [(number, there[number][:250], why) for number, why in sorted(kept.items()) if number in there]
    bulk.insert(Change, ("customer_id", "label", "reason"), staying, same=same)
    going = [number for number in numbers if number not in kept]
    # that they came and went stays in the log, without them
    blank_many(Entry.objects.filter(customer__in=id_list(going)), is_emptied=True, is_cut_loose=True, reason="undone")
    for relation in Customer._meta.related_objects:
        if relation.related_model is not Entry and relation.related_model._meta.label in _GOES_WITH:
            rows = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": id_list(going)})
            rows._raw_delete(rows.db)
    rows = Customer.everyone.filter(pk__in=id_list(going))
    rows._raw_delete(rows.db)
    search.mark_unindexed([number for number in going if number in there])
    if first == span.first_id:
        span.delete()
    else:
        span.last_id = first - 1
        span.save(update_fields=["last_id"])
    _went_on(undoing, len(numbers))
    return True


def _used_since(numbers: Sequence[int], *, ended_at: str) -> dict[int, str]:
    """Which of these customers people or other rooms have used since, and how, in a sentence."""
    kept: dict[int, str] = {}
    for relation in Customer._meta.related_objects:
        if relation.related_model._meta.label in _GOES_WITH or not isinstance(relation.field, models.ForeignKey):
            continue
        name = relation.field.name
        found = relation.related_model._base_manager.filter(**{f"{name}__in": id_list(numbers)})
        label = str(relation.related_model._meta.verbose_name_plural)
        for number in found.values_list(name, flat=True).distinct():
            why = str(_WHY_KEPT.get(f"{relation.related_model._meta.label}.{name}", ""))
            kept.setdefault(number, why or _("They have %(things)s since, and stay.") % {"things": label})
    entries = Entry.objects.filter(customer__in=id_list(numbers), recorded_at__gt=ended_at)
    # whoever only looked changed nothing, and what was taken back leaves nothing
    entries = entries.exclude(name__in={BulkUndone.name, *names_of_reads()})
    later: dict[int, list[dt.datetime]] = defaultdict(list)
    for number, at in entries.values_list("customer", "recorded_at"):
        if number is not None:
            later[number].append(at)
    # what another import or bulk work did, and was taken back since, left nothing
    taken_back: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    lines = Change.objects.filter(customer_id__in=id_list(later), state=Change.State.UNDONE)
    for line in lines.values_list("customer_id", "change_set__started_at", "change_set__applied_at"):
        if line[0] and line[1] and line[2]:
            taken_back[line[0]].append((line[1], line[2]))
    for number, moments in later.items():
        if any(not any(began <= at <= ended for began, ended in taken_back[number]) for at in moments):
            kept.setdefault(number, _("Somebody changed them since, and they stay."))
    return kept


def _went_on(undoing: ChangeSet, count: int) -> None:
    undoing.done += count
    ChangeSet.objects.filter(pk=undoing.pk).update(done=undoing.done)


@verb
def _finish(undoing: ChangeSet) -> None:
    now = timezone.now()
    made = Tag.objects.filter(pk__in=undoing.params.get("tags_made", ()))
    made.exclude(pk__in=Tagging.objects.values("tag")).delete()
    lines = Change.objects.filter(change_set=undoing)
    kept = lines.filter(state=Change.State.KEPT).count()
    undone = undoing.total - kept
    ChangeSet.objects.filter(pk=undoing.pk, state=State.UNDOING).update(
        state=State.UNDONE, undone_at=now, updated_at=now, counts=undoing.counts | {"undone": undone, "kept": kept}
    )
    record(BulkWorkUndone(change_set=undoing.public_id, action=ACTION, count=undone, kept=kept))
