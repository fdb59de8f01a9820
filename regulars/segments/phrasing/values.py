"""Literals as people write them, and texts put together in the way of the language."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from regulars.core import money, shop
from regulars.segments.language.tree import Literal, Offset, Place, StartOf, Test, Unit
from regulars.segments.language.words import Kind, Values

_known: ContextVar[dict[Values, dict[str, str]] | None] = ContextVar("known", default=None)
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_MINUS = "\N{MINUS SIGN}"


def language() -> str:
    """The language that is spoken now."""
    return get_language() or "en"


def filled(template: str, **parts: str) -> str:
    """A template with its parts. In Chinese, one space stands between Chinese and Latin letters or digits, no other."""
    out = ""
    at = 0
    for found in _PLACEHOLDER.finditer(template):
        out = _beside(_beside(out, template[at : found.start()]), parts[found[1]])
        at = found.end()
    return _beside(out, template[at:])


def either(parts: Sequence[str]) -> str:
    """One of some: Germany, Austria or China."""
    locale = money.babel_locale(language())
    template = format_list([f"%(p{number})s" for number in range(len(parts))], style="or", locale=locale)
    return filled(template, **{f"p{number}": part for number, part in enumerate(parts)})


def quoted(text: str) -> str:
    """A text as somebody wrote it, in the quotation marks of the language."""
    return pgettext("a text in a query", "‘%(text)s’") % {"text": text}


def lowered(label: str) -> str:
    """A label inside a sentence: “Last order” as last order, “SMS consent” and “WhatsApp” as they are."""
    first = label.split(" ", 1)[0]
    return label[:1].lower() + label[1:] if first[1:] == first[1:].lower() and len(first) > 1 else label


def in_words(literal: Literal, kind: Kind, values: Values | None = None) -> str:
    """A literal in words; a choice by its label, what is no choice in quotation marks."""
    match literal:
        case bool():
            return pgettext("a value in a query", "yes") if literal else pgettext("a value in a query", "no")
        case str():
            label = _labels(values).get(literal, literal) if values else literal
            is_clear = kind is not Kind.CHOICE or not (" " in label or language().startswith("zh"))
            return label if label != literal and is_clear else quoted(label)
        case Decimal():
            return amount(literal) if kind is Kind.MONEY else number(literal)
        case Place(latitude, longitude):
            return f"{number(latitude)}, {number(longitude)}"
        case Offset():
            return _moved(literal)
        case StartOf(period):
            return _beginnings()[period]
        case dt.datetime():
            seconds = f":{literal.second:02}" if literal.second else ""
            return filled(
                pgettext("day and time", "%(day)s, %(time)s"),
                day=_day(literal.date()),
                time=f"{literal.hour:02}:{literal.minute:02}{seconds}",
            )
        case dt.date():
            return _day(literal)


def kind_of(test: Test) -> Kind:
    """The kind that a test seems to ask for, where nothing else says it."""
    match test.values[:1]:
        case (bool(),):
            return Kind.YES_NO
        case (Decimal(),):
            return Kind.DECIMAL
        case (dt.date() | Offset() | StartOf(),):
            return Kind.MOMENT
    return Kind.TEXT


@contextmanager
def looked_up_once() -> Iterator[None]:
    """Inside, the labels of choices are looked up once each, which may ask the database: for many clauses at a time."""
    known = _known.get()
    token = _known.set({} if known is None else known)
    try:
        yield
    finally:
        _known.reset(token)


def _labels(values: Values) -> dict[str, str]:
    known = _known.get()
    if known is not None and values in known:
        return known[values]
    labels = {value: str(label) for value, label in values()}
    if known is not None:
        known[values] = labels
    return labels


def amount(value: Decimal) -> str:
    """An amount in the shop's currency: without decimals where it has none, with all that it has."""
    currency = shop.current().currency
    if value == value.quantize(Decimal(1).scaleb(-money.exponent(currency))):
        return money.Money.of(value, currency).format(
            language(), whole_from=0 if value == value.to_integral() else None
        )
    locale = money.babel_locale(language())
    return format_currency(value, currency, locale=locale, decimal_quantization=False).replace("-", _MINUS)


def number(value: Decimal) -> str:
    """A number with all its decimals."""
    plain = value.quantize(Decimal(1)) if value == value.to_integral() else value.normalize()
    return format_decimal(plain, locale=money.babel_locale(language()), decimal_quantization=False).replace("-", _MINUS)


def length(offset: Offset) -> str:
    """How long something may take: 30 days."""
    count = abs(offset.count)
    match offset.unit:
        case Unit.DAY:
            return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
        case Unit.WEEK:
            return ngettext("%(count)s week", "%(count)s weeks", count) % {"count": count}
        case Unit.MONTH:
            return ngettext("%(count)s month", "%(count)s months", count) % {"count": count}
        case Unit.YEAR:
            return ngettext("%(count)s year", "%(count)s years", count) % {"count": count}


def is_named(literal: Literal) -> bool:
    """Whether a day has a name of its own: a date, today, the first of the month; not 90 days ago."""
    return not isinstance(literal, Offset) or _named(literal) is not None


def _named(offset: Offset) -> str | None:
    if offset.count == 0:
        return _("today")
    if offset.unit is Unit.DAY and abs(offset.count) == 1:
        return _("yesterday") if offset.count < 0 else _("tomorrow")
    return None


def _moved(offset: Offset) -> str:
    template = _("%(time)s ago") if offset.count < 0 else _("%(time)s from now")
    return _named(offset) or filled(template, time=length(offset))


def _beginnings() -> dict[str, str]:
    return {
        "week": _("Monday of this week"),
        "month": _("the first day of this month"),
        "quarter": _("the first day of this quarter"),
        "year": _("the first day of this year"),
    }


def _day(day: dt.date) -> str:
    return format_date(day, format="long", locale=money.babel_locale(language()))


def _beside(text: str, more: str) -> str:
    """One text behind another, with or without a space, as Chinese wants it; in other languages as they are."""
    if not text or not more or not language().startswith("zh"):
        return text + more
    left, right = text.rstrip(" "), more.lstrip(" ")
    if not left or not right:
        return text + more
    has_space = len(left) < len(text) or len(right) < len(more)
    first, second = _script(left[-1]), _script(right[0])
    if {first, second} == {"chinese", "latin"}:
        return f"{left} {right}"
    if has_space and first == second == "latin":
        return f"{left} {right}"
    return left + right


def _script(character: str) -> str:
    if unicodedata.east_asian_width(character) in "WF":
        return "chinese" if character.isalnum() else "mark"
    return "latin" if character.isalnum() or unicodedata.category(character) in {"Sc", "Sm", "Po"} else "mark"
