"""Messages, for programs: what was sent and what became of it, and writing one through the gate."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.core import ids
from regulars.core.api.listing import PAGING, Query, neighbours, parameter
from regulars.core.api.problems import Problem, reason
from regulars.core.api.routes import Answer, Routes
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.customers.models import Customer
from regulars.messaging import receipting, sending
from regulars.messaging.models import Message, Way
from regulars.messaging.pages.sent import found
from regulars.staff.policy import require_full

routes = Routes(tags=["Messages"])

_MANY, _ONE = "/messages", "/messages/{message_id}"
_VIEW, _WRITE = "messages.view", "inbox.edit"
_State = Literal[
    "planned", "claimed", "handed_over", "accepted", "delivered", "failed", "bounced", "complained", "unknown", "held",
    "cancelled",
]  # fmt: skip


class SentMessageIn(In):
    """A message to a customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": "cus_9fkqmz3r7tw1",
                "subject": "Your teapot",
                "text": "It is here. Come and see it!",
            }
        }
    )

    customer: PublicId
    way: Annotated[Literal["email", "sms", "whatsapp"], Field(default="email")]
    to: Annotated[str, Field(default="", max_length=254, description="Where nothing is said: their e-mail, or phone.")]
    purpose: Annotated[
        Literal["service", "marketing"],
        Field(default="service", description="Marketing takes a consent line, quiet hours and the shop's limits."),
    ]
    subject: Annotated[str, Field(default="", max_length=250)]
    text: Annotated[str, Field(min_length=1, max_length=100_000)]
    html: Annotated[str, Field(default="", max_length=500_000)]
    after: Annotated[Moment | None, Field(default=None, description="Not before this moment.")]
    is_bulk: Annotated[
        bool, Field(default=False, description="Never sent twice: a person decides where nobody knows if it arrived.")
    ]


class SentMessageOut(Out):
    """A message and what became of it."""

    id: PublicId
    customer: PublicId | None
    way: str
    to: str
    subject: str
    purpose: str
    state: _State
    problem: Annotated[str, Field(description="Why it was not delivered, in the words of the other side.")]
    consent: Annotated[str, Field(description="The line of the consent ledger that allowed it; empty for service.")]
    mail_id: str
    due_at: Moment
    handed_over_at: Moment | None
    sent_at: Moment | None
    created_at: Moment
    updated_at: Moment


class SentMessageFullOut(SentMessageOut):
    """A message with its text."""

    text: Annotated[str, Field(description="Empty for messages that hold a link that lets somebody in.")]


class SentMessagesOut(Out):
    """A page of messages, the newest first."""

    items: list[SentMessageOut]
    next: str | None


@routes.reads(
    _MANY,
    permission=_VIEW,
    summary="List messages",
    out=SentMessagesOut,
    parameters=[
        parameter("state", "Only messages in these states; several are separated by commas."),
        parameter("way", "Only messages by these ways: email, sms, whatsapp, telegram, wechat, chat, other."),
        parameter("to", "Only messages to this address or number, as a whole."),
        parameter("customer", "Only messages to this customer, by id."),
        *[one for one in PAGING if one["name"] != "before"],
    ],
)
def list_messages(request: HttpRequest) -> Answer:
    """What was sent, the newest first, as far as the token's owner sees the customers."""
    query = Query(request)
    states, ways = query.choices("state", Message.State.values), query.choices("way", Way.values)
    to, customer = query.text("to"), query.row_id("customer", Customer)
    limit, after = query.limit(), query.text("after")
    query.refuse_rest()
    if to:
        require_full("email", "phone")  # that somebody is found by an address tells the address
    rows = found(states=frozenset(states), to=to).select_related("consent")
    if ways:
        rows = rows.filter(way__in=ways)
    if customer is not None:
        rows = rows.filter(customer=customer)
    if after:
        rows = rows.filter(pk__lt=_key(after))
    page = list(rows[: limit + 1])
    cursor = page[limit - 1].public_id if len(page) > limit else ""
    links = neighbours(request, next_cursor=cursor, previous_cursor="")
    items = [SentMessageOut(**_shown(row)) for row in page[:limit]]
    return Answer(body=SentMessagesOut(items=items, next=links.get("next")), links=links)


@routes.reads(_ONE, permission=_VIEW, summary="Read a message", out=SentMessageFullOut)
def get_message(request: HttpRequest, message_id: str) -> Answer:  # noqa: ARG001 — every operation takes it
    """A message, its text, and what became of it."""
    row = Message.objects.select_related("customer", "consent").filter(pk=Message.pk_of(message_id) or 0).first()
    if row is None:
        raise Problem("not-found", _("There is no message with the id %(id)s.") % {"id": message_id[:80]})
    return Answer(body=_full(row), about=_customer_of(row) or "")


@routes.creates(_MANY, permission=_WRITE, summary="Send a message", out=SentMessageFullOut)
def send_message(request: HttpRequest, message: SentMessageIn) -> Answer:  # noqa: ARG001
    """Write to a customer. The gate decides: `may-not-write` says why not; quiet hours make it wait (`due_at`)."""
    customer = Customer.objects.filter(pk=Customer.pk_of(message.customer) or 0).first()
    if customer is None:
        detail = _("There is no customer with the id %(id)s.") % {"id": message.customer[:80]}
        raise Problem("invalid", detail, errors=[reason("body", "customer", detail)])
    if message.to:
        require_full("email", "phone")
    row = sending.send(
        cause=f"api {secrets.token_hex(12)}",
        customer=customer,
        way=message.way,
        to=message.to or str(_usual(customer, message.way)),
        purpose=message.purpose,
        subject=message.subject,
        text=message.text,
        html=message.html,
        after=message.after,
        language=customer.language,
        is_bulk=message.is_bulk,
    )
    row = Message.objects.select_related("customer", "consent").get(pk=row.pk)
    return Answer(body=_full(row), location=f"/api/v1/messages/{row.public_id}", about=_customer_of(row) or "")


def _usual(customer: Customer, way: str) -> str:
    """Where a customer is reached by a way, whoever asks: it goes into the message and not into the answer."""
    column = "email" if way == Way.EMAIL else "phone"
    return str(Customer._base_manager.filter(pk=customer.pk).values_list(column, flat=True).first() or "")


def _key(message_id: str) -> int:
    key = Message.pk_of(message_id)
    if key is None:
        detail = _("This is no message of the page before.")
        raise Problem("invalid", detail, errors=[reason("query", "after", detail)])
    return key


def _full(row: Message) -> SentMessageFullOut:
    return SentMessageFullOut(**_shown(row), text="" if row.is_fleeting else row.text)


def _customer_of(row: Message) -> str | None:
    return ids.encode(Customer.id_prefix, row.customer_id) if row.customer_id else None


def _shown(row: Message) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "customer": _customer_of(row),
        "way": row.way,
        "to": row.to,
        "subject": row.subject,
        "purpose": row.purpose,
        "state": row.state,
        "problem": row.problem,
        "consent": receipting.line_of(row),
        "mail_id": row.message_id,
        "due_at": row.due_at,
        "handed_over_at": row.handed_at,
        "sent_at": row.sent_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
