"""What only pages of groups draw: sizes over time, and how many remain after a line."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from regulars.segments import curves

register = template.Library()

_WIDE = 110


@register.simple_tag
def size_spark(points: Sequence[curves.Point], label: str = "") -> SafeString:
    """The small curve of a row."""
    return curves.small(points, label=label)


@register.simple_tag
def size_curve(points: Sequence[curves.Point], label: str) -> SafeString:
    """The large curve of the editor."""
    return curves.large(points, label=label)


@register.simple_tag
def remaining(count: int, everybody: int) -> SafeString:
    """The bar of a line: the share of everybody who remains, always with an edge to be seen by."""
    wide = max(min(count / everybody if everybody else 0.0, 1.0) * _WIDE, 2.0)
    return format_html(
        '<svg width="{0}" height="8" viewBox="0 0 {0} 8" preserveAspectRatio="xMaxYMid slice" aria-hidden="true">'
        '<rect class="f" x="{1}" width="{2}" height="8"/><rect class="e" x="{3}" width="2" height="8"/></svg>',
        _WIDE,
        f"{_WIDE - wide:.1f}",
        f"{wide:.1f}",
        _WIDE - 2,
    )
