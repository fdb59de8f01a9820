"""What promises announce."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class PromiseMissed(Fact):
    """The moment passed by which a customer was to hear from us; once for each promise to them."""

    name: ClassVar[str] = "promise.missed"
    sentence: ClassVar = _("A promise was not kept: %(promise)s")
    icon: ClassVar[str] = "clock-alert"
    kind: ClassVar[str] = "message"

    conversation: str = ""
    promise: str = ""
    promised: str = ""


@dataclass(frozen=True, slots=True)
class PromiseSoonDue(Fact):
    """Three quarters of the promised time have passed, and the customer still waits."""

    name: ClassVar[str] = "promise.soon_due"
    sentence: ClassVar = _("A promise is soon due: %(promise)s")
    icon: ClassVar[str] = "clock"
    kind: ClassVar[str] = "message"
    on_timeline: ClassVar[bool] = False
    is_audit: ClassVar[bool] = False

    conversation: str = ""
    promise: str = ""
    promised: str = ""


@dataclass(frozen=True, slots=True)
class PromisesChanged(Fact):
    """Somebody changed what the shop promises, or when it works; `deed` says how, `what` names it."""

    name: ClassVar[str] = "promises.changed"
    sentence: ClassVar = _("Promises changed: %(what)s")
    icon: ClassVar[str] = "clock"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False
    labels: ClassVar = MappingProxyType(
        {"first_minutes": _("first answer"), "next_minutes": _("next answer"), "solution_minutes": _("solution")}
    )

    deed: str = ""
    what: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)
