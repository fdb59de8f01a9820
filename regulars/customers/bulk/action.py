"""The socket of bulk work: what can be done with many customers at once. A room adds its own in wiring.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils.functional import Promise

from regulars.customers.journal import Image
from regulars.customers.models import Change

Params = Mapping[str, Any]
"""What is done, as JSON: `{"tags": ["spring-card"]}`."""

Outcome = Change.Outcome


class Touches(StrEnum):
    """What lists and searches must learn of the customers that were changed."""

    NOTHING = ""
    FIGURES = "figures"  # columns that lists filter and sort by
    TEXTS = "texts"  # what is searched, or whether they are listed at all


Fields = dict[str, list[Any]]
"""`{field: [old, new]}`, as plain values."""

NO_FIELDS: Fields = {}


class Line(NamedTuple):
    """What would happen to one customer: which fields would change, or why they cannot.

    Lines that say the same should share one `fields`: it is written down once then.
    """

    customer_id: int
    outcome: str
    fields: Fields = NO_FIELDS
    reason: str = ""


Images = Mapping[int, "list[Image] | str"]
"""The images of what was written, by customer; or, where many are alike, as the JSON that they become."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that can be done with many customers.

    `form` asks for the parameters and cleans them; `title` says what is done, in the reader's language. `plan` says
    for each customer it knows what would happen, and changes nothing: it is asked when the plan is made, and again in
    the transaction that applies it. `apply` does it to customers that do change, and returns the images of the rows it
    wrote (see journal); `take_back` puts them back and returns, per customer, what it left as it is. `is_for_deleted`
    says that it is done with customers who are deleted.
    """

    name: str
    label: str | Promise
    icon: str
    permission: str
    title: Callable[[Params], str]
    plan: Callable[[Sequence[int], Params], Iterable[Line]]
    apply: Callable[[Sequence[int], Params, dt.datetime], Images]
    form: Any = None
    take_back: Callable[[Sequence[tuple[int, Sequence[Image]]]], dict[int, str]] | None = None
    may_not_go_back: Callable[[Collection[int]], dict[int, str]] | None = None
    is_for_deleted: bool = False
    touches: Touches = Touches.NOTHING
    needs_reason: bool = False
    is_danger: bool = False
    key: str = ""
    order: int = 100


_ACTIONS: dict[str, Action] = {}


def add(action: Action) -> None:
    """Let something be done with many customers; a name can be taken only once."""
    known = _ACTIONS.get(action.name)
    if known is not None and known != action:
        raise ValueError(f"there already is something called {action.name} to do with many customers")
    _ACTIONS[action.name] = action


def actions(actor: Any = None) -> list[Action]:
    """Everything that can be done, in order; for an actor, what they may do."""
    found = sorted(_ACTIONS.values(), key=lambda action: (action.order, action.name))
    return [action for action in found if actor is None or actor.may(action.permission)]


def get(name: str) -> Action | None:
    """The action of that name, or None."""
    return _ACTIONS.get(name)
