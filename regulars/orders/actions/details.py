"""The rows that hang on orders: written many at a time, and replaced where somebody says them anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from regulars.core.bulk import insert, moment
from regulars.core.money import Money
from regulars.orders.actions.drafts import NewOrder
from regulars.orders.details import Address, Code, Paid
from regulars.orders.models import Order, OrderAddress, OrderDiscount, OrderTag, Payment, PaymentState, Side

NAMES = ("tags", "codes", "addresses", "payments")
_PAYMENT = (
    *("created_at", "updated_at", "version", "order_id", "is_refund", "state", "method", "amount_minor", "currency"),
    *("at", "reference", "external_id"),
)


def write(orders: Sequence[NewOrder]) -> None:
    """Write what hangs on new orders, where there is any."""
    _insert_tags((order.id, label) for order in orders for label in order.tags)
    _insert_codes((order.id, *code) for order in orders for code in order.codes)
    _insert_addresses((order.id, *address) for order in orders for address in order.addresses.values() if address)
    _insert_payments(
        (order.id, paid if paid.at else paid._replace(at=order.placed_at), order.currency)
        for order in orders
        for paid in order.payments
    )


def replace(order: Order, given: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Let the given ones take the place of those there are; answers what changed, in words, old and new.

    What nobody gave stays. Of payments, those that a platform gave its own name take the place of those with one, and
    those without take the place of those without: what staff booked stays when the platform tells its own.
    """
    changes: dict[str, list[Any]] = {}
    if "tags" in given:
        _replace_tags(order, given["tags"], changes)
    if "codes" in given:
        _replace_codes(order, given["codes"], changes)
    if "addresses" in given:
        _replace_addresses(order, given["addresses"], changes)
    if "payments" in given:
        _replace_payments(order, given["payments"], changes)
    return changes


def codes_in_words(codes: Iterable[Code], currency: str) -> str:
    """Codes with what they took off: `SUMMER10 (4.00 EUR)`."""
    return ", ".join(
        f"{code.code} ({Money(code.amount_minor, currency).amount} {currency})" if code.amount_minor else code.code
        for code in codes
    )


def payments_in_words(payments: Iterable[Paid], currency: str) -> str:
    """Payments with their state: `PayPal 12.00 EUR (Paid)`."""
    return ", ".join(
        f"{paid.method} {'−' if paid.is_refund else ''}{Money(paid.amount_minor, currency).amount} {currency} "
        f"({PaymentState(paid.state).label})".strip()
        for paid in payments
    )


def paid_of(payment: Payment) -> Paid:
    """A kept payment as a checked one."""
    return Paid(
        *(payment.external_id, payment.method, payment.amount_minor, payment.at, payment.state, payment.is_refund),
        payment.reference,
    )


def _replace_tags(order: Order, wanted: Sequence[str], changes: dict[str, list[Any]]) -> None:
    known = list(order.tags.order_by("pk").values_list("label", flat=True))
    if set(known) != set(wanted):
        order.tags.exclude(label__in=wanted).delete()
        _insert_tags((order.pk, label) for label in wanted if label not in known)
        changes["order_tags"] = [", ".join(known), ", ".join(wanted)]


def _replace_codes(order: Order, wanted: Sequence[Code], changes: dict[str, list[Any]]) -> None:
    known = [Code(*row) for row in order.codes.order_by("pk").values_list("code", "amount_minor")]
    if known != list(wanted):
        order.codes.all().delete()
        _insert_codes((order.pk, *code) for code in wanted)
        changes["codes"] = [codes_in_words(codes, order.currency) for codes in (known, wanted)]


def _replace_addresses(order: Order, wanted: Mapping[str, Address | None], changes: dict[str, list[Any]]) -> None:
    known = {row.side: row for row in order.addresses.all()}
    for side, address in wanted.items():
        row = known.get(side)
        was = Address(*(getattr(row, name) for name in Address._fields)) if row else None
        if was == address:
            continue
        if row is not None:
            row.delete()
        if address is not None:
            _insert_addresses([(order.pk, *address)])
        changes[f"{Side(side).value}_address"] = [_address_in_words(was), _address_in_words(address)]


def _replace_payments(order: Order, wanted: Sequence[Paid], changes: dict[str, list[Any]]) -> None:
    rows = list(order.payments.order_by("at", "pk"))
    before = [paid_of(row) for row in rows]
    full = [paid if paid.at else paid._replace(at=order.placed_at) for paid in wanted]
    named = {paid.external_id: paid for paid in full if paid.external_id}
    loose = [paid for paid in full if not paid.external_id]
    tells_named = bool(named) or not loose
    for row in rows:
        if row.external_id:
            paid = named.pop(row.external_id, None) if tells_named else paid_of(row)
            _bring_to(row, paid)
        elif loose:
            same = next((paid for paid in loose if paid == paid_of(row)), None)
            _bring_to(row, same)
            if same is not None:
                loose.remove(same)
    _insert_payments((order.pk, paid, order.currency) for paid in (*named.values(), *loose))
    after = [paid_of(row) for row in order.payments.order_by("at", "pk")]
    if before != after:
        changes["payments"] = [payments_in_words(paid, order.currency) for paid in (before, after)]


def _bring_to(row: Payment, paid: Paid | None) -> None:
    if paid is None:
        row.delete()
    elif paid != paid_of(row):
        for name, value in paid._asdict().items():
            setattr(row, name, value)
        row.version += 1
        row.updated_at = timezone.now()
        row.save()


def _address_in_words(address: Address | None) -> str:
    return ", ".join(filter(None, address[1:])) if address else ""


def _insert_tags(rows: Iterable[tuple[Any, ...]]) -> None:
    if found := list(rows):
        insert(OrderTag, ("order_id", "label"), found)


def _insert_codes(rows: Iterable[tuple[Any, ...]]) -> None:
    if found := list(rows):
        insert(OrderDiscount, ("order_id", "code", "amount_minor"), found)


def _insert_addresses(rows: Iterable[tuple[Any, ...]]) -> None:
    if found := list(rows):
        insert(OrderAddress, ("order_id", *Address._fields), found)


def _insert_payments(rows: Iterable[tuple[int, Paid, str]]) -> None:
    now = moment(timezone.now())
    if found := list(rows):
        insert(
            Payment,
            _PAYMENT,
            (
                (
                    *(now, now, 1, order_id, paid.is_refund, paid.state, paid.method, paid.amount_minor, currency),
                    *(moment(paid.at), paid.reference, paid.external_id),
                )
                for order_id, paid, currency in found
            ),
        )
