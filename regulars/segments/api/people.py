"""The operations of groups that are about customers: who is in one, why, and who is put there by hand."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.core.api.listing import DAY, Query, neighbours, parameter
from regulars.core.api.routes import Answer
from regulars.core.errors import Invalid
from regulars.customers import reads
from regulars.customers.api.people import listed
from regulars.customers.api.shapes import customers_out
from regulars.customers.bulk.selection import visible
from regulars.customers.models import Customer
from regulars.segments.actions import picking
from regulars.segments.api.reading import day_of, found, placed
from regulars.segments.api.shapes import (
    ExplanationOut,
    MembersOut,
    PickedOut,
    PickIn,
    WhyOut,
    routes,
)
from regulars.segments.engine import asking
from regulars.segments.language.tree import InGroups
from regulars.segments.models import Group

_ONE = "/segments/{segment_id}"
_AS_OF = parameter("as_of", "As of the end of this day of the shop.", **DAY)
_PAGE = [
    _AS_OF,
    parameter("limit", "How many entries a page has.", pattern="^[0-9]*$", examples=["50"]),
    parameter("after", "The cursor of a page: entries that follow it. Take it from `next` of the page before."),
]


@routes.reads(
    f"{_ONE}/members",
    permission="segments.view",
    summary="List who is in a group",
    out=MembersOut,
    parameters=_PAGE,
)
def list_segment_members(request: HttpRequest, segment_id: str) -> Answer:
    """The customers in a group at this moment, or at the end of an earlier day, by their ids.

    A hand-picked group has whom it has today, whatever day is asked for.
    """
    group = found(request, segment_id)
    query = Query(request)
    as_of, limit, after = day_of(query.text("as_of")), query.limit(), query.row_id("after", Customer)
    query.refuse_rest()
    with placed("segment_id", "path"):
        members = asking.members(InGroups((group.name,)), as_of=as_of)
    start = members.rank(min(after, 2**32 - 1)) if after else 0
    ids = list(members[start : start + limit])
    customers = sorted(Customer.objects.filter(pk__in=ids), key=lambda one: one.pk)
    following = Customer(pk=ids[-1]).public_id if ids and start + limit < len(members) else ""
    reads.searched(f"segment={group.public_id}", customers, "list")
    links = neighbours(request, next_cursor=following, previous_cursor="")
    items = customers_out(customers, reader=request.auth)  # type: ignore[attr-defined]
    return Answer(body=MembersOut(items=items, count=len(members), next=links.get("next")), links=links)


@routes.acts(
    f"{_ONE}/members", permission="segments.edit", summary="Put customers into a hand-picked group", out=PickedOut
)
def add_segment_members(request: HttpRequest, segment_id: str, body: PickIn) -> Answer:
    """Put customers into a group by hand; who is in it already stays."""
    group = found(request, segment_id)
    moved = picking.pick(group, customers=_customers(body))
    return _picked(group, len(moved))


@routes.acts(
    f"{_ONE}/members/remove",
    permission="segments.edit",
    summary="Take customers out of a hand-picked group",
    out=PickedOut,
)
def remove_segment_members(request: HttpRequest, segment_id: str, body: PickIn) -> Answer:
    """Take customers out of a group that somebody put them into by hand."""
    group = found(request, segment_id)
    moved = picking.unpick(group, customers=_customers(body))
    return _picked(group, len(moved))


@routes.reads(
    f"{_ONE}/members/{{customer_id}}",
    permission="segments.view",
    summary="Explain why a customer is in a group",
    out=ExplanationOut,
    parameters=[_AS_OF],
)
def explain_segment_member(request: HttpRequest, segment_id: str, customer_id: str) -> Answer:
    """Each clause of the rule, whether it is true of this customer, and what would turn the answer round."""
    group = found(request, segment_id)
    customer = listed(customer_id)
    query = Query(request)
    as_of = day_of(query.text("as_of"))
    query.refuse_rest()
    with placed("segment_id", "path"):
        node = asking.read(group.query, reader=request.auth) if group.is_by_rule else InGroups((group.name,))  # type: ignore[attr-defined]
        told = asking.explain(node, customer, as_of=as_of)
    reasons = [
        WhyOut(query=one.text, words=str(one.words), is_true=one.is_true, value=str(one.value or ""))
        for one in told.reasons
    ]
    return Answer(
        body=ExplanationOut(is_in=told.is_in, reasons=reasons, flip=str(told.flip or ""), flips_on=told.flips_on)
    )


def _customers(body: PickIn) -> list[int]:
    """The ids that were sent, of customers whom the caller sees. Raises Invalid where one is nobody's."""
    numbers = [Customer.pk_of(one) or 0 for one in body.customers]
    known = set(visible(numbers)) & set(Customer.everyone.filter(pk__in=numbers).values_list("pk", flat=True))
    unknown = [one for one, number in zip(body.customers, numbers, strict=True) if number not in known]
    if unknown:
        sentence = _("There is no customer with the id %(id)s.") % {"id": unknown[0]}
        raise Invalid(sentence, fields={"customers": [sentence]})
    return numbers


def _picked(group: Group, moved: int) -> Answer:
    group.refresh_from_db()
    return Answer(body=PickedOut(changed=moved, size=group.size))
