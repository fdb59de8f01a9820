"""Reading somebody is written down: who opened whose profile, who looked for whom (docs/decisions/0021).

What is called here is on its way into the log before anything is shown; where that cannot be, nothing is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _

from regulars.customers.catalogue import Type
from regulars.customers.conditions import Condition
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest
from regulars.customers.read_facts import CustomerOpened, CustomersSearched
from regulars.timeline.actions import note_read, note_reads

# a filter by one of these looks for a person; one by a country or a sum looks at a crowd
_OF_A_PERSON = frozenset({
    "name", "first_name", "last_name", "email", "phone", "company", "vat_number", "birth_date", "postal_code",
})  # fmt: skip
_WORDS = 500
_SAFE = frozenset({"GET", "HEAD"})
_SHOWS = frozenset({200, 206, 410, 422})


_PARTS = {
    "page": _("the page"),
    "timeline": _("the timeline"),
    "profile": _("the profile"),
    "changes": _("the changes"),
    "purchases": _("the purchases"),
    "looks": _("who looked"),
    "peek": _("a short look from the list"),
    "edit": _("the form of the profile"),
    "attachment": _("a file of a note"),
    "comparison": _("a comparison with others"),
    "palette": _("a line of the palette"),
    "order": _("an order"),
    "orders": _("all orders"),
    "inquiry": _("an inquiry"),
    "inquiry_file": _("a file of an inquiry"),
    "return": _("a return"),
    "returns": _("all returns"),
    "checkouts": _("what was left in baskets"),
    "get_customer": _("the profile"),
    "list_addresses": _("the addresses"),
    "list_notes": _("the notes"),
    "consent": _("the consents"),
    "list_consents": _("the consents"),
    "person": _("the page of privacy"),
    "copy": _("the copy of their data"),
    "group": _("why they are in a group"),
}


_DEEDS = {
    "saved view": _("saved view"),
    "wording": _("wording"),
    "household": _("household"),
    "added": _("added"),
    "changed": _("changed"),
    "moved": _("moved"),
    "removed": _("removed"),
    "stopped": _("stopped"),
    "repeated": _("repeated"),
    "discarded": _("thrown away"),
    "left out": _("lines left out"),
    "taken in again": _("lines taken in again"),
}


def part_in_words(part: str) -> str:
    """What of a customer was read, in words; parts without any are told as the addresses call them."""
    return str(_PARTS.get(part, part.replace("_", " ").replace("-", " ")))


def deed_in_words(word: str) -> str:
    """What was done to what, as facts write it, in words."""
    return str(_DEEDS.get(word, word))


def opened(customer_ids: Iterable[int], part: str) -> None:
    """Somebody reads these customers; usually it is one."""
    fact = CustomerOpened(part=part)
    note_reads((number, fact) for number in dict.fromkeys(customer_ids))


def searched(words: str, found: Sequence[Customer], where: str) -> None:
    """Somebody looked for a person and is shown these."""
    shown = tuple(customer.pk for customer in found)
    note_read(CustomersSearched(words=words[:_WORDS], where=where, count=len(shown), shown=shown))


def listed(wanted: ListRequest, found: Sequence[Customer], where: str) -> None:
    """Somebody reads a page of a list. Only where it was asked for a person is that written down."""
    asked = [f"q={wanted.search}"] if wanted.search else []
    asked += [f"{one.parameter}={one.value}" for one in wanted.conditions if _is_of_a_person(one)]
    if asked:
        searched(" ".join(asked), found, where)


def _is_of_a_person(condition: Condition) -> bool:
    """Whether a filter looks for somebody: by what tells one person from others, or by a text of the shop's own."""
    field = condition.field
    is_own_text = field.name.startswith("metafields.") and field.type in {Type.TEXT, Type.EXACT}
    return (field.name in _OF_A_PERSON or is_own_text) and condition.operator not in {"is_set", "is_empty"}


def noted(patterns: Iterable[URLPattern]) -> None:
    """Let every page among these that is one customer's write down that it was opened, whoever adds one later."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and "<str:public_id>" in str(pattern.pattern):
            pattern.callback = _noted(pattern.callback, str(pattern.name))


def _noted(view: Callable[..., HttpResponse], part: str) -> Callable[..., HttpResponse]:
    @wraps(view)
    def seen(request: HttpRequest, public_id: str, **more: Any) -> HttpResponse:
        response = view(request, public_id=public_id, **more)
        # a redirection or a refusal shows nothing; a form that was refused shows whom it is about
        number = Customer.pk_of(public_id)
        if request.method in _SAFE and number and response.status_code in _SHOWS:
            opened([number], str(more.get("slug", part)))
        return response

    return seen
