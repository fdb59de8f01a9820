"""Customers who are known already follow what a channel says of them now: compared together, changed one by one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from regulars.channels.models import Channel
from regulars.core.errors import Invalid
from regulars.core.text import fold
from regulars.customers.actions.addresses import remove_address, save_address
from regulars.customers.actions.contact_points import add_contact_point, mark_verified
from regulars.customers.actions.identities import add_identity
from regulars.customers.actions.profile import EmailTaken, change_customer
from regulars.customers.actions.tags import cleaned, tag, untag
from regulars.customers.importing import merges
from regulars.customers.importing.rows import ADDRESS_COLUMNS
from regulars.customers.models import Address, ContactPoint, Customer, Heard, Identity
from regulars.customers.standings import id_list
from regulars.customers.taking.making import address_digest
from regulars.customers.taking.saying import FIELDS, Proof, Said
from regulars.customers.taking.words import Parts, news_of
from regulars.staff.policy import verb


@dataclass(slots=True)
class _Stored:
    """What is known of some customers, read at once."""

    profiles: dict[int, dict[str, Any]]
    parts: dict[int, Parts]
    addresses: dict[int, list[dict[str, Any]]]
    contacts: dict[int, dict[Proof, bool]]
    accounts: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))


@verb
def follow(words: Sequence[tuple[int, Said, str]], channel: Channel, *, unlinked: Collection[str] = ()) -> None:
    """Let customers (by id) follow what was said of them, and who said it. What says nothing new changes nothing.

    Accounts that are `unlinked` were deleted on the channel: what an order says of them does not bring them back.
    """
    if not words:
        return
    stored = _read([pk for pk, _said, _who in words], channel)
    changed: dict[int, Parts] = {}
    for pk, said, who in words:
        parts = stored.parts.setdefault(pk, {})
        before = dict(parts)
        is_linked = not said.external_id or said.external_id in stored.accounts[pk]
        if not is_linked and (said.is_own or said.external_id not in unlinked):
            add_identity(_customer(pk), channel=channel, external_id=said.external_id)
            stored.accounts[pk].add(said.external_id)
        _follow(pk, said, who, stored)
        if parts != before:
            changed[pk] = parts
    _keep(changed)


def tag_new(words: Iterable[tuple[int, Said, str]]) -> None:
    """Give new customers the tags that their account has."""
    changed: dict[int, Parts] = {}
    wanted = {pk: (said, who) for pk, said, who in words if said.record.tags and said.is_own}
    known = dict(Heard.objects.filter(customer__in=id_list(wanted)).values_list("customer_id", "parts"))
    for pk, (said, who) in wanted.items():
        changed[pk] = known.get(pk, {})
        _follow_tags(pk, said, who, changed[pk])
    _keep(changed)


def _follow(pk: int, said: Said, who: str, stored: _Stored) -> None:
    current, parts = stored.profiles[pk], stored.parts[pk]
    news = news_of(said, who, parts, current)
    values = dict(news.values)
    if said.external_id and current["is_guest"]:
        values["is_guest"] = False
    if values:
        # that two accounts share an e-mail is for people to look at (docs/decisions/0027)
        change_customer(_customer(pk), values=values, may_share_email=True)
        current.update(values)
    parts.update(news.parts)
    _follow_place(pk, said, who, stored)
    for proof in said.proofs:
        _prove(pk, proof, stored, said.record.version)
    if said.is_own:
        _follow_tags(pk, said, who, parts)


def _follow_place(pk: int, said: Said, who: str, stored: _Stored) -> None:
    """The first address is filled, or replaced where it is what a channel said; what staff wrote stays."""
    parts, listed = stored.parts[pk], stored.addresses[pk]
    part: Any = parts.get("address")
    at = said.record.version
    now: dict[str, Any] = listed[0] if listed else {}
    columns = tuple(str(said.place.get(column, "")) for column in ADDRESS_COLUMNS)
    stands = part is not None and bool(now) and part[2] == address_digest([now[one] for one in ADDRESS_COLUMNS])
    if not said.place:
        if stands and said.is_own and part[0] == who and at > dt.datetime.fromisoformat(part[1]):
            remove_address(Address.objects.get(pk=now["id"]))
            parts["address"] = [who, at.isoformat(), address_digest([""] * len(ADDRESS_COLUMNS))]
            listed.pop(0)
        return
    if not now and (part is None or part[0] != who or at > dt.datetime.fromisoformat(part[1])):
        save_address(_customer(pk), values=said.place)
    elif stands and (at, address_digest(columns)) > (dt.datetime.fromisoformat(part[1]), part[2]):
        values = dict(zip(ADDRESS_COLUMNS, columns, strict=True))
        if any(now[name] != value for name, value in values.items()):
            save_address(_customer(pk), values=values, address=Address.objects.get(pk=now["id"]))
    else:
        return
    stored.addresses[pk] = _addresses([pk])[pk]
    parts["address"] = [who, at.isoformat(), address_digest(columns)]


def _prove(pk: int, proof: Proof, stored: _Stored, at: dt.datetime) -> None:
    """The channel has verified an e-mail or a phone: say so, and add it where they have another one."""
    kind, value = proof
    contacts = stored.contacts[pk]
    if contacts.get(proof):
        return
    if stored.profiles[pk][kind] != value and proof not in contacts:
        with suppress(EmailTaken):  # whose it is as well waits in the review
            add_contact_point(_customer(pk), kind=kind, value=value)
    mark_verified(_customer(pk), value=value, at=at)
    contacts[proof] = True


def _follow_tags(pk: int, said: Said, who: str, parts: Parts) -> None:
    """Tags come and go with the account's; those that staff took off stay off until the account gets them anew."""
    said_before: dict[str, list[str]] = dict(parts.get("tags", {}))
    names: dict[str, str] = {}
    for name in said.record.tags:
        with suppress(Invalid):  # a name that no tag can have
            kept = cleaned(name)
            names[fold(kept)] = kept
    before = set(said_before.pop(who, ()))
    others = {key for keys in said_before.values() for key in keys}
    new, gone = names.keys() - before, before - names.keys() - others
    if new:
        tag(_customer(pk), names=[names[key] for key in sorted(new)])
    if gone:
        untag(_customer(pk), names=sorted(gone))
    if new or before - names.keys():
        parts["tags"] = {**said_before, **({who: sorted(names)} if names else {})}


def _read(pks: Sequence[int], channel: Channel) -> _Stored:
    ids = list(set(pks))
    rows = Customer.everyone.filter(pk__in=id_list(ids)).values("pk", "customer_since", "is_guest", *FIELDS)
    profiles = {row["pk"]: dict(row) for row in rows}
    own = {pk: dict(profile) for pk, profile in profiles.items()}
    merges.by_themselves(own)
    for pk, profile in own.items():
        if isinstance(profile["customer_since"], str):
            profile["customer_since"] = dt.datetime.fromisoformat(profile["customer_since"])
        profiles[pk] = profile
    contacts: dict[int, dict[Proof, bool]] = defaultdict(dict)
    points = ContactPoint.objects.filter(customer__in=id_list(ids))
    for pk, kind, value, verified_at in points.values_list("customer_id", "kind", "value", "verified_at"):
        contacts[pk][kind, value] = verified_at is not None
    stored = _Stored(
        profiles=profiles,
        parts=dict(Heard.objects.filter(customer__in=id_list(ids)).values_list("customer_id", "parts")),
        addresses=_addresses(ids),
        contacts=contacts,
    )
    identities = Identity.objects.filter(customer__in=id_list(ids), channel=channel)
    for pk, external_id in identities.values_list("customer_id", "external_id"):
        stored.accounts[pk].add(external_id)
    return stored


def _addresses(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The addresses of each customer, the one that parcels go to first."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Address.objects.filter(customer__in=id_list(ids)).order_by("customer_id", "-is_default_shipping", "id")
    for row in rows.values("id", "customer_id", *ADDRESS_COLUMNS):
        found[row["customer_id"]].append(row)
    return found


def _keep(changed: Mapping[int, Parts]) -> None:
    Heard.objects.bulk_create(
        [Heard(customer_id=pk, parts=parts) for pk, parts in changed.items()],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["parts"],
        batch_size=500,
    )


def _customer(pk: int) -> Customer:
    return Customer.everyone.get(pk=pk)


def not_after_now(at: dt.datetime) -> dt.datetime:
    """A moment as a channel tells it, whose clock may be ahead of ours."""
    return min(at, timezone.now())
