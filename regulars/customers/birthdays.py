"""Birthdays: with a year or without, as people write them, and how old somebody is.

Many people tell the day without the year, or the year alone, so each is known by itself: the day as "03-12". Both are
kept as one text (`written`). `born_on` is the whole date where both are known. Who was born on 29 February has a
birthday on the 28th in years without one.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from functools import cache
from typing import NamedTuple

from babel.core import Locale
from babel.dates import format_date, format_skeleton
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.dates import FIRST_YEAR, BadDate
from regulars.core.money import babel_locale
from regulars.core.text import fold

OLDEST_YEAR = FIRST_YEAR - 20
_LEAP = 2000
_ISO = re.compile(r"(?:(?P<year>\d{4})-|--)?(?P<month>\d{1,2})-(?P<day>\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})", re.ASCII)
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})\s?[/.年]\s?(?P<month>\d{1,2})\s?[/.月]\s?(?P<day>\d{1,2})\s?[日号]?", re.ASCII
)
_CHINESE = re.compile(r"(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?[日号]?", re.ASCII)
_FIGURES = re.compile(r"(?P<a>\d{1,2})\s?(?P<by>[-/.])\s?(?P<b>\d{1,2})(?:\s?[-/.]\s?(?P<year>\d{4})|\.)?", re.ASCII)
_WRITTEN = re.compile(r"(?P<year>\d{4})?(?:(?:(?<=\d)-|--)(?P<day>\d\d-\d\d))?", re.ASCII)
_YEAR = re.compile(r"(?P<year>\d{4})\s?年?", re.ASCII)
_NAMED = re.compile(
    r"(?:(?P<before>\d{1,2})(?:st|nd|rd|th|\.)?\s*(?:of\s+|de\s+)?)?(?P<name>[^\W\d_]+)\.?"
    r"(?:\s*(?P<behind>\d{1,2})(?:st|nd|rd|th|\.)?(?!\d))?(?:,?\s*(?:de\s+)?(?P<year>\d{4}))?"
)


class Birth(NamedTuple):
    """What is known: the year, or nothing; month and day as "03-12", or an empty text."""

    year: int | None
    day: str

    @property
    def on(self) -> dt.date | None:
        """The whole date, where year and day are known."""
        return born_on(self.year, self.day)


UNKNOWN = Birth(None, "")


def parse(text: str, *, is_month_first: bool = False) -> Birth:
    """A birthday with or without its year: 1980-03-12, --03-12, 12.3.1980, 12 March, 3月12日, or a year alone.

    Figures whose order can be either are day and month, unless `is_month_first`; with hyphens alone (03-12) the month
    stands first, as in a whole date. Raises BadDate.
    """
    written = " ".join(text.split())
    if not written:
        return UNKNOWN
    for form in (_COMPACT, _YEAR_FIRST, _ISO, _CHINESE):
        if found := form.fullmatch(written):
            year = found.groupdict().get("year") or ""
            return _birth(text, year, found["month"], found["day"])
    if found := _YEAR.fullmatch(written):
        return Birth(_year(text, found["year"]), "")
    if found := _FIGURES.fullmatch(written):
        a, b = int(found["a"]), int(found["b"])
        is_month = b > 12 or (is_month_first and found["by"] == "/" and a <= 12)
        return _birth(text, found["year"], str(a if is_month else b), str(b if is_month else a))
    if (found := _NAMED.fullmatch(written)) and (month := _months().get(fold(found["name"]))):
        day = found["before"] or found["behind"]
        if day and not (found["before"] and found["behind"]):
            return _birth(text, found["year"], str(month), day)
    raise BadDate(
        _("“%(text)s” is not a birthday. Write 1980-03-12, or without the year 12 March or --03-12.")
        % {"text": text[:40]}
    )


def written(year: int | None, day: str) -> str:
    """How programs write it: 1980-03-12, --03-12 without the year, 1980 for a year alone; empty where it is unknown."""
    if not day:
        return str(year) if year else ""
    return f"{year:04d}-{day}" if year else f"--{day}"


def as_written(text: str | None) -> Birth:
    """What `written` wrote; of anything else, a masked one say, the year it begins with, or nothing."""
    found = _WRITTEN.fullmatch(text or "")
    if found is None:
        return UNKNOWN
    return Birth(int(found["year"]) if found["year"] else None, found["day"] or "")


def words(year: int | None, day: str) -> str:
    """How people read it: 12 March 1980, or 12 March; a year alone is itself."""
    if not day:
        return str(year) if year else ""
    on = dt.date(year or _LEAP, int(day[:2]), int(day[3:]))
    language = get_language() or "en"
    locale = babel_locale(language)
    if language.startswith("en"):
        return format_date(on, "d MMMM y" if year else "d MMMM", locale=locale)
    if year:
        return format_date(on, "long", locale=locale)
    return format_skeleton("MMMMd", on, locale=locale)


def born_on(year: int | None, day: str) -> dt.date | None:
    """The date of birth, where all of it is known."""
    return dt.date(year, int(day[:2]), int(day[3:])) if year and day else None


def age(born: dt.date | None, on: dt.date | None = None) -> int | None:
    """How many birthdays somebody had by a day (today); nothing where it is not known, or they are not born yet."""
    if born is None:
        return None
    day = on or shop.today()
    years = day.year - born.year - ((day.month, day.day) < _celebrated(born, day.year))
    return years if years >= 0 else None


def born_at_age(years: int, on: dt.date) -> dt.date:
    """The latest day to be born on for being `years` old on a day."""
    year = on.year - years
    if (on.month, on.day) == (2, 28) and calendar.isleap(year) and not calendar.isleap(on.year):
        return dt.date(year, 2, 29)
    if (on.month, on.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 2, 28)
    return dt.date(year, on.month, on.day)


def _celebrated(born: dt.date, year: int) -> tuple[int, int]:
    if (born.month, born.day) == (2, 29) and not calendar.isleap(year):
        return 2, 28
    return born.month, born.day


def _birth(text: str, year: str | None, month: str, day: str) -> Birth:
    known = _year(text, year) if year else None
    try:
        on = dt.date(known or _LEAP, int(month), int(day))
    except ValueError as problem:
        raise BadDate(_("“%(text)s” is not a day that exists.") % {"text": text[:40]}) from problem
    if known and on > shop.today():
        raise BadDate(_("“%(text)s” is still to come, and nobody is born then.") % {"text": text[:40]})
    return Birth(known, f"{on.month:02d}-{on.day:02d}")


def _year(text: str, year: str) -> int:
    if not OLDEST_YEAR <= int(year) <= shop.today().year:
        raise BadDate(_("“%(text)s” is not a year somebody of today is born in.") % {"text": text[:40]})
    return int(year)


@cache
def _months() -> dict[str, int]:
    """The names of the months in the languages our shops write, in full and short."""
    found: dict[str, int] = {}
    for language in ("nl", "pt", "it", "es", "fr", "de", "en"):
        locale = Locale.parse(language)
        for context in ("format", "stand-alone"):
            for width in ("abbreviated", "wide"):
                for number, name in locale.months[context][width].items():
                    found[fold(str(name)).rstrip(".")] = number
    return found
