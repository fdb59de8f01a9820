"""The typed words inside what was found."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from regulars.core.ui.marks import marked as _marked

register = template.Library()


@register.filter
def marked(text: object, typed: str) -> SafeString:
    """{{ name|marked:typed }}."""
    return _marked(str(text), typed)
