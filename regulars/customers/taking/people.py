"""Records of customers become customers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress

from django.db import connection
from django.db.models import Q

from regulars.channels.intake import Taken
from regulars.channels.models import Channel
from regulars.channels.records import CustomerRecord
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers import people
from regulars.customers.actions.identities import remove_identity
from regulars.customers.actions.merging import NotMergeable, merge
from regulars.customers.actions.suggesting import suggest_duplicates
from regulars.customers.models import Customer, DuplicatePair, Identity
from regulars.customers.standings import id_list
from regulars.customers.taking.consents import take_consents
from regulars.customers.taking.following import follow, tag_new
from regulars.customers.taking.making import make_customers
from regulars.customers.taking.saying import Said, combined, said_by
from regulars.customers.taking.whose import Meant, Whose, may_be_merged
from regulars.customers.taking.words import GUEST
from regulars.staff.policy import verb


@verb
def take_customers(channel: Channel, records: Sequence[CustomerRecord]) -> list[Taken]:
    """Take in the newest states of accounts; answers which customer each is (docs/decisions/0027)."""
    with shop.looked_up_once():
        words = [said_by(record, is_own=True) for record in records]
    return [
        Taken(local_id=pk, customer_id=pk, remark=" ".join(said.remarks))
        for said, pk in zip(words, _take(channel, words), strict=True)
    ]


@verb
def people_of(channel: Channel, records: Sequence[CustomerRecord | None]) -> list[int | None]:
    """The customer of each buyer as an order or a checkout names them, made where they are new; None for nobody.

    An order tells only what it knows of its buyer, so that what it leaves out changes nothing.
    """
    by_buyer: dict[tuple[str, str], list[Said]] = defaultdict(list)
    keys: list[tuple[str, str] | None] = []
    with shop.looked_up_once():
        words = [said_by(one, is_own=False) if one is not None else None for one in records]
    for said in words:
        key = None if said is None or said.is_nobody else _key_of(said)
        keys.append(key)
        if said is not None and key is not None:
            by_buyer[key].append(said)
    found = dict(zip(by_buyer, _take(channel, [combined(several) for several in by_buyer.values()]), strict=True))
    return [None if key is None else found[key] for key in keys]


@verb
def buyers_known(channel: Channel, records: Sequence[CustomerRecord | None]) -> list[int | None]:
    """The same for those who have not bought yet: accounts become customers, and guests are looked for alone."""
    accounts = people_of(channel, [one if one is not None and one.external_id else None for one in records])
    words = [said_by(one, is_own=False) if one is not None and not one.external_id else None for one in records]
    guests = [said for said in words if said is not None and not said.is_nobody]
    whose = Whose(guests, channel)
    found = {id(said): whose.meant_by(said).who.pk for said in guests}
    return [pk if pk is not None else found.get(id(said)) for pk, said in zip(accounts, words, strict=True)]


@verb
def remove_customers(channel: Channel, customer_ids: Sequence[int]) -> None:
    """Accounts were deleted on the channel: it knows these customers by no number any more. The people stay."""
    for identity in Identity.objects.filter(channel=channel, customer__in=id_list(customer_ids)).order_by("pk"):
        with suppress(Invalid):  # the number is all that says who it was
            remove_identity(identity)


def _key_of(said: Said) -> tuple[str, str]:
    return ("id", said.external_id) if said.external_id else said.contact or ("", "")


def _take(channel: Channel, words: Sequence[Said]) -> list[int]:
    if not words:
        return []
    take_turns()
    whose = Whose(words, channel)
    meant = [whose.meant_by(said) for said in words]
    whom = [f"{channel.pk}:{said.external_id}" if said.external_id else GUEST for said in words]
    new = [(said, one.who, by) for said, one, by in zip(words, meant, whom, strict=True) if one.is_new]
    made = make_customers([(said, by) for said, _who, by in new], channel)
    for (_said, who, _by), pk in zip(new, made, strict=True):
        who.pk = who.root = pk
    tag_new((who.pk or 0, said, by) for said, who, by in new)
    known = [
        (one.who.pk or 0, said, by)
        for said, one, by in zip(words, meant, whom, strict=True)
        if not one.is_new and not one.who.is_gone
    ]
    follow(known, channel, unlinked=whose.unlinked)
    take_consents([(one.who.pk or 0, said) for said, one in zip(words, meant, strict=True) if not one.who.is_gone])
    _bring_together(meant)
    return [one.who.pk or 0 for one in meant]


def _bring_together(meant: Sequence[Meant]) -> None:
    """Merge who surely is one person, unless somebody said otherwise, and let people look at who perhaps is."""
    perhaps: set[tuple[int, int]] = set()
    for one in meant:
        for other in one.sure:
            first, second = sorted((one.who.pk or 0, other.pk or 0))
            if not _merge(first, second):
                perhaps.add((first, second))
        perhaps.update((one.who.pk or 0, other.pk or 0) for other in one.perhaps)
    if perhaps:
        _suggest(perhaps)


def _merge(first: int, second: int) -> bool:
    roots = people.roots_of([first, second])
    if len(set(roots.values())) == 1:
        return True
    if not may_be_merged(roots[first], roots[second]):
        return False
    both = Customer.everyone.in_bulk(list(roots.values()))
    with suppress(NotMergeable):
        merge(keep=both[roots[first]], others=[both[roots[second]]])
        return True
    return False


def _suggest(pairs: Collection[tuple[int, int]]) -> None:
    """Let the review know of pairs that nobody has been asked about yet."""
    roots = people.roots_of({pk for pair in pairs for pk in pair})
    wanted = {(min(both), max(both)) for pair in pairs if len(both := {roots[pk] for pk in pair}) == 2}
    ids = id_list(pk for pair in wanted for pk in pair)
    known = set(DuplicatePair.objects.filter(Q(left__in=ids) & Q(right__in=ids)).values_list("left", "right"))
    for pk in sorted({right for left, right in wanted if (left, right) not in known}):
        suggest_duplicates(Customer.everyone.get(pk=pk))


def take_turns() -> None:
    """Whoever takes in records takes turns: two that meet the same new person or order at once would make it twice.

    On SQLite every writer does. One lock for all kinds, so that nobody waits for somebody who waits for them.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('records of channels', 0))")
