"""Sections: parts of a customer's form that other parts of the house bring, fields of the shop's own say.

A section is filled, checked and saved together with the profile: all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from django.http import HttpRequest

    from regulars.core.errors import Invalid
    from regulars.customers.models import Customer


class Filled(Protocol):
    """A section as one request fills it; `template` shows it, with itself as `section`."""

    template: str

    def is_valid(self) -> bool:
        """Whether what was sent can be read."""

    def save(self, customer: Customer) -> None:
        """Call the verbs. Runs in the transaction that wrote the profile; may raise Invalid."""

    def refuse(self, refusal: Invalid) -> None:
        """Show what a verb refused."""

    def first_bad(self) -> str:
        """The id of the first field with an error; empty when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`make(request, customer)` reads the request, and shows what is kept where nothing was sent; None shows nothing.

    The customer is None where a new one is being made.
    """

    name: str
    make: Callable[[HttpRequest, Customer | None], Filled | None]
    permission: str = "customers.edit"
    order: int = 100


_SECTIONS: dict[str, Section] = {}


def add(section: Section) -> None:
    """Put a section into the form of customers."""
    _SECTIONS[section.name] = section


def of(request: HttpRequest, customer: Customer | None) -> list[Filled]:
    """The sections of this request, in order."""
    allowed = (one for one in _SECTIONS.values() if request.user.may(one.permission))  # type: ignore[union-attr]
    made = (one.make(request, customer) for one in sorted(allowed, key=lambda one: one.order))
    return [one for one in made if one is not None]
