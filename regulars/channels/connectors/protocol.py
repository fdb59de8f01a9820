"""What a connector is: a translator that knows one platform's words, and nothing of our tables.

A connector is a module-level object in `channels/connectors/<provider>/__init__.py`, registered in
`connectors/registry.py`. It checks that a delivery is genuine, makes records of it, and may fetch objects and sums.
All of it is pure but `pull`, `days`, `orders_of` and `subscribe`, which talk to the platform through `core.outbound`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Protocol, runtime_checkable

from django.utils.functional import Promise

from regulars.channels.models import Kind
from regulars.channels.records import AnyRecord
from regulars.core.errors import Refusal


class NotGenuine(Refusal):
    """The signature is missing, wrong or too old. Nothing of the delivery is kept."""


class Unreadable(Refusal):
    """The body is not what the platform's documents say; the sentence names what is missing."""


class Unreached(Refusal):
    """The platform did not answer, refused the key, or asks for patience (`again_in` seconds)."""

    def __init__(self, sentence: str, *, again_in: float = 0.0) -> None:
        super().__init__(sentence)
        self.again_in = again_in


@dataclass(frozen=True, slots=True)
class Option:
    """A field of the form that joins a channel. A secret one is sealed, and never shown again."""

    name: str
    label: Promise | str
    help: Promise | str = ""
    is_secret: bool = False
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """What a connector may know of one connection: what its form asked for, with the secrets open."""

    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    zone: dt.tzinfo
    currency: str
    at: dt.datetime | None = None  # when the delivery came that is read; platforms do not say when they deleted


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery at the door: header names in small letters, the body as it came."""

    headers: Mapping[str, str]
    body: bytes
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Event:
    """What a genuine delivery calls itself. `id` is the same for each copy of it; `topic` says how to read the body."""

    id: str
    topic: str
    sent_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects that were fetched, and how far that is: `cursor` continues after them, `total` is for progress."""

    records: Sequence[AnyRecord]
    cursor: Mapping[str, Any]
    problems: Sequence[str] = ()
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """What the platform says was sold on a day in the shop's time zone."""

    count: int
    total: Decimal


class Connector(Protocol):
    """The least a connector does: receive and translate."""

    provider: ClassVar[str]
    label: ClassVar[Promise | str]
    channel_kind: ClassVar[Kind]
    options: ClassVar[Sequence[Option]]
    guide: ClassVar[Promise | str]  # where in the platform the keys are found, and what to enter there

    def genuine(self, incoming: Incoming, secrets: Mapping[str, str]) -> Event:
        """The event, once its signature and moment have been checked. Raises NotGenuine."""

    def records(self, topic: str, body: bytes, link: Link) -> Sequence[AnyRecord]:
        """What the body tells; nothing where the topic is not for us. Raises Unreadable."""


@runtime_checkable
class Pulls(Protocol):
    """A connector that can fetch everything, and what changed since."""

    def pull(self, link: Link, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Everything after the cursor, page by page, products and customers before orders. Raises Unreached."""

    def days(self, link: Link, since: dt.date, until: dt.date) -> Mapping[dt.date, Day]:
        """What was sold on each of these days, for comparing. Raises Unreached."""

    def orders_of(self, link: Link, day: dt.date) -> Sequence[AnyRecord]:
        """The orders of a day, to see which one differs, and to take it in. Raises Unreached."""


@runtime_checkable
class Subscribes(Protocol):
    """A connector that can ask the platform to deliver to us."""

    def subscribe(self, link: Link, address: str) -> Sequence[str]:
        """Ask for all topics at this address, once; answers the topics. Raises Unreached."""
