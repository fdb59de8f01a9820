"""Rings, ways and tiers as the inbox draws them, and how long things are due."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from regulars.core.ui import icons, strokes
from regulars.customers.names import category_name
from regulars.inbox import showing
from regulars.inbox.models import Conversation, Deadline
from regulars.inbox.models.conversations import By

register = template.Library()

_ROUND = 2 * math.pi * 6


@register.simple_tag
def ring(conversation: Conversation, deadline: Deadline | None) -> SafeString:
    """{% ring conversation deadline %}: how long is left, in words and as a ring that runs down."""
    stands = showing.burn_of(conversation, deadline)
    if stands is None:
        return SafeString("")
    return format_html(
        '<span class="prom {0}" data-due="{1}" data-minutes="{2}"><span class="w">{3}</span>'
        '<svg class="ring {0}" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke-width="2.6" '
        'aria-hidden="true"><circle class="bg" cx="8" cy="8" r="6"/><circle class="fg" cx="8" cy="8" r="6" '
        'stroke-dasharray="{4} 37.70" transform="rotate(-90 8 8)"/></svg></span>',
        stands.state,
        stands.due_at.isoformat(),
        stands.minutes,
        stands.words,
        f"{_ROUND * stands.left:.2f}",
    )


@register.simple_tag
def way(by: str, size: str = "s") -> SafeString:
    """{% way "email" %}: the icon of a way, which says its name."""
    return icons.icon(showing.ICONS.get(by, "circle-help"), size, label=str(By(by).label))


@register.filter
def way_name(by: str) -> str:
    """E-mail, WhatsApp, Phone."""
    return str(By(by).label)


@register.filter
def tier(customer: Any) -> SafeString:
    """The tally of somebody's tier; nothing for who has none."""
    count = showing.strokes_of(customer)
    if not count:
        return SafeString("")
    return strokes.tally(count, label=category_name(customer.category), with_slash=count > 4)


@register.filter
def moment(value: dt.datetime) -> str:
    """Today 08:31."""
    return showing.day_and_clock(value)


@register.filter
def by_when(value: dt.datetime) -> str:
    """10:31, or Tomorrow 10:31."""
    return showing.by_when(value)


@register.filter
def since(value: dt.datetime | None) -> str:
    """3 days."""
    return showing.ago(value) if value else ""
