"""Lists that people come back to: save one, change it, move it, delete it, and take that back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Max
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, NotAllowed
from regulars.core.text import BadText, clean
from regulars.customers.facts import SettingChanged
from regulars.customers.models import SavedView
from regulars.staff.models import User
from regulars.staff.policy import verb
from regulars.timeline.actions import record

MOST = 50
DENSITIES = ("roomy", "compact")
_NAME, _QUERY = 80, 4000
_WRITTEN = ("name", "is_shared", "query", "columns", "density")


@verb
def save_view(
    *,
    owner: User,
    name: str,
    query: str = "",
    columns: Sequence[str] = (),
    density: str = "",
    is_shared: bool = False,
    position: int | None = None,
) -> SavedView:
    """A list under a name, behind the others its owner has. Raises Invalid."""
    own = SavedView.objects.filter(owner=owner)
    if own.count() >= MOST:
        sentence = _("You have %(most)s saved views. Delete one you do not need any more.") % {"most": MOST}
        raise Invalid(sentence, fields={"name": [sentence]})
    if position is None:
        position = (own.aggregate(last=Max("position"))["last"] or 0) + 1
    made = SavedView.objects.create(
        owner=owner,
        name=_name(name),
        query=_query(query),
        columns=list(columns),
        density=density if density in DENSITIES else "",
        is_shared=is_shared,
        position=position,
    )
    _tell(made, "added", {field: ["", getattr(made, field)] for field in _WRITTEN})
    return made


@verb
def change_view(view: SavedView, *, by: User, **values: Any) -> SavedView:
    """Change name, query, columns, density or who sees it. Raises Invalid; NotAllowed for somebody else's view."""
    current = _own(view, by)
    was = {field: getattr(current, field) for field in _WRITTEN}
    for field in _WRITTEN:
        if field in values:
            checked = {"name": _name, "query": _query}.get(field)
            setattr(current, field, checked(values[field]) if checked else values[field])
    current.updated_at, current.version = timezone.now(), current.version + 1
    current.save()
    told = {field: [old, getattr(current, field)] for field, old in was.items() if old != getattr(current, field)}
    if told:
        _tell(current, "changed", told)
    return current


@verb
def move_view(view: SavedView, *, by: User, steps: int) -> None:
    """Move a view among those of its owner; at the ends it stays. Raises NotAllowed."""
    current = _own(view, by)
    own = list(SavedView.objects.select_for_update().filter(owner=by).order_by("position", "id"))
    here = own.index(current)
    there = min(max(here + steps, 0), len(own) - 1)
    own.insert(there, own.pop(here))
    for position, one in enumerate(own, start=1):
        if one.position != position:
            SavedView.objects.filter(pk=one.pk).update(position=position)
    if there != here:
        _tell(current, "moved", {"position": [here + 1, there + 1]})


@verb
def delete_view(view: SavedView, *, by: User) -> dict[str, Any]:
    """Delete a view; what it said comes back, and `save_view` makes it again of that. Raises NotAllowed."""
    current = _own(view, by)
    said = {field: getattr(current, field) for field in (*_WRITTEN, "position")}
    _tell(current, "removed", {field: [value, ""] for field, value in said.items()})
    current.delete()
    return said


def _tell(view: SavedView, deed: str, changes: dict[str, list[Any]]) -> None:
    # a list may ask for a person: its filters are kept in words of our own, not as somebody typed them
    told = {field: pair for field, pair in changes.items() if field != "query"}
    if "query" in changes:
        told["filters"] = [sorted(QueryDict(str(query)).keys()) for query in changes["query"]]
    record(SettingChanged(what="saved view", deed=deed, called=view.name, changes=told), subject=view)


def _own(view: SavedView, by: User) -> SavedView:
    current = SavedView.objects.select_for_update(of=("self",)).get(pk=view.pk)
    if current.owner_id != by.pk:
        raise NotAllowed(
            _("%(name)s saved this view. Save one of your own instead.") % {"name": current.owner}, permission=""
        )
    return current


def _name(text: str) -> str:
    try:
        name = clean(text, limit=_NAME)
    except BadText as problem:
        raise Invalid(str(problem), fields={"name": [str(problem)]}) from problem
    if not name:
        sentence = _("Give the view a name.")
        raise Invalid(sentence, fields={"name": [sentence]})
    return name


def _query(text: str) -> str:
    if len(text) > _QUERY:
        # cut somewhere, it would ask for something else
        sentence = _("This list asks for too much to be saved. Take some filters away.")
        raise Invalid(sentence, fields={"query": [sentence]})
    return text
