"""Merging records that are one person, and taking it back, for programs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ConfigDict, Field

from regulars.core import ids
from regulars.core.api import problems
from regulars.core.api.problems import Problem
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.core.errors import Invalid
from regulars.customers import presenting
from regulars.customers.actions import merging
from regulars.customers.api.people import addressed, listed
from regulars.customers.api.shapes import CustomerOut, customer_out, routes
from regulars.customers.models import Customer, MergeLink
from regulars.customers.people import records
from regulars.customers.queries.duplicates import links_of

problems.describe(
    "not-mergeable",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The records cannot become one customer"),
    text=gettext_lazy("They are one already, or one of them is deleted. “detail” says which."),
)
problems.describe(
    "not-merged",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The merge was taken back already"),
    text=gettext_lazy("Both records are customers of their own. There is nothing to take back."),
)
problems.describe(
    "pair-merged",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The two are one customer already"),
    text=gettext_lazy("Take the merge back first, then say that they are two."),
)

_MANY, _UNDO = "/customers/{customer_id}/merges", "/merges/{merge_id}/undo"
_MOST = 20
_FIELDS = ", ".join(group.name for group in presenting.GROUPS)


class MergeIn(In):
    """The records that are the same person as the customer of the address."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"others": ["cus_0q4n8c3x7m2rz"], "choices": {"name": "cus_0q4n8c3x7m2rz"}}}
    )

    others: Annotated[list[PublicId], Field(min_length=1, max_length=_MOST)]
    choices: Annotated[
        dict[str, PublicId],
        Field(
            default_factory=dict,
            max_length=len(presenting.GROUPS),
            description=f"Whose value is shown, where that is not the customer's own: {_FIELDS}.",
        ),
    ]


class UndoIn(In):
    """How a merge is taken back."""

    never_again: Annotated[bool, Field(default_factory=bool, description="Never suggest the two as one person again.")]


class MergeOut(Out):
    """A merge that holds: `merged` is `kept`. Each record has kept all that is its own."""

    id: PublicId
    kept: PublicId
    merged: PublicId
    merged_at: Moment
    choices: dict[str, PublicId]


class MergesOut(Out):
    """The merges that make several records one customer, the oldest first."""

    items: list[MergeOut]


@routes.reads(_MANY, permission="customers.view", summary="List merges", out=MergesOut)
def list_merges(request: HttpRequest, customer_id: str) -> Answer:  # noqa: ARG001 — every operation takes it
    """The merges that make several records this customer."""
    links = links_of(records(listed(customer_id)))
    return Answer(body=MergesOut(items=[_merge_out(link) for link in links]))


@routes.creates(_MANY, permission="customers.merge", summary="Merge records", out=MergesOut)
def create_merge(request: HttpRequest, customer_id: str, merge: MergeIn) -> Answer:  # noqa: ARG001
    """Make other records one person with this customer. Nothing moves, and it can be taken back at any time.

    The customer shows its own values, and of the others what it lacks; `choices` say otherwise. The ids of the others
    stay good: reading one brings this customer.
    """
    keep = listed(customer_id)
    others = [_known(public_id) for public_id in merge.others]
    known = {one.public_id: one.pk for one in [keep, *others]}
    choices = {name: known.get(public_id, 0) for name, public_id in merge.choices.items()}
    links = merging.merge(keep=keep, others=others, choices=choices)
    location = f"/api/v1/customers/{keep.public_id}/merges"
    return Answer(body=MergesOut(items=[_merge_out(link) for link in links]), location=location, about=keep.public_id)


@routes.acts(_UNDO, permission="customers.merge", summary="Take a merge back", out=CustomerOut)
def undo_merge(request: HttpRequest, merge_id: str, undo: UndoIn) -> Answer:  # noqa: ARG001
    """Take a merge back. The answer is the record that is a customer of its own again, with everything that is its own.

    What came to the merged person under the kept record's id stays there.
    """
    link = MergeLink.objects.filter(pk=MergeLink.pk_of(merge_id) or 0).first()
    if link is None:
        raise Problem("not-found", _("There is nothing with the id %(id)s here.") % {"id": merge_id})
    apart = merging.unmerge(link, is_never_again=undo.given().get("never_again", False))
    return Answer(body=customer_out(apart), version=apart.version, about=apart.public_id)


def _known(public_id: str) -> Customer:
    try:
        return addressed(public_id).person
    except Problem as missing:
        sentence = _("There is no customer with the id %(id)s.") % {"id": public_id}
        raise Invalid(sentence, fields={"others": [sentence]}) from missing


def _merge_out(link: MergeLink) -> MergeOut:
    def public(pk: Any) -> str:
        return ids.encode(Customer.id_prefix, pk)

    return MergeOut(
        id=link.public_id,
        kept=public(link.kept_id),
        merged=public(link.merged_id),
        merged_at=link.created_at,
        choices={name: public(pk) for name, pk in link.choices.items()},
    )
