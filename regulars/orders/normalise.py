"""What an order, a return and their lines may hold: the one validation that verbs, forms, API and import share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.money import Money, exponent, is_known
from regulars.core.text import BadText, clean
from regulars.orders.models import Status

NUMBER_LENGTH, SKU_LENGTH, TITLE_LENGTH, PAID_BY_LENGTH, REASON_LENGTH, NOTE_LENGTH = 60, 80, 250, 60, 200, 10_000
MOST_QUANTITY = 2**31 - 1
MOST_MINOR = 10**15  # ten million millions: every sum of a shop stays inside 64 bits
FIRST_YEAR = 1900
_PRICE_STEP, _RATE_STEP = Decimal("0.0001"), Decimal("0.00000001")
_MOST_PRICE, _MOST_RATE = Decimal(10) ** 13, Decimal(10) ** 9


class Piece(NamedTuple):
    """A checked line: what, how many, at which price, and the amount in the currency's smallest unit."""

    sku: str
    title: str
    quantity: int
    unit_price: Decimal
    total_minor: int


def order_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The given fields of an order, cleaned and typed. Raises Invalid with a reason for each field that cannot be kept.

    Keys are the model's fields (`number status is_test placed_at currency rate discount_minor shipping_minor tax_minor
    is_tax_included payment_method country note`).
    """
    return _checked(values, _ORDER_FIELDS)


def return_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a return: `number returned_at currency rate reason refund_minor`."""
    return _checked(values, _RETURN_FIELDS)


def pieces(lines: Sequence[Mapping[str, Any]], *, currency: str) -> list[Piece]:
    """The checked lines, with their amounts: quantity × unit price, halves rounded up, line by line.

    Each line has `quantity` and `unit_price`, and a `sku` or a `title` or both. Raises Invalid; its fields are named
    `lines.2.quantity` (the first line is 0).
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


def invalid(reasons: dict[str, list[str]]) -> Invalid:
    """A refusal whose sentence is the first reason."""
    return Invalid(next(iter(reasons.values()))[0], fields=reasons)


def line_total(quantity: int, unit_price: Decimal, currency: str) -> int:
    """Quantity × unit price in the currency's smallest unit, halves rounded up. Prices have four decimals."""
    steps: int = int(unit_price.scaleb(4)) * quantity * 10 ** exponent(currency)
    return (2 * steps + 10_000) // 20_000


def _piece(line: Mapping[str, Any], *, currency: str) -> Piece:
    checked = _checked(line, _LINE_FIELDS)
    sku, title = checked.get("sku", ""), checked.get("title", "")
    quantity, unit_price = checked.get("quantity"), checked.get("unit_price")
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
    return Piece(sku, title, quantity, unit_price, total)


def _checked(values: Mapping[str, Any], fields: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    found, reasons = {}, {}
    for name, value in values.items():
        if name not in fields:
            reasons[name] = [_("There is no field of this name.")]
            continue
        try:
            found[name] = fields[name](value)
        except ValueError as reason:  # BadText is one
            reasons[name] = [str(reason)]
    if reasons:
        raise invalid(reasons)
    return found


def _text(limit: int) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is str and len(value) <= limit and value.isascii() and value.isalnum():
            return value  # most SKUs
        return clean(str(value or ""), limit=limit)

    return check


def _long_text(limit: int) -> Callable[[Any], str]:
    """Text of several lines: each is cleaned, the breaks stay."""

    def check(value: Any) -> str:
        text = "\n".join(clean(line, limit=limit) for line in str(value or "").splitlines()).strip()
        if len(text) > limit:
            raise BadText(_("It is longer than %(limit)s characters.") % {"limit": limit})
        return text

    return check


def _number(value: Any) -> str:
    text = clean(str(value if value is not None else ""), limit=NUMBER_LENGTH)
    if not text:
        raise ValueError(_("Give it a number: the one your channel shows."))
    return text


def _status(value: Any) -> str:
    if value not in Status.values:
        raise ValueError(
            _("“%(value)s” is not a state of an order; take one of %(states)s.")
            % {"value": value, "states": ", ".join(Status.values)}
        )
    return str(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("Say yes or no."))  # noqa: TRY004 — people sent it
    return value


def _moment(value: Any) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        raise ValueError(_("Say when, as a date with a time."))  # noqa: TRY004 — people sent it
    if timezone.is_naive(value):
        value = value.replace(tzinfo=shop.zone())
    if value.year < FIRST_YEAR:
        raise ValueError(_("The year %(year)s is too long ago.") % {"year": value.year})
    try:
        moment: dt.datetime = value.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(_("The year %(year)s is too far away.") % {"year": value.year}) from error
    return moment


def _currency(value: Any) -> str:
    code = str(value or "").strip().upper()
    if not is_known(code):
        raise ValueError(
            _("“%(value)s” is not a currency; write its three letters, such as EUR.") % {"value": str(value)[:20]}
        )
    return code


def _decimal(value: Any) -> Decimal:
    if type(value) is Decimal and value.is_finite():
        return value
    if isinstance(value, bool | float):
        # a float has already lost what the person wrote
        value = str(value)
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise ValueError(_("“%(value)s” is not a number.") % {"value": str(value)[:40]}) from error
    if not number.is_finite():
        raise ValueError(_("“%(value)s” is not a number.") % {"value": str(value)[:40]})
    return number


def _rate(value: Any) -> Decimal:
    number = _decimal(value)
    if not 0 < number < _MOST_RATE:
        raise ValueError(_("A rate is larger than zero."))
    number = number.quantize(_RATE_STEP, rounding=ROUND_HALF_UP)
    if not number:
        raise ValueError(_("A rate has at most eight decimals."))
    return number


def _price(value: Any) -> Decimal:
    number = _decimal(value)
    if number < 0:
        raise ValueError(_("A price is not below zero."))
    if number >= _MOST_PRICE:
        raise ValueError(_("The price is larger than any shop's."))
    return number.quantize(_PRICE_STEP, rounding=ROUND_HALF_UP)


def _quantity(value: Any) -> int:
    if type(value) is int and 1 <= value <= MOST_QUANTITY:
        return value
    number = _decimal(value)
    if number != number.to_integral_value():
        raise ValueError(_("The quantity %(value)s is not a whole number.") % {"value": value})
    if not 1 <= number <= MOST_QUANTITY:
        raise ValueError(
            _("The quantity %(value)s is not between 1 and %(most)s.") % {"value": value, "most": MOST_QUANTITY}
        )
    return int(number)


def _minor(value: Any) -> int:
    number = _decimal(value)
    if number != number.to_integral_value():
        raise ValueError(_("Amounts are in the currency's smallest unit, so they are whole numbers."))
    if not 0 <= number <= MOST_MINOR:
        raise ValueError(_("The amount is below zero or larger than any shop's."))
    return int(number)


def _country(value: Any) -> str:
    code = str(value or "").strip().upper()
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise ValueError(_("“%(value)s” is not a country; write its two letters.") % {"value": str(value)[:40]})
    return code


_ORDER_FIELDS: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "status": _status,
    "is_test": _flag,
    "placed_at": _moment,
    "currency": _currency,
    "rate": _rate,
    "discount_minor": _minor,
    "shipping_minor": _minor,
    "tax_minor": _minor,
    "is_tax_included": _flag,
    "payment_method": _text(PAID_BY_LENGTH),
    "country": _country,
    "note": _long_text(NOTE_LENGTH),
}
_RETURN_FIELDS: dict[str, Callable[[Any], Any]] = {
    "number": _number,
    "returned_at": _moment,
    "currency": _currency,
    "rate": _rate,
    "reason": _text(REASON_LENGTH),
    "refund_minor": _minor,
}
_LINE_FIELDS: dict[str, Callable[[Any], Any]] = {
    "sku": _text(SKU_LENGTH),
    "title": _text(TITLE_LENGTH),
    "quantity": _quantity,
    "unit_price": _price,
}
