"""The operations of groups: save, read, change, put away, delete, count a query, templates."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.core.api.listing import Query, neighbours, parameter
from regulars.core.api.preconditions import must_match
from regulars.core.api.problems import Problem
from regulars.core.api.routes import Answer
from regulars.core.errors import Invalid
from regulars.segments import ready
from regulars.segments.actions import groups as verbs
from regulars.segments.api.reading import day_of, found, node_of, placed
from regulars.segments.api.shapes import (
    CountOut,
    QueryIn,
    SegmentIn,
    SegmentOut,
    SegmentPatch,
    SegmentsOut,
    SizeOut,
    SizesOut,
    TemplateOut,
    TemplatesOut,
    routes,
    segment_out,
)
from regulars.segments.engine import asking
from regulars.segments.models import Group, Size
from regulars.segments.queries.seeing import seen, sees

_ALL, _ONE = "/segments", "/segments/{segment_id}"
_PAGE = [
    parameter("archived", "Groups that were put away, instead of the others.", enum=["", "yes", "no"]),
    parameter("limit", "How many entries a page has.", pattern="^[0-9]*$", examples=["50"]),
    parameter("after", "The cursor of a page: entries that follow it. Take it from `next` of the page before."),
]


@routes.acts("/segments/count", permission="segments.view", summary="Count a query", out=CountOut)
def count_query(request: HttpRequest, body: QueryIn) -> Answer:
    """How many customers a query finds now, or at the end of an earlier day, without saving it.

    A query that cannot be understood is answered with its place: `span`, from the first character to behind the last.
    """
    node = node_of(body.query, reader=request.auth)  # type: ignore[attr-defined]
    number = asking.count(node, as_of=day_of(body.as_of))
    return Answer(body=CountOut(query=asking.canonical(node), count=number))


@routes.reads("/segment_templates", permission="segments.view", summary="List ready templates", out=TemplatesOut)
def list_templates(request: HttpRequest) -> Answer:  # noqa: ARG001 — every operation takes it
    """Queries to begin with, as this shop would ask them: its country, its commonest city, one of its channels."""
    items = [
        TemplateOut(
            key=one.key,
            category=str(one.category.value),
            title=str(one.title),
            description=str(one.description),
            query=one.query,
        )
        for one in ready.templates()
    ]
    return Answer(body=TemplatesOut(items=items))


@routes.reads(_ALL, permission="segments.view", summary="List groups", out=SegmentsOut, parameters=_PAGE)
def list_segments(request: HttpRequest) -> Answer:
    """The groups whose rules the token's owner may ask, and hand-picked ones."""
    query = Query(request)
    archived = query.choices("archived", ("yes", "no"))
    limit, after = query.limit(), query.row_id("after", Group)
    query.refuse_rest()
    rows = Group.objects.select_related("folder").order_by("pk").filter(pk__gt=after or 0)
    rows = rows.filter(archived_at__isnull="yes" not in archived)
    page = seen(rows, request.auth)[: limit + 1]  # type: ignore[attr-defined]
    following = page[limit - 1].public_id if len(page) > limit else ""
    links = neighbours(request, next_cursor=following, previous_cursor="")
    items = [segment_out(group) for group in page[:limit]]
    return Answer(body=SegmentsOut(items=items, next=links.get("next")), links=links)


@routes.creates(_ALL, permission="segments.edit", summary="Save a group", out=SegmentOut)
def create_segment(request: HttpRequest, segment: SegmentIn) -> Answer:
    """Save a group by a rule, kept in its canonical text, or a hand-picked one.

    Whoever the rule gives is in the group from the beginning; who joins and leaves later is told on their timelines and
    to webhooks, as `customer.joined_segment` and `customer.left_segment`.
    """
    with placed():
        made = verbs.create_group(
            name=segment.name,
            query=segment.query,
            description=segment.description,
            folder=segment.folder,
            template=segment.template,
            by=request.auth,  # type: ignore[attr-defined]
        )
    return _answer(made, location=f"/api/v1/segments/{made.public_id}")


@routes.reads(_ONE, permission="segments.view", summary="Read a group", out=SegmentOut)
def get_segment(request: HttpRequest, segment_id: str) -> Answer:
    """A group with its rule and its size."""
    return _answer(found(request, segment_id))


@routes.changes(_ONE, permission="segments.edit", summary="Change a group", out=SegmentOut)
def change_segment(request: HttpRequest, segment_id: str, segment: SegmentPatch) -> Answer:
    """Change what is sent; put a group away, or take it out again. A new name is written into the rules that use it."""
    known = found(request, segment_id, to_change=True)
    must_match(request, known, shown=segment_out(known))
    sent = segment.given()
    is_archived = sent.pop("is_archived", None)
    if sent:
        with placed():
            known = verbs.change_group(known, by=request.auth, **sent)  # type: ignore[attr-defined]
    if is_archived is not None:
        known = verbs.archive_group(known, is_archived=is_archived)
    return _answer(known)


@routes.removes(_ONE, permission="segments.edit", summary="Delete a group")
def delete_segment(request: HttpRequest, segment_id: str) -> Answer:
    """Delete a group that no other group is built from. For 30 days it can be brought back."""
    known = found(request, segment_id, to_change=True)
    must_match(request, known, shown=segment_out(known))
    verbs.delete_group(known)
    return Answer()


@routes.acts(f"{_ONE}/restore", permission="segments.edit", summary="Bring back a group", out=SegmentOut)
def restore_segment(request: HttpRequest, segment_id: str) -> Answer:
    """Bring back a deleted group. 409 where another group has its name now."""
    gone = Group.everything.filter(pk=Group.pk_of(segment_id) or 0).first()
    if gone is None or not sees(gone, request.auth):  # type: ignore[attr-defined]
        raise Problem("not-found", _("There is nothing with the id %(id)s here.") % {"id": segment_id})
    if gone.deleted_at is None:
        sentence = _("This group is not deleted.")
        raise Invalid(sentence, fields={"segment_id": [sentence]})
    return _answer(verbs.restore_group(gone))


@routes.reads(f"{_ONE}/sizes", permission="segments.view", summary="List the sizes of a group", out=SizesOut)
def list_segment_sizes(request: HttpRequest, segment_id: str) -> Answer:
    """How many were in a group at the end of each day, of the last two years."""
    group = found(request, segment_id)
    rows = Size.objects.filter(group=group).order_by("-day")[:731]
    return Answer(body=SizesOut(items=[SizeOut(day=one.day, count=one.count) for one in reversed(rows)]))


def _answer(group: Group, *, location: str = "") -> Answer:
    return Answer(body=segment_out(group), version=group.version, location=location)
