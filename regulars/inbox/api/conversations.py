"""The operations of inquiries."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import ids
from regulars.core.api.listing import PAGING, Query, neighbours, parameter, period
from regulars.core.api.preconditions import find, must_match
from regulars.core.api.routes import Answer
from regulars.core.errors import Invalid
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.customers.people import records_of_person
from regulars.inbox.actions import merging, receiving, working
from regulars.inbox.api.shapes import (
    ConversationIn,
    ConversationOut,
    ConversationPatch,
    ConversationsOut,
    MergeConversationIn,
    by_values,
    conversation_out,
    files_in,
    routes,
)
from regulars.inbox.models import By, Conversation, Kind, Label, Mailbox, Status, Topic
from regulars.inbox.people import UnknownSender, sender_of
from regulars.inbox.queries.listing import Wanted, page_of
from regulars.orders.models import Order, Product
from regulars.staff.models import Team, User

_YES_NO = ["true", "false"]
_FILTERS = [
    parameter("q", "Words that were said in it, or its number."),
    parameter("status", f"Any of these, separated by commas: {', '.join(Status.values)}.", examples=["open,waiting"]),
    parameter("kind", f"Any of these, separated by commas: {', '.join(Kind.values)}.", examples=["complaint"]),
    parameter("by", f"Any of these, separated by commas: {', '.join(by_values())}.", examples=["email,chat"]),
    parameter("customer", "The id of a customer.", examples=["cus_0q4n8c3x7m2rz"]),
    parameter("assignee", "The id of a colleague."),
    parameter("team", "The id of a team."),
    parameter("topic", "The id of a topic."),
    parameter("label", "The id of a label."),
    parameter("mailbox", "The id of a mailbox."),
    parameter("channel", "The codes of sales channels, separated by commas.", examples=["web"]),
    *period("began_at", "Begun"),
    parameter("has_files", "Whether files came or went with it.", enum=_YES_NO),
    parameter("unanswered", "Whether the customer waits for us.", enum=_YES_NO),
]


@routes.reads(
    "/conversations",
    permission="inbox.view",
    summary="List inquiries",
    out=ConversationsOut,
    parameters=[*_FILTERS, *(one for one in PAGING if one["name"] != "before")],
    refusals=(400,),
)
def list_conversations(request: HttpRequest) -> Answer:
    """Inquiries, the newest first; those that are shown in another one are left out."""
    query = Query(request)
    since, until = query.period("began_at")
    wanted = Wanted(
        words=query.text("q"),
        statuses=query.choices("status", Status.values),
        kinds=query.choices("kind", Kind.values),
        ways=query.choices("by", by_values()),
        customer_ids=records_of_person(query.row_id("customer", Customer)),
        assignee_id=_user(query, "assignee"),
        team_id=query.row_id("team", Team),
        topic_id=query.row_id("topic", Topic),
        label_id=query.row_id("label", Label),
        mailbox_id=query.row_id("mailbox", Mailbox),
        channel_codes=query.choices("channel", list(Channel.objects.values_list("code", flat=True))),
        since=since,
        until=until,
        has_files=_yes_no(query, "has_files"),
        is_unanswered=_yes_no(query, "unanswered"),
        after=query.row_id("after", Conversation),
        size=query.limit(),
    )
    query.refuse_rest()
    if wanted.customer_ids:
        reads.opened(wanted.customer_ids, "inquiries")
    page = page_of(wanted)
    cursor = Conversation(pk=page.next_after).public_id if page.next_after else ""
    links = neighbours(request, next_cursor=cursor, previous_cursor="")
    return Answer(
        body=ConversationsOut(items=[conversation_out(row) for row in page.rows], next=links.get("next")), links=links
    )


@routes.creates("/conversations", permission="inbox.edit", summary="Take in an inquiry", out=ConversationOut)
def create_conversation(request: HttpRequest, body: ConversationIn) -> Answer:  # noqa: ARG001
    """What a customer asked somewhere else: a new inquiry, or one more message of one that is there.

    Whoever is not known by the `email` becomes a guest. Rules and promises hold as for every other way.
    """
    given = body.given()
    joins = _row(Conversation, str(body.conversation), "conversation") if given.get("conversation") else None
    customer = _customer(body, joins)
    post = receiving.receive(
        cause=f"api {secrets.token_hex(16)}",
        customer=customer,
        by=By.API,
        text=body.text,
        at=given.get("at") or timezone.now(),
        subject=body.subject,
        people={"from": body.email or customer.person.email, "name": body.name},
        files=files_in(body.files),
        conversation=joins,
        joined_by="api" if joins else "",
        language=body.language,
    )
    return _answer(post.conversation, location=f"/api/v1/conversations/{post.conversation.public_id}")


@routes.reads(
    "/conversations/{conversation_id}", permission="inbox.view", summary="Read an inquiry", out=ConversationOut
)
def get_conversation(request: HttpRequest, conversation_id: str) -> Answer:  # noqa: ARG001
    """An inquiry and how it stands."""
    conversation = find(Conversation, conversation_id)
    reads.opened([conversation.customer_id], "inquiry")
    return _answer(conversation)


@routes.changes(
    "/conversations/{conversation_id}", permission="inbox.edit", summary="Change an inquiry", out=ConversationOut
)
def change_conversation(request: HttpRequest, conversation_id: str, body: ConversationPatch) -> Answer:
    """Sort an inquiry, give it to somebody, put it off, close it. Fields that are not sent stay as they are."""
    known = find(Conversation, conversation_id, to_change=True)
    must_match(request, known, shown=conversation_out(known))
    given = body.given()
    if "topic" in given:
        working.set_topic(known, topic=_row(Topic, body.topic, "topic"))
    if "kind" in given:
        working.set_kind(known, kind=body.kind)
    if "priority" in given:
        working.set_priority(known, priority=body.priority)
    if {"assignee", "team"} & set(given):
        to = _row(User, body.assignee, "assignee") if "assignee" in given else known.assignee
        team = _row(Team, body.team, "team") if "team" in given else known.team
        working.assign(known, to=to, team=team)
    if "labels" in given:
        wanted = [_row(Label, one, "labels") for one in body.labels]
        working.label(known, labels=wanted)
        working.unlabel(known, labels=[one for one in known.labels.all() if one not in wanted])
    _linked(known, given, body)
    if {"status", "later_until"} & set(given):
        _set_status(known, body, given)
    return _answer(Conversation.objects.get(pk=known.pk))


@routes.acts(
    "/conversations/{conversation_id}/merge",
    permission="inbox.edit",
    summary="Show an inquiry in another one",
    out=ConversationOut,
)
def merge_conversation(request: HttpRequest, conversation_id: str, body: MergeConversationIn) -> Answer:  # noqa: ARG001
    """Put two inquiries together; the answer is the one that stays. Each message stays its own."""
    kept = merging.merge(
        find(Conversation, conversation_id), into=_row(Conversation, body.into, "into"), is_sure=body.is_sure
    )
    return _answer(Conversation.objects.get(pk=kept.pk))


@routes.acts(
    "/conversations/{conversation_id}/unmerge",
    permission="inbox.edit",
    summary="Take an inquiry out of another one",
    out=ConversationOut,
)
def unmerge_conversation(request: HttpRequest, conversation_id: str) -> Answer:  # noqa: ARG001
    """Let an inquiry that was put into another one stand alone again."""
    alone = merging.unmerge(find(Conversation, conversation_id))
    return _answer(Conversation.objects.get(pk=alone.pk))


def _set_status(known: Conversation, body: ConversationPatch, given: dict[str, Any]) -> None:
    status = given.get("status", Status.LATER)
    if status == Status.LATER:
        if body.later_until is None:
            sentence = _("Say until when it is put off.")
            raise Invalid(sentence, fields={"later_until": [sentence]})
        working.snooze(known, until=body.later_until)
    elif status == Status.SPAM:
        working.mark_spam(known)
    elif known.status == Status.SPAM and status == Status.OPEN:
        working.not_spam(known)
    else:
        working.set_status(known, status=status)


def _linked(known: Conversation, given: dict[str, Any], body: ConversationPatch) -> None:
    if "orders" in given:
        orders = [_row(Order, one, "orders") for one in body.orders]
        for order in orders:
            working.link_order(known, order=order)
        for order in _others(known.orders.all(), orders):
            working.unlink_order(known, order=order)
    if "products" in given:
        products = [_row(Product, one, "products") for one in body.products]
        for product in products:
            working.link_product(known, product=product)
        for product in _others(known.products.all(), products):
            working.unlink_product(known, product=product)


def _others(known: Iterable[Any], wanted: Iterable[Any]) -> list[Any]:
    kept = list(wanted)
    return [one for one in known if one not in kept]


def _customer(body: ConversationIn, joins: Conversation | None) -> Customer:
    if body.given().get("customer"):
        customer = Customer.objects.filter(pk=Customer.pk_of(body.customer) or 0).first()
        if customer is None:
            sentence = _("There is no customer with the id %(id)s.") % {"id": body.customer}
            raise Invalid(sentence, fields={"customer": [sentence]})
        return customer
    if body.email:
        try:
            return sender_of("email", body.email, body.name)
        except UnknownSender as unknown:
            raise Invalid(unknown.sentence, fields={"email": [unknown.sentence]}) from unknown
    if joins is not None:
        return joins.customer
    sentence = _("Say who asks: the id of a customer, or an e-mail address.")
    raise Invalid(sentence, fields={"customer": [sentence]})


def _row(model: Any, public_id: str | None, field: str) -> Any:
    if public_id is None:
        return None
    row = model.objects.filter(pk=ids.decode(model.id_prefix, public_id) or 0).first()
    if row is None:
        sentence = _("There is nothing with the id %(id)s.") % {"id": public_id[:40]}
        raise Invalid(sentence, fields={field: [sentence]})
    return row


def _user(query: Query, name: str) -> int | None:
    text = query.text(name)
    return (ids.decode(User.id_prefix, text) or 0) if text else None


def _yes_no(query: Query, name: str) -> bool | None:
    said = query.choices(name, _YES_NO)
    return said == ("true",) if len(said) == 1 else None


def _answer(conversation: Conversation, *, location: str = "") -> Answer:
    shown = conversation_out(conversation)
    return Answer(body=shown, version=conversation.version, location=location, about=shown.customer)
