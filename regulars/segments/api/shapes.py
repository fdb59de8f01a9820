"""What a group looks like, coming in and going out."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import ConfigDict, Field

from regulars.core.api import problems
from regulars.core.api.routes import Routes
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.customers.api.shapes import CustomerOut
from regulars.segments.models import Group

routes = Routes(tags=["Groups"])

problems.describe(
    "segment-taken",
    status=HTTPStatus.CONFLICT,
    title=_("There is a group of this name"),
    text=_("A name is one group, whatever its capitals and accents. Choose another name."),
)
problems.describe(
    "segment-in-use",
    status=HTTPStatus.CONFLICT,
    title=_("Other groups are built from this group"),
    text=_("The detail names them. Change their rules first, then put this group away or delete it."),
)

LONGEST_QUERY = 100_000
_EXAMPLE = "number_of_orders >= 3 AND last_order_date >= -6m"

QueryText = Annotated[str, Field(max_length=LONGEST_QUERY, examples=[_EXAMPLE])]
Day = Annotated[
    str | None,
    Field(default=None, pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="As of the end of this day of the shop."),
]


class SegmentIn(In):
    """A new group: by the rule in `query`, or hand-picked where there is none."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Regulars of this year", "query": _EXAMPLE}})

    name: Annotated[str, Field(max_length=80)]
    query: Annotated[QueryText | None, Field(default=None)]
    description: Annotated[str, Field(default_factory=str, max_length=300)]
    folder: Annotated[str, Field(default_factory=str, max_length=80, description="Made where it is new.")]
    template: Annotated[
        str, Field(default_factory=str, max_length=60, description="The key of the template it is from.")
    ]


class SegmentPatch(In):
    """What to change of a group; what is not sent stays. A changed rule begins anew, and tells nobody."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Regulars"}})

    name: Annotated[str, Field(default_factory=str, max_length=80)]
    query: Annotated[QueryText, Field(default_factory=str)]
    description: Annotated[str, Field(default_factory=str, max_length=300)]
    folder: Annotated[str, Field(default_factory=str, max_length=80)]
    is_archived: Annotated[bool, Field(default_factory=bool)]


class SegmentOut(Out):
    """A group. `size` is how many were in it when it was followed last; `problem` why its rule cannot be asked now."""

    id: PublicId
    version: int
    name: str
    description: str
    is_by_rule: bool
    query: str
    template: str
    folder: str
    is_archived: bool
    size: int
    counted_at: Moment | None
    begun_at: Moment
    problem: str
    created_at: Moment
    updated_at: Moment


class SegmentsOut(Out):
    """A page of groups, in the order in which they were saved."""

    items: list[SegmentOut]
    next: str | None


class QueryIn(In):
    """A query that need not be saved."""

    model_config = ConfigDict(json_schema_extra={"example": {"query": _EXAMPLE}})

    query: QueryText
    as_of: Day


class CountOut(Out):
    """How many a query finds; `query` is its canonical text."""

    query: str
    count: int


class TemplateOut(Out):
    """A ready template."""

    key: str
    category: str
    title: str
    description: str
    query: str


class TemplatesOut(Out):
    """All ready templates."""

    items: list[TemplateOut]


class MembersOut(Out):
    """A page of customers in a group, by their ids; `count` is how many there are altogether."""

    items: list[CustomerOut]
    count: int
    next: str | None


class PickIn(In):
    """Customers by their ids."""

    model_config = ConfigDict(json_schema_extra={"example": {"customers": ["cus_0000000000000"]}})

    customers: Annotated[list[PublicId], Field(min_length=1, max_length=10_000)]


class PickedOut(Out):
    """How many moved, and how many are in the group now."""

    changed: int
    size: int


class WhyOut(Out):
    """A clause of the rule: whether it is true of the customer, and why."""

    query: str
    words: str
    is_true: bool
    value: str


class ExplanationOut(Out):
    """Why somebody is in a group, or is not. `flip` is the smallest change that would turn the answer round."""

    is_in: bool
    reasons: list[WhyOut]
    flip: str
    flips_on: dt.date | None


class SizeOut(Out):
    """How many were in a group at the end of a day."""

    day: dt.date
    count: int


class SizesOut(Out):
    """The sizes of a group, day by day; days on which nothing was followed are left out."""

    items: list[SizeOut]


def segment_out(group: Group) -> SegmentOut:
    """A group as it goes out."""
    return SegmentOut(
        id=group.public_id,
        version=group.version,
        name=group.name,
        description=group.description,
        is_by_rule=group.is_by_rule,
        query=group.query,
        template=group.template,
        folder=group.folder.name if group.folder else "",
        is_archived=group.archived_at is not None,
        size=group.size,
        counted_at=group.counted_at,
        begun_at=group.begun_at,
        problem=group.problem,
        created_at=group.created_at,
        updated_at=group.updated_at,
    )
