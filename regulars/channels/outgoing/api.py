"""Webhooks, for programs: which systems are told, each message to them, and sending it again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.channels.models import Endpoint, Posting, PostingState
from regulars.channels.outgoing import messages, queries, sending, verbs
from regulars.core import ids
from regulars.core.api.listing import Query, neighbours, parameter
from regulars.core.api.preconditions import must_match
from regulars.core.api.problems import Problem, reason
from regulars.core.api.routes import Answer, Routes
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.staff.models import User

routes = Routes(tags=["Webhooks"])

_MANY, _ONE = "/webhooks", "/webhooks/{webhook_id}"
_EDIT = "webhooks.edit"
_EXAMPLE: dict[str, Any] = {
    "name": "Newsletter tool",
    "url": "https://newsletter.example/hooks/shop",
    "facts": ["order.placed", "customer.changed"],
}
_Facts = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Field(default_factory=list, max_length=200, description="Names of public facts; none means every one."),
]


class WebhookIn(In):
    """An address to tell."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    name: Annotated[str, Field(min_length=1, max_length=80)]
    url: Annotated[str, Field(min_length=1, max_length=500, description="An https address that takes a POST.")]
    facts: _Facts


class WebhookPatch(In):
    """What to change; what is not sent stays as it is. Whoever changes `url` or `facts` becomes the owner."""

    model_config = ConfigDict(json_schema_extra={"example": {"is_on": False}})

    name: Annotated[str, Field(default_factory=str, min_length=1, max_length=80)]
    url: Annotated[str, Field(default_factory=str, min_length=1, max_length=500)]
    facts: _Facts
    is_on: Annotated[bool, Field(default_factory=bool)]


class WebhookOut(Out):
    """An address that is told what its owner may see."""

    id: PublicId
    version: int
    name: str
    url: str
    facts: list[str]
    owner: PublicId
    is_on: bool
    stopped_because: Annotated[str, Field(description="Why it was switched off by itself; else empty.")]
    answered_at: Annotated[Moment | None, Field(description="When a message was taken there last.")]
    failing_since: Annotated[Moment | None, Field(description="Since when no message was taken there.")]
    waiting: int
    given_up: int
    created_at: Moment
    updated_at: Moment


class WebhookSecretOut(Out):
    """An address with its new secret, which is shown this once."""

    webhook: WebhookOut
    secret: Annotated[str, Field(description="whsec_ and 32 bytes in base 64, as Standard Webhooks has it.")]


class WebhooksOut(Out):
    """All addresses, by name."""

    items: list[WebhookOut]


class MessageOut(Out):
    """A message to an address: which fact of the log it tells, and what became of it."""

    id: Annotated[str, Field(description="What stands in `webhook-id`, however often it is sent.")]
    sequence: Annotated[int, Field(description="The place of the fact in the log.")]
    fact: str
    state: Literal["waiting", "sent", "given_up"]
    attempts: int
    due_at: Annotated[Moment | None, Field(description="When it is sent, or tried again.")]
    sent_at: Moment | None
    status: Annotated[int | None, Field(description="The HTTP status of the last answer; null where nobody answered.")]
    error: str


class MessagesOut(Out):
    """A page of messages, the newest first."""

    items: list[MessageOut]
    next: str | None


class ReplayIn(In):
    """What to send again: all that was given up, or everything from a moment on."""

    model_config = ConfigDict(json_schema_extra={"example": {"since": "2026-03-12T09:42:00Z"}})

    given_up: Annotated[bool, Field(default_factory=bool)]
    since: Annotated[Moment | None, Field(default=None)]


class ReplayOut(Out):
    """How many messages are sent again; null where they are made anew from the log."""

    count: int | None


class OutcomeOut(Out):
    """What came of the test message."""

    is_taken: bool
    status: int | None
    error: str


@routes.reads(_MANY, permission=_EDIT, summary="List webhooks", out=WebhooksOut)
def list_webhooks(request: HttpRequest) -> Answer:  # noqa: ARG001 — every operation takes it
    """All systems that are told, by name. There are few, so that the list is not paged."""
    return Answer(body=WebhooksOut(items=[_out(line) for line in queries.lines(queries.all_endpoints())]))


@routes.creates(_MANY, permission=_EDIT, summary="Add a webhook", out=WebhookSecretOut)
def create_webhook(request: HttpRequest, webhook: WebhookIn) -> Answer:
    """Tell another system from now on, as the token's owner sees things. Its secret is in this answer alone.

    The token needs the permission that each fact takes, too.
    """
    made, secret = verbs.add_endpoint(by=_token(request), **webhook.model_dump())
    location = f"/api/v1/webhooks/{made.public_id}"
    return Answer(body=WebhookSecretOut(webhook=_shown(made), secret=secret), version=made.version, location=location)


@routes.reads(_ONE, permission=_EDIT, summary="Read a webhook", out=WebhookOut)
def get_webhook(request: HttpRequest, webhook_id: str) -> Answer:  # noqa: ARG001
    """An address, and how it goes."""
    endpoint = _found(webhook_id)
    return Answer(body=_shown(endpoint), version=endpoint.version)


@routes.changes(_ONE, permission=_EDIT, summary="Change a webhook", out=WebhookOut)
def change_webhook(request: HttpRequest, webhook_id: str, webhook: WebhookPatch) -> Answer:
    """Change it, switch it off, or on again: then it goes on where it stopped."""
    endpoint = _found(webhook_id)
    must_match(request, endpoint, shown=_shown(endpoint))
    endpoint = verbs.change_endpoint(endpoint, by=_token(request), **webhook.given())
    return Answer(body=_shown(endpoint), version=endpoint.version)


@routes.removes(_ONE, permission=_EDIT, summary="Remove a webhook")
def delete_webhook(request: HttpRequest, webhook_id: str) -> Answer:
    """Tell it nothing any more, and forget its messages."""
    endpoint = _found(webhook_id)
    must_match(request, endpoint, shown=_shown(endpoint))
    verbs.remove_endpoint(endpoint)
    return Answer()


@routes.acts(f"{_ONE}/secret", permission=_EDIT, summary="Rotate a webhook's secret", out=WebhookSecretOut)
def rotate_webhook_secret(request: HttpRequest, webhook_id: str) -> Answer:
    """A new secret. For 24 hours messages carry a signature of each of the two."""
    endpoint, secret = verbs.rotate_secret(_found(webhook_id), by=_token(request))
    return Answer(body=WebhookSecretOut(webhook=_shown(endpoint), secret=secret), version=endpoint.version)


@routes.acts(f"{_ONE}/test", permission=_EDIT, summary="Try a webhook", out=OutcomeOut)
def try_webhook(request: HttpRequest, webhook_id: str) -> Answer:  # noqa: ARG001
    """Send a message of the type `webhook.test` now, and say what came of it."""
    outcome = sending.send_test(endpoint_id=_found(webhook_id).pk)
    return Answer(body=OutcomeOut(is_taken=outcome.is_taken, status=outcome.status, error=outcome.problem))


@routes.reads(
    f"{_ONE}/messages",
    permission=_EDIT,
    summary="List messages of a webhook",
    out=MessagesOut,
    parameters=[
        parameter("state", "Only messages in these states: waiting, sent, given_up; several are separated by commas."),
        parameter("limit", "How many, from 1 to 250; 50 where nothing is said."),
        parameter("after", "The last message of the page before."),
    ],
)
def list_webhook_messages(request: HttpRequest, webhook_id: str) -> Answer:
    """The messages to an address, the newest first. What was taken is listed for thirty days."""
    endpoint, query = _found(webhook_id), Query(request)
    states, limit, after = query.choices("state", PostingState.values), query.limit(), query.text("after")
    query.refuse_rest()
    last = after.rpartition("_")[2]
    if after and not (last.isascii() and last.isdigit() and len(last) < 19):
        detail = _("This is no message of the page before.")
        raise Problem("invalid", detail, errors=[reason("query", "after", detail)])
    found, following = queries.postings(endpoint, states=states, before=int(last) if after else None, limit=limit)
    cursor = messages.id_of(endpoint, following) if following is not None else ""
    links = neighbours(request, next_cursor=cursor, previous_cursor="")
    items = [_message_out(endpoint, posting) for posting in found]
    return Answer(body=MessagesOut(items=items, next=links.get("next")), links=links)


@routes.acts(f"{_ONE}/messages/{{message_id}}/replay", permission=_EDIT, summary="Send a message again", out=MessageOut)
def replay_webhook_message(request: HttpRequest, webhook_id: str, message_id: str) -> Answer:  # noqa: ARG001
    """Send one message once more, under the same id, whatever became of it."""
    endpoint = _found(webhook_id)
    posting = queries.posting_of(endpoint, message_id)
    if posting is None:
        raise Problem("not-found", _("There is no message with the id %(id)s.") % {"id": message_id[:80]})
    return Answer(body=_message_out(endpoint, verbs.replay_posting(posting)))


@routes.acts(f"{_ONE}/replay", permission=_EDIT, summary="Send messages again", out=ReplayOut)
def replay_webhook(request: HttpRequest, webhook_id: str, replay: ReplayIn) -> Answer:  # noqa: ARG001
    """Send all that was given up once more, or all that was learned of since a moment. Ids stay as they were."""
    endpoint = _found(webhook_id)
    if bool(replay.given_up) == (replay.since is not None):
        detail = _("Send either “given_up” or “since”.")
        raise Problem("invalid", detail, errors=[reason("body", "since", detail)])
    if replay.since is not None:
        verbs.replay_since(endpoint, since=replay.since)
        return Answer(body=ReplayOut(count=None))
    return Answer(body=ReplayOut(count=verbs.replay_given_up(endpoint)))


def _token(request: HttpRequest) -> Any:
    return request.auth  # type: ignore[attr-defined]


def _found(webhook_id: str) -> Endpoint:
    endpoint = Endpoint.objects.select_related("owner__definition").filter(pk=Endpoint.pk_of(webhook_id) or 0).first()
    if endpoint is None:
        raise Problem("not-found", _("There is no webhook with the id %(id)s.") % {"id": webhook_id[:80]})
    return endpoint


def _shown(endpoint: Endpoint) -> WebhookOut:
    return _out(queries.lines([endpoint])[0])


def _out(line: queries.Line) -> WebhookOut:
    one = line.endpoint
    return WebhookOut(
        id=one.public_id,
        version=one.version,
        name=one.name,
        url=one.url,
        facts=list(one.facts),
        owner=ids.encode(User.id_prefix, one.owner_id),
        is_on=one.is_on,
        stopped_because=one.stopped_because,
        answered_at=one.answered_at,
        failing_since=one.failing_since,
        waiting=line.waiting,
        given_up=line.given_up,
        created_at=one.created_at,
        updated_at=one.updated_at,
    )


def _message_out(endpoint: Endpoint, posting: Posting) -> MessageOut:
    return MessageOut(
        id=messages.id_of(endpoint, posting.entry_id),
        sequence=posting.entry_id,
        fact=posting.fact,
        state=posting.state,  # type: ignore[arg-type]
        attempts=posting.attempts,
        due_at=posting.due_at if posting.state == PostingState.WAITING else None,
        sent_at=posting.sent_at,
        status=posting.status,
        error=posting.error,
    )
