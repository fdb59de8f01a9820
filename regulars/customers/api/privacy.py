"""People's rights, for programs: write a request down, see how far it is, and take the copy of somebody's data."""

from __future__ import annotations

import datetime as dt
import io
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.core.api.problems import Problem
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.customers.actions.privacy import ask_for_right, make_copy
from regulars.customers.api.people import listed
from regulars.customers.api.shapes import routes
from regulars.customers.models import PrivacyRequest

_ONE = "/privacy-requests/{request_id}"

Right = Literal["copy", "portability", "correction", "restriction", "objection", "erasure"]
LawCode = Literal["gdpr", "uk_gdpr", "pipl", "ccpa", "other"]


class PrivacyRequestIn(In):
    """What a customer asks for."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "copy", "law": "gdpr", "details": "By e-mail"}})

    kind: Right
    law: Annotated[LawCode | None, Field(default=None, description="The law they ask under; else the shop's own.")]
    details: Annotated[str, Field(default="", max_length=10_000)]


class PrivacyRequestOut(Out):
    """A request, and until when it is answered."""

    id: PublicId
    customer: PublicId | None
    kind: Right
    law: LawCode
    asked_on: dt.date
    due_on: dt.date
    state: Literal["open", "done", "refused", "withdrawn"]
    answered_at: Moment | None


class CopyOut(Out):
    """Everything that is known of a person; the files are in the packed copy alone, which staff make."""

    format: Annotated[str, Field(examples=["regulars.person/1"])]
    made_at: str
    shop: str
    person: dict[str, Any]
    data: Annotated[dict[str, list[dict[str, Any]]], Field(description="The rows of each table, by what holds them.")]
    files: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    recipients: list[dict[str, Any]]
    accesses: list[dict[str, Any]]
    purposes: list[dict[str, Any]]
    portable: Annotated[dict[str, Any], Field(description="What another shop can take in.")]
    digest: Annotated[str, Field(description="SHA-256 of `portable`.")]


@routes.creates(
    "/customers/{customer_id}/privacy-requests",
    permission="privacy.edit",
    summary="Write down a privacy request",
    out=PrivacyRequestOut,
)
def create_privacy_request(request: HttpRequest, customer_id: str, asked: PrivacyRequestIn) -> Answer:  # noqa: ARG001
    """Write down that a customer asks for a right. Until when it is answered follows from the law."""
    customer = listed(customer_id)
    found = ask_for_right(
        customer,
        kind=asked.kind,
        law=asked.law or "",
        way=PrivacyRequest.Way.API,
        details=asked.details,
    )
    location = f"/api/v1/privacy-requests/{found.public_id}"
    return Answer(body=_out(found), location=location, about=customer.public_id)


@routes.reads(_ONE, permission="privacy.view", summary="Read a privacy request", out=PrivacyRequestOut)
def read_privacy_request(request: HttpRequest, request_id: str) -> Answer:  # noqa: ARG001 — every operation takes it
    """One request, and how far it is."""
    rows = PrivacyRequest.objects.select_related("customer", "customer__merged_into")
    found = rows.filter(pk=PrivacyRequest.pk_of(request_id) or 0).first()
    if found is None:
        raise Problem("not-found", _("There is nothing with the id %(id)s here.") % {"id": request_id})
    return Answer(body=_out(found))


@routes.acts("/customers/{customer_id}/copy", permission="privacy.edit", summary="Copy a person's data", out=CopyOut)
def copy_person(request: HttpRequest, customer_id: str) -> Answer:  # noqa: ARG001
    """Everything that is known of a customer, on whichever record it hangs. That it was made is written down."""
    customer = listed(customer_id)
    copy = make_copy(customer, io.BytesIO())
    return Answer(body=CopyOut(**copy), about=customer.public_id)


def _out(found: PrivacyRequest) -> PrivacyRequestOut:
    return PrivacyRequestOut(
        id=found.public_id,
        customer=found.customer.person.public_id if found.customer else None,
        kind=found.kind,  # type: ignore[arg-type]
        law=found.law,  # type: ignore[arg-type]
        asked_on=found.asked_on,
        due_on=found.due_on,
        state=found.state,  # type: ignore[arg-type]
        answered_at=found.answered_at,
    )
