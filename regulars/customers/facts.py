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
    """A customer was deleted; for thirty days they can be brought back."""

    name: ClassVar[str] = "customer.deleted"
    sentence: ClassVar = _("Deleted")
    icon: ClassVar[str] = "trash-2"

    public_id: str = ""


@dataclass(frozen=True, slots=True)
class CustomerRestored(Fact):
    """A deleted customer was brought back."""

    name: ClassVar[str] = "customer.restored"
    sentence: ClassVar = _("Brought back")
    icon: ClassVar[str] = "rotate-ccw"


@dataclass(frozen=True, slots=True)
class CustomerErased(Fact):
    """A deleted customer went for good; orders stay, without a person."""

    name: ClassVar[str] = "customer.erased"
    sentence: ClassVar = _("Deleted for good")
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


@dataclass(frozen=True, slots=True)
class ConsentChanged(Fact):
    """Somebody agreed to be written to, or refused; `changes` is {field: [old, new]} in the words of filters."""

    name: ClassVar[str] = "customer.consent_changed"
    sentence: ClassVar = _("Consent changed")
    icon: ClassVar[str] = "shield-check"
    kind: ClassVar[str] = "consent"

    changes: dict[str, list[Any]] = field(default_factory=dict)
    source: str = ""
    purpose: str = "marketing"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmationAsked(Fact):
    """A mail asks whether we may write; `request` is its number."""

    name: ClassVar[str] = "customer.confirmation_asked"
    sentence: ClassVar = _("Asked by mail to confirm")
    icon: ClassVar[str] = "mail-question-mark"
    kind: ClassVar[str] = "consent"
    is_public: ClassVar[bool] = False

    request: int = 0
