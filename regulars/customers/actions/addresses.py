"""Add, change and remove an address. The customer's own row repeats where parcels go."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers import postal, presenting, search
from regulars.customers.actions.profile import as_read, new_address, write
from regulars.customers.derived import located, refreshed, region_of
from regulars.customers.facts import AddressChanged
from regulars.customers.models import Address, Customer
from regulars.customers.normalise import ADDRESS_TEXT, Values, normalise_address, require_place
from regulars.staff.policy import require_full, require_full_of, verb
from regulars.timeline.actions import record

_DEFAULTS = ("is_default_shipping", "is_default_billing")
_TOLD = frozenset({*ADDRESS_TEXT, *_DEFAULTS})
_GROUPS = {"is_default_shipping": "address", "is_default_billing": "billing"}


@verb
def save_address(
    customer: Customer, *, values: Values, address: Address | None = None, is_strict: bool = False
) -> Address:
    """Add an address, or change the given fields of `address`. A first address is the default for both.

    An address that becomes a default takes the place of the one before, also that of another record of the same
    person; each record keeps its own for the day it stands alone again. Where it lies follows from its city. With
    `is_strict`, what cannot be right in its country is refused: whoever writes it can look again. Raises Invalid.
    """
    if address is not None:
        require_full_of(Address, values)
    current = _held(address.customer if address else customer)
    origins = {default: presenting.origin(current, group) for default, group in _GROUPS.items()}
    if address is None:
        is_first = not Address.objects.filter(customer=current).exists()
        given = new_address(values) if is_first else normalise_address(values, country=shop.current().country)
        require_place(given)
        given = _strictly(given) if is_strict else given
        saved = Address(customer=current)
        changed = {**given, **located(given)}
    else:
        saved = Address.objects.get(pk=address.pk, customer=current)
        given = normalise_address({"country": saved.country, **values}, country=shop.current().country)
        given = {name: value for name, value in given.items() if value or origins.get(name) in {None, current.pk}}
        before = {field: getattr(saved, field) for field in ADDRESS_TEXT}
        require_place({**before, **given})
        given = {**given, **_strictly({**before, **given})} if is_strict else given
        changed = {field: value for field, value in given.items() if value != getattr(saved, field)}
        if {"city", "country"} & set(changed):
            changed |= located({**before, **given})
        saved.version += 1 if changed else 0
    if changed:
        # of a new one, that it is the default follows from its being the first
        shown = _TOLD if address else ADDRESS_TEXT
        told = {field: [getattr(saved, field), value] for field, value in changed.items() if field in shown}
        told = {field: pair for field, pair in told.items() if pair[0] != pair[1]}
        _write(saved, changed)
        _follow(current, deed="changed" if address else "added", changes=told)
    _let_count(current, given, origins)
    _show(customer, current)
    return saved


@verb
def remove_address(address: Address) -> None:
    """Remove an address; lists then show the place of the next one."""
    require_full("address")
    current = _held(address.customer)
    gone = Address.objects.filter(pk=address.pk).first() or address
    Address.objects.filter(pk=address.pk).delete()
    told = {field: [getattr(gone, field), ""] for field in ADDRESS_TEXT if getattr(gone, field)}
    _follow(current, deed="removed", changes=told)


def checked_address(values: Values, *, is_strict: bool) -> dict[str, Any]:
    """A first address as it would be kept, so that a form can say at the address what is wrong with it.

    Raises Invalid.
    """
    address = normalise_address(values, country=shop.current().country)
    require_place(address)
    return _strictly(address) if is_strict else address


def _strictly(address: Values) -> dict[str, Any]:
    """The address in its country's spelling, with its state; raises Invalid for what that country does not have."""
    tidy = postal.tidy(dict(address))
    tidy["region"] = region_of(tidy)
    if reasons := postal.problems(tidy):
        raise Invalid(next(iter(reasons.values()))[0], fields=reasons)
    return tidy


def _let_count(record: Customer, given: Values, origins: dict[str, int | None]) -> None:
    """Of several records of a person, let the defaults of the one count that was asked for; else those that did."""
    root = record.merged_into_id or record.pk
    for default, shown in origins.items():
        if shown is not None:
            presenting.choose(root, _GROUPS[default], record.pk if given.get(default) else shown)
    if any(shown is not None for shown in origins.values()):
        presenting.present([root])


def _held(customer: Customer) -> Customer:
    return presenting.itself(as_read(customer, None))


def _write(address: Address, changed: dict[str, Any]) -> None:
    others = Address.objects.filter(customer=address.customer).exclude(pk=address.pk)
    now = timezone.now()
    for default in _DEFAULTS:
        if changed.get(default):
            others.filter(**{default: True}).update(**{default: False}, updated_at=now)
    for field, value in changed.items():
        setattr(address, field, value)
    address.updated_at = now
    if address.pk is None:
        address.created_at = now
    address.save()


def _follow(customer: Customer, *, deed: str, changes: dict[str, list[Any]]) -> None:
    write(customer, refreshed(customer))
    search.mark_unindexed([customer.pk])
    record(AddressChanged(deed=deed, changes=changes), customer=customer, subject=customer)


def _show(customer: Customer, current: Customer) -> None:
    """Let the caller's copy say what the row says now."""
    current = presenting.as_shown(current)
    for field in ("city", "region", "postcode", "country", "search_text", "version", "updated_at"):
        setattr(customer, field, getattr(current, field))
