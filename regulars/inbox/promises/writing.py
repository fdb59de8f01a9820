"""Times as people write them into forms: “2 h”, “09:00–12:00, 13:00–18:00”, “2026-12-24 10:00–14:00: Christmas Eve”."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import translation
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from regulars.inbox.models import CalendarDay

_LENGTH = re.compile(
    r"\s*(?:(?P<hours>\d+(?:[.,]\d+)?)\s*(?:h|hours?|std|小时|时))?\s*(?:(?P<minutes>\d+)\s*(?:m|min|minutes?|分钟|分)?)?\s*",
    re.IGNORECASE,
)
_WINDOW = re.compile(r"\s*(\d{1,2}:\d{2})\s*[-–—~至到]\s*(\d{1,2}:\d{2})\s*")
_DAY = re.compile(r"(?P<on>\d{4}-\d{2}-\d{2})(?P<rest>.*)")
_MOST_DAYS = 500


class CannotRead(ValueError):  # noqa: N818 — a form says it as a sentence
    """What was typed is no such time; the sentence says how to write one."""


def read_length(text: str) -> int | None:
    """“2 h”, “1 h 30”, “90 min”, “90” in minutes; None for nothing. Raises CannotRead."""
    if not text.strip():
        return None
    found = _LENGTH.fullmatch(text)
    if found is None or not any(found.groups()):
        raise CannotRead(_("Write a time like “2 h”, “1 h 30” or “45 min”."))
    hours = float((found["hours"] or "0").replace(",", "."))
    return round(hours * 60) + int(found["minutes"] or 0)


def length(minutes: int | None) -> str:
    """Minutes as `read_length` reads them."""
    if minutes is None:
        return ""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"


def read_windows(text: str) -> list[list[str]]:
    """“09:00–12:00, 13:00–18:00”; nothing is a day off. Raises CannotRead."""
    windows = []
    for part in re.split(r"[,，、;；]", text):
        if not part.strip():
            continue
        found = _WINDOW.fullmatch(part)
        if found is None:
            raise CannotRead(_("Write times like 09:00–18:00, with a comma between two."))
        windows.append([found[1].zfill(5), found[2].zfill(5)])
    return windows


def windows(value: Iterable[Sequence[str]]) -> str:
    """Windows as `read_windows` reads them."""
    return ", ".join(f"{begins}–{ends}" for begins, ends in value)


def read_days(text: str) -> list[dict[str, Any]]:
    """One day a line: its date, times or “= Monday”, a colon and its name. Raises CannotRead."""
    found = []
    for line in text.splitlines():
        if not line.strip():
            continue
        matched = _DAY.fullmatch(line.strip())
        if matched is None:
            raise CannotRead(
                _("A day begins with its date, like 2026-12-24: “%(line)s” does not.") % {"line": line[:60]}
            )
        found.append({**_what(matched["rest"]), "on": _date(matched["on"])})
    if len(found) > _MOST_DAYS:
        raise CannotRead(_("These are too many days; leave out those that have passed."))
    return found


def days(value: Iterable[CalendarDay]) -> str:
    """Days as `read_days` reads them."""
    lines = []
    for day in value:
        how = f" = {WEEKDAYS[day.like]}" if day.like is not None else f" {windows(day.windows)}" if day.windows else ""
        lines.append(f"{day.on:%Y-%m-%d}{how}{': ' if day.name else ''}{day.name}")
    return "\n".join(lines)


def _what(rest: str) -> dict[str, Any]:
    # the colon before a name is the first one that is not inside a time
    named = re.fullmatch(r"(?P<how>(?:[^:：]|(?<=\d):(?=\d{2}))*)(?:[:：]\s*(?P<name>.*))?", rest.strip())
    how = (named["how"] if named else rest).strip()
    name = (named["name"] or "").strip() if named else ""
    if how.startswith("="):
        return {"like": _weekday(how[1:].strip()), "windows": [], "name": name}
    return {"like": None, "windows": read_windows(how), "name": name}


def _weekday(text: str) -> int:
    for language in (translation.get_language() or "en", "en"):
        with translation.override(language):
            for number, name in WEEKDAYS.items():
                if str(name).casefold() == text.casefold():
                    return int(number)
    raise CannotRead(_("After = stands a day of the week: “%(text)s” is none.") % {"text": text[:40]})


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CannotRead(_("There is no such day: %(day)s.") % {"day": text}) from None
