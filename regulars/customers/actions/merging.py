"""Merge records that are one person, and take a merge back at any later time.

A merge is a link. Nothing that belongs to a record moves; what is shown follows from the links (customers/presenting).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.core.fields import sealed_for
from regulars.customers import aside, belongings, people, presenting
from regulars.customers.actions.consent import derive_consents
from regulars.customers.facts import CustomerMerged, CustomerUnmerged
from regulars.customers.indexing import mark_unindexed
from regulars.customers.models import Customer, DuplicatePair, MergeLink, OwnProfile
from regulars.customers.standings import id_list
from regulars.staff.policy import told, verb
from regulars.timeline.actions import record, who_acts

Choices = Mapping[str, int]
"""Whose value is shown, by the names of presenting.GROUPS: the id of a customer who takes part."""


class NotMergeable(Refusal):
    """These records cannot become one, or are one already."""

    slug = "not-mergeable"


class NotMerged(Refusal):
    """The merge was taken back already."""

    slug = "not-merged"


@verb
def merge(*, keep: Customer, others: Sequence[Customer], choices: Choices | None = None) -> list[MergeLink]:
    """Make several records one person, shown as `keep`; answers the links, one for each of `others`.

    1. A record that was merged before stands for the listed customer it is. Everybody is locked, in order.
    2. Each of `others` goes off the lists; what it says by itself stands in its row again, and what was merged into it
       comes along. `keep` lays its own values aside, and its row shows what the links say.
    3. Where nobody chose, `keep` shows what it showed before, and what it lacks of the others, the first one first.

    Orders, addresses and all else stay where they are. Raises NotMergeable.
    """
    root, *rest = _locked([keep, *others])
    if not rest:
        raise NotMergeable(_("%(name)s is one customer already.") % {"name": told(root)})
    _refuse_unknown(choices or {}, root, rest)
    before = presenting.shown(presenting.persons([root.pk])[0]).origins
    marks = belongings.marks()
    for other in rest:
        _hide(other, root)
    _lay_aside(root)
    links = [MergeLink(kept=root, merged=other, made_by_id=who_acts().user_id, marks=marks) for other in rest]
    for link in links:
        link.save(force_insert=True)
        link.group = links[0].pk
        link.save(update_fields=["group"])
    _choose(root, before, choices or {}, links)
    presenting.present([root.pk])
    derive_consents([root.pk])
    ids = [root.pk, *(other.pk for other in rest)]
    mark_unindexed(ids)
    _decide_pairs(people.records(root))
    for other in rest:
        fact = CustomerMerged(kept=root.public_id, merged=other.public_id)
        record(fact, customer=root, subject=root)
        record(fact, customer=other, subject=other)
    return links


@verb
def unmerge(
    link: MergeLink, *, moves: Mapping[str, Iterable[int]] | None = None, is_never_again: bool = False
) -> Customer:
    """Take one link back: the record it merged is a customer of its own again, with what was merged into it.

    1. Every row has kept the record it came from, so each of the two has everything again that ever happened to it.
    2. `moves` are rows that came to the merged person and stand with the listed record, by holder (see belongings):
       they go to the record that leaves. All others stay.
    3. With `is_never_again` the two are never suggested as one person again.

    Answers who is a customer of their own again. Raises NotMerged, or NotMergeable while the person is deleted.
    """
    current = MergeLink.objects.select_for_update().filter(pk=link.pk, undone_at__isnull=True).first()
    if current is None:
        raise NotMerged(_("This merge was taken back already."))
    apart = Customer.everyone.get(pk=current.merged_id)
    (root,) = _locked([apart])
    (person,) = presenting.persons([root.pk])
    with_it = person.under(apart.pk)
    for name, keys in (moves or {}).items():
        belongings.move(name, list(keys), from_id=root.pk, to_id=apart.pk)
    aside.bring_back(person, with_it)
    current.undone_at, current.undone_by_id = timezone.now(), who_acts().user_id
    current.save(update_fields=["undone_at", "undone_by"])
    Customer.everyone.filter(pk__in=id_list(with_it)).exclude(pk=apart.pk).update(merged_into=apart)
    Customer.everyone.filter(pk=apart.pk).update(merged_into=None, is_listed=apart.deleted_at is None)
    apart.refresh_from_db()
    if len(with_it) > 1:
        _lay_aside(apart)
    presenting.present([root.pk, apart.pk])
    derive_consents([root.pk, apart.pk])
    mark_unindexed([root.pk, apart.pk])
    _reopen_pairs(person.without(apart.pk).own, with_it, is_never_again=is_never_again)
    for one in (root, apart):
        record(CustomerUnmerged(kept=root.public_id, merged=apart.public_id), customer=one, subject=one)
    apart.refresh_from_db()
    return apart


@verb
def unmerge_group(link: MergeLink) -> list[Customer]:
    """Take back all that one merge did, the last link first. Raises NotMerged where none of it is left."""
    links = MergeLink.objects.filter(group=link.group, undone_at__isnull=True).order_by("-pk")
    apart = [unmerge(one) for one in links]
    if not apart:
        raise NotMerged(_("This merge was taken back already."))
    return apart


def _locked(customers: Sequence[Customer]) -> list[Customer]:
    """The listed customers that these records are, each once and in the same order, locked by rising id."""
    roots = list(dict.fromkeys(people.roots_of([one.pk for one in customers])[one.pk] for one in customers))
    rows = Customer.everyone.select_for_update(of=("self",), no_key=True).filter(pk__in=roots).order_by("pk")
    found = {row.pk: row for row in rows}
    for pk, asked in zip(roots, customers, strict=False):
        if pk not in found:
            raise NotMergeable(_("%(name)s is gone.") % {"name": told(asked)})
        if found[pk].merged_into_id is not None:
            raise NotMergeable(
                _("%(name)s was merged by somebody else just now. Look again.") % {"name": told(found[pk])}
            )
        if found[pk].deleted_at is not None:
            raise NotMergeable(_("%(name)s is deleted. Bring them back first.") % {"name": told(found[pk])})
    return [found[pk] for pk in roots]


def _refuse_unknown(choices: Choices, root: Customer, rest: Sequence[Customer]) -> None:
    for name, pk in choices.items():
        if name not in presenting.BY_NAME or pk not in {root.pk, *(other.pk for other in rest)}:
            raise NotMergeable(_("“%(field)s” cannot be chosen so.") % {"field": name})


def _hide(other: Customer, root: Customer) -> None:
    """Take a listed customer off the lists; its row says again what it says by itself."""
    own = presenting.itself(other)
    columns = {column: getattr(own, column) for column in presenting.COLUMNS}
    OwnProfile.objects.filter(pk=other.pk).delete()
    sealed = sealed_for(Customer, other.pk, columns)
    Customer.everyone.filter(pk=other.pk).update(**sealed, merged_into=root, is_listed=False)
    Customer.everyone.filter(merged_into=other).update(merged_into=root)


def _lay_aside(root: Customer) -> None:
    """Keep what a record says by itself, before its row shows what several say; nothing where that is done already."""
    if not OwnProfile.objects.filter(pk=root.pk).exists():
        values = presenting.plain({column: getattr(root, column) for column in presenting.COLUMNS})
        OwnProfile.objects.create(customer=root, values=values, email=root.email)


def _choose(
    root: Customer,
    before: Mapping[str, int | None],
    choices: Choices,
    links: Sequence[MergeLink],
) -> None:
    """Write down the choices with the new links, those alone that would not come about by themselves.

    A chosen customer may show the value of a record that was merged into it; then it is that record which is chosen.
    """
    (person,) = presenting.persons([root.pk])
    shown = presenting.shown(person)
    link_of = {link.merged_id: link for link in links}
    for name, pk in choices.items():
        if pk == root.pk:
            wanted, value = before[name], None
        else:
            part = presenting.shown(person, pk)
            wanted, value = part.origins[name], presenting.BY_NAME[name].of(part.values)
        group = presenting.BY_NAME[name]
        if wanted is None or shown.origins[name] == wanted or (value is not None and group.of(shown.values) == value):
            continue
        for link in links if pk == root.pk else [link_of[pk]]:
            link.choices[name] = wanted
    for link in links:
        link.save(update_fields=["choices"])


def _decide_pairs(ids: Sequence[int]) -> None:
    """What was suggested of these records is decided: they are one."""
    pairs = DuplicatePair.objects.filter(left__in=id_list(ids), right__in=id_list(ids))
    pairs.exclude(state=DuplicatePair.State.MERGED).update(
        state=DuplicatePair.State.MERGED, decided_at=timezone.now(), decided_by=who_acts().user_id
    )


def _reopen_pairs(stay: Iterable[int], leave: Iterable[int], *, is_never_again: bool) -> None:
    """What was decided by the merge of two parts of a person is open again, or decided the other way."""
    one, two = id_list(stay), id_list(leave)
    pairs = DuplicatePair.objects.filter(Q(left__in=one, right__in=two) | Q(left__in=two, right__in=one))
    if is_never_again:
        known = set(pairs.values_list("left", "right"))
        now, actor = timezone.now(), who_acts().user_id
        wanted = {(min(a, b), max(a, b)) for a in stay for b in leave}
        pairs.update(state=DuplicatePair.State.NEVER, decided_at=now, decided_by=actor)
        DuplicatePair.objects.bulk_create(
            DuplicatePair(
                left_id=left,
                right_id=right,
                probability=0.0,
                state=DuplicatePair.State.NEVER,
                found_at=now,
                decided_at=now,
                decided_by_id=actor,
            )
            for left, right in sorted(wanted - known)
        )
    else:
        pairs.filter(state=DuplicatePair.State.MERGED).update(
            state=DuplicatePair.State.OPEN, decided_at=None, decided_by=None
        )
