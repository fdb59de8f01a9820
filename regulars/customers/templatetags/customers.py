"""What only customer pages say: countries, languages and phone numbers in words, and which language a name is in."""

from __future__ import annotations

import re

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

from regulars.core.contact import format_phone
from regulars.customers import places
from regulars.customers.models import Address, Customer

register = template.Library()

_CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")


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
    """The `lang` of a name, so that the right form of each character is drawn; empty for Latin letters."""
    return "zh-Hans" if _CHINESE.search(str(name)) else ""


@register.filter
def latin_name(customer: Customer) -> str:
    """Given and family name in Latin letters beside a Chinese shown name, where somebody wrote them down."""
    if not _CHINESE.search(customer.name):
        return ""
    latin = f"{customer.family_name} {customer.given_name}".strip()
    return "" if _CHINESE.search(latin) else latin


@register.filter
def short_name(customer: Customer) -> str:
    """What a heading calls them: the given name of a person, else all of it."""
    return (
        str(customer) if customer.is_company or _CHINESE.search(customer.name) else customer.given_name or str(customer)
    )


@register.filter
def lines(address: Address) -> list[str]:
    """The address as its country writes it."""
    return places.address_lines(address)


@register.filter
def field_of(parameter: str) -> str:
    """The field that a filter's parameter is about: amount_spent of amount_spent.min."""
    return parameter.partition(".")[0]


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
