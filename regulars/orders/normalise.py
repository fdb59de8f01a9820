"""What an order, a return and their lines may hold: the one validation that verbs, forms, API and import share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.money import Money, exponent
from regulars.orders import checks, details
from regulars.orders.checks import MOST_MINOR, checked, invalid
from regulars.orders.models import Fulfilment, ReturnState, Status

__all__ = [
    "CAMPAIGN_LENGTH",
    "MORE_OF_LINES",
    "NOTE_LENGTH",
    "PAID_BY_LENGTH",
    "REASON_LENGTH",
    "REFERRER_LENGTH",
    "SKU_LENGTH",
    "SOURCE_LENGTH",
    "TITLE_LENGTH",
    "VARIANT_LENGTH",
    "Piece",
    "base_currency",
    "in_base",
    "invalid",
    "line_total",
    "order_values",
    "pieces",
    "return_values",
    "with_rate",
]

SKU_LENGTH, TITLE_LENGTH, PAID_BY_LENGTH, REASON_LENGTH, NOTE_LENGTH = 80, 250, 60, 200, 10_000
SOURCE_LENGTH, CAMPAIGN_LENGTH, REFERRER_LENGTH, VARIANT_LENGTH = 60, 120, 250, 120


class Piece(NamedTuple):
    """A checked line: what, how many, at which price, and the amount in the currency's smallest unit.

    The rest is what only some know of a line; None is what nobody said, and stays what it was.
    """

    sku: str
    title: str
    quantity: int
    unit_price: Decimal
    total_minor: int
    variant_id: int | None = None
    variant_title: str | None = None
    discount_minor: int | None = None
    tax_minor: int | None = None
    cost: Decimal | None = None

    @property
    def has_more(self) -> bool:
        """Whether somebody said more of it than what it cost."""
        return self[_SAID:] != _NOTHING_MORE

    def says_what(self, known: Piece) -> bool:
        """Whether everything that is said here is so in the known line already."""
        return self[:_SAID] == known[:_SAID] and all(
            said is None or said == was for said, was in zip(self[_SAID:], known[_SAID:], strict=True)
        )


def order_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields of an order, cleaned and typed. Raises Invalid with a reason for each field that cannot be kept.

    Keys are the model's fields (`number status is_test placed_at currency rate discount_minor shipping_minor tax_minor
    is_tax_included payment_method country note fulfilment source campaign referrer`), and what hangs on the order:
    `tags codes addresses payments` (details.py).
    """
    return checked(values, _ORDER_FIELDS)


def return_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a return: `number returned_at currency rate reason refund_minor state exchange_id`."""
    return checked(values, _RETURN_FIELDS)


def pieces(lines: Sequence[Mapping[str, Any]], *, currency: str) -> list[Piece]:
    """The checked lines, with their amounts: quantity × unit price, halves rounded up, line by line.

    Each line has `quantity` and `unit_price`, and a `sku` or a `title` or both; it may have `variant_id variant_title
    discount_minor tax_minor cost`. Raises Invalid; its fields are named `lines.2.quantity` (the first line is 0).
    """
    found, reasons = [], {}
    for place, line in enumerate(lines):
        try:
            found.append(_piece(line, currency=currency))
        except Invalid as refusal:
            reasons.update({f"lines.{place}.{name}": why for name, why in refusal.fields.items()})
    if reasons:
        raise invalid(reasons)
    return found


def base_currency() -> str:
    """The currency the shop counts in."""
    return shop.current().currency


def with_rate(currency: str, rate: Decimal | None) -> Decimal:
    """The rate to the base currency: 1 within it, and otherwise one that somebody has to say."""
    base = shop.current().currency
    if currency == base:
        return Decimal(1)
    if rate is None:
        raise invalid(
            {
                "rate": [
                    _(
                        "The amounts are in %(currency)s and the shop counts in %(base)s. "
                        "Say how many %(base)s one %(currency)s was."
                    )
                    % {"currency": currency, "base": base}
                ]
            }
        )
    return rate


def in_base(minor: int, *, currency: str, rate: Decimal) -> int:
    """An amount in the smallest unit of the shop's base currency."""
    base = shop.current().currency
    if currency == base:
        return minor
    return Money(minor, currency).converted(rate=rate, currency=base).minor


def line_total(quantity: int, unit_price: Decimal, currency: str) -> int:
    """Quantity × unit price in the currency's smallest unit, halves rounded up. Prices have four decimals."""
    steps: int = int(unit_price.scaleb(4)) * quantity * 10 ** exponent(currency)
    return (2 * steps + 10_000) // 20_000


def _piece(line: Mapping[str, Any], *, currency: str) -> Piece:
    given = checked(line, _LINE_FIELDS)
    sku, title = given.get("sku", ""), given.get("title", "")
    quantity, unit_price = given.get("quantity"), given.get("unit_price")
    if quantity is None or unit_price is None or not (sku or title):
        raise invalid(
            {
                name: [reason]
                for name, is_there, reason in (
                    ("title", sku or title, _("Name the product, or give its SKU.")),
                    ("quantity", quantity is not None, _("Say how many.")),
                    ("unit_price", unit_price is not None, _("Say the price of one.")),
                )
                if not is_there
            }
        )
    total = line_total(quantity, unit_price, currency)
    if total > MOST_MINOR:
        raise invalid({"unit_price": [_("The amount is larger than any shop's.")]})
    if len(given) <= _SAID - 1:
        return Piece(sku, title, quantity, unit_price, total)
    return Piece(sku, title, quantity, unit_price, total, *(given.get(name) for name in MORE_OF_LINES))


def _or_none(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


def _row_id(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no row of ours")
    return value


MORE_OF_LINES = Piece._fields[5:]
_SAID = 5
_NOTHING_MORE = (None,) * len(MORE_OF_LINES)


_ORDER_FIELDS: dict[str, Callable[[Any], Any]] = {
    "number": checks.number,
    "status": checks.one_of(
        Status.values, lambda: _("“%(value)s” is not a state of an order; take one of %(states)s.")
    ),
    "is_test": checks.flag,
    "placed_at": checks.moment,
    "currency": checks.currency_code,
    "rate": checks.rate_of,
    "discount_minor": checks.minor,
    "shipping_minor": checks.minor,
    "tax_minor": checks.minor,
    "is_tax_included": checks.flag,
    "payment_method": checks.text_up_to(PAID_BY_LENGTH),
    "country": checks.country,
    "note": checks.long_text_up_to(NOTE_LENGTH),
    "fulfilment": checks.one_of(
        Fulfilment.values, lambda: _("“%(value)s” does not say how far the goods are; take one of %(states)s.")
    ),
    "source": checks.text_up_to(SOURCE_LENGTH),
    "campaign": checks.text_up_to(CAMPAIGN_LENGTH),
    "referrer": checks.text_up_to(REFERRER_LENGTH),
    "tags": details.tags,
    "codes": details.codes,
    "addresses": details.addresses,
    "payments": details.payments,
}
_RETURN_FIELDS: dict[str, Callable[[Any], Any]] = {
    "number": checks.number,
    "returned_at": checks.moment,
    "currency": checks.currency_code,
    "rate": checks.rate_of,
    "reason": checks.text_up_to(REASON_LENGTH),
    "refund_minor": checks.minor,
    "state": checks.one_of(
        ReturnState.values, lambda: _("“%(value)s” is not a state of a return; take one of %(states)s.")
    ),
    "exchange_id": _or_none(_row_id),
}
_LINE_FIELDS: dict[str, Callable[[Any], Any]] = {
    "sku": checks.text_up_to(SKU_LENGTH),
    "title": checks.text_up_to(TITLE_LENGTH),
    "quantity": checks.quantity,
    "unit_price": checks.price,
    "variant_id": _or_none(_row_id),
    "variant_title": _or_none(checks.text_up_to(VARIANT_LENGTH)),
    "discount_minor": _or_none(checks.minor),
    "tax_minor": _or_none(checks.minor),
    "cost": _or_none(checks.price),
}
