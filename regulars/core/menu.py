"""The side bar, the keys behind g, and the palette's commands: sockets that rooms fill in their wiring."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise

PEOPLE = "people"
FOOT = "foot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A page of the side bar. `key` is the letter after g; `group` the heading it stands under (none: at the top).

    `permission` is what it takes to see it; empty means everybody who signed in. `on_dock` puts it on the phone's foot.
    `count` is how much waits there for a person; nothing is shown where that is nothing. `also` are other addresses
    whose pages belong to it.
    """

    name: str
    label: str | Promise
    icon: str
    url_name: str
    key: str = ""
    group: str = ""
    permission: str = ""
    order: int = 100
    on_dock: bool = False
    count: Callable[[Any], int] | None = None
    also: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Where it leads."""
        return _address(self.url_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something to do from anywhere: the palette lists it, and `key` does it from every page."""

    name: str
    label: str | Promise
    icon: str
    url_name: str
    permission: str
    key: str = ""
    order: int = 100

    @property
    def url(self) -> str:
        """Where it begins."""
        return _address(self.url_name)


@dataclass(frozen=True, slots=True)
class Fresh:
    """When something came from a place last, for the foot of pages; `is_bad` where somebody should look at it."""

    name: str
    at: dt.datetime
    is_bad: bool = False


@cache
def _address(url_name: str) -> str:
    """Asked some fifty times for every page, and always the same."""
    return reverse(url_name)


_PLACES: dict[str, Place] = {}
_COMMANDS: dict[str, Command] = {}
_SETTINGS: dict[str, Place] = {}
_FRESH: list[Callable[[Any], list[Fresh]]] = []


def add(item: Place | Command) -> None:
    """Put a place on the side bar, or a command into the palette. A key can be taken only once."""
    taken: dict[str, Any] = _PLACES if isinstance(item, Place) else _COMMANDS
    for other in taken.values():
        if item.key and other.key == item.key and other.name != item.name:
            raise ValueError(f"the key {item.key} leads to {other.name} already")
    taken[item.name] = item


def add_setting(place: Place) -> None:
    """Put a page among the settings."""
    _SETTINGS[place.name] = place


def fresh_are(read: Callable[[Any], list[Fresh]]) -> None:
    """Say how to read what the foot of pages tells somebody; the last one to say so is asked."""
    _FRESH[:] = [read]


def fresh(actor: Any) -> list[Fresh]:
    """What the foot of pages tells this person."""
    return [one for read in _FRESH for one in read(actor)]


def settings_pages(actor: Any) -> list[Place]:
    """The pages of settings this person may see, in order."""
    return _allowed(_SETTINGS, actor)


def places(actor: Any) -> list[Place]:
    """The places this person may see, in order."""
    return _allowed(_PLACES, actor)


def commands(actor: Any) -> list[Command]:
    """The commands this person may use, in order."""
    return _allowed(_COMMANDS, actor)


def _allowed(items: dict[str, Any], actor: Any) -> list[Any]:
    return sorted(
        (item for item in items.values() if not item.permission or actor.may(item.permission)),
        key=lambda item: (item.order, item.name),
    )
