"""What a field may hold: each check cleans and types one value, or raises ValueError with a sentence for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.money import is_known
from regulars.core.text import BadText, clean

NUMBER_LENGTH = 60
MOST_QUANTITY = 2**31 - 1
MOST_MINOR = 10**15  # ten million millions: every sum of a shop stays inside 64 bits
FIRST_YEAR = 1900
_PRICE_STEP, _RATE_STEP = Decimal("0.0001"), Decimal("0.00000001")
_MOST_PRICE, _MOST_RATE = Decimal(10) ** 13, Decimal(10) ** 9


def invalid(reasons: dict[str, list[str]]) -> Invalid:
    """A refusal whose sentence is the first reason."""
    return Invalid(next(iter(reasons.values()))[0], fields=reasons)


def checked(values: Mapping[str, Any], fields: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """The given fields, each through its check. Raises Invalid; the fields of what is inside one are `name.inner`."""
    found, reasons = {}, {}
    for name, value in values.items():
        if name not in fields:
            reasons[name] = [_("There is no field of this name.")]
            continue
        try:
            found[name] = fields[name](value)
        except ValueError as reason:  # BadText is one
            reasons[name] = [str(reason)]
        except Invalid as inner:
            reasons.update({f"{name}.{part}": why for part, why in inner.fields.items()})
    if reasons:
        raise invalid(reasons)
    return found


def text_up_to(limit: int) -> Callable[[Any], str]:
    """One line of text."""

    def check(value: Any) -> str:
        if type(value) is str and len(value) <= limit and value.isascii() and value.isalnum():
            return value  # most SKUs
        return clean(str(value or ""), limit=limit)

    return check


def long_text_up_to(limit: int) -> Callable[[Any], str]:
    """Text of several lines: each is cleaned, the breaks stay."""

    def check(value: Any) -> str:
        text = "\n".join(clean(line, limit=limit) for line in str(value or "").splitlines()).strip()
        if len(text) > limit:
            raise BadText(_("It is longer than %(limit)s characters.") % {"limit": limit})
        return text

    return check


def number(value: Any) -> str:
    """The number a channel shows."""
    text = clean(str(value if value is not None else ""), limit=NUMBER_LENGTH)
    if not text:
        raise ValueError(_("Give it a number: the one your channel shows."))
    return text


def one_of(choices: Iterable[str], sentence: Callable[[], str]) -> Callable[[Any], str]:
    """A word of a list; `sentence` refuses another one, and may say its `value` and the `states` there are."""
    known = tuple(choices)

    def check(value: Any) -> str:
        if value not in known:
            raise ValueError(sentence() % {"value": str(value)[:40], "states": ", ".join(filter(None, known))})
        return str(value)

    return check


def flag(value: Any) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise ValueError(_("Say yes or no."))  # noqa: TRY004 — people sent it
    return value


def moment(value: Any) -> dt.datetime:
    """A moment in UTC; without a zone it is the shop's."""
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


def currency_code(value: Any) -> str:
    """A currency there is."""
    code = str(value or "").strip().upper()
    if not is_known(code):
        raise ValueError(
            _("“%(value)s” is not a currency; write its three letters, such as EUR.") % {"value": str(value)[:20]}
        )
    return code


def decimal(value: Any) -> Decimal:
    """A finite decimal number."""
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


def rate_of(value: Any) -> Decimal:
    """A rate above zero, with eight decimals."""
    number = decimal(value)
    if not 0 < number < _MOST_RATE:
        raise ValueError(_("A rate is larger than zero."))
    number = number.quantize(_RATE_STEP, rounding=ROUND_HALF_UP)
    if not number:
        raise ValueError(_("A rate has at most eight decimals."))
    return number


def price(value: Any) -> Decimal:
    """A price from zero on, with four decimals."""
    number = decimal(value)
    if number < 0:
        raise ValueError(_("A price is not below zero."))
    if number >= _MOST_PRICE:
        raise ValueError(_("The price is larger than any shop's."))
    return number.quantize(_PRICE_STEP, rounding=ROUND_HALF_UP)


def quantity(value: Any) -> int:
    """A whole number from one on."""
    if type(value) is int and 1 <= value <= MOST_QUANTITY:
        return value
    number = decimal(value)
    if number != number.to_integral_value():
        raise ValueError(_("The quantity %(value)s is not a whole number.") % {"value": value})
    if not 1 <= number <= MOST_QUANTITY:
        raise ValueError(
            _("The quantity %(value)s is not between 1 and %(most)s.") % {"value": value, "most": MOST_QUANTITY}
        )
    return int(number)


def minor(value: Any) -> int:
    """An amount from zero on, in the smallest unit."""
    number = decimal(value)
    if number != number.to_integral_value():
        raise ValueError(_("Amounts are in the currency's smallest unit, so they are whole numbers."))
    if not 0 <= number <= MOST_MINOR:
        raise ValueError(_("The amount is below zero or larger than any shop's."))
    return int(number)


def country(value: Any) -> str:
    """A country's two letters, or nothing."""
    code = str(value or "").strip().upper()
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise ValueError(_("“%(value)s” is not a country; write its two letters.") % {"value": str(value)[:40]})
    return code
