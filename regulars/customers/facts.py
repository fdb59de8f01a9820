"""What this room announces."""

from __future__ import annotations

import dataclasses
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
class CustomerMerged(Fact):
    """Two records are one person; told of both. `kept` and `merged` are their public ids."""

    name: ClassVar[str] = "customer.merged"
    sentence: ClassVar = _("Merged: %(merged_name)s is %(kept_name)s")
    icon: ClassVar[str] = "merge"

    kept: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class CustomerUnmerged(Fact):
    """A merge was taken back, and each has again what is theirs; told of both."""

    name: ClassVar[str] = "customer.unmerged"
    sentence: ClassVar = _("Merge taken back: %(merged_name)s is not %(kept_name)s")
    icon: ClassVar[str] = "split"

    kept: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class AddressChanged(Fact):
    """An address was added, changed or removed; `deed` says which, `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "customer.address_changed"
    sentence: ClassVar = _("Address changed")
    icon: ClassVar[str] = "map-pin"

    deed: str = "changed"
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactChanged(Fact):
    """A further e-mail or phone was added, changed or removed; `changes` is {kind: [old, new]}."""

    name: ClassVar[str] = "customer.contact_changed"
    sentence: ClassVar = _("E-mail or phone changed")
    icon: ClassVar[str] = "at-sign"

    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IdentityChanged(Fact):
    """What a channel calls somebody was added or removed; `changes` is {channel: [old, new]}."""

    name: ClassVar[str] = "customer.identity_changed"
    sentence: ClassVar = _("Number in a channel changed")
    icon: ClassVar[str] = "store"

    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DuplicateDecided(Fact):
    """Somebody said whether this customer and `other` are one person: `decision` is never, household or open.

    `was` is what was said before.
    """

    name: ClassVar[str] = "customer.duplicate_decided"
    sentence: ClassVar = _("Compared with a possible duplicate")
    icon: ClassVar[str] = "users-round"

    decision: str = ""
    other: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdJoined(Fact):
    """Somebody lives with others from now on, as far as we know."""

    name: ClassVar[str] = "customer.household_joined"
    sentence: ClassVar = _("Joined a household")
    icon: ClassVar[str] = "house"

    household: str = ""


@dataclass(frozen=True, slots=True)
class HouseholdLeft(Fact):
    """Somebody does not live with the others any more."""

    name: ClassVar[str] = "customer.household_left"
    sentence: ClassVar = _("Left a household")
    icon: ClassVar[str] = "house"

    household: str = ""


@dataclass(frozen=True, slots=True)
class CategoriesChanged(Fact):
    """The shop's list of categories was changed; `deed` is added, changed, moved or removed."""

    name: ClassVar[str] = "categories.changed"
    sentence: ClassVar = _("Categories of customers changed")
    icon: ClassVar[str] = "list-ordered"
    on_timeline: ClassVar[bool] = False

    deed: str = "changed"
    key: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerTagged(Fact):
    """Somebody got tags."""

    name: ClassVar[str] = "customer.tagged"
    sentence: ClassVar = _("Tagged: %(tags)s")
    icon: ClassVar[str] = "tag"

    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CustomerUntagged(Fact):
    """Tags were taken off somebody."""

    name: ClassVar[str] = "customer.untagged"
    sentence: ClassVar = _("No longer tagged: %(tags)s")
    icon: ClassVar[str] = "tag"

    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TagChanged(Fact):
    """A tag was made, renamed, merged into another one, deleted, brought back or let go; `deed` says which."""

    name: ClassVar[str] = "customers.tag_changed"
    sentence: ClassVar = _("A tag was changed")
    icon: ClassVar[str] = "tag"
    on_timeline: ClassVar[bool] = False

    deed: str = ""
    tag: str = ""
    into: str = ""
    customers: int = 0


@dataclass(frozen=True, slots=True)
class CustomValuesChanged(Fact):
    """Values of the shop's own fields changed; `changes` is {field: [old, new]}, named as in the catalogue."""

    name: ClassVar[str] = "customer.custom_values_changed"
    sentence: ClassVar = _("Profile changed")
    icon: ClassVar[str] = "pencil"
    is_public: ClassVar[bool] = False  # some fields are for some roles alone

    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomFieldChanged(Fact):
    """A field of the shop's own was made, changed, moved, archived or brought back; `deed` says which."""

    name: ClassVar[str] = "customers.field_changed"
    sentence: ClassVar = _("A field was changed")
    icon: ClassVar[str] = "list-plus"
    on_timeline: ClassVar[bool] = False

    deed: str = ""
    field: str = ""
    changes: dict[str, list[Any]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoteWritten(Fact):
    """The team wrote a note; what it says stands with the note alone."""

    name: ClassVar[str] = "customer.note_written"
    sentence: ClassVar = _("Note written")
    icon: ClassVar[str] = "sticky-note"
    kind: ClassVar[str] = "note"

    note: str = ""
    note_kind: str = ""


@dataclass(frozen=True, slots=True)
class NoteChanged(Fact):
    """A note was changed, pinned, unpinned, deleted or brought back; `deed` says which."""

    name: ClassVar[str] = "customer.note_changed"
    sentence: ClassVar = _("Note changed")
    icon: ClassVar[str] = "sticky-note"
    on_timeline: ClassVar[bool] = False

    note: str = ""
    deed: str = "changed"


@dataclass(frozen=True, slots=True)
class CustomersExported(Fact):
    """Customers went out as a file; `count` of them, `filters` are those of the list, `reason` what it is for."""

    name: ClassVar[str] = "customers.exported"
    sentence: ClassVar = _("Customers exported")
    icon: ClassVar[str] = "download"
    on_timeline: ClassVar[bool] = False

    count: int = 0
    format: str = ""
    reason: str = ""
    filters: str = ""


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


@dataclass(frozen=True, slots=True)
class BulkChanged(Fact):
    """A customer was changed together with others; `changes` is {field: [old, new]}, `change_set` names the work."""

    name: ClassVar[str] = "customer.bulk_changed"
    sentence: ClassVar = _("Changed together with others")
    icon: ClassVar[str] = "list-checks"
    is_public: ClassVar[bool] = False  # some fields are for some roles alone

    change_set: str = ""
    action: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BulkUndone(Fact):
    """What was changed together with others was taken back; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "customer.bulk_undone"
    sentence: ClassVar = _("Taken back together with others")
    icon: ClassVar[str] = "undo-2"
    is_public: ClassVar[bool] = False

    change_set: str = ""
    action: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BulkApplied(Fact):
    """Work on many customers was done; one fact for all of it."""

    name: ClassVar[str] = "customers.bulk_applied"
    sentence: ClassVar = _("Many customers changed")
    icon: ClassVar[str] = "list-checks"
    on_timeline: ClassVar[bool] = False

    change_set: str = ""
    action: str = ""
    count: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BulkWorkUndone(Fact):
    """Work on many customers was taken back; `kept` is for how many it was not, because somebody changed them since."""

    name: ClassVar[str] = "customers.bulk_undone"
    sentence: ClassVar = _("A change of many customers was taken back")
    icon: ClassVar[str] = "undo-2"
    on_timeline: ClassVar[bool] = False

    change_set: str = ""
    action: str = ""
    count: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class SettingChanged(Fact):
    """Something that is nobody's profile was changed: `what` (a saved view, a wording, a household), what was done to
    it (`deed`), what it is called, and `changes` as {field: [old, new]}.
    """

    name: ClassVar[str] = "customers.setting_changed"
    sentence: ClassVar = _("Changed: %(what)s %(called)s (%(deed)s)")
    icon: ClassVar[str] = "settings"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    what: str = ""
    deed: str = "changed"
    called: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContactMarked(Fact):
    """Of an e-mail or phone it is known that it works, or that it does not; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "customer.contact_marked"
    sentence: ClassVar = _("E-mail or phone checked")
    icon: ClassVar[str] = "at-sign"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileReceived(Fact):
    """Somebody brought a file to import; nothing of it is in yet."""

    name: ClassVar[str] = "customers.file_received"
    sentence: ClassVar = _("File brought to import: %(file)s")
    icon: ClassVar[str] = "upload"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    file: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class WorkStopped(Fact):
    """Somebody stopped an import or work on many customers, threw its plan away, or left lines out of it."""

    name: ClassVar[str] = "customers.work_stopped"
    sentence: ClassVar = _("Work on many customers: %(deed)s")
    icon: ClassVar[str] = "circle-stop"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    change_set: str = ""
    action: str = ""
    deed: str = "stopped"
    count: int = 0


@dataclass(frozen=True, slots=True)
class NotesErased(Fact):
    """Notes that were deleted thirty days ago went for good."""

    name: ClassVar[str] = "customers.notes_erased"
    sentence: ClassVar = _("Deleted notes let go for good: %(count)s")
    icon: ClassVar[str] = "trash-2"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    count: int = 0
