"""What a role comes down to, in plain words: the table that changes while somebody edits a role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from regulars.core import masks
from regulars.core.sight import GROUPS, Level
from regulars.staff import reach
from regulars.staff.grants import Grant
from regulars.staff.models import Sees, StaffRole
from regulars.staff.roles import PERMISSIONS

ROOMS: dict[str, Promise | str] = {
    "customers": gettext_lazy("Customers"),
    "segments": gettext_lazy("Groups"),
    "orders": gettext_lazy("Orders"),
    "wallet": gettext_lazy("Points and credit"),
    "channels": gettext_lazy("Channels"),
    "webhooks": gettext_lazy("Channels"),
    "inbox": gettext_lazy("Inbox"),
    "messages": gettext_lazy("Inbox"),
    "privacy": gettext_lazy("Privacy"),
    "staff": gettext_lazy("People and keys"),
    "roles": gettext_lazy("People and keys"),
    "tokens": gettext_lazy("People and keys"),
    "shop": gettext_lazy("The shop"),
    "jobs": gettext_lazy("The shop"),
    "audit": gettext_lazy("Records and backups"),
    "backups": gettext_lazy("Records and backups"),
}
"""What people call the room that a permission belongs to, by the word before the dot."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One permission: what it lets, whether the role has it, and whether it was ticked in vain."""

    name: str
    label: str
    is_on: bool
    is_in_vain: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A protected group of fields, how much of it is shown, and an example of what that looks like."""

    name: str
    label: str
    level: Level
    example: str


@dataclass(frozen=True, slots=True)
class Summary:
    """All that a role comes down to."""

    sees: str
    shown: list[Shown]
    rooms: list[tuple[str, list[Deed]]]
    needs_second_factor: bool

    @property
    def count(self) -> int:
        """How many permissions it has."""
        return sum(deed.is_on for _room, deeds in self.rooms for deed in deeds)

    @property
    def veiled(self) -> str:
        """Which groups of fields are masked or hidden, in a few words; empty where all are shown."""
        masked = _names(group.label for group in self.shown if group.level is Level.MASKED)
        hidden = _names(group.label for group in self.shown if group.level is Level.HIDDEN)
        said = [
            _("masked: %(groups)s") % {"groups": masked} if masked else "",
            _("hidden: %(groups)s") % {"groups": hidden} if hidden else "",
        ]
        return " · ".join(words for words in said if words)


def summary(grant: Grant) -> Summary:
    """What a role that gives this much may do, which customers it sees, and how they look to it."""
    values = grant.plain()
    allowed = StaffRole(permissions=values["permissions"], sees=values["sees"], fields=values["fields"]).allowed
    sees_anybody = any(name.startswith(("customers.", "orders.", "privacy.", "audit.")) for name in allowed)
    levels = {group: grant.level(group) for group in GROUPS} if sees_anybody else dict.fromkeys(GROUPS, Level.HIDDEN)
    return Summary(
        sees=_sees(grant) if sees_anybody else _("No customers"),
        shown=[Shown(group, str(GROUPS[group]), level, _example(group, level)) for group, level in levels.items()],
        rooms=rooms(grant.permissions, allowed),
        needs_second_factor=grant.needs_second_factor,
    )


def rooms(wanted: frozenset[str], allowed: frozenset[str] | None = None) -> list[tuple[str, list[Deed]]]:
    """All permissions by the rooms they belong to; `allowed` is what remains of those that are wanted."""
    allowed = wanted if allowed is None else allowed
    found: dict[str, list[Deed]] = {}
    for name, label in PERMISSIONS.items():
        room = ROOMS.get(name.partition(".")[0], gettext_lazy("The shop"))
        deed = Deed(name, str(label), is_on=name in allowed, is_in_vain=name in wanted and name not in allowed)
        found.setdefault(str(room), []).append(deed)
    return list(found.items())


def _sees(grant: Grant) -> str:
    if grant.sees != Sees.CHANNELS:
        return str(Sees(grant.sees).label)
    known = reach.channels()
    names = [known[number] for number in sorted(grant.channel_ids) if number in known]
    return _("Customers of %(channels)s") % {"channels": _names(names) or _("no channel")}


def _names(labels: Iterable[str]) -> str:
    return pgettext("between the words of a list", ", ").join(labels)


def _example(group: str, level: Level) -> str:
    """How a value of a group looks at that level."""
    examples = {
        "name": pgettext("example", "Erika Muster"),
        "email": pgettext("example", "erika@posteo.example"),
        "phone": pgettext("example", "+49 40 5550 1234"),
        "address": pgettext("example", "Deichstraße 12"),
        "birth": pgettext("example", "14 May 1984"),
        "notes": pgettext("example", "Likes sencha"),
        "payment": pgettext("example", "Pays in advance"),
        "spend": pgettext("example", "€1,284"),
    }
    text = examples[group]
    if level is Level.FULL:
        return text
    if level is Level.HIDDEN:
        return ""
    how = {"name": masks.words, "email": masks.email, "phone": masks.phone}.get(group, masks.dots)
    return str.__str__(how(text))
