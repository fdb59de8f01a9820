"""How the size of a group went: a small curve beside its name, a large one in the editor, and a sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core.ui import words

Point = tuple[dt.date, int]
"""How many there were at the end of a day."""

_SMALL = (96, 22)
_LARGE = (352, 108)
_PLOT = (310, 12, 90)  # how wide the large one is drawn, its highest line, its base
_STEPS = (1, 2, 2.5, 5, 10)
_A_WEEK = 7
_LEAST_DAYS = 14  # fewer tell nothing of how something grows


def small(points: Sequence[Point], *, label: str = "") -> SafeString:
    """The curve in a row of a list; nothing where there are not two days."""
    if len(points) < 2:
        return SafeString("")
    width, height = _SMALL
    low, high = min(count for _day, count in points), max(count for _day, count in points)
    room = max(high - low, 1)
    line = _line(points, width=width - 6, top=4, base=height - 4, low=low, room=room)
    x, y = line.rsplit(" ", 1)[-1].split(",")
    return format_html(
        '<svg class="spark" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<polyline class="ln" points="{line}"/><circle class="pt" cx="{x}" cy="{y}" r="3"/></svg>',
        w=width,
        h=height,
        label=label,
        line=line,
        x=x,
        y=y,
    )


def large(points: Sequence[Point], *, label: str) -> SafeString:
    """The curve of the editor: from zero, with three lines, the first day and the last."""
    if len(points) < 2:
        return SafeString("")
    width, top, base = _PLOT
    step = _step(max(count for _day, count in points))
    highest = 2 * step
    line = _line(points, width=width, top=top, base=base, low=0, room=highest)
    x, y = line.rsplit(" ", 1)[-1].split(",")
    grid = format_html_join(
        "",
        '<path class="gl" d="M0 {0}H{1}"/><text x="{2}" y="{3}" text-anchor="end">{4}</text>',
        (
            (f"{place:.1f}", width, _LARGE[0], f"{place + 4:.1f}", words.number(value))
            for value in (0, step, highest)
            for place in [base - (base - top) * value / highest]
        ),
    )
    return format_html(
        '<svg class="spark sizes" viewBox="0 0 {} {}" role="img" aria-label="{}">{}<polyline class="ln" points="{}"/>'
        '<circle class="pt" cx="{}" cy="{}" r="4"/><text x="0" y="{}">{}</text>'
        '<text x="{}" y="{}" text-anchor="end">{}</text></svg>',
        *_LARGE,
        label,
        grid,
        line,
        x,
        y,
        base + 15,
        words.day(points[0][0]),
        width,
        base + 15,
        _("Today"),
    )


def sentence(points: Sequence[Point]) -> str:
    """What the curve says: how much it grows a week, or shrinks; "" where there is nothing to say yet."""
    if len(points) < 2:
        return ""
    (first, before), (last, now) = points[0], points[-1]
    days = (last - first).days
    if days < _LEAST_DAYS:
        return _("Counted since %(day)s.") % {"day": words.day(first)}
    rate = round((now - before) * _A_WEEK / days)
    said = {"count": words.number(abs(rate)), "day": words.day(first)}
    if rate > 0:
        return (
            ngettext(
                "Grows by about %(count)s a week since %(day)s.", "Grows by about %(count)s a week since %(day)s.", rate
            )
            % said
        )
    if rate < 0:
        return (
            ngettext(
                "Shrinks by about %(count)s a week since %(day)s.",
                "Shrinks by about %(count)s a week since %(day)s.",
                -rate,
            )
            % said
        )
    return _("About as many as on %(day)s.") % said


def before(points: Sequence[Point], day: dt.date) -> int | None:
    """How many there were at the end of a day: what was counted then, or last before it; None before the first."""
    found = [count for on, count in points if on <= day]
    return found[-1] if found else None


def _line(points: Sequence[Point], *, width: float, top: float, base: float, low: int, room: float) -> str:
    first = points[0][0]
    days = max((points[-1][0] - first).days, 1)
    kept = [points[0]]
    # a size is written when it was counted: between two countings nothing is drawn that nobody knows
    kept += [there for here, there in pairwise(points) if there[0] > here[0]]
    return " ".join(
        f"{width * (on - first).days / days:.1f},{base - (base - top) * (count - low) / room:.1f}" for on, count in kept
    )


def _step(highest: int) -> int:
    """Half of the highest line: a round number, so that twice of it is at least the highest value."""
    half = max((highest + 1) // 2, 1)
    size = 10 ** (len(str(half)) - 1)
    return next(int(size * step) for step in _STEPS if size * step >= half and size * step == int(size * step))
