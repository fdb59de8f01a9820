"""Plan work on many customers, apply it, stop it, and take it back."""

from __future__ import annotations

import datetime as dt
import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _

from regulars.core import bulk as rows
from regulars.core.background import Cancelled, background, every, progress
from regulars.core.errors import Invalid, Refusal
from regulars.core.text import BadText, clean
from regulars.customers import journal, presenting, search
from regulars.customers.bulk import action as actions
from regulars.customers.bulk import merged
from regulars.customers.bulk.action import Action, Line, Outcome, Params, Touches
from regulars.customers.bulk.lines import Facts, PlannedLine, keep_images, labels, lock, parts, read_lines
from regulars.customers.bulk.selection import Selection, visible
from regulars.customers.facts import (
    BulkApplied,
    BulkChanged,
    BulkUndone,
    BulkWorkUndone,
    WorkStopped,
)
from regulars.customers.models import Change, ChangeSet, Customer
from regulars.customers.standings import id_list
from regulars.staff.models import User
from regulars.staff.policy import as_reader, reading_as, verb, writing
from regulars.timeline.actions import record, record_many, who_acts

AT_ONCE = 10_000  # customers in one transaction: Stop waits for no more, and nobody waits longer for the database
AT_HAND = 500  # as many are planned and done while somebody waits
UNDO_FOR = dt.timedelta(days=30)
PLAN_KEPT_FOR = dt.timedelta(days=7)
_REASON = 250
_LAST_ID = 2**63 - 1

State = ChangeSet.State


class NotPossibleNow(Refusal):
    """The change set is not in a state for this: planned already, applied already, too old to be undone."""

    slug = "not-possible-now"


@verb
def plan(*, action: Action, params: Params, selection: Selection, source: str = "page", back: str = "") -> ChangeSet:
    """Begin work on many customers: who would be changed, and how. Nothing is changed yet.

    Few are planned here and now; for many the plan is made in the background. `back` is the list it was begun from.
    Raises Invalid where nobody is selected or the list cannot be understood.
    """
    by = _acting_user()
    with as_reader():
        count = selection.count(reader=by, language=get_language() or "en")
    if not count:
        sentence = _("Nobody is selected.")
        raise Invalid(sentence, fields={"ids": [sentence]})
    planned = ChangeSet.objects.create(
        action=action.name,
        title=action.title(params)[:250],
        params=dict(params),
        selection=selection.kept() | {"language": get_language() or "en", "back": back[:2000]},
        made_by=by,
        source=source,
        total=count,
    )
    if count <= AT_HAND:
        make_plan(change_set_id=planned.pk)
        planned.refresh_from_db()
    else:
        make_plan.later(change_set_id=planned.pk)
    return planned


@background(label=gettext_lazy("Plan work on many customers"), retries=3)
def make_plan(*, change_set_id: int) -> None:
    """Write down for everybody who was selected what would happen; begun again, it begins anew."""
    planned = ChangeSet.objects.select_related("made_by").get(pk=change_set_id)
    if planned.state != State.PLANNING:
        return
    with _at_work(planned):
        # whom they see, with the role they have by now
        with _reading_as_maker(planned):
            selected = Selection.of(planned.selection)
            numbers = selected.numbers(reader=planned.made_by, language=get_language() or "en")
        Change.objects.filter(change_set=planned).delete()
        counts: dict[str, int] = {}
        for done, part in parts(numbers, size=AT_ONCE):
            with transaction.atomic():
                if not _is_still(planned, State.PLANNING):
                    return
                with _reading_as_maker(planned), writing():
                    found = _plan_part(planned, part)
                for outcome, number in found.items():
                    counts[outcome] = counts.get(outcome, 0) + number
                ChangeSet.objects.filter(pk=planned.pk).update(done=done, total=len(numbers))
            progress(done, len(numbers))
        now = {"state": State.PLANNED, "counts": counts, "total": counts.get(Outcome.CHANGED, 0), "done": 0}
        ChangeSet.objects.filter(pk=planned.pk, state=State.PLANNING).update(**now, updated_at=timezone.now())


@verb
def apply(change_set: ChangeSet, *, reason: str = "") -> ChangeSet:
    """Do what was planned, as planned: here and now for few, in the background for many.

    What stopped half-way goes on. Raises NotPossibleNow, and Invalid where a reason is needed and none is given.
    """
    current = _locked(change_set)
    action = action_of(current)
    is_stopped = current.state == State.STOPPED and current.applied_at is None and bool(current.counts)
    if current.state != State.PLANNED and not is_stopped:
        raise NotPossibleNow(_("This was done already, or is being done."))
    try:
        current.reason = clean(reason, limit=_REASON) or current.reason
    except BadText as problem:
        raise Invalid(str(problem), fields={"reason": [str(problem)]}) from problem
    if action.needs_reason and not current.reason:
        sentence = _("Say why, in a few words. It stands in the log and with each customer.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    if not current.total:
        raise NotPossibleNow(_("There is nothing to change."))
    now = timezone.now()
    current.state, current.started_at, current.updated_at = State.APPLYING, now, now
    current.save(update_fields=["state", "reason", "started_at", "updated_at"])
    if current.total <= AT_HAND:
        apply_changes(change_set_id=current.pk)
        current.refresh_from_db()
    else:
        apply_changes.later(change_set_id=current.pk)
    return current


@background(label=gettext_lazy("Change many customers"), retries=3)
def apply_changes(*, change_set_id: int) -> None:
    """Apply a plan, some thousand customers in a transaction; begun again, or stopped, it has done whole transactions.

    Every customer is planned again in the transaction that changes them. Where that gives another answer than the plan
    that somebody agreed to, the customer is left out, and the line says so.
    """
    applying = ChangeSet.objects.get(pk=change_set_id)
    action = action_of(applying)
    last, is_more = 0, True
    with _at_work(applying):
        while is_more:
            with transaction.atomic():
                if not _is_still(applying, State.APPLYING):
                    return
                lines = read_lines(applying, Change.State.PLANNED, limit=AT_ONCE, after=last)
                is_more = len(lines) == AT_ONCE
                if lines:
                    last = lines[-1].id
                    _apply_part(applying, action, lines)
                    applying.done += len(lines)
                    ChangeSet.objects.filter(pk=applying.pk).update(done=applying.done)
            progress(applying.done, applying.total)
        _finish(applying)


@verb
def undo(change_set: ChangeSet) -> ChangeSet:
    """Take back what was applied, as far as nobody changed it since; what somebody did change stays, and is listed.

    Raises NotPossibleNow after thirty days, or where nothing was done that could be taken back.
    """
    current = _locked(change_set)
    if not may_undo(current):
        raise NotPossibleNow(_("This cannot be undone any more."))
    applied = Change.objects.filter(change_set=current, state=Change.State.APPLIED).count()
    now = timezone.now()
    current.state, current.started_at, current.updated_at = State.UNDOING, now, now
    current.done, current.total = 0, applied
    current.save(update_fields=["state", "started_at", "done", "total", "updated_at"])
    if applied <= AT_HAND:
        undo_changes(change_set_id=current.pk)
        current.refresh_from_db()
    else:
        undo_changes.later(change_set_id=current.pk)
    return current


@background(label=gettext_lazy("Take back a change of many customers"), retries=3)
def undo_changes(*, change_set_id: int) -> None:
    """Take a change set back, the last customers first, some thousand in a transaction."""
    undoing = ChangeSet.objects.get(pk=change_set_id)
    action = action_of(undoing)
    first, is_more = _LAST_ID, True
    with _at_work(undoing):
        while is_more:
            with transaction.atomic():
                if not _is_still(undoing, State.UNDOING):
                    return
                lines = read_lines(undoing, Change.State.APPLIED, limit=AT_ONCE, before=first)
                is_more = len(lines) == AT_ONCE
                if lines:
                    first = lines[0].id
                    _undo_part(undoing, action, lines)
                    undoing.done += len(lines)
                    ChangeSet.objects.filter(pk=undoing.pk).update(done=undoing.done)
            progress(undoing.done, undoing.total)
        _finish_undo(undoing)


@verb
def stop(change_set: ChangeSet) -> ChangeSet:
    """Stop work that is under way, after the customers that are being changed at this moment; what is done stays."""
    current = _locked(change_set)
    if current.state not in {State.PLANNING, State.APPLYING, State.UNDOING}:
        raise NotPossibleNow(_("Nothing is under way that could be stopped."))
    _stopped(current)
    current.refresh_from_db()
    record(WorkStopped(change_set=current.public_id, action=current.action, count=current.done))
    return current


@verb
def discard(change_set: ChangeSet) -> None:
    """Throw a plan away that was not begun. Raises NotPossibleNow where something was done already."""
    current = _locked(change_set)
    if current.started_at is not None:
        raise NotPossibleNow(_("This was begun already; undo it instead."))
    record(WorkStopped(change_set=current.public_id, action=current.action, deed="discarded"))
    current.delete()


@every("03:40", label=gettext_lazy("Tidy up work on many customers"))
def tidy() -> int:
    """Throw away plans that nobody wanted for a week, and images that nothing can be taken back with any more."""
    now = timezone.now()
    ours = ChangeSet.objects.filter(action__in=[action.name for action in actions.actions()])
    plans = ours.filter(state__in=[State.PLANNED, State.PLANNING], updated_at__lt=now - PLAN_KEPT_FOR)
    count = plans.count()
    plans.delete()
    # those that ran out of time lately: what ran out earlier was done on an earlier night
    for number in ours.filter(undo_until__lt=now, undo_until__gt=now - PLAN_KEPT_FOR).values_list("pk", flat=True):
        Change.objects.filter(change_set=number).exclude(images=[]).update(images=[])
    return count


def action_of(change_set: ChangeSet) -> Action:
    """What a change set does; raises NotPossibleNow where this version does not know it."""
    found = actions.get(change_set.action)
    if found is None:
        raise NotPossibleNow(_("This version does not know “%(action)s”.") % {"action": change_set.action})
    return found


def may_undo(change_set: ChangeSet) -> bool:
    """Whether a change set can be taken back now, wholly or what is left of it."""
    is_done = change_set.state in {State.APPLIED, State.STOPPED, State.FAILED} and change_set.started_at is not None
    is_in_time = change_set.undo_until is None or change_set.undo_until > timezone.now()
    return is_done and is_in_time and actions.get(change_set.action) is not None


def _plan_part(planned: ChangeSet, part: Sequence[int]) -> dict[str, int]:
    names = labels(part)
    found = {line.customer_id: line for line in action_of(planned).plan(part, planned.params)}
    nobody = Line(0, Outcome.REFUSED, reason=_("They are deleted, or were merged with somebody, by now."))
    written: dict[int, str] = {}
    counts: dict[str, int] = {}
    ready = []
    for number in part:
        line = found.get(number, nobody)
        counts[line.outcome] = counts.get(line.outcome, 0) + 1
        fields = written.get(id(line.fields))  # the lines are all there, so that an id is that of one object alone
        if fields is None:
            fields = written[id(line.fields)] = json.dumps(line.fields, ensure_ascii=False)
        known = number if number in names else None
        ready.append((known, names.get(number, ""), str(line.outcome), line.reason, fields))
    same = {"change_set_id": planned.pk, "row": None, "state": str(Change.State.PLANNED), "images": "[]"}
    rows.insert(Change, ("customer_id", "label", "outcome", "reason", "fields"), ready, same=same)
    return counts


def _apply_part(applying: ChangeSet, action: Action, lines: Sequence[PlannedLine]) -> None:
    """Apply some lines of a plan, inside a transaction: the rows, their images, an entry each, and the index."""
    with _reading_as_maker(applying):
        still_seen = set(visible([line.number for line in lines if line.number is not None]))
    numbers = [line.number for line in lines if line.number in still_seen and line.number is not None]
    lock(numbers)
    now = timezone.now()
    fresh = {line.customer_id: line for line in action.plan(numbers, applying.params)}
    going: list[tuple[PlannedLine, int]] = []
    for line in lines:
        again = fresh.get(line.number or 0)
        if line.number is not None and again and again.outcome == Outcome.CHANGED and again.fields == line.fields:
            going.append((line, line.number))
        else:
            Change.objects.filter(pk=line.id).update(state=Change.State.LEFT_OUT, reason=_why_left_out(again))
    changed = [number for _line, number in going]
    before = merged.read(changed) if action.touches is not Touches.NOTHING else ({}, {})
    images = dict(action.apply(changed, applying.params, now))
    _follow(action, changed)
    for number, behind in merged.images(before).items():
        own = images.get(number, [])
        images[number] = [*(json.loads(own) if isinstance(own, str) else own), *behind]
    keep_images([(line.id, images.get(number, "[]")) for line, number in going])
    told = Facts(lambda fields: BulkChanged(change_set=applying.public_id, action=action.name, changes=fields))
    record_many(((number, told.of(line.fields)) for line, number in going), subject=Customer, at=now)


def _undo_part(undoing: ChangeSet, action: Action, lines: Sequence[PlannedLine]) -> None:
    """Take some lines back, inside a transaction: the rows, an entry each, and the index; what stays is said."""
    numbers = [line.number for line in lines if line.number is not None]
    lock(numbers)
    stays = action.may_not_go_back(numbers) if action.may_not_go_back else {}
    images = json.loads(f"[{','.join(line.images for line in lines)}]")  # at once: a tenth of the time of one by one
    going = [
        (line.number, of_line)
        for line, of_line in zip(lines, images, strict=True)
        if line.number is not None and line.number not in stays
    ]
    kept = stays | (action.take_back or take_back_in_words)(going)
    # nothing is known any more of whoever went for good meanwhile
    left = [line for line in lines if line.number is None or line.number in kept]
    done = [line for line in lines if line.number is not None and line.number not in kept]
    Change.objects.filter(id__in=id_list([line.id for line in done])).update(state=Change.State.UNDONE)
    for line in left:
        Change.objects.filter(pk=line.id).update(
            state=Change.State.KEPT, reason=kept.get(line.number or 0) or _("They are gone for good.")
        )
    told = Facts(
        lambda fields: BulkUndone(
            change_set=undoing.public_id,
            action=action.name,
            changes={name: [new, old] for name, (old, new) in fields.items()},
        )
    )
    record_many(((line.number, told.of(line.fields)) for line in done if line.number is not None), subject=Customer)
    _follow(action, numbers)


def take_back_in_words(changes: Sequence[tuple[int, Sequence[journal.Image]]]) -> dict[int, str]:
    """Put rows back as they were; why, per customer, something was left as it is."""
    why: dict[int, list[str]] = {}
    for kept in journal.take_back(changes):
        if kept.table in merged.BEHIND:
            continue
        why.setdefault(kept.owner, []).append(_in_words(kept))
    return {number: " ".join(dict.fromkeys(sentences)) for number, sentences in why.items()}


def _in_words(kept: journal.Kept) -> str:
    if not kept.column:
        return _("Somebody deleted or made it anew since.")
    known = journal.TABLES[kept.table]._meta.get_field(kept.column)
    label = str(getattr(known, "verbose_name", kept.column))
    now = _("nothing") if kept.now in (None, "") else str(kept.now)
    return _("%(field)s was changed since, to “%(value)s”, and stays so.") % {
        "field": label[:1].upper() + label[1:],
        "value": now[:80],
    }


@contextmanager
def _reading_as_maker(change_set: ChangeSet) -> Iterator[None]:
    """Read as who asked for the work, with the role they have when it is done; work of the command line reads all."""
    if change_set.made_by_id is None:
        yield
        return
    with reading_as(User.objects.select_related("definition").get(pk=change_set.made_by_id)):
        yield


def _follow(action: Action, numbers: Sequence[int]) -> None:
    """Let merges and the search index know of customers whose rows were written."""
    if action.touches is Touches.NOTHING or not numbers:
        return
    presenting.follow(numbers)
    search.mark_unindexed(numbers, has_new_text=action.touches is Touches.TEXTS)


def _finish(applying: ChangeSet) -> None:
    now = timezone.now()
    with transaction.atomic():
        lines = Change.objects.filter(change_set=applying, outcome=Outcome.CHANGED)
        applied = lines.filter(state=Change.State.APPLIED).count()
        left_out = lines.filter(state=Change.State.LEFT_OUT).count()
        ChangeSet.objects.filter(pk=applying.pk, state=State.APPLYING).update(
            state=State.APPLIED,
            applied_at=now,
            undo_until=now + UNDO_FOR,
            updated_at=now,
            counts=applying.counts | {"applied": applied, "left_out": left_out},
        )
        record(
            BulkApplied(change_set=applying.public_id, action=applying.action, count=applied, reason=applying.reason)
        )


def _finish_undo(undoing: ChangeSet) -> None:
    now = timezone.now()
    with transaction.atomic():
        lines = Change.objects.filter(change_set=undoing, outcome=Outcome.CHANGED)
        undone = lines.filter(state=Change.State.UNDONE).count()
        kept = lines.filter(state=Change.State.KEPT).count()
        ChangeSet.objects.filter(pk=undoing.pk, state=State.UNDOING).update(
            state=State.UNDONE,
            undone_at=now,
            updated_at=now,
            counts=undoing.counts | {"undone": undone, "kept": kept},
        )
        record(BulkWorkUndone(change_set=undoing.public_id, action=undoing.action, count=undone, kept=kept))


def _stopped(current: ChangeSet) -> None:
    now = timezone.now()
    applied = Change.objects.filter(change_set=current, state=Change.State.APPLIED).count()
    ChangeSet.objects.filter(pk=current.pk).update(
        state=State.STOPPED,
        updated_at=now,
        undo_until=now + UNDO_FOR if applied else None,
        counts=current.counts | {"applied": applied} if current.counts else {},
    )


@contextmanager
def _at_work(change_set: ChangeSet) -> Iterator[None]:
    """Work in the language of whoever asked for it, and keep with the change set how it ended where that went wrong."""
    was_collecting = gc.isenabled()
    gc.disable()  # to look for cycles among so many rows takes a third of the time, and finds none
    try:
        with override(change_set.selection.get("language") or get_language()):
            yield
    except Cancelled:
        with transaction.atomic():
            _stopped(ChangeSet.objects.get(pk=change_set.pk))
        raise
    except Refusal as refusal:
        ChangeSet.objects.filter(pk=change_set.pk).update(state=State.FAILED, problem=refusal.sentence)
        raise
    finally:
        if was_collecting:
            gc.enable()


def _is_still(change_set: ChangeSet, state: ChangeSet.State) -> bool:
    """Whether the work was not stopped; held until the transaction ends."""
    return ChangeSet.objects.select_for_update(no_key=True).filter(pk=change_set.pk, state=state).exists()


def _locked(change_set: ChangeSet) -> ChangeSet:
    return ChangeSet.objects.select_for_update(of=("self",), no_key=True).get(pk=change_set.pk)


def _why_left_out(line: Line | None) -> str:
    if line is None:
        return _("They are deleted, or were merged with somebody, by now.")
    if line.outcome == Outcome.SAME:
        return _("It was so already when it was to be done.")
    return line.reason or _("Somebody changed them since the plan was made.")


def _acting_user() -> User | None:
    return User.objects.filter(pk=who_acts().user_id or 0).first()
