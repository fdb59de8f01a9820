"""Amounts as people type them: 12.50, 12,50, 1,284.50, and a share of something: 10%."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from regulars.core.money import Money, exponent

_MOST = Decimal(10) ** 13
_GROUPED = re.compile(r"\d{1,3}(?:[,.]\d{3})+")


def number_of(typed: str) -> Decimal | None:
    """The number somebody typed, None for nothing. Raises ValueError with a sentence.

    The last of point and comma is the decimal sign where both are there; alone, either is it. That 1,284 is more than
    a thousand cannot be known, so a single sign with just three digits behind it is refused.
    """
    text = re.sub(r"[\s'’]", "", typed).replace("\N{MINUS SIGN}", "-")
    if not text:
        return None
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        text = text.replace(",", "") if point > comma else text.replace(".", "").replace(",", ".")
    elif comma >= 0:
        if _GROUPED.fullmatch(text):
            raise ValueError(
                _("“%(typed)s” can be read in two ways. Write it without a sign for thousands.") % {"typed": typed[:40]}
            )
        text = text.replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(_("“%(typed)s” is not a number.") % {"typed": typed[:40]}) from error
    if not number.is_finite():
        raise ValueError(_("“%(typed)s” is not a number.") % {"typed": typed[:40]})
    if number < 0:
        raise ValueError(_("It is not below zero."))
    if number >= _MOST:
        raise ValueError(_("The amount is larger than any shop's."))
    return number


def minor_of(typed: str, *, currency: str) -> int:
    """An amount in the smallest unit of the currency; nothing is 0. Raises ValueError with a sentence."""
    number = number_of(typed)
    return Money.of(number, currency).minor if number is not None else 0


def part_of(typed: str, *, whole: int, currency: str, is_within: bool = False) -> int:
    """An amount, or a share such as 10% of `whole`; `is_within` where the whole has it in it already, as prices with
    tax have. Raises ValueError with a sentence.
    """
    text = typed.strip()
    if not text.endswith(("%", "\N{FULLWIDTH PERCENT SIGN}")):
        return minor_of(text, currency=currency)
    share = number_of(text[:-1])
    if share is None:
        return 0
    if share > 100:
        raise ValueError(_("It is not more than 100%."))
    part = Decimal(whole) * share / ((100 + share) if is_within else 100)
    return Money.of(part.scaleb(-exponent(currency)), currency).minor


def plain(minor: int, currency: str) -> str:
    """An amount as a field shows it: 12.50, and nothing for none."""
    return str(Money(minor, currency).amount) if minor else ""


def plain_price(price: Decimal, currency: str) -> str:
    """A price as a field shows it, with the currency's decimals and up to four where they are used."""
    decimals = exponent(currency)
    shortened = price.normalize()
    used = -int(shortened.as_tuple().exponent)
    return f"{price:.{max(decimals, used)}f}"
