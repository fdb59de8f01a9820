"""What is announced of the people who work here, of their roles and teams, and of who is invited."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact

Changes = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class StaffInvited(Fact):
    """Somebody may come to work here; `until` is how long the link holds. The link itself is nowhere."""

    name: ClassVar[str] = "staff.invited"
    sentence: ClassVar = _("Invited: %(email)s")
    icon: ClassVar[str] = "mail-plus"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    invitation: str = ""
    email: str = ""
    role: str = ""
    teams: tuple[str, ...] = ()
    until: str = ""
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class InvitationRevoked(Fact):
    """An invitation does not hold any more."""

    name: ClassVar[str] = "staff.invitation_revoked"
    sentence: ClassVar = _("Invitation withdrawn: %(email)s")
    icon: ClassVar[str] = "mail-x"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    invitation: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class InvitationAccepted(Fact):
    """Somebody who was invited works here now."""

    name: ClassVar[str] = "staff.invitation_accepted"
    sentence: ClassVar = _("Invitation accepted: %(email)s")
    icon: ClassVar[str] = "user-round-check"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    invitation: str = ""
    person: str = ""
    email: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class StaffChanged(Fact):
    """Somebody's role or teams changed, or they were switched off or on; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "staff.changed"
    sentence: ClassVar = _("Colleague changed: %(email)s")
    icon: ClassVar[str] = "user-round-pen"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    person: str = ""
    email: str = ""
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StaffLeft(Fact):
    """Somebody left the shop; what ended with it, and who took over what."""

    name: ClassVar[str] = "staff.left"
    sentence: ClassVar = _("Left the shop: %(email)s")
    icon: ClassVar[str] = "log-out"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    person: str = ""
    email: str = ""
    sessions: int = 0
    tokens: tuple[str, ...] = ()
    invitations: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    duties: dict[str, int] = field(default_factory=dict)
    successor: str = ""


@dataclass(frozen=True, slots=True)
class RoleCreated(Fact):
    """The shop has a role more; `values` is what it may do and see."""

    name: ClassVar[str] = "role.created"
    sentence: ClassVar = _("Role made: %(title)s")
    icon: ClassVar[str] = "shield-plus"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    role: str = ""
    title: str = ""
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleChanged(Fact):
    """A role may do or see something else; `changes` is {field: [old, new]}, `people` how many have it."""

    name: ClassVar[str] = "role.changed"
    sentence: ClassVar = _("Role changed: %(title)s")
    icon: ClassVar[str] = "shield"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    role: str = ""
    title: str = ""
    changes: Changes = field(default_factory=dict)
    people: int = 0


@dataclass(frozen=True, slots=True)
class RoleDeleted(Fact):
    """A role of the shop's own is gone; `moved_to` is the role that its people got."""

    name: ClassVar[str] = "role.deleted"
    sentence: ClassVar = _("Role deleted: %(title)s")
    icon: ClassVar[str] = "shield-minus"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    role: str = ""
    title: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class TeamChanged(Fact):
    """A team was made, changed or deleted (`deed`); `changes` is {field: [old, new]}, members by their e-mail."""

    name: ClassVar[str] = "team.changed"
    sentence: ClassVar = _("Team changed: %(title)s")
    icon: ClassVar[str] = "users-round"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    team: str = ""
    title: str = ""
    deed: str = "changed"
    changes: Changes = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProfileChanged(Fact):
    """Somebody changed how they are called or how the pages look to them; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "staff.profile_changed"
    sentence: ClassVar = _("Own profile changed")
    icon: ClassVar[str] = "user-round-cog"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    changes: dict[str, list[Any]] = field(default_factory=dict)
