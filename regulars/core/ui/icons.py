"""Lucide icons as inline SVG, so that they take the colour of their text."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

_OUTSIDE = re.compile(r"^<svg[^>]*>(.*)</svg>$", re.DOTALL)


@lru_cache(maxsize=1024)
def icon(name: str, size: str = "", *, label: str = "") -> SafeString:
    """The icon: 16 px, `size` "s" for 14 or "l" for 20. Without a label it is decoration and says nothing aloud."""
    kind = f"i {size}".strip()
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', kind, label, _strokes(name)
        )
    return format_html('<svg class="{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', kind, _strokes(name))


@cache
def _strokes(name: str) -> SafeString:
    drawn = _OUTSIDE.match(str(lucide(name)).strip())
    if drawn is None:
        raise ValueError(f"the icon {name} is not drawn as expected")
    return mark_safe(" ".join(drawn[1].split()))  # noqa: S308 — comes from the package, not from people
