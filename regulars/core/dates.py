"""Dates as files have them: 2026-03-12, 12.03.2026, 3/12/2026 9:30 PM, 2026年3月12日, 2026-03-12 09:30:00 +0100."""

from __future__ import annotations

import datetime as dt
import re

from django.utils.translation import gettext as _

FIRST_YEAR, LAST_YEAR = 1900, 2199

_WRITTEN = re.compile(
    r"(?P<a>\d{1,4})\s?(?P<by>[-/.年])\s?(?P<b>\d{1,2})\s?[-/.月]\s?(?P<c>\d{1,4})\s?日?"
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s?(?P<half>[AaPp]\.?[Mm]\.?)?\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)


class BadDate(ValueError):  # noqa: N818 — an answer, not a failure of ours
    """The text is no date; the sentence says why."""


def parse_moment(text: str, *, zone: dt.tzinfo, is_month_first: bool = False) -> dt.datetime:
    """The moment in UTC. Without a time it is the beginning of the day, without a zone the one of `zone`.

    Where day and month could be either (3/4/2026, both with slashes), `is_month_first` decides; with dots the day
    always stands first. Days that do not exist (31/02) and years no shop has seen are refused.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise BadDate(_("“%(text)s” is not a date. Write year, month and day: 2026-03-12.") % {"text": text[:40]})
    year, month, day = _order(found["a"], found["b"], found["c"], found["by"], is_month_first=is_month_first)
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
    year = int(c) + (2000 if len(c) == 2 else 0)
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
