"""Tag customers, and keep the list of tags in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import every
from regulars.core.errors import Invalid, Refusal
from regulars.core.text import BadText, clean, fold
from regulars.customers import aside, people
from regulars.customers.actions.profile import as_read, write
from regulars.customers.facts import CustomerTagged, CustomerUntagged, TagChanged
from regulars.customers.models import Customer, Tag, Tagging
from regulars.staff.policy import verb
from regulars.timeline.actions import record

KEPT_FOR = dt.timedelta(days=30)
LONGEST, MOST = 60, 250
_SEPARATORS = ",;，；、\n"


class TagTaken(Refusal):
    """There is a tag of this name already; `tag` is which."""

    slug = "tag-taken"

    def __init__(self, tag: Tag) -> None:
        super().__init__(_("There is a tag “%(name)s” already. Merge the two instead.") % {"name": tag}, field="name")
        self.tag = tag


def split(text: str) -> list[str]:
    """The names in a text in which commas, semicolons or lines stand between them."""
    for separator in _SEPARATORS:
        text = text.replace(separator, ",")
    return [name.strip() for name in text.split(",") if name.strip()]


def cleaned(name: str) -> str:
    """The name of a tag as it is kept. Raises Invalid."""
    try:
        kept = clean(name, limit=LONGEST)
    except BadText as problem:
        raise _refused(str(problem)) from problem
    if not fold(kept):
        raise _refused(_("“%(name)s” holds nothing that a tag could be called.") % {"name": name.strip()[:40]})
    if any(separator in kept for separator in _SEPARATORS) or len(fold(kept)) > LONGEST:
        raise _refused(_("A tag has no commas or semicolons, and at most %(most)s letters.") % {"most": LONGEST})
    return kept


@verb
def ensure_tags(names: Iterable[str]) -> list[Tag]:
    """The tags of these names, in their order and each once; those that nobody used before are made. Raises Invalid."""
    wanted: dict[str, str] = {}
    for name in names:
        kept = cleaned(name)
        wanted.setdefault(fold(kept), kept)
    known = _by_key(wanted)
    missing = [Tag(name=name, key=key) for key, name in wanted.items() if key not in known]
    if missing:
        # somebody else may make the same one at the same time
        Tag.objects.bulk_create(missing, ignore_conflicts=True)
        known = _by_key(wanted)
        for one in missing:
            record(TagChanged(deed="made", tag=one.name))
    return [known[key] for key in wanted]


@verb
def tag(customer: Customer, *, names: Iterable[str]) -> list[Tag]:
    """Give a customer tags; answers those they did not have. Raises Invalid."""
    tags = ensure_tags(names)
    current = as_read(customer, None)
    have = set(_taggings(current).values_list("tag", flat=True))
    own = set(Tagging.objects.filter(customer=current).values_list("tag", flat=True))
    new = [one for one in tags if one.pk not in have]
    if len(have) + len(new) > MOST:
        raise _refused(_("A customer has at most %(most)s tags.") % {"most": MOST})
    # what another record of the person has is nothing new, and yet now said of this one as well
    Tagging.objects.bulk_create([Tagging(customer=current, tag=one) for one in tags if one.pk not in own])
    if new:
        _touch(customer, current)
        record(CustomerTagged(tags=[one.name for one in new]), customer=current, subject=current)
    return new


@verb
def untag(customer: Customer, *, names: Iterable[str]) -> list[Tag]:
    """Take tags off a customer; answers those they had. A name that no tag has is none of theirs."""
    current = as_read(customer, None)
    keys = {fold(name) for name in names}
    rows = _taggings(current).filter(tag__key__in=keys)
    gone = list(Tag.objects.filter(pk__in=rows.values("tag")))
    aside.forget(current.pk, "tagging", {"tag_id": Tag.objects.filter(key__in=keys).values_list("pk", flat=True)})
    if gone:
        aside.take_off(rows, by=current)
        _touch(customer, current)
        record(CustomerUntagged(tags=[one.name for one in gone]), customer=current, subject=current)
    return gone


@verb
def set_tags(customer: Customer, *, names: Iterable[str]) -> None:
    """Let a customer have these tags and no others. Raises Invalid."""
    wanted = {fold(cleaned(name)): name for name in names}
    have = {one.key: one.name for one in tags_of(customer)}
    untag(customer, names=[name for key, name in have.items() if key not in wanted])
    tag(customer, names=[name for key, name in wanted.items() if key not in have])


def tags_of(customer: Customer) -> list[Tag]:
    """The tags of a customer and of the records that were merged into them, in alphabetical order."""
    return list(Tag.objects.filter(pk__in=Tagging.objects.filter(customer__in=people.records(customer)).values("tag")))


@verb
def rename_tag(tag: Tag, *, name: str) -> Tag:
    """Call a tag something else; everybody keeps it. Raises Invalid or TagTaken."""
    kept = cleaned(name)
    current = Tag.objects.select_for_update().get(pk=tag.pk)
    if kept == current.name:
        return current
    other = Tag.objects.filter(key=fold(kept)).exclude(pk=current.pk).first()
    if other:
        raise TagTaken(other)
    was, current.name, current.key = current.name, kept, fold(kept)
    _save(current)
    record(TagChanged(deed="renamed", tag=was, into=kept))
    return current


@verb
def merge_tags(tag: Tag, *, into: Tag) -> Tag:
    """Let everybody with a tag have another one instead. It can be taken back for thirty days (`restore_tag`)."""
    if tag.pk == into.pk:
        raise _refused(_("A tag cannot be merged into itself."))
    # in the order of their ids, so that two merges at once wait for each other instead of blocking
    held = {one.pk: one for one in Tag.objects.select_for_update().filter(pk__in=[tag.pk, into.pk]).order_by("pk")}
    if len(held) < 2:
        raise _refused(_("One of the two tags was deleted meanwhile."))
    gone, stays = held[tag.pk], held[into.pk]
    last = Tagging.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    table = connection.ops.quote_name(Tagging._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (customer_id, tag_id) SELECT customer_id, %s FROM {table} WHERE tag_id = %s "  # noqa: S608
            f"AND customer_id NOT IN (SELECT customer_id FROM {table} WHERE tag_id = %s) ORDER BY customer_id",
            [stays.pk, gone.pk, stays.pk],
        )
    made = Tagging.objects.filter(tag=stays, pk__gt=last).order_by("pk").values_list("pk", flat=True)
    gone.first_tagging, gone.last_tagging = made.first(), made.last()
    gone.merged_into = stays
    _put_away(gone)
    record(TagChanged(deed="merged", tag=gone.name, into=stays.name, customers=len(made)))
    return stays


@verb
def delete_tag(tag: Tag) -> Tag:
    """Take a tag off everybody. For thirty days it can be brought back, with everybody who had it."""
    current = Tag.objects.select_for_update().get(pk=tag.pk)
    count = Tagging.objects.filter(tag=current).count()
    _put_away(current)
    record(TagChanged(deed="deleted", tag=current.name, customers=count))
    return current


@verb
def restore_tag(tag: Tag) -> Tag:
    """Bring back a deleted or merged tag with everybody who had it. Raises TagTaken where its name was used again.

    Whoever got the other tag by the merge loses it; who had it before, or got it since, keeps it.
    """
    current = Tag.everyone.select_for_update().get(pk=tag.pk)
    if current.deleted_at is None:
        return current
    other = Tag.objects.filter(key=fold(current.name)).first()
    if other:
        raise TagTaken(other)
    if current.merged_into_id and current.first_tagging:
        span = (current.first_tagging, current.last_tagging)
        Tagging.objects.filter(tag=current.merged_into_id, pk__range=span).delete()
    current.key, current.deleted_at, current.merged_into = fold(current.name), None, None
    current.first_tagging = current.last_tagging = None
    _save(current)
    record(TagChanged(deed="restored", tag=current.name), subject=current)
    return current


@every("03:20", label=gettext_lazy("Let go for good the tags that were deleted thirty days ago"))
def erase_deleted_tags() -> int:
    """Let go for good the tags that nobody brought back in thirty days; how many that were."""
    due = Tag.everyone.filter(deleted_at__lt=timezone.now() - KEPT_FOR)
    count = 0
    for one in due:
        with transaction.atomic():
            customers = Tagging.objects.filter(tag=one).delete()[0]
            record(TagChanged(deed="erased", tag=one.name, customers=customers))
            one.delete()
        count += 1
    return count


def _by_key(wanted: Iterable[str]) -> dict[str, Tag]:
    return {one.key: one for one in Tag.objects.filter(key__in=list(wanted))}


def _taggings(customer: Customer) -> models.QuerySet[Tagging]:
    return Tagging.objects.filter(customer__in=people.records(customer), tag__deleted_at=None)


def _touch(customer: Customer, current: Customer) -> None:
    """A new version, so that who read the customer before is told."""
    write(current, {})
    customer.version, customer.updated_at = current.version, current.updated_at


def _put_away(tag: Tag) -> None:
    """Under a key that no word has: words hold no such character."""
    tag.deleted_at, tag.key = timezone.now(), f"\x1f{tag.pk}"
    _save(tag)


def _save(tag: Tag) -> None:
    tag.updated_at, tag.version = timezone.now(), tag.version + 1
    tag.save()


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"tags": [sentence]})
