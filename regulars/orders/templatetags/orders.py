"""What only order pages say: prices and amounts of lines, in the currency of their order."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from regulars.core.money import Money, babel_locale, exponent
from regulars.orders.forms.draft import PLACE_FIELDS, written
from regulars.orders.models import OrderAddress, OrderLine, ReturnLine

register = template.Library()


@register.simple_tag
def line_money(line: OrderLine | ReturnLine, currency: str) -> str:
    """What a line comes to, in the currency of its order."""
    return Money(line.total_minor, currency).format(get_language() or "en")


@register.simple_tag
def price(unit_price: Decimal, currency: str) -> str:
    """A price of one piece: with the currency's decimals, and up to four where somebody sells by the screw."""
    locale = babel_locale(get_language() or "en")
    written = unit_price.normalize()
    decimals = max(exponent(currency), -int(written.as_tuple().exponent))
    return format_currency(
        round(unit_price, decimals),
        currency,
        locale=locale,
        currency_digits=decimals <= exponent(currency),
        decimal_quantization=False,
    )


@register.simple_tag
def product_tile(title: str, key: str) -> SafeString:
    """A small square for a product: its first letter on one of the five colours, always the same for the same one.

    Pictures of other hosts are not loaded: whoever keeps them would see which customer is looked at.
    """
    letter = next((sign for sign in title if sign.isalnum()), "·").upper()
    colour = sum(key.encode()) % 5 + 1
    return format_html('<span class="thumb tile c{}" aria-hidden="true">{}</span>', colour, letter)


@register.filter
def at(links: Any, show: str) -> str:
    """The address of the rows of a figure whose name is no word of a template."""
    return str(links[show])


@register.filter
def to(links: Any, words: str) -> str:
    """The address of the rows of a part of a figure: “margin cost”."""
    show, _space, of = words.partition(" ")
    return str(links.to(show, of))


@register.filter
def away(part: float) -> float:
    """How far from nothing, whichever way."""
    return abs(part)


@register.simple_tag
def line_discount(line: OrderLine, currency: str) -> str:
    """A line's part of the order's discount, below zero."""
    return (-Money(line.discount_minor, currency)).format(get_language() or "en")


@register.simple_tag
def place_lines(address: OrderAddress) -> list[str]:
    """An address as it was, in lines, without its country."""
    return written({name: getattr(address, name) for name in PLACE_FIELDS})


@register.simple_tag
def typed(sent: Mapping[str, str], before: str, place: int) -> str:
    """What somebody typed into a field that has the number of its line in its name."""
    return sent.get(f"{before}{place}", "")
