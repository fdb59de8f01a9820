"""Restrictions in words: what stands in red wherever somebody serves the customer."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from regulars.customers.models import Customer

_WORDS = {"is_blocked": _("Blocked"), "pays_in_advance": _("Pays in advance"), "has_no_credit": _("No credit")}


def words(customer: Customer) -> list[str]:
    """Each restriction somebody has: Blocked, Pays in advance, No credit."""
    return [str(word) for column, word in _WORDS.items() if getattr(customer, column)]


def tags(customer: Customer) -> SafeString:
    """The restrictions as red tags, with the reason to read when one points at them; nothing for almost everybody."""
    if not customer.is_restricted:
        return SafeString("")
    inner = format_html_join(" ", '<span class="tag late">{}</span>', ((word,) for word in words(customer)))
    return format_html('<span class="restricted" title="{}">{}</span>', customer.restriction_reason, inner)
