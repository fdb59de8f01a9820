"""Filters of the customer list that groups give: `segment=grp_…`, and `query=` for a query that nobody saved."""

from __future__ import annotations

from typing import Any

import numpy as np
from babel.lists import format_list
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from pyroaring import BitMap

from regulars.core.errors import Invalid, Refusal
from regulars.core.money import babel_locale
from regulars.customers.catalogue import Field, Given, Type
from regulars.customers.grams import Ids
from regulars.segments.bits import unpacked
from regulars.segments.engine import asking
from regulars.segments.language.tree import Node
from regulars.segments.models import Group
from regulars.segments.queries.seeing import sees

SEGMENT, QUERY = "segment", "query"


def _groups(value: str, reader: Any) -> Given:
    """Whoever is in one of some groups, by their ids."""
    asked = list(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))
    known = Group.objects.in_bulk([pk for pk in map(Group.pk_of, asked) if pk])
    groups = [known.get(Group.pk_of(word) or 0) for word in asked]
    unknown = [word for word, group in zip(asked, groups, strict=True) if group is None or not sees(group, reader)]
    if unknown or not asked:
        sentence = _("There is no group “%(id)s”.") % {"id": (unknown or [value])[0][:40]}
        raise Invalid(sentence, fields={SEGMENT: [sentence]})
    found = [group for group in groups if group is not None]

    def ids() -> Ids:
        members = BitMap()
        for group in found:
            members |= unpacked(group.members)
        return as_ids(members)

    words = format_list([group.name for group in found], style="or", locale=babel_locale(get_language() or "en"))
    return Given(value=",".join(group.public_id for group in found), words=words, ids=ids)


def _query(value: str, reader: Any) -> Given:
    """Whoever a query finds, of those whom the reader sees. Raises Invalid with the sentence of what is wrong in it."""
    try:
        node: Node = asking.read(value, reader=reader)
    except Refusal as refusal:
        raise Invalid(refusal.sentence, fields={QUERY: [refusal.sentence]}) from refusal
    text = asking.canonical(node)

    def ids() -> Ids:
        try:
            return as_ids(asking.members(node))
        except Refusal as refusal:
            raise Invalid(refusal.sentence, fields={QUERY: [refusal.sentence]}) from refusal

    return Given(value=text, words=text, ids=ids)


def as_ids(members: BitMap) -> Ids:
    """Customers as lists count with them."""
    return np.asarray(members.to_array(), dtype=np.int64)


def _choices() -> list[tuple[str, str]]:
    groups = Group.objects.filter(archived_at__isnull=True).only("name")
    return [(group.public_id, group.name) for group in groups]


FIELDS = (
    Field(
        name=SEGMENT,
        label=gettext_lazy("Group"),
        type=Type.CHOICE,
        give=_groups,
        choices=_choices,
        permission="segments.view",
        is_column=False,
    ),
    Field(
        name=QUERY,
        label=gettext_lazy("Query"),
        type=Type.QUERY,
        give=_query,
        permission="segments.view",
        is_column=False,
    ),
)
