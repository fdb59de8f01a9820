"""What is announced of people's rights. No fact here names anybody: the customer it is about stands beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class PrivacyRequested(Fact):
    """Somebody asked for one of their rights; `right` is which, `due` the last day of the answer."""

    name: ClassVar[str] = "privacy.requested"
    sentence: ClassVar = _("Asked for a right over their data")
    icon: ClassVar[str] = "scale"
    kind: ClassVar[str] = "consent"
    is_public: ClassVar[bool] = False

    request: str = ""
    right: str = ""
    law: str = ""
    due: str = ""


@dataclass(frozen=True, slots=True)
class PrivacyRequestChanged(Fact):
    """A privacy request was put off, or who sent it was checked; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "privacy.request_changed"
    sentence: ClassVar = _("Privacy request changed")
    icon: ClassVar[str] = "scale"
    kind: ClassVar[str] = "consent"
    is_public: ClassVar[bool] = False

    request: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PrivacyAnswered(Fact):
    """A privacy request was answered; `state` is done, refused or withdrawn."""

    name: ClassVar[str] = "privacy.answered"
    sentence: ClassVar = _("Privacy request answered")
    icon: ClassVar[str] = "scale"
    kind: ClassVar[str] = "consent"
    is_public: ClassVar[bool] = False

    request: str = ""
    right: str = ""
    state: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class PersonLimited(Fact):
    """From now on something may not be done with a person's data; `limit` is which."""

    name: ClassVar[str] = "privacy.limited"
    sentence: ClassVar = _("Use of their data limited")
    icon: ClassVar[str] = "octagon-alert"
    kind: ClassVar[str] = "consent"
    is_public: ClassVar[bool] = False

    limit: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PersonUnlimited(Fact):
    """A limit on the use of a person's data was lifted."""

    name: ClassVar[str] = "privacy.limit_lifted"
    sentence: ClassVar = _("Limit on their data lifted")
    icon: ClassVar[str] = "octagon-alert"
    kind: ClassVar[str] = "consent"
    is_public: ClassVar[bool] = False

    limit: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PersonCopied(Fact):
    """A copy of all data of a person was made; `files` are the attachments in it."""

    name: ClassVar[str] = "privacy.copied"
    sentence: ClassVar = _("Copy of their data made")
    icon: ClassVar[str] = "download"
    kind: ClassVar[str] = "consent"
    is_public: ClassVar[bool] = False

    request: str = ""
    files: int = 0


@dataclass(frozen=True, slots=True)
class PersonErased(Fact):
    """An erasure was carried out; `case` is its number, `people` and `records` how many were erased."""

    name: ClassVar[str] = "privacy.erased"
    sentence: ClassVar = _("Person erased")
    icon: ClassVar[str] = "eraser"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    case: str = ""
    cause: str = ""
    people: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True)
class ErasureVerified(Fact):
    """The search after an erasure ended; `found` is in how many places something was left."""

    name: ClassVar[str] = "privacy.erasure_verified"
    sentence: ClassVar = _("Erasure verified")
    icon: ClassVar[str] = "badge-check"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    case: str = ""
    found: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class RetentionRuleChanged(Fact):
    """A retention rule was turned on or off, or got another period; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "privacy.rule_changed"
    sentence: ClassVar = _("Retention rule changed")
    icon: ClassVar[str] = "timer"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    rule: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetentionRan(Fact):
    """A retention rule ran; `count` is how many people or files it let go."""

    name: ClassVar[str] = "privacy.retention_ran"
    sentence: ClassVar = _("Retention rule ran")
    icon: ClassVar[str] = "timer"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    rule: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class PrivacySettingsChanged(Fact):
    """What the owner says of privacy changed; `fields` are the names of what changed."""

    name: ClassVar[str] = "privacy.settings_changed"
    sentence: ClassVar = _("Privacy settings changed")
    icon: ClassVar[str] = "shield-check"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    fields: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ConsentsExported(Fact):
    """The register of consent went out as a file, every line of it."""

    name: ClassVar[str] = "privacy.consents_exported"
    sentence: ClassVar = _("Register of consent exported")
    icon: ClassVar[str] = "download"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False
