"""What rooms above do with a list of customers as it is: its filters become a group, say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAct:
    """A line of the menu beside a list: the page `url_name` is given the list's address as its query."""

    name: str
    label: str | Promise
    icon: str
    url_name: str
    permission: str

    @property
    def url(self) -> str:
        return reverse(self.url_name)


_ACTS: dict[str, ListAct] = {}


def add(act: ListAct) -> None:
    """Put a line into the menu of the list."""
    _ACTS[act.name] = act


def acts(actor: Any) -> list[ListAct]:
    """What somebody may do with a list, in the order it was added."""
    return [act for act in _ACTS.values() if actor.may(act.permission)]
