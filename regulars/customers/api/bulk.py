"""The operations of work on many customers: plan it, look at the plan, apply it, take it back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ConfigDict, Field

from regulars.core.api import problems
from regulars.core.api.listing import USUAL_LIMIT, Query, neighbours, parameter
from regulars.core.api.preconditions import find
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.core.errors import Invalid
from regulars.customers import customfields
from regulars.customers.actions import bulk as verbs
from regulars.customers.api.shapes import routes
from regulars.customers.bulk import action as actions
from regulars.customers.bulk import reading
from regulars.customers.bulk.selection import Selection
from regulars.customers.models import Change, ChangeSet, Customer
from regulars.staff.access import check

_ONE = "/customers/bulk/{change_id}"
_MOST_IDS = 10_000

problems.describe(
    "not-possible-now",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The change of many customers is not in a state for this"),
    text=gettext_lazy(
        "A plan is applied once, while it is planned (or was stopped half-way); what was applied can be undone for 30 "
        "days, an import always. Read the change to see where it stands."
    ),
)


class BulkIn(In):
    """What is to be done, with what, and to whom: either `ids`, or everybody in the list that `query` writes."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"action": "tag", "params": {"tags": ["spring-card"]}, "query": "status=active"}}
    )

    action: Annotated[str, Field(max_length=40, description="tag, untag, category, assign, status, field, withdraw, …")]
    params: Annotated[
        dict[str, str | int | bool | list[str] | None],
        Field(
            default_factory=dict, description="With what: `{tags}`, `{value}`, `{field, value}`, `{channels}`, or {}."
        ),
    ]
    ids: Annotated[list[PublicId], Field(default_factory=list, max_length=_MOST_IDS, description="Customers by id.")]
    query: Annotated[
        str,
        Field(
            default_factory=str,
            max_length=4000,
            description="The parameters of GET /customers, as an address has them.",
        ),
    ]


class ApplyIn(In):
    """Why it is done; deleting and the withdrawal of consent need it."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Closed accounts"}})

    reason: Annotated[str, Field(default_factory=str, max_length=250)]


class ChangeSetOut(Out):
    """Work on many customers. `counts` are those of its lines by outcome and by what became of them."""

    id: PublicId
    action: str
    title: str
    state: Annotated[str, Field(description="planning, planned, applying, applied, undoing, undone, stopped or failed")]
    counts: dict[str, Any]
    reason: str
    problem: str
    done: int
    total: int
    made_by: str | None
    created_at: Moment
    applied_at: Moment | None
    undone_at: Moment | None
    undo_until: Moment | None


class ChangeSetsOut(Out):
    """A page of the log, newest first."""

    items: list[ChangeSetOut]
    next: str | None


class ChangedOut(Out):
    """A line of a plan, and what became of it. `changes` is {field: [old, new]}."""

    customer: str | None
    label: str
    outcome: str
    state: str
    reason: str
    changes: dict[str, Any]


class LinesOut(Out):
    """A page of lines, in the order of the plan."""

    items: list[ChangedOut]
    next: str | None


_PAGE = [
    parameter("limit", "How many entries a page has.", pattern="^[0-9]*$", examples=[str(USUAL_LIMIT)]),
    parameter("after", "The cursor of a page: entries that follow it. Take it from `next` of the page before."),
]
_OUTCOMES = parameter("outcome", "Only lines of these outcomes.", examples=["changed", "refused"])


@routes.acts(
    "/customers/bulk",
    status=HTTPStatus.ACCEPTED,
    permission="customers.edit",
    summary="Plan a change of many customers",
    out=ChangeSetOut,
)
def plan_bulk(request: HttpRequest, bulk: BulkIn) -> Answer:
    """Say what would be changed, and for whom; nothing is changed yet.

    Few customers are planned when the answer comes; a large plan is made in the background: read it until its `state`
    is `planned`, look at its lines, then apply it.
    """
    sent = bulk.given()
    action = actions.get(bulk.action)
    if action is None:
        known = ", ".join(one.name for one in actions.actions())
        sentence = _("There is no action “%(name)s”, only: %(known)s.") % {"name": bulk.action[:40], "known": known}
        raise Invalid(sentence, fields={"action": [sentence]})
    check(request.auth, action.permission)  # type: ignore[attr-defined]
    if ("ids" in sent) is ("query" in sent):
        sentence = _("Send either ids or query.")
        raise Invalid(sentence, fields={"ids": [sentence]})
    params = action.form.checked(sent.get("params", {}), reader=request.auth)  # type: ignore[attr-defined]
    made = verbs.plan(action=action, params=params, selection=_selection(sent), source="api")
    return _answer(made, location=f"/api/v1/customers/bulk/{made.public_id}")


@routes.reads(
    "/customers/bulk",
    permission="customers.view",
    summary="List changes of many customers",
    out=ChangeSetsOut,
    parameters=_PAGE,
)
def list_bulk(request: HttpRequest) -> Answer:
    """Everything that was planned or done with many customers, imports too, newest first."""
    query = Query(request)
    limit, after = query.limit(), _after(query)
    query.refuse_rest()
    rows = ChangeSet.objects.select_related("made_by").order_by("-id")
    found = list((rows.filter(id__lt=after) if after else rows)[: limit + 1])
    links = neighbours(request, next_cursor=str(found[limit - 1].pk) if len(found) > limit else "", previous_cursor="")
    items = [_out(change_set) for change_set in found[:limit]]
    return Answer(body=ChangeSetsOut(items=items, next=links.get("next")), links=links)


@routes.reads(_ONE, permission="customers.view", summary="Read a change of many customers", out=ChangeSetOut)
def get_bulk(request: HttpRequest, change_id: str) -> Answer:  # noqa: ARG001 — every operation takes it
    """Where it stands: how many it would change, has changed, or has changed back."""
    return _answer(find(ChangeSet, change_id))


@routes.reads(
    f"{_ONE}/lines",
    permission="customers.view",
    summary="List the lines of a change of many customers",
    out=LinesOut,
    parameters=[_OUTCOMES, *_PAGE],
)
def list_bulk_lines(request: HttpRequest, change_id: str) -> Answer:
    """Every customer of the plan: what changes from what to what, or why it is refused, and what became of it."""
    change_set = find(ChangeSet, change_id)
    query = Query(request)
    outcomes, limit, after = query.choices("outcome", Change.Outcome.values), query.limit(), _after(query)
    query.refuse_rest()
    rows = Change.objects.filter(change_set=change_set, id__gt=after or 0).defer("images").order_by("id")
    found = list((rows.filter(outcome__in=outcomes) if outcomes else rows)[: limit + 1])
    links = neighbours(request, next_cursor=str(found[limit - 1].pk) if len(found) > limit else "", previous_cursor="")
    hidden = customfields.hidden_from(request.auth)  # type: ignore[attr-defined]
    items = [ChangedOut(**reading.plain(line, hidden=hidden)) for line in found[:limit]]
    return Answer(body=LinesOut(items=items, next=links.get("next")), links=links)


@routes.acts(
    f"{_ONE}/apply",
    status=HTTPStatus.ACCEPTED,
    permission="customers.edit",
    summary="Apply a change of many customers",
    out=ChangeSetOut,
)
def apply_bulk(request: HttpRequest, change_id: str, body: ApplyIn) -> Answer:
    """Do what was planned. What changed since the plan was made is left out, and its line says so."""
    return _answer(verbs.apply(_allowed(request, change_id), reason=body.reason))


@routes.acts(
    f"{_ONE}/undo",
    status=HTTPStatus.ACCEPTED,
    permission="customers.edit",
    summary="Undo a change of many customers",
    out=ChangeSetOut,
)
def undo_bulk(request: HttpRequest, change_id: str) -> Answer:
    """Change everybody back as they were. What somebody changed since stays, and its line says so."""
    return _answer(verbs.undo(_allowed(request, change_id)))


@routes.acts(
    f"{_ONE}/stop",
    permission="customers.edit",
    summary="Stop a change of many customers",
    out=ChangeSetOut,
)
def stop_bulk(request: HttpRequest, change_id: str) -> Answer:
    """Stop what is under way; what is done stays done, and can be undone."""
    return _answer(verbs.stop(_allowed(request, change_id)))


def _allowed(request: HttpRequest, change_id: str) -> ChangeSet:
    change_set = find(ChangeSet, change_id)
    check(request.auth, verbs.action_of(change_set).permission)  # type: ignore[attr-defined]
    return change_set


def _selection(sent: dict[str, Any]) -> Selection:
    if "query" in sent:
        return Selection(query=sent["query"])
    numbers = [Customer.pk_of(public_id) for public_id in sent["ids"]]
    return Selection(ids=tuple(number for number in numbers if number))


def _after(query: Query) -> int:
    text = query.text("after")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        sentence = _("The address names a page that does not exist. Begin at the first page.")
        raise Invalid(sentence, fields={"after": [sentence]})
    return int(text)


def _out(change_set: ChangeSet) -> ChangeSetOut:
    return ChangeSetOut(
        id=change_set.public_id,
        action=change_set.action,
        title=reading.title_of(change_set),
        state=change_set.state,
        counts=change_set.counts,
        reason=change_set.reason,
        problem=change_set.problem,
        done=change_set.done,
        total=change_set.total,
        made_by=change_set.made_by.public_id if change_set.made_by else None,
        created_at=change_set.created_at,
        applied_at=change_set.applied_at,
        undone_at=change_set.undone_at,
        undo_until=change_set.undo_until,
    )


def _answer(change_set: ChangeSet, *, location: str = "") -> Answer:
    return Answer(body=_out(change_set), location=location)
