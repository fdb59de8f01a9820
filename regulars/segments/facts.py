"""What groups announce. A rule may ask for somebody by name: facts tell which attributes it asks, and not for what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact

KIND = "group"

_LABELS = {
    "group_name": _("name"),
    "description": _("description"),
    "rule": _("asks for"),
    "folder": _("folder"),
}


@dataclass(frozen=True, slots=True)
class SegmentCreated(Fact):
    """A group was saved: by a rule, or hand-picked."""

    name: ClassVar[str] = "segment.created"
    sentence: ClassVar = _("Group “%(group_name)s” saved")
    icon: ClassVar[str] = "shapes"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False

    group: str = ""
    group_name: str = ""
    is_by_rule: bool = True
    rule: tuple[str, ...] = ()
    template: str = ""


@dataclass(frozen=True, slots=True)
class SegmentChanged(Fact):
    """A group's name, description, rule or folder changed; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "segment.changed"
    sentence: ClassVar = _("Group “%(group_name)s” changed")
    icon: ClassVar[str] = "shapes"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False
    labels: ClassVar = _LABELS

    group: str = ""
    group_name: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SegmentArchived(Fact):
    """A group was put away, or (`is_archived` is false) taken out again."""

    name: ClassVar[str] = "segment.archived"
    sentence: ClassVar = _("Group “%(group_name)s” archived, or taken out again")
    icon: ClassVar[str] = "archive"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False

    group: str = ""
    group_name: str = ""
    is_archived: bool = True


@dataclass(frozen=True, slots=True)
class SegmentDeleted(Fact):
    """A group was deleted; for thirty days it can be brought back. `deed` is deleted, restored or, later, erased."""

    name: ClassVar[str] = "segment.deleted"
    sentence: ClassVar = _("Group “%(group_name)s” deleted, or brought back")
    icon: ClassVar[str] = "trash-2"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False

    group: str = ""
    group_name: str = ""
    deed: str = "deleted"


@dataclass(frozen=True, slots=True)
class SegmentFolderChanged(Fact):
    """A folder of groups was made, renamed or removed."""

    name: ClassVar[str] = "segment.folder_changed"
    sentence: ClassVar = _("Folder of groups “%(folder)s”")
    icon: ClassVar[str] = "folder"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    folder: str = ""
    deed: str = ""


@dataclass(frozen=True, slots=True)
class JoinedSegment(Fact):
    """Somebody is in a group from now on, because its rule gives them, or somebody put them there."""

    name: ClassVar[str] = "customer.joined_segment"
    sentence: ClassVar = _("Joined the group “%(group_name)s”")
    icon: ClassVar[str] = "log-in"
    kind: ClassVar[str] = KIND

    group: str = ""
    group_name: str = ""


@dataclass(frozen=True, slots=True)
class LeftSegment(Fact):
    """Somebody is not in a group any more."""

    name: ClassVar[str] = "customer.left_segment"
    sentence: ClassVar = _("Left the group “%(group_name)s”")
    icon: ClassVar[str] = "log-out"
    kind: ClassVar[str] = KIND

    group: str = ""
    group_name: str = ""


@dataclass(frozen=True, slots=True)
class GradesReckoned(Fact):
    """Where bands and RFM groups begin was reckoned anew and moved: whoever follows groups looks at everybody."""

    name: ClassVar[str] = "grades.reckoned"
    sentence: ClassVar = _("Bands and RFM groups reckoned anew, from %(customers)s customers")
    icon: ClassVar[str] = "list-ordered"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    customers: int = 0
