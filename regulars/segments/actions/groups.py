"""Save groups, change, copy, put away and delete them, and take that back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from regulars.core.background import every
from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.text import BadText, clean, fold
from regulars.segments.actions import moving
from regulars.segments.bits import unpacked
from regulars.segments.engine import asking
from regulars.segments.engine.grouped import GroupCycle
from regulars.segments.facts import (
    SegmentArchived,
    SegmentChanged,
    SegmentCreated,
    SegmentDeleted,
    SegmentFolderChanged,
)
from regulars.segments.language.tree import Node
from regulars.segments.models import Folder, Group, Size
from regulars.segments.queries import leaning
from regulars.staff.models import User
from regulars.staff.policy import as_reader, verb
from regulars.timeline.actions import record, who_acts

KEPT_FOR = dt.timedelta(days=30)
LONGEST_NAME, LONGEST_DESCRIPTION = 80, 300
_WRITTEN = (
    *("name", "key", "description", "query", "problem", "folder", "archived_at", "deleted_at"),
    *("updated_at", "version"),
)
_AS_SYSTEM = partial(asking.read, reader=None)


class GroupTaken(Refusal):
    """There is a group of this name already; `group` is which."""

    slug = "segment-taken"

    def __init__(self, group: Group) -> None:
        super().__init__(_("There is a group “%(name)s” already. Choose another name.") % {"name": group}, field="name")
        self.group = group


class GroupInUse(Refusal):
    """Other groups are built from it; `groups` are these."""

    slug = "segment-in-use"

    def __init__(self, group: Group, users: list[Group]) -> None:
        names = pgettext("between the words of a list", ", ").join(one.name for one in users)
        super().__init__(
            _("“%(name)s” is used by: %(users)s. Change these groups first.") % {"name": group, "users": names}
        )
        self.groups = users


@verb
def create_group(
    *,
    name: str,
    query: str | None = None,
    description: str = "",
    folder: str = "",
    template: str = "",
    by: Any = None,
) -> Group:
    """A group by a rule or, without one, a hand-picked group with nobody in it yet.

    The rule has to be one that `by`, a person or a token, may ask; it is kept in its canonical form, and whoever it
    gives now is in the group from the beginning. Raises BadQuery, GroupCycle, GroupTaken, Invalid.
    """
    kept, key = _name(name)
    group = Group(
        name=kept,
        key=key,
        description=_description(description),
        is_by_rule=query is not None,
        template=template,
        begun_at=timezone.now(),
        made_by=User.objects.filter(pk=who_acts().user_id or 0).first(),
    )
    node = _rule(query, name=kept, key=key, by=by) if query is not None else None
    group.query = asking.canonical(node) if node is not None else ""
    members = asking.members(node) if node is not None else None
    moving.take_turn()
    _require_free(key)
    group.folder = _folder(folder)
    group.save(force_insert=True)
    if members is not None:
        moving.begin(group, members, at=group.begun_at)
    fact = SegmentCreated(
        group=group.public_id,
        group_name=group.name,
        is_by_rule=group.is_by_rule,
        rule=tuple(leaning.asked_in(node)) if node is not None else (),
        template=template,
    )
    record(fact, subject=group)
    return group


@verb
def note_past_sizes(group: Group, *, sizes: Mapping[dt.date, int]) -> None:
    """Keep how many would have been in a group on earlier days, where nothing is known of them."""
    rows = [Size(group=group, day=day, count=count) for day, count in sizes.items()]
    Size.objects.bulk_create(rows, ignore_conflicts=True)


@verb
def change_group(group: Group, *, version: int | None = None, by: Any = None, **values: Any) -> Group:
    """Change name, description, folder or query; what is not given stays.

    A new name is written into the rules that use the old one. A changed rule begins anew: whoever it gives is in the
    group from now on, and nobody is told. With `version`, only that version of it is changed. Raises BadQuery,
    GroupCycle, GroupTaken, Invalid, Stale.
    """
    current = _current(group, version)
    was = _told(current)
    node: Node | None = None
    if "name" in values:
        _rename(current, values["name"])
    if "description" in values:
        current.description = _description(values["description"])
    if "folder" in values:
        current.folder = _folder(values["folder"] or "")
    if "query" in values:
        node = _changed_rule(current, values["query"], by=by)
    changes = {name: [was[name], now] for name, now in _told(current).items() if was[name] != now}
    if not changes and node is None:
        return current
    _save(current)
    if node is not None:
        moving.begin(current, asking.members(node), at=timezone.now())
    record(SegmentChanged(group=current.public_id, group_name=current.name, changes=changes), subject=current)
    return current


@verb
def copy_group(group: Group, *, name: str = "", by: Any = None) -> Group:
    """The same group once more: its rule, or everybody somebody put there. Raises what `create_group` raises."""
    group = Group.objects.select_related("folder").get(pk=group.pk)
    copied = create_group(
        name=name or free_name(group.name),
        query=group.query if group.is_by_rule else None,
        description=group.description,
        folder=group.folder.name if group.folder else "",
        template=group.template,
        by=by,
    )
    if not group.is_by_rule:
        copied = moving.hold([copied.pk])[copied.pk]
        members = moving.hold_customers(unpacked(group.members))
        moving.move(copied, joins=members, at=timezone.now())
    return copied


@verb
def archive_group(group: Group, *, is_archived: bool = True, version: int | None = None) -> Group:
    """Put a group away, so that nobody follows it, or take it out again. Raises GroupInUse, Stale."""
    current = _current(group, version)
    if (current.archived_at is not None) is is_archived:
        return current
    if is_archived:
        _require_unused(current)
    current.archived_at = timezone.now() if is_archived else None
    _save(current)
    fact = SegmentArchived(group=current.public_id, group_name=current.name, is_archived=is_archived)
    record(fact, subject=current)
    return current


@verb
def delete_group(group: Group, *, version: int | None = None) -> Group:
    """Delete a group. For thirty days it can be brought back, with everybody in it. Raises GroupInUse, Stale."""
    current = _current(group, version)
    _require_unused(current)
    # under a key that no name has: names hold no such character
    current.deleted_at, current.key = timezone.now(), f"\x1f{current.pk}"
    _save(current)
    record(SegmentDeleted(group=current.public_id, group_name=current.name), subject=current)
    return current


@verb
def restore_group(group: Group) -> Group:
    """Bring a deleted group back. Raises GroupTaken where its name was used again."""
    current = Group.everything.select_for_update().get(pk=group.pk)
    if current.deleted_at is None:
        return current
    _require_free(fold(current.name))
    current.deleted_at, current.key = None, fold(current.name)
    _save(current)
    record(
        SegmentDeleted(group=current.public_id, group_name=current.name, deed="restored"),
        subject=current,
    )
    return current


@every("03:25", label=gettext_lazy("Let go for good the groups that were deleted thirty days ago"))
def erase_deleted_groups() -> int:
    """Let go for good the groups that nobody brought back in thirty days; how many that were."""
    due = Group.everything.filter(deleted_at__lt=timezone.now() - KEPT_FOR)
    count = 0
    for one in due:
        with transaction.atomic():
            fact = SegmentDeleted(group=one.public_id, group_name=one.name, deed="erased")
            record(fact, subject=one)
            one.delete()
        count += 1
    return count


@verb
def rename_folder(folder: Folder, *, name: str) -> Folder:
    """Call a folder something else. Raises Invalid."""
    kept = _text(name, limit=LONGEST_NAME, field="name")
    if not kept or Folder.objects.filter(name=kept).exclude(pk=folder.pk).exists():
        sentence = _("Give the folder a name that no other folder has.")
        raise Invalid(sentence, fields={"name": [sentence]})
    current = Folder.objects.select_for_update().get(pk=folder.pk)
    current.name, current.version, current.updated_at = kept, current.version + 1, timezone.now()
    current.save()
    record(SegmentFolderChanged(folder=kept, deed="renamed"), subject=current)
    return current


@verb
def remove_folder(folder: Folder) -> None:
    """Take a folder away; the groups in it stand in none."""
    record(SegmentFolderChanged(folder=folder.name, deed="removed"), subject=folder)
    folder.delete()


def free_name(name: str) -> str:
    """A name like this one that no group has: “VIP (2)”."""
    taken = set(Group.objects.values_list("key", flat=True))
    number = 2
    while True:
        tail = f" ({number})"
        found = f"{name[: LONGEST_NAME - len(tail)]}{tail}"
        if fold(found) not in taken:
            return found
        number += 1


def users_of(group: Group) -> list[Group]:
    """The groups whose rules use a group."""
    return leaning.users_of(group, read=_AS_SYSTEM)


def _current(group: Group, version: int | None) -> Group:
    moving.take_turn()
    current = Group.objects.select_for_update(of=("self",)).select_related("folder").get(pk=group.pk)
    if version is not None and version != current.version:
        raise Stale(_("Somebody else changed this group since you opened it. Look at it again."))
    return current


def _rule(query: str, *, name: str, key: str, by: Any) -> Node:
    """The query as its writer may ask it, which does not lead back to the group. Raises BadQuery, GroupCycle."""
    with as_reader():
        node: Node = asking.read(query, reader=by)
    over = leaning.cycle(key, node, read=_AS_SYSTEM)
    if over is not None:
        raise GroupCycle((name, *over, name))
    return node


def _changed_rule(current: Group, query: str, *, by: Any) -> Node | None:
    """The new rule of a group; None where it says the same as before."""
    if not current.is_by_rule:
        sentence = _("People are put into this group by hand; it has no rule.")
        raise Invalid(sentence, fields={"query": [sentence]})
    node = _rule(query, name=current.name, key=current.key, by=by)
    canonical = asking.canonical(node)
    if canonical == current.query and not current.problem:
        return None
    current.query, current.problem = canonical, ""
    return node


def _rename(current: Group, name: str) -> None:
    kept, key = _name(name)
    if kept == current.name:
        return
    if key != current.key:
        _require_free(key)
    for user in users_of(current):
        node = leaning.renamed(_AS_SYSTEM(user.query), current.key, kept)
        user.query = asking.canonical(node)
        _save(user)
        fact = SegmentChanged(group=user.public_id, group_name=user.name, changes={"rule": [current.name, kept]})
        record(fact, subject=user)
    current.name, current.key = kept, key


def _told(group: Group) -> Mapping[str, Any]:
    """What a log tells of a group."""
    try:
        rule = leaning.asked_in(_AS_SYSTEM(group.query)) if group.query else []
    except Refusal:
        rule = []
    return {
        "group_name": group.name,
        "description": group.description,
        "folder": group.folder.name if group.folder else "",
        "rule": rule,
    }


def _require_free(key: str) -> None:
    other = Group.objects.filter(key=key).first()
    if other is not None:
        raise GroupTaken(other)


def _require_unused(group: Group) -> None:
    users = users_of(group)
    if users:
        raise GroupInUse(group, users)


def _folder(name: str) -> Folder | None:
    kept = _text(name, limit=LONGEST_NAME, field="folder")
    if not kept:
        return None
    folder, is_new = Folder.objects.get_or_create(name=kept)
    if is_new:
        record(SegmentFolderChanged(folder=kept, deed="made"), subject=folder)
    return folder


def _name(text: str) -> tuple[str, str]:
    """A name as it is kept, and folded. Raises Invalid."""
    kept = _text(text, limit=LONGEST_NAME, field="name")
    key = fold(kept)
    if not key or len(key) > LONGEST_NAME:
        sentence = _("Give the group a name of at most %(most)s letters.") % {"most": LONGEST_NAME}
        raise Invalid(sentence, fields={"name": [sentence]})
    return kept, key


def _description(text: str) -> str:
    return _text(text, limit=LONGEST_DESCRIPTION, field="description")


def _text(text: str, *, limit: int, field: str) -> str:
    try:
        return clean(text, limit=limit)
    except BadText as problem:
        raise Invalid(str(problem), fields={field: [str(problem)]}) from problem


def _save(group: Group) -> None:
    """Write what verbs change, and nothing of who is in it."""
    group.updated_at, group.version = timezone.now(), group.version + 1
    group.save(update_fields=_WRITTEN)
