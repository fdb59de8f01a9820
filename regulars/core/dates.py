"""Dates as files have them: 2026-03-12, 12.03.2026, 3/12/2026 9:30 PM, 12 March 2026, 2026年3月12日, 2026-03-12T09:30Z.

One value says nothing of 03/04/2026; the other values of its column do. `Order` gathers what they say, and a date that
does not fit what was found is refused: day and month are never swapped to make it fit.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache

from babel.core import Locale
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import fold

FIRST_YEAR, LAST_YEAR = 1900, 2199

_TIME = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s?(?P<half>[AaPp]\.?[Mm]\.?)?\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_WRITTEN = re.compile(
    r"(?P<a>\d{1,4})\s?(?P<by>[-/.年])\s?(?P<b>\d{1,2})\s?[-/.月]\s?(?P<c>\d{1,4})\s?日?" + _TIME, re.ASCII
)
_NAMED = re.compile(
    r"(?:(?P<c>\d{1,2})\.?(?:st|nd|rd|th)?[ -])?(?P<name>[^\W\d_]{3,12})\.?[ -](?:(?P<day>\d{1,2})(?:st|nd|rd|th)?,? )?"
    r"(?P<a>\d{4})" + _TIME
)
_FIGURES = re.compile(r"\s*(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?[-/.]\s?(?:\d{4}|\d{2})(?!\d)", re.ASCII)
_YEARS_AHEAD = 10  # a year of two figures lies at most so far ahead


@dataclass(slots=True)
class Order:
    """What the dates of one column say of the order of day and month."""

    day_first: int = 0
    month_first: int = 0
    unclear: int = 0
    example: str = ""

    def add(self, text: str) -> None:
        """Count one value; those with the year in front, or with the month in letters, have nothing to say."""
        found = _FIGURES.match(text)
        if found is None:
            return
        first, second = int(found[1]), int(found[3])
        if first > 12 >= second:
            self.day_first += 1
        elif second > 12 >= first:
            self.month_first += 1
        elif first != second and found[2] != ".":
            self.unclear += 1
            self.example = self.example or text.strip()

    @property
    def found(self) -> str:
        """`dmy` or `mdy`, as most of the telling values have it; empty where they say nothing, or balance."""
        if self.day_first == self.month_first:
            return ""
        return "dmy" if self.day_first > self.month_first else "mdy"

    @property
    def is_open(self) -> bool:
        """Whether there are dates that can be read in two ways, and nothing that decides."""
        return bool(self.unclear or self.day_first) and not self.found


# As people say it: the order of day, month and year.
_ORDERS = {
    "dmy": "dmy", "ddmmyyyy": "dmy", "dayfirst": "dmy",
    "mdy": "mdy", "mmddyyyy": "mdy", "monthfirst": "mdy",
    "ymd": "ymd", "yyyymmdd": "ymd",
}  # fmt: skip


def date_order(text: str) -> str:
    """`dmy`, `mdy` or `ymd` from what people write: dmy, DD/MM/YYYY, day-first. Empty stays empty; raises Invalid."""
    key = re.sub(r"[^a-z]", "", text.lower())
    if text and key not in _ORDERS:
        sentence = _("--date-format is “%(text)s”; write DD/MM/YYYY, MM/DD/YYYY or YYYY-MM-DD.") % {"text": text}
        raise Invalid(sentence, fields={})
    return _ORDERS.get(key, "")


class BadDate(ValueError):  # noqa: N818 — an answer, not a failure of ours
    """The text is no date; the sentence says why."""


def parse_moment(text: str, *, zone: dt.tzinfo, is_month_first: bool = False, order: str = "") -> dt.datetime:
    """The moment in UTC. Without a time it is the beginning of the day, without a zone the one of `zone`.

    `order` (`dmy`, `mdy`) is what the column of the date has shown; what does not fit it is refused. Without it,
    `is_month_first` decides where day and month could be either (3/4/2026, both with slashes); with dots the day always
    stands first. Days that do not exist (31/02) and years no shop has seen are refused.
    """
    text = text.strip()
    if len(text) == 8 and text.isascii() and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    found = _WRITTEN.fullmatch(text)
    if found is not None:
        year, month, day = _order(found["a"], found["b"], found["c"], found["by"], is_month_first=is_month_first)
        if order and len(found["a"]) <= 2:
            first, second = int(found["a"]), int(found["b"])
            month, day = (second, first) if order == "dmy" or found["by"] == "." else (first, second)
            if month > 12 >= day:
                raise BadDate(
                    _("“%(text)s” does not fit the other dates of the column: there is no month %(month)s.")
                    % {"text": text[:40], "month": month}
                )
    elif (found := _NAMED.fullmatch(text)) and (known := _months().get(fold(found["name"]))):
        year, month, day = int(found["a"]), known, int(found["c"] or found["day"] or 1)
    else:
        raise BadDate(_("“%(text)s” is not a date. Write year, month and day: 2026-03-12.") % {"text": text[:40]})
    try:
        moment = dt.datetime(
            year, month, day, _hour(found), int(found["minute"] or 0), int(found["second"] or 0),
            tzinfo=_zone(found["zone"]) or zone,
        )  # fmt: skip
    except ValueError as problem:
        raise BadDate(_("“%(text)s” is not a day or a time that exists.") % {"text": text[:40]}) from problem
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadDate(_("The year of “%(text)s” is not one a shop has seen.") % {"text": text[:40]})
    return moment.astimezone(dt.UTC)


def _order(a: str, b: str, c: str, by: str, *, is_month_first: bool) -> tuple[int, int, int]:
    if len(a) == 4 or by == "年":
        return int(a), int(b), int(c)
    year = int(c)
    if len(c) == 2:
        # 98 was 1998: what lies more than a few years ahead has been
        year += 2000 if year <= dt.datetime.now(dt.UTC).year % 100 + _YEARS_AHEAD else 1900
    first, second = int(a), int(b)
    if second > 12 or (is_month_first and by == "/" and first <= 12):
        return year, first, second
    return year, second, first


def _hour(found: re.Match[str]) -> int:
    hour, half = int(found["hour"] or 0), (found["half"] or "").lower()[:1]
    if not half:
        return hour
    if not 1 <= hour <= 12:
        return 24  # 13 PM is no time; datetime refuses it like any other
    return hour % 12 + (12 if half == "p" else 0)


def _zone(text: str | None) -> dt.tzinfo | None:
    if not text:
        return None
    if text in {"Z", "UTC", "GMT"}:
        return dt.UTC
    offset = dt.timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return dt.timezone(-offset if text[0] == "-" else offset)


@cache
def _months() -> dict[str, int]:
    """The names of the months in English and German, in full and short."""
    found: dict[str, int] = {}
    for language in ("de", "en"):
        for width in ("abbreviated", "wide"):
            for number, name in Locale.parse(language).months["format"][width].items():
                found[fold(str(name)).rstrip(".")] = number
    found["sept"] = 9
    return found
