"""Whom an account or a guest of a channel means, out of the customers that are known (docs/decisions/0027).

1. The customer whom this channel knows under this id, for ever.
2. Else whoever has the e-mail, or the phone, that the channel has verified to be theirs: verified on their side as
   well, or written here by staff or from a file, or a guest's. Never somebody whom this channel knows under another id.
3. A guest is whoever has their e-mail, unless that is an account whose channel has not verified it: anybody can type
   an e-mail. Without an e-mail it is the guest with the same phone.
4. Else somebody new. Who has the same e-mail is noted as a possible duplicate.

A phone counts only where both sides have verified it and the names do not speak against it: numbers are handed on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from regulars.channels.mirroring import locals_of
from regulars.channels.models import Channel
from regulars.core.text import fold
from regulars.customers import people
from regulars.customers.importing.matching import read_many
from regulars.customers.models import ContactPoint, Customer, DuplicatePair, Heard, Identity, MergeLink, OwnProfile
from regulars.customers.standings import id_list
from regulars.customers.taking.saying import Proof, Said
from regulars.customers.taking.words import GUEST, digest_of


@dataclass(slots=True, eq=False)
class Somebody:
    """A customer, or somebody who is about to become one (`pk` is empty then, and `first` what was said of them).

    `trusted` are the e-mails and phones that are surely theirs, `verified` those that a channel has verified. Who
    `is_gone` is deleted, and may still come back: their id means them, and nothing else does.
    """

    pk: int | None
    root: int | None = None
    name: str = ""
    is_guest: bool = False
    is_gone: bool = False
    accounts: set[tuple[int, str]] = field(default_factory=set)
    trusted: set[Proof] = field(default_factory=set)
    verified: set[Proof] = field(default_factory=set)
    first: Said | None = None

    @property
    def is_mere_guest(self) -> bool:
        """A guest whom no channel knows by a number."""
        return self.is_guest and not self.accounts


@dataclass(slots=True)
class Meant:
    """Whom a word means: somebody, who `others` may be the same person (surely, or perhaps), and if they are new."""

    who: Somebody
    is_new: bool = False
    sure: list[Somebody] = field(default_factory=list)
    perhaps: list[Somebody] = field(default_factory=list)


class Whose:
    """Answers for the words of one batch of a channel, one after the other; who is new is known to those after."""

    def __init__(self, words: Sequence[Said], channel: Channel) -> None:
        self._channel = channel
        accounts = {one.external_id for one in words if one.external_id}
        identities = dict(
            read_many(
                "SELECT external_id, customer_id FROM customers_identity WHERE channel_id = %s AND external_id",
                list(accounts),
                channel.pk,
            )
        )
        # the account may be gone from the platform, and its orders still name it
        gone = locals_of(channel, "customer", accounts - identities.keys())
        self.unlinked = frozenset(gone)
        identities |= gone
        holders = _holders({proof for one in words for proof in _asked(one)})
        pks = {*identities.values(), *(pk for found in holders.values() for pk in found)}
        known = _somebodies(pks, holders)
        self._by_id = {external_id: known[pk] for external_id, pk in identities.items() if pk in known}
        self._holders: dict[Proof, list[Somebody]] = defaultdict(list)
        for proof, found in holders.items():
            self._holders[proof] = [one for pk in sorted(found) if (one := known.get(pk)) and not one.is_gone]

    def meant_by(self, said: Said) -> Meant:
        """Whom a word means."""
        found = self._meant(said)
        who = found.who
        if said.external_id:
            who.accounts.add((self._channel.pk, said.external_id))
            who.is_guest = False
            self._by_id[said.external_id] = who
        for proof in said.proofs:
            who.trusted.add(proof)
            who.verified.add(proof)
            self._note(proof, who)
        if contact := said.contact:
            if not said.external_id:
                who.trusted.add(contact)
            self._note(contact, who)
        return found

    def _meant(self, said: Said) -> Meant:
        matches = self._matches(said)
        if said.external_id and (known := self._by_id.get(said.external_id)):
            return self._with_others(Meant(known), matches, said)
        if matches:
            return self._with_others(Meant(matches[0]), matches, said)
        new = Somebody(None, name=_name_of(said), is_guest=not said.external_id, first=said)
        return self._with_others(Meant(new, is_new=True), [], said)

    def _matches(self, said: Said) -> list[Somebody]:
        """Who surely has the same e-mail or phone, the oldest first, and those with the e-mail before the others."""
        found: dict[int, Somebody] = {}
        if not said.external_id:
            contact = said.contact
            for holder in self._holders.get(contact, ()) if contact else ():
                if contact in holder.trusted:
                    found.setdefault(id(holder), holder)
            return list(found.values())
        for proof in said.proofs:
            for holder in self._holders.get(proof, ()):
                if proof in (holder.verified if proof[0] == "phone" else holder.trusted) and not self._contradicts(
                    holder, said, proof
                ):
                    found.setdefault(id(holder), holder)
        return list(found.values())

    def _contradicts(self, holder: Somebody, said: Said, proof: Proof) -> bool:
        """Whether something says that an account is not this customer's: another account there, or another name."""
        if any(at == self._channel.pk and other != said.external_id for at, other in holder.accounts):
            return True
        return proof[0] == "phone" and names_differ(holder.name, _name_of(said))

    def _with_others(self, meant: Meant, matches: Iterable[Somebody], said: Said) -> Meant:
        """Add who else has the same e-mail: surely the same person, where they could have been meant, or perhaps."""
        who = meant.who
        for other in matches:
            if other is not who and not _are_one(other, who):
                is_sure = other.is_mere_guest or bool(other.verified & set(said.proofs))
                (meant.sure if is_sure and said.external_id else meant.perhaps).append(other)
        contact = said.contact
        if contact is not None and contact[0] == "email":
            seen = {id(who), *map(id, meant.sure), *map(id, meant.perhaps)}
            meant.perhaps += [
                other for other in self._holders.get(contact, ()) if id(other) not in seen and not _are_one(other, who)
            ]
        return meant

    def _note(self, proof: Proof, who: Somebody) -> None:
        holders = self._holders[proof]
        if who not in holders:
            holders.append(who)


def names_differ(one: str, other: str) -> bool:
    """Whether two names have no word in common; a name that is not known differs from none."""
    first, second = set(fold(one).split()), set(fold(other).split())
    return bool(first and second and not first & second)


def may_be_merged(one: int, other: int) -> bool:
    """Whether nobody has said of two records that they are two people, or taken their merge back."""
    left, right = sorted((one, other))
    kept_apart = DuplicatePair.State.NEVER, DuplicatePair.State.HOUSEHOLD
    if DuplicatePair.objects.filter(left=left, right=right, state__in=kept_apart).exists():
        return False
    both = Q(kept=one, merged=other) | Q(kept=other, merged=one)
    if MergeLink.objects.filter(both, undone_at__isnull=False).exists():
        return False
    accounts: dict[int, set[str]] = defaultdict(set)
    records = [pk for found in people.records_of([one, other]).values() for pk in found]
    for channel_id, external_id in Identity.objects.filter(customer__in=records).values_list(
        "channel_id", "external_id"
    ):
        accounts[channel_id].add(external_id)
    return all(len(ids) == 1 for ids in accounts.values())


def _asked(said: Said) -> Iterable[Proof]:
    yield from said.proofs
    if said.contact:
        yield said.contact


def _holders(proofs: Iterable[Proof]) -> dict[Proof, set[int]]:
    """Who has these e-mails and phones, by whatever row; phones only of those who have a row for theirs."""
    wanted: dict[str, list[str]] = {"email": [], "phone": []}
    for kind, value in proofs:
        wanted[kind].append(value)
    found: dict[Proof, set[int]] = defaultdict(set)
    query = "SELECT email, id FROM customers_customer WHERE deleted_at IS NULL AND email"
    rows = read_many(query, wanted["email"])
    if wanted["email"]:
        # the row of a merged customer may show another record's e-mail, and not its own
        own = dict(OwnProfile.objects.filter(pk__in=id_list(pk for _email, pk in rows)).values_list("pk", "email"))
        rows = [(email, pk) for email, pk in rows if own.get(pk, email) == email]
        rows += OwnProfile.objects.filter(email__in=wanted["email"]).values_list("email", "pk")
    for email, pk in rows:
        found["email", email].add(pk)
    for kind, values in wanted.items():
        query = "SELECT value, customer_id FROM customers_contactpoint WHERE kind = %s AND value"
        for value, pk in read_many(query, values, kind):
            found[kind, value].add(pk)
    return found


def _somebodies(pks: Iterable[int], holders: Mapping[Proof, set[int]]) -> dict[int, Somebody]:
    """These customers, with all by which they can be told apart; without those that are deleted."""
    ids = list(pks)
    if not ids:
        return {}
    asked: dict[int, set[Proof]] = defaultdict(set)
    for proof, found in holders.items():
        for pk in found:
            asked[pk].add(proof)
    known: dict[int, Somebody] = {}
    columns = ("pk", "merged_into_id", "merged_into__deleted_at", "deleted_at", "name", "company", "is_guest")
    for pk, root, gone, own_gone, name, company, is_guest in Customer.everyone.filter(pk__in=id_list(ids)).values_list(
        *columns
    ):
        if own_gone is None and gone is None:
            known[pk] = Somebody(pk, root=root or pk, name=name or company, is_guest=is_guest)
        else:
            known[pk] = Somebody(pk, root=root or pk, name=name or company, is_gone=True)
    for pk, channel_id, external_id in Identity.objects.filter(customer__in=id_list(known)).values_list(
        "customer_id", "channel_id", "external_id"
    ):
        known[pk].accounts.add((channel_id, external_id))
    for pk, kind, value in ContactPoint.objects.filter(
        customer__in=id_list(known), verified_at__isnull=False
    ).values_list("customer_id", "kind", "value"):
        known[pk].verified.add((kind, value))
    parts: dict[int, dict[str, Any]] = dict(
        Heard.objects.filter(customer__in=id_list(known)).values_list("customer_id", "parts")
    )
    for pk, one in known.items():
        for proof in asked[pk]:
            part = parts.get(pk, {}).get(proof[0])
            # what a guest says is an order that was paid for; what an account says is what somebody typed
            is_unproved = part is not None and part[0] != GUEST and part[2] == digest_of(proof[1])
            if proof in one.verified or not is_unproved:
                one.trusted.add(proof)
    return known


def _name_of(said: Said) -> str:
    given = said.profile
    return f"{given.get('given_name', '')} {given.get('family_name', '')}".strip() or given.get("name", "")


def _are_one(one: Somebody, other: Somebody) -> bool:
    return one is other or (one.root is not None and one.root == other.root)
