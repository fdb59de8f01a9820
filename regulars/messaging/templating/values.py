"""The dictionary: every name that a text may ask for, what it says, and who fills it.

The list is fixed and the same for canned answers, templates and campaigns. A room that knows more adds its part
(`add`), with a function that fills it; what nobody filled is not there, and stops the sending.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.staff.models import User

Filler = Callable[[Any], Mapping[str, Any]]

# A name that wants to be clicked. Who signs up as "Win 500 at evil.example" would have us mail it to anybody.
_LINKISH = re.compile(
    r"://|\bwww\.|\.[a-z]{2,24}/|[a-z0-9-]\.(?:com|net|org|info|biz|io|ru|cn|de|me|ly|cc|co|app|xyz|top|shop|site|online"
    r"|club|link|click|live|icu|win|bid|example)\b",
    re.IGNORECASE,
)
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Value:
    """One name of the dictionary, said in a few words, with an example for previews."""

    name: str
    label: str | Promise
    example: Any


@dataclass(frozen=True, slots=True)
class Noun:
    """What values are of: `fill` makes them of the thing itself (a customer, an order), without its name in front."""

    name: str
    label: str | Promise
    values: tuple[Value, ...]
    fill: Filler | None = None


_nouns: dict[str, Noun] = {}


def add(noun: Noun) -> None:
    """Declare a noun. A room above that can fill one that is declared here says it again, with its function."""
    _nouns[noun.name] = noun


def fills(name: str, fill: Filler) -> None:
    """Say who fills a noun that the dictionary already has."""
    known = _nouns[name]
    _nouns[name] = Noun(known.name, known.label, known.values, fill)


def nouns() -> tuple[Noun, ...]:
    """All nouns with their values, as the list beside an editor shows them."""
    return tuple(_nouns.values())


def unknown(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that the dictionary has not: typing errors, mostly."""
    known = {f"{noun.name}.{value.name}" for noun in _nouns.values() for value in noun.values}
    lists = tuple(f"{name}." for name in known)
    return tuple(name for name in names if name not in known and not _is_of_list(name, lists))


def gather(**things: Any) -> dict[str, Any]:
    """The values of the things: `gather(customer=…, agent=…, order=…)`. The shop is always among them.

    What is given as a mapping is taken as it is, for values that belong to one mail alone (`link={"url": …}`).
    """
    found: dict[str, Any] = {}
    for name, thing in {"shop": None, **things}.items():
        if isinstance(thing, Mapping):
            found[name] = dict(thing)
            continue
        noun = _nouns[name]
        if noun.fill is not None and (thing is not None or name == "shop"):
            found[name] = dict(noun.fill(thing))
    return found


def examples() -> dict[str, dict[str, Any]]:
    """A value for every name, for a preview of nobody in particular."""
    return {noun.name: {value.name: value.example for value in noun.values} for noun in _nouns.values()}


def _is_of_list(name: str, lists: tuple[str, ...]) -> bool:
    """`order.lines.first.name`, `order.lines[0].name` and `order.lines.size` are known where `order.lines` is."""
    return name.replace("[", ".").startswith(lists)


def harmless(name: str) -> str:
    """A name that people gave themselves, or nothing where it looks like an advertisement."""
    return "" if _LINKISH.search(name) or len(name) > _LONGEST_NAME else name


def _of_customer(customer: Customer) -> dict[str, Any]:
    name = harmless(customer.name)
    return {
        "name": name,
        "first_name": harmless(customer.given_name),
        "last_name": harmless(customer.family_name),
        "title": harmless(customer.title),
        "company": harmless(customer.company),
        "email": customer.email,
        "phone": customer.phone,
        "city": harmless(customer.city),
        "since": customer.customer_since,
        "orders": customer.orders_count,
        "spent": customer.spent,
        "last_order": customer.last_order_at,
    }


def _of_agent(agent: User) -> dict[str, Any]:
    return {"name": agent.name, "first_name": agent.name.split(" ")[0], "email": agent.email}


def _of_shop(_nothing: object) -> dict[str, Any]:
    return {
        "name": shop.current().name,
        "email": settings.DEFAULT_FROM_EMAIL,
        "url": settings.PUBLIC_URL,
        "today": shop.today(),
    }


add(
    Noun(
        "customer",
        _("The customer"),
        (
            Value("name", _("Whole name"), "Jonas Wieck"),
            Value("first_name", _("First name"), "Jonas"),
            Value("last_name", _("Last name"), "Wieck"),
            Value("title", _("Title"), "Dr."),
            Value("company", _("Company"), "Wieck & Partner"),
            Value("email", _("E-mail address"), "jonas.wieck@posteo.example"),
            Value("phone", _("Phone number"), "+49 40 5550142"),
            Value("city", _("City"), "Hamburg"),
            Value("since", _("Customer since"), "2024-03-09"),
            Value("orders", _("Number of orders"), 4),
            Value("spent", _("Spent so far"), "€412.50"),
            Value("last_order", _("Day of the last order"), "2026-09-30"),
        ),
        _of_customer,
    )
)
add(
    Noun(
        "order",
        _("The order"),
        (
            Value("number", _("Order number"), "1042"),
            Value("date", _("Day of the order"), "2026-09-30"),
            Value("total", _("Total"), "€118.40"),
            Value("status", _("State of the order"), "Sent"),
            Value("first_product", _("First product"), "Enamel teapot"),
            Value(
                "lines",
                _("Products, as a list: each has name, quantity and price"),
                [
                    {"name": "Enamel teapot", "quantity": 1, "price": "€79.90"},
                    {"name": "Linen towel", "quantity": 2, "price": "€38.50"},
                ],
            ),
        ),
    )
)
add(
    Noun(
        "conversation",
        _("The inquiry"),
        (
            Value("number", _("Number of the inquiry"), "#318"),
            Value("subject", _("Subject"), "Where is my parcel?"),
        ),
    )
)
add(
    Noun(
        "agent",
        _("Who writes"),
        (
            Value("name", _("Name"), "Sofie Dahl"),
            Value("first_name", _("First name"), "Sofie"),
            Value("email", _("E-mail address"), "sofie@hainhafen.example"),
        ),
        _of_agent,
    )
)
add(
    Noun(
        "shop",
        _("The shop"),
        (
            Value("name", _("Name of the shop"), "Hain & Hafen"),
            Value("email", _("E-mail address"), "hello@hainhafen.example"),
            Value("url", _("Address on the web"), "https://hainhafen.example"),
            Value("today", _("Today"), "2026-11-22"),
        ),
        _of_shop,
    )
)
add(
    Noun(
        "link",
        _("Links"),
        (
            Value("url", _("What this mail leads to"), "https://hainhafen.example/welcome"),
            Value("unsubscribe", _("To say no to more of these mails"), "https://hainhafen.example/no/example"),
        ),
    )
)
add(
    Noun(
        "mail",
        _("This mail"),
        (
            Value("by", _("Who caused it"), "Mara Petersen"),
            Value("what", _("What it is about"), "A passkey was added."),
            Value("when", _("When it happened"), "22 November 2026, 10:40"),
            Value("statement", _("What is agreed to"), "Hain & Hafen may write to me. I can say no at any time."),
            Value("coupon", _("A code"), "AGAIN-2026"),
            Value("festival", _("Name of the festival"), "Mid-Autumn Festival"),
            Value("days", _("Number of days"), 14),
        ),
    )
)
