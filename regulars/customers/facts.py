"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class CustomerCreated(Fact):
    """Somebody is known from now on."""

    name: ClassVar[str] = "customer.created"
    sentence: ClassVar = _("Became known")
    icon: ClassVar[str] = "user-plus"


@dataclass(frozen=True, slots=True)
class CustomerChanged(Fact):
    """Fields of a profile changed; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "customer.changed"
    sentence: ClassVar = _("Profile changed")
    icon: ClassVar[str] = "pencil"

    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerDeleted(Fact):
    """A profile was deleted; orders stay, without a person."""

    name: ClassVar[str] = "customer.deleted"
    sentence: ClassVar = _("Deleted")
    icon: ClassVar[str] = "trash-2"
    on_timeline: ClassVar[bool] = False

    public_id: str = ""


@dataclass(frozen=True, slots=True)
class AddressChanged(Fact):
    """An address was added, changed or removed; `deed` is added, changed or removed."""

    name: ClassVar[str] = "customer.address_changed"
    sentence: ClassVar = _("Address changed")
    icon: ClassVar[str] = "map-pin"

    deed: str = "changed"


@dataclass(frozen=True, slots=True)
class CustomersImported(Fact):
    """A file of customers came in; one fact for the whole file, with its summary."""

    name: ClassVar[str] = "customers.imported"
    sentence: ClassVar = _("Customers imported")
    icon: ClassVar[str] = "upload"
    on_timeline: ClassVar[bool] = False

    file: str = ""
    rows: int = 0
    created: int = 0
    updated: int = 0
    rejected: int = 0
