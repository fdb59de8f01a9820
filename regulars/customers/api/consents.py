"""The operations of consent."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Annotated, Any, Literal, cast

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from pydantic import ConfigDict, Field

from regulars.core.api import problems
from regulars.core.api.preconditions import find
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import In, Moment, Out
from regulars.customers import consents
from regulars.customers.actions.consent import record_consent
from regulars.customers.api.shapes import routes
from regulars.customers.models import ConsentRecord, Customer
from regulars.customers.people import records

problems.describe(
    "asked-already",
    status=HTTPStatus.CONFLICT,
    title=_("A confirmation mail is on its way"),
    text=_("Ten minutes must pass before the same person is asked by mail again."),
)
problems.describe(
    "link-too-old",
    status=HTTPStatus.CONFLICT,
    title=_("The link does not work any more"),
    text=_("Confirmation links work for fourteen days. Ask the customer again."),
)

_MANY = "/customers/{customer_id}/consents"

MediumName = Literal["email", "sms", "whatsapp", "phone", "post"]
StateName = Literal["asked", "agreed", "refused"]
Source = Literal["checkout", "form", "unsubscribe", "staff", "channel", "api"]


class ConsentIn(In):
    """What a customer said."""

    model_config = ConfigDict(json_schema_extra={"example": {"medium": "email", "state": "agreed", "source": "form"}})

    medium: MediumName
    state: Literal["agreed", "refused"]
    source: Annotated[Source, Field(default="api", description="Where they said it.")]
    at: Annotated[Moment | None, Field(default=None, description="When they said it; else now.")]
    value: Annotated[
        str, Field(default_factory=str, max_length=254, description="The address or number it is for; else theirs.")
    ]
    reason: Annotated[str, Field(default_factory=str, max_length=250, description="Needed where staff was told.")]
    proof: Annotated[dict[str, Any], Field(default_factory=dict, description="What shows it: address, page, form.")]


class ConsentOut(Out):
    """One line of the ledger of consent."""

    medium: MediumName
    purpose: str
    state: StateName
    source: str
    value: str
    reason: str
    at: dt.datetime
    recorded_at: dt.datetime


class ConsentsOut(Out):
    """What holds for each channel (`subscribed`, `unsubscribed`, `pending`, `not_subscribed`), and the ledger."""

    current: dict[str, str]
    items: list[ConsentOut]


@routes.reads(_MANY, permission="customers.view", summary="List consents", out=ConsentsOut)
def list_consents(request: HttpRequest, customer_id: str) -> Answer:  # noqa: ARG001 — every operation takes it
    """What a customer agreed to and refused, the newest first, and what of it holds."""
    ids = records(find(Customer, customer_id))
    return Answer(
        body=ConsentsOut(
            current={stand.medium.value: stand.word for stand in consents.stands(ids)},
            items=[_out(line) for line in consents.history(ids)],
        )
    )


@routes.creates(_MANY, permission="customers.edit", summary="Record a consent", out=ConsentOut)
def create_consent(request: HttpRequest, customer_id: str, consent: ConsentIn) -> Answer:  # noqa: ARG001
    """Write down what a customer said. The latest word holds; an older one that comes late changes nothing."""
    customer = find(Customer, customer_id, to_change=True)
    line = record_consent(
        customer,
        medium=consent.medium,
        state=consent.state,
        source=consent.source,
        value=consent.value,
        reason=consent.reason,
        proof=consent.proof,
        at=consent.at,
    )
    return Answer(
        body=_out(line), location=f"/api/v1/customers/{customer.public_id}/consents", about=customer.public_id
    )


def _out(line: ConsentRecord) -> ConsentOut:
    return ConsentOut(
        medium=cast("MediumName", line.medium),
        purpose=line.purpose,
        state=cast("StateName", line.state),
        source=line.source,
        value=line.value,
        reason=line.reason,
        at=line.at,
        recorded_at=line.recorded_at,
    )
