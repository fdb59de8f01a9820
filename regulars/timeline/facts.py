"""What a fact is: something that happened, in the past tense, with one sentence for the people who read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import Keys

SEALED = Keys()
"""Under which keys of their data entries hold values that are sealed for their customer; rooms above add theirs."""

_FACTS: dict[str, type[Fact]] = {}


@dataclass(frozen=True, slots=True)
class Fact:
    """The base of all facts. A subclass is a frozen dataclass whose fields are JSON values.

    `name` is the dotted past-tense name (`order.placed`), `sentence` the line on the timeline (a translatable
    template filled with the entry's data), `icon` a Lucide icon, `kind` the timeline filter it belongs to. The
    three marks say who reads it: the customer's timeline, the audit log, webhooks. A fact whose data have `changes`,
    from a field to its old and new value, may have `labels`: what people call those fields.
    """

    name: ClassVar[str]
    sentence: ClassVar[str | Promise]
    icon: ClassVar[str] = "circle"
    kind: ClassVar[str] = "change"
    on_timeline: ClassVar[bool] = True
    is_audit: ClassVar[bool] = True
    is_public: ClassVar[bool] = True
    labels: ClassVar[Mapping[str, str | Promise]] = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super(Fact, cls).__init_subclass__(**kwargs)
        name = cls.__dict__.get("name")
        if name is None:
            return
        known = _FACTS.get(name)
        # dataclass(slots=True) builds the class a second time; only another class of that name is a clash.
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise ValueError(f"two facts are called {name}")
        _FACTS[name] = cls

    def data(self) -> dict[str, Any]:
        """The fields, as they are kept with the entry."""
        return asdict(self)


def all_facts() -> dict[str, type[Fact]]:
    """Every fact the product knows, by name."""
    return dict(sorted(_FACTS.items()))


def fact_class(name: str) -> type[Fact] | None:
    """The class of a fact by its name; None for one that no longer exists."""
    return _FACTS.get(name)


@dataclass(frozen=True, slots=True)
class EntriesBlanked(Fact):
    """Entries were changed lawfully after they were recorded: somebody was erased, or left.

    `ids` are theirs (runs as [first, last]), `digests` what they are from now on, 16 bytes each under `key`.
    """

    name: ClassVar[str] = "entries.blanked"
    sentence: ClassVar = _("What the log said about a person was taken out of %(count)s entries")
    icon: ClassVar[str] = "eraser"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    count: int = 0
    ids: tuple[Any, ...] = ()
    digests: str = ""
    key: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuditExported(Fact):
    """The audit log went out as a file; `filters` say which part, `reason` what for."""

    name: ClassVar[str] = "audit.exported"
    sentence: ClassVar = _("Audit log exported: %(count)s entries")
    icon: ClassVar[str] = "download"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    count: int = 0
    filters: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuditBegunAnew(Fact):
    """The database became another one, a restored backup, and the anchors go on from its last seal."""

    name: ClassVar[str] = "audit.begun_anew"
    sentence: ClassVar = _("The audit goes on from a restored database: %(reason)s")
    icon: ClassVar[str] = "archive-restore"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    seal: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuditFailed(Fact):
    """The audit log was found changed; `problem` says where and how."""

    name: ClassVar[str] = "audit.failed"
    sentence: ClassVar = _("The audit log is not as it was: %(problem)s")
    icon: ClassVar[str] = "shield-alert"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    problem: str = ""


@dataclass(frozen=True, slots=True)
class JobChanged(Fact):
    """Somebody stopped background work, or had it tried again; `deed` says which, `verb` what it was."""

    name: ClassVar[str] = "job.changed"
    sentence: ClassVar = _("Background work %(deed)s: %(verb)s")
    icon: ClassVar[str] = "list-checks"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    deed: str = ""
    verb: str = ""
    job: str = ""
