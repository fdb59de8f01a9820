"""What only customer pages say: countries, languages and phone numbers in words, and which language a name is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.core.contact import format_phone
from regulars.customers import catalogue, names, places, restrictions
from regulars.customers.duplicates import words
from regulars.customers.models import Address, Customer
from regulars.customers.queries.contact_points import Point

register = template.Library()


@register.filter
def country(code: str) -> str:
    """GB as “United Kingdom”, in the reader's language."""
    return places.country_name(code)


@register.filter
def phone(number: str) -> str:
    """+33612478039 as “+33 6 12 47 80 39”."""
    return format_phone(number)


@register.filter
def name_lang(name: str) -> str:
    """The `lang` of a name; empty for Latin letters."""
    return names.name_lang(str(name))


@register.filter
def latin_name(customer: Customer) -> str:
    """The Latin name beside a Chinese one."""
    return names.latin_name(customer)


@register.filter
def restricted(customer: Customer) -> SafeString:
    """The restrictions as red tags; nothing for almost everybody."""
    return restrictions.tags(customer)


@register.filter
def category(customer: Customer) -> str:
    """What the category is called that somebody is in."""
    return names.category_name(customer.category) if customer.category else ""


@register.filter
def evidence(piece: Mapping[str, Any]) -> str:
    """A piece of evidence as a sentence."""
    return words.sentence(piece)


@register.filter
def warning(value: str, warned: Mapping[str, Point]) -> SafeString:
    """In red behind an e-mail or phone: that it should be left alone, or that what was sent there came back."""
    point = warned.get(value) if warned else None
    if point is None:
        return SafeString("")
    if point.is_do_not_contact:
        said = _("Do not write") if point.is_email else _("Do not call")
    else:
        said = pgettext("mail to this address", "Came back")
    return format_html('<span class="tag late" title="{}">{}</span>', point.bounce_reason, said)


@register.filter
def short_name(customer: Customer) -> str:
    """What a heading calls them."""
    return names.short_name(customer)


@register.filter
def lines(address: Address) -> list[str]:
    """The address as its country writes it."""
    return places.address_lines(address)


@register.filter
def field_of(parameter: str) -> str:
    """The field that a filter's parameter is about: amount_spent of amount_spent.min."""
    return catalogue.split(parameter)[0]


@register.filter
def described(bound: BoundField) -> SafeString:
    """The input of a field, tied to its hint and its error for screen readers."""
    notes = []
    if bound.help_text:
        notes.append(f"{bound.id_for_label}-hint")
    attributes: dict[str, str | bool] = {}
    if bound.errors:
        notes.append(f"{bound.id_for_label}-error")
        attributes["aria-invalid"] = "true"
    if notes:
        attributes["aria-describedby"] = " ".join(notes)
    return bound.as_widget(attrs=attributes)
