"""Moments, days and numbers as people write them (CLDR), in the shop's time zone and the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import cache, lru_cache

from babel.core import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal, format_percent
from django.utils.translation import get_language

from regulars.core import digits, shop
from regulars.core.money import babel_locale

# English without CLDR's comma, Chinese with the day of the week behind: both as the house writes (DESIGN, section 6).
_PATTERNS = {
    "en": {
        "week": "EEE d MMM",
        "date": "d MMM",
        "year": "d MMM y",
        "long": "EEEE d MMMM",
        "week-year": "EEE d MMM y",
        "month": "MMM y",
    },
    "zh": {
        "week": "M月d日 EEE",
        "date": "M月d日",
        "year": "y年M月d日",
        "long": "M月d日 EEEE",
        "week-year": "y年M月d日 EEE",
        "month": "y年M月",
    },
}
_SKELETONS = {
    "week": "MMMEd",
    "date": "MMMd",
    "year": "yMMMd",
    "long": "MMMMEEEEd",
    "week-year": "yMMMEd",
    "month": "yMMM",
}
_A_WEEK = dt.timedelta(days=7)


def day(value: dt.date | dt.datetime, style: str = "") -> str:
    """A day: this week by its name (Mon 9 Mar), else the date (30 Jan), the year only when it is another one.

    "full" always has the year (14 May 2022), "heading" always the day of the week (Fri 30 Jan), "long" is the
    heading of a page (Thursday 12 March), "month" a month and its year, "date" a day and its month alone.
    """
    return day_seen(_in_shop(value), shop.today(), style)


def day_seen(on: dt.date, today: dt.date, style: str = "") -> str:
    """The same for days of the shop, for whoever writes many and knows what day it is."""
    is_this_year = on.year == today.year
    if style == "full":
        pattern = "year"
    elif style == "heading":
        pattern = "week" if is_this_year else "week-year"
    elif style in {"long", "month", "date"}:
        pattern = style
    elif abs(on - today) < _A_WEEK:
        pattern = "week"
    else:
        pattern = "date" if is_this_year else "year"
    return _written(on, pattern, get_language() or "en")


def clock(value: dt.datetime) -> str:
    """09:12, in the shop's time."""
    return format_time(value.astimezone(shop.zone()), "HH:mm", locale=_locale())


def when(value: dt.date | dt.datetime) -> str:
    """Today by the clock, this week by day, else the date."""
    if isinstance(value, dt.datetime) and _in_shop(value) == shop.today():
        return clock(value)
    return day(value)


def number(value: float | Decimal) -> str:
    """1,284 or 1.284: grouped as the language does, with at most two decimals and a minus that lines up."""
    if isinstance(value, int):
        return _writer(get_language() or "en")(value)
    return format_decimal(value, locale=_locale(), format="#,##0.##").replace("-", "\N{MINUS SIGN}")


def percent(part: float) -> str:
    """0.63 as 63%, or 63 % where the language wants it so."""
    return format_percent(part, locale=_locale()).replace("-", "\N{MINUS SIGN}")


@lru_cache(maxsize=8192)  # lists write the same days again and again
def _written(on: dt.date, pattern: str, language: str) -> str:
    main, locale = language.partition("-")[0], babel_locale(language)
    if main in _PATTERNS:
        return format_date(on, _PATTERNS[main][pattern], locale=locale)
    return format_skeleton(_SKELETONS[pattern], on, locale=locale)


@cache
def _writer(language: str) -> Callable[[int], str]:
    locale = babel_locale(language)
    return digits.learn(lambda value: format_decimal(value, locale=locale).replace("-", "\N{MINUS SIGN}"), 0)


def _in_shop(value: dt.date | dt.datetime) -> dt.date:
    return value.astimezone(shop.zone()).date() if isinstance(value, dt.datetime) else value


def _locale() -> Locale:
    return babel_locale(get_language() or "en")
