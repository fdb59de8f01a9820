"""What only order pages say: prices and amounts of lines, in the currency of their order."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency
from django import template
from django.utils.translation import get_language

from regulars.core.money import Money, babel_locale, exponent
from regulars.orders.models import OrderLine, ReturnLine

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
