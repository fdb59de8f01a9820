"""The stroke, our only ornament: the mark, the tally, the rhythm of orders, bars of days; drawn on the server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_MARK = mark_safe(  # noqa: S308 — a constant
    "".join(f'<path d="M{x} 4.5V19.5" stroke="currentColor"/>' for x in (5.2, 9.7, 14.2, 18.7))
    + '<path d="M2 17 22 7.2" stroke="var(--now)"/>'
)
_TALLY_PLACES = (2.0, 5.6, 9.2, 12.8)
_EDGE = 1  # no stroke is cut off at either end


class Stroke(Protocol):
    """One order: where it stands between the first day (0) and today (1), and how high it is (0 to 1)."""

    @property
    def day_fraction(self) -> float: ...
    @property
    def height(self) -> float: ...


def mark(size: int = 22) -> SafeString:
    """Four strokes and a slash."""
    return format_html(
        '<svg width="{0}" height="{0}" viewBox="0 0 24 24" fill="none" stroke-width="2.3" stroke-linecap="round" '
        'aria-hidden="true">{1}</svg>',
        size,
        _MARK,
    )


def tally(count: int, *, label: str = "", with_slash: bool = False) -> SafeString:
    """`count` of four strokes; the fifth is the slash. Without a label the text beside it speaks."""
    strokes = format_html_join(
        "",
        '<path d="M{} 1.5V12.5"{} stroke="currentColor" stroke-width="1.6"/>',
        ((x, mark_safe("") if place < count else mark_safe(' class="off"')) for place, x in enumerate(_TALLY_PLACES)),
    )
    slash = '<path class="slash" d="M.2 10.4 14.6 3.6" stroke-width="1.6"/>' if with_slash or count > 4 else ""
    speaks = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="tally" width="16" height="14" viewBox="0 0 15 14" fill="none" stroke-linecap="round" {}>'
        "{}{}</svg>",
        speaks,
        strokes,
        mark_safe(slash),  # noqa: S308 — a constant
    )


def rhythm(
    strokes: Iterable[Stroke], *, label: str, quiet: float | None = None, width: int = 168, height: int = 22
) -> SafeString:
    """One stroke per order on a base line; a honey bar from `quiet` (0 to 1) to today for who is silent too long."""
    foot = height - 1
    inside = width - 2 * _EDGE
    # one path for all strokes, and plain strings: numbers of our own need no escaping, and a list draws thousands
    path = "".join(
        [
            f"M{_EDGE + inside * one.day_fraction:.1f} {foot}V{foot - max(3.0, (foot - 1) * min(one.height, 1)):.1f}"
            for one in strokes
        ]
    )
    lines = f'<path class="o" d="{path}"/>' if path else ""
    honey = ""
    if quiet is not None:
        start = _EDGE + inside * min(max(quiet, 0.0), 0.97)
        honey = f'<rect class="q" x="{start:.1f}" y="{height - 4}" width="{width - _EDGE - start:.1f}" height="4"/>'
    return mark_safe(  # noqa: S308 — the label is escaped, all else are numbers
        f'<svg class="rhythm" width="{width}" height="{height}" viewBox="0 0 {width} {height}" fill="none" '
        f'stroke-width="1.8" role="img" aria-label="{escape(label)}"><path class="base" d="M0 {height - 0.5}H{width}"/>'
        f"{honey}{lines}</svg>"
    )


def bars(values: Sequence[float], *, label: str = "") -> SafeString:
    """One bar a day, the last one in petrol. Decoration beside a figure, unless it has a label."""
    width, height, gap = 168, 24, 2.0
    highest = max([*values, 0.0]) or 1.0
    step = (width + gap) / max(len(values), 1)
    drawn = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                "b h" if place == len(values) - 1 else "b",
                f"{place * step:.1f}",
                f"{height - tall:.1f}",
                f"{step - gap:.1f}",
                f"{tall:.1f}",
            )
            for place, value in enumerate(values)
            for tall in [max(height * max(value, 0.0) / highest, 0.6)]
        ),
    )
    speaks = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="spark bars" viewBox="0 0 168 24" preserveAspectRatio="none" {}>{}</svg>', speaks, drawn
    )


def share(part: float, *, label: str = "") -> SafeString:
    """A bar whose filled part is `part` (0 to 1). Always beside the number."""
    speaks: Any = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" {}><rect class="bg" width="100" height="6"/>'
        '<rect class="fg" width="{}" height="6"/></svg>',
        speaks,
        f"{100 * min(max(part, 0.0), 1.0):.2f}",
    )
