"""Records of checkouts become purchases that were begun, and lead to the order where one came of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.intake import Taken
from regulars.channels.mirroring import locals_of
from regulars.channels.models import Channel
from regulars.channels.records import CheckoutRecord, LineRecord
from regulars.core.contact import BadContact, parse_email
from regulars.core.money import Money, is_known
from regulars.customers.standings import id_list
from regulars.customers.taking.people import buyers_known
from regulars.customers.taking.saying import cut
from regulars.orders.checks import MOST_MINOR
from regulars.orders.models import Checkout, Order
from regulars.orders.normalise import SKU_LENGTH, TITLE_LENGTH
from regulars.staff.policy import verb

_URL_LENGTH, _EMAIL_LENGTH, _MOST_LINES = 2000, 254, 200
_is_url = URLValidator(schemes=("http", "https"))


@verb
def take_checkouts(channel: Channel, records: Sequence[CheckoutRecord]) -> list[Taken]:
    """Take in the newest states of checkouts; answers which each is. One that became an order waits for that.

    Who begins to buy is nobody's customer yet: an account is, and a guest who bought before.
    """
    orders = locals_of(channel, "order", {one.order_id for one in records} - {""})
    rows = Order.objects.in_bulk(list(set(orders.values()))) if orders else {}
    ids = locals_of(channel, "checkout", [one.external_id for one in records])
    known = {row.pk: row for row in Checkout.objects.filter(pk__in=id_list(ids.values()))} if ids else {}
    people = buyers_known(channel, [one.who for one in records])
    taken = []
    for one, customer_id in zip(records, people, strict=True):
        currency = one.currency.strip().upper()
        if not is_known(currency):
            taken.append(Taken(problem=_("“%(value)s” is not a currency.") % {"value": currency[:20]}))
        elif one.order_id and one.order_id not in orders:
            taken.append(Taken(waits_for=("order", one.order_id), customer_id=customer_id))
        else:
            order = rows.get(orders.get(one.order_id, 0))
            values = _values(one, currency)
            values["order_id"] = order.pk if order else None
            values["customer_id"] = order.customer_id if order and order.customer_id else customer_id
            row = _write(channel, known.get(ids.get(one.external_id, 0)), values)
            taken.append(Taken(row.pk, row.customer_id))
    return taken


@verb
def remove_checkouts(channel: Channel, checkout_ids: Sequence[int]) -> None:
    """Checkouts were deleted on the platform, or are too old for it."""
    Checkout.objects.filter(channel=channel, pk__in=id_list(checkout_ids)).delete()


def _write(channel: Channel, known: Checkout | None, values: dict[str, Any]) -> Checkout:
    if known is None:
        return Checkout.objects.create(channel=channel, **values)
    changed = [name for name, value in values.items() if getattr(known, name) != value]
    if changed:
        for name in changed:
            setattr(known, name, values[name])
        known.version += 1
        known.updated_at = timezone.now()
        known.save()
    return known


def _values(one: CheckoutRecord, currency: str) -> dict[str, Any]:
    total = Money.of(max(one.total, Decimal(0)), currency).minor
    completed_at = one.completed_at or (one.version if one.order_id else None)
    return {
        "email": _email(one.who.email) if one.who else "",
        "currency": currency,
        "total_minor": min(total, MOST_MINOR),
        "lines": [_line(line) for line in one.lines[:_MOST_LINES] if line.quantity > 0],
        "recovery_url": _url(one.recovery_url),
        "started_at": one.started_at,
        "touched_at": max(one.started_at, one.version),
        "completed_at": completed_at,
    }


def _line(line: LineRecord) -> dict[str, Any]:
    return {
        "sku": cut(line.sku, SKU_LENGTH),
        "title": cut(line.title or line.variant_title, TITLE_LENGTH),
        "quantity": line.quantity,
        "unit_price": str(line.unit_price),
    }


def _email(text: str) -> str:
    try:
        return parse_email(cut(text, _EMAIL_LENGTH))
    except BadContact:
        return ""


def _url(text: str) -> str:
    """An address of the web, and nothing else: staff click on it."""
    try:
        _is_url(text)
    except ValidationError:
        return ""
    return text if len(text) <= _URL_LENGTH else ""
