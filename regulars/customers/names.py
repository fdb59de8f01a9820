"""Names on a page: the language they are in, the Latin name beside a Chinese one, and what categories are called."""

from __future__ import annotations

import re

from django.utils.translation import get_language, pgettext_lazy

from regulars.customers.models import Category, Customer

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


def formal_name(customer: Customer) -> str:
    """The name with its title, as an envelope has it: Dr Ada Lovelace, Dr. Kovács Anna; 林晓雯女士 has it behind."""
    name = str(customer)
    if not customer.title or customer.is_company or name.casefold().startswith(customer.title.casefold()):
        return name
    if _CHINESE.search(name) and _CHINESE.search(customer.title):
        return name if name.endswith(customer.title) else f"{name}{customer.title}"
    return f"{customer.title} {name}"


def is_family_first_here() -> bool:
    """Whether the reader's language names the family first, so that forms ask for it first."""
    return (get_language() or "en")[:2] in {"zh", "ja", "ko", "hu", "vi"}


def category_name(category: Category) -> str:
    """What a category is called. The four that every shop begins with are translated until somebody renames them."""
    first = _FIRST_CATEGORIES.get(category.key)
    return str(first[1]) if first and first[0] == category.name else category.name


_FIRST_CATEGORIES = {
    "vip": ("VIP", pgettext_lazy("category of customers", "VIP")),
    "regular": ("Regular", pgettext_lazy("category of customers", "Regular")),
    "business": ("Business", pgettext_lazy("category of customers", "Business")),
    "new": ("New", pgettext_lazy("category of customers", "New")),
}
