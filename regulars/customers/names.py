"""Names on a page: the language they are in, and the Latin name beside a Chinese one."""

from __future__ import annotations

import re

from regulars.customers.models import Customer

_CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")


def name_lang(name: str) -> str:
    """The `lang` of a name, so that the right form of each character is drawn; empty for Latin letters."""
    return "zh-Hans" if _CHINESE.search(name) else ""


def latin_name(customer: Customer) -> str:
    """Given and family name in Latin letters beside a Chinese shown name, where somebody wrote them down."""
    if not name_lang(customer.name):
        return ""
    latin = f"{customer.family_name} {customer.given_name}".strip()
    return "" if name_lang(latin) else latin


def short_name(customer: Customer) -> str:
    """What a heading calls them: the given name of a person, else all of it."""
    if customer.is_company or name_lang(customer.name):
        return str(customer)
    return customer.given_name or str(customer)
