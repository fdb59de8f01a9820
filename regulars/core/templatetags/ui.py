"""{% load ui %}: icons and strokes, money, moments, days and numbers. Shown with examples on /ui."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from regulars.core.money import Money
from regulars.core.ui import icons, strokes, words

register = template.Library()

_WHOLE_FROM = 1000
_MOST_KEPT = 200
_KEPT: dict[tuple[str, str, frozenset[str] | None], SafeString] = {}


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """{% icon "search" %}, {% icon "phone" "s" %}, {% icon "mail" label=_("E-mail") %}."""
    return icons.icon(name, size, label=label)


@register.simple_tag(takes_context=True)
def kept(context: Context, template_name: str) -> SafeString:
    """{% kept "ui/_keymap.html" %}: an include that is the same for all who may the same, drawn once for each language.

    Only for what knows nothing of the page, the person or the token of its forms: places, commands and words.
    """
    user = context["request"].user
    key = (template_name, _language(), user.permissions if user.is_authenticated else None)
    if key not in _KEPT or settings.DEBUG:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        known: Any = context.flatten()
        _KEPT[key] = render_to_string(template_name, known)
    return _KEPT[key]


@register.simple_tag
def mark(size: int = 22) -> SafeString:
    """The mark of the product."""
    return strokes.mark(size)


@register.simple_tag
def tally(count: int, label: str = "", slash: bool = False) -> SafeString:
    """{% tally 3 %}: three of four strokes."""
    return strokes.tally(count, label=label, with_slash=slash)


@register.simple_tag
def rhythm(
    found: Iterable[strokes.Stroke], label: str, quiet: float | None = None, width: int = 168, height: int = 22
) -> SafeString:
    """{% rhythm strokes label=… quiet=… %}: one stroke per order."""
    return strokes.rhythm(found, label=label, quiet=quiet, width=width, height=height)


@register.simple_tag
def bars(values: Sequence[float], label: str = "") -> SafeString:
    """{% bars days %}: one bar a day, the last one in petrol."""
    return strokes.bars(values, label=label)


@register.simple_tag
def share(part: float, label: str = "") -> SafeString:
    """{% share 0.7 %}: a bar filled to 70 per cent."""
    return strokes.share(part, label=label)


@register.simple_tag
def money(amount: Money | None, whole: bool = False, negative: bool = False) -> str:
    """{% money order.total %}; `whole` leaves decimals out from 1,000 on, as lists do; `negative` turns the sign."""
    if amount is None:
        return ""
    return (-amount if negative else amount).format(_language(), whole_from=_WHOLE_FROM if whole else None)


@register.filter
def when(value: dt.date | dt.datetime | None) -> str:
    """Today by the clock, this week by day, else the date."""
    return words.when(value) if value else ""


@register.filter
def day(value: dt.date | dt.datetime | None, style: str = "") -> str:
    """A day; "full" with its year, "heading" with its name, "long" as the heading of a page."""
    return words.day(value, style) if value else ""


@register.filter
def clock(value: dt.datetime | None) -> str:
    """09:12."""
    return words.clock(value) if value else ""


@register.filter
def number(value: float | Decimal | None) -> str:
    """1,284."""
    return words.number(value) if value is not None else ""


@register.filter
def percent(part: float | None) -> str:
    """0.63 as 63%."""
    return words.percent(part) if part is not None else ""


def _language() -> str:
    return get_language() or "en"
