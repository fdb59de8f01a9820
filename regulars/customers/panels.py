"""Panels: what a room shows on the customer page, and in the rows of the customer list.

The page is a frame; every room fills its own part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from django.http import HttpRequest

    from regulars.customers.models import Customer

Context = Callable[["HttpRequest", "Customer"], dict[str, Any]]


class Place(StrEnum):
    """Where on the page: the strip of figures, the rhythm below it, a tab, the rail, a button, or ways to write."""

    FIGURES = "figures"
    RHYTHM = "rhythm"
    TAB = "tab"
    RAIL = "rail"
    ACTION = "action"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`template` is rendered with what `context` returns, for those who have `permission`; `order` sorts a place.

    A tab has a `slug` and lives at /customers/<id>/<slug>; `count` gives the number beside its label.
    """

    name: str
    place: Place
    template: str
    context: Context
    permission: str
    order: int = 100
    slug: str = ""
    label: str | Promise = ""
    count: Callable[[Customer], int | None] = field(default=lambda _customer: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPanel:
    """A column of the customer list that a room draws: the rhythm of orders, say.

    `drawn` answers for all rows of a page at once, by customer id, so that the number of queries does not grow with
    the rows. It draws without a template: fifty rows are the most drawn page of the house.
    """

    name: str
    label: str | Promise
    drawn: Callable[[Sequence[Customer]], Mapping[int, SafeString]]
    permission: str
    hint: str | Promise = ""
    is_default: bool = True


_PANELS: dict[str, Panel] = {}
_ROW_PANELS: dict[str, RowPanel] = {}


def add(panel: Panel) -> None:
    """Put a panel on the customer page."""
    _PANELS[panel.name] = panel


def at(place: Place) -> list[Panel]:
    """The panels of a place, in order."""
    return sorted((panel for panel in _PANELS.values() if panel.place == place), key=lambda panel: panel.order)


def tab(slug: str) -> Panel | None:
    """The tab of that slug, or None."""
    return next((panel for panel in at(Place.TAB) if panel.slug == slug), None)


def add_to_rows(panel: RowPanel) -> None:
    """Put a column into the customer list."""
    _ROW_PANELS[panel.name] = panel


def in_rows() -> list[RowPanel]:
    """The drawn columns of the customer list, in the order they were added."""
    return list(_ROW_PANELS.values())
