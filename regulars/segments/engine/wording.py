"""What a clause found of somebody, in words: amounts, days, counts and names as people write them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.money import Money
from regulars.segments.language import dates
from regulars.segments.language.evaluating import Decided
from regulars.segments.language.tree import Anniversary, Ask, Call, Clause, InGroups
from regulars.segments.language.words import Attribute, Kind, Parameter, Total, Words


def value_of(clause: Clause, found: Decided, words: Words) -> str:
    """The value that decided a clause."""
    match clause:
        case Ask(name):
            attribute = words.attributes[name]
            return value(attribute.kind, found.value, attribute)
        case Anniversary():
            return _("no date is known") if found.value is None else anniversary(*found.value)
        case InGroups():
            return ", ".join(found.value) if found.value else _("in none of them")
        case Call(name):
            for parameter, total in found.totals.items():
                asked = words.functions[name].parameters[parameter]
                return times(int(total)) if asked.total is Total.COUNT else value(asked.kind, total, asked)
            return times(len(found.rows))
        case _:
            days = [day(row.moment) for row in found.rows if row.moment is not None]
            return " → ".join(days) if days else _("did not happen")


def value(kind: Kind, found: Any, asked: Attribute | Parameter | None = None) -> str:
    """A value of some kind."""
    if found is None or found in ((), ""):
        return _("no value")
    match kind:
        case Kind.MONEY:
            return amount(found)
        case Kind.MOMENT | Kind.DAY:
            return day(found)
        case Kind.YES_NO:
            return pgettext("answer", "yes") if found else pgettext("answer", "no")
        case Kind.NUMBER | Kind.DECIMAL:
            return number(found)
        case Kind.LIST:
            return ", ".join(_labelled(found, asked))
        case _:
            return next(iter(_labelled([str(found)], asked)))


def amount(found: Decimal | Fraction | int) -> str:
    """An amount in the shop's currency."""
    currency = shop.current().currency
    exact = Decimal(found.numerator) / found.denominator if isinstance(found, Fraction) else Decimal(found)
    return Money.of(exact, currency).format(get_language() or "en")


def number(found: Any) -> str:
    """A number, with at most two decimals."""
    exact = Decimal(found.numerator) / found.denominator if isinstance(found, Fraction) else Decimal(str(found))
    short = round(exact, 2).normalize()
    places = max(0, -int(short.as_tuple().exponent))
    return str(number_format(short, decimal_pos=places, use_l10n=True))


def day(found: dt.date | dt.datetime) -> str:
    """A day of the shop."""
    if isinstance(found, dt.datetime):
        found = dates.day_of(found, shop.zone())
    return date_format(found, "j M Y")


def anniversary(month: int, of_month: int) -> str:
    """A day of the year: 12 March."""
    return date_format(dt.date(2000, month, of_month), "j F")


def times(count: int) -> str:
    """How often something happened."""
    return ngettext("%(count)s time", "%(count)s times", count) % {"count": number(count)} if count else _("never")


def _labelled(values: Iterable[str], asked: Attribute | Parameter | None) -> list[str]:
    known = dict(asked.values()) if asked is not None and asked.values is not None else {}
    return [str(known.get(one, one)) for one in values]
