"""What groups let people do with many customers: put them into a hand-picked group, and take them out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pyroaring import BitMap

from regulars.core.errors import Invalid
from regulars.customers.bulk.action import Action, Images, Line, Outcome, Params
from regulars.customers.bulk.forms import BulkForm
from regulars.customers.journal import Image
from regulars.customers.models import Customer
from regulars.customers.standings import id_list
from regulars.segments.actions import picking
from regulars.segments.bits import unpacked
from regulars.segments.models import Group

_FIELD = "segment"
_PICKED = "picked"


class GroupForm(BulkForm):
    """One of the hand-picked groups."""

    group = forms.ChoiceField(
        label=gettext_lazy("Group"),
        help_text=gettext_lazy("Hand-picked groups. Who is in a group by rule says its rule."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Group.objects.filter(is_by_rule=False, archived_at__isnull=True).only("name")
        choices = [(group.public_id, group.name) for group in known]
        self.fields["group"].choices = [("", _("Choose a group")), *choices]  # type: ignore[attr-defined]


def _group(params: Params) -> Group:
    group = Group.objects.filter(pk=Group.pk_of(str(params["group"])) or 0, is_by_rule=False).first()
    if group is None:
        sentence = _("This group was deleted meanwhile.")
        raise Invalid(sentence, fields={"group": [sentence]})
    return group


def add_title(params: Params) -> str:
    """Add to the group “Friends of the house”."""
    return _("Add to the group “%(name)s”") % {"name": _group(params)}


def remove_title(params: Params) -> str:
    """Take out of the group “Friends of the house”."""
    return _("Take out of the group “%(name)s”") % {"name": _group(params)}


def plan_add(numbers: Sequence[int], params: Params) -> Iterable[Line]:
    """Who is not in it yet."""
    return _plan(numbers, params, is_adding=True)


def plan_remove(numbers: Sequence[int], params: Params) -> Iterable[Line]:
    """Who is in it."""
    return _plan(numbers, params, is_adding=False)


def _plan(numbers: Sequence[int], params: Params, *, is_adding: bool) -> Iterable[Line]:
    group = _group(params)
    members = unpacked(group.members)
    fields = {_FIELD: ["", group.name] if is_adding else [group.name, ""]}
    for number in Customer.objects.filter(id__in=id_list(numbers)).values_list("id", flat=True):
        moves = (number in members) is not is_adding
        yield Line(number, Outcome.CHANGED if moves else Outcome.SAME, fields if moves else {})


def apply_add(numbers: Sequence[int], params: Params, _at: dt.datetime) -> Images:
    """Put them there."""
    group = _group(params)
    return _images(group, picking.pick(group, customers=numbers), is_in=True)


def apply_remove(numbers: Sequence[int], params: Params, _at: dt.datetime) -> Images:
    """Take them out."""
    group = _group(params)
    return _images(group, picking.unpick(group, customers=numbers), is_in=False)


def take_back(changes: Sequence[tuple[int, Sequence[Image]]]) -> dict[int, str]:
    """Who is still where they were put goes back; who was moved since stays."""
    moved: dict[tuple[int, bool], list[int]] = {}
    for number, images in changes:
        for name, key, _before, after in images:
            if name == _PICKED:
                moved.setdefault((key, after["is_in"]), []).append(number)
    kept: dict[int, str] = {}
    for (key, is_in), numbers in moved.items():
        group = Group.objects.filter(pk=key).first()
        if group is None:
            kept |= dict.fromkeys(numbers, _("The group was deleted since."))
            continue
        went = (picking.unpick if is_in else picking.pick)(group, customers=numbers)
        stayed = [number for number in numbers if number not in went]
        kept |= dict.fromkeys(stayed, _("Somebody put them there, or took them out, since."))
    return kept


def _images(group: Group, moved: BitMap, *, is_in: bool) -> Images:
    return {number: [[_PICKED, group.pk, None, {"is_in": is_in}]] for number in moved}


ACTIONS = (
    Action(
        name="add_to_group",
        label=gettext_lazy("Add to a group"),
        icon="circle-plus",
        permission="segments.edit",
        form=GroupForm,
        title=add_title,
        plan=plan_add,
        apply=apply_add,
        take_back=take_back,
        key="g",
        order=40,
    ),
    Action(
        name="remove_from_group",
        label=gettext_lazy("Take out of a group"),
        icon="circle-minus",
        permission="segments.edit",
        form=GroupForm,
        title=remove_title,
        plan=plan_remove,
        apply=apply_remove,
        take_back=take_back,
        order=45,
    ),
)
