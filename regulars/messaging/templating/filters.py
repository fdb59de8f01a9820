"""What can be done to a value on its way into a text. There is nothing else; all of it takes and gives plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from django.utils import timezone
from django.utils.translation import get_language

from regulars.core import shop
from regulars.core.money import Money

_STYLES = ("short", "medium", "long", "full")
_LONGEST = 10_000  # what one filter may make


def locale_of(language: str) -> Locale:
    """The locale texts are written in: of the language, else of the one that is active, else English."""
    for name in (language, get_language() or ""):
        try:
            return Locale.parse(name.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


def written(value: object, language: str) -> str:
    """A value as people write it in the language."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Money):
        return value.format(language or get_language() or "en")
    if isinstance(value, dt.datetime):
        return format_datetime(_in_shop(value), "medium", locale=locale_of(language))
    if isinstance(value, dt.date):
        return format_date(value, "long", locale=locale_of(language))
    if isinstance(value, int | float | Decimal):
        return format_decimal(value, locale=locale_of(language))
    if isinstance(value, list):
        return ", ".join(written(one, language) for one in value)
    return "" if value is None else str(value)


def all_of(language: str) -> dict[str, Callable[..., Any]]:
    """The filters by name, writing in `language`."""

    def text(value: object) -> str:
        return written(value, language)

    def date(value: object, style: str = "long") -> str:
        """Only the day; `short`, `medium`, `long`, `full`, or `weekday`, `month`, `year`."""
        if not isinstance(value, dt.date):
            return text(value)
        day = _in_shop(value).date() if isinstance(value, dt.datetime) else value
        pattern = {"weekday": "EEEE", "month": "LLLL", "year": "y"}.get(str(style), str(style))
        if pattern not in {*_STYLES, "EEEE", "LLLL", "y"}:
            pattern = "long"
        return format_date(day, pattern, locale=locale_of(language))

    def time(value: object) -> str:
        if not isinstance(value, dt.datetime):
            return text(value)
        return format_time(_in_shop(value), "short", locale=locale_of(language))

    def capitalize(value: object) -> str:
        as_text = text(value)
        return as_text[:1].upper() + as_text[1:]

    def truncate(value: object, length: object = 50, end: object = "…") -> str:
        as_text, most = text(value), _whole(length, 50)
        return as_text if len(as_text) <= most else as_text[: max(0, most - len(text(end)))].rstrip() + text(end)

    def join(value: object, between: object = ", ") -> str:
        rows = value if isinstance(value, list) else [value]
        return text(between).join(text(one) for one in rows[:500])[:_LONGEST]

    return {
        "append": lambda value, more="": (text(value) + text(more))[:_LONGEST],
        "capitalize": capitalize,
        "date": date,
        "default": lambda value, _instead="": value,  # language.py does it, because it decides what is missing
        "downcase": lambda value: text(value).lower(),
        "first": lambda value: value[0] if isinstance(value, list) and value else None,
        "join": join,
        "last": lambda value: value[-1] if isinstance(value, list) and value else None,
        "prepend": lambda value, before="": (text(before) + text(value))[:_LONGEST],
        "size": lambda value: len(value) if isinstance(value, str | list) else 0,
        "strip": lambda value: text(value).strip(),
        "time": time,
        "truncate": truncate,
        "upcase": lambda value: text(value).upper(),
        "url_encode": lambda value: quote(text(value), safe=""),
    }


NAMES = tuple(sorted(all_of("")))


def _in_shop(value: dt.datetime) -> dt.datetime:
    return value.astimezone(shop.zone()) if timezone.is_aware(value) else value


def _whole(value: object, otherwise: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        return otherwise
