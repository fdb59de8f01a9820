"""How inquiries and what was said in them come in and go out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ConfigDict, Field

from regulars.core import ids
from regulars.core.api import problems
from regulars.core.api.routes import Routes
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.core.errors import Invalid
from regulars.customers.models import Customer
from regulars.inbox.files import Incoming
from regulars.inbox.models import Conversation, File, Label, Mailbox, Post, Topic
from regulars.inbox.models.conversations import By
from regulars.messaging.models import Message
from regulars.orders.models import Order, Product
from regulars.staff.models import Team, User

routes = Routes(tags=["Inquiries"])

KindWord = Literal["inquiry", "suggestion", "complaint", "compliment", "return"]
StatusWord = Literal["open", "waiting", "later", "closed", "spam"]
PriorityWord = Literal["low", "normal", "high", "urgent"]
WayWord = Literal["email", "sms", "whatsapp", "telegram", "wechat", "chat", "other", "form", "phone", "store", "api"]
PRIORITIES: dict[int, PriorityWord] = {1: "low", 2: "normal", 3: "high", 4: "urgent"}


class FileIn(In):
    """A file that comes with a message, as Base64."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "cup.txt", "data": "YnJva2Vu"}})

    name: Annotated[str, Field(min_length=1, max_length=200)]
    data: Annotated[str, Field(min_length=1, description="The bytes, as Base64.")]


class ConversationIn(In):
    """What a customer asks, told by another system."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": "cus_0q4n8c3x7m2rz",
                "subject": "Teapot",
                "text": "Do you have it in blue?",
                "conversation": None,
            }
        }
    )

    text: Annotated[str, Field(min_length=1, max_length=50_000)]
    customer: Annotated[PublicId, Field(default=None, description="Who asks; or give `email`.")]
    email: Annotated[str, Field(default_factory=str, max_length=254, description="Who asks, known or not.")]
    name: Annotated[str, Field(default_factory=str, max_length=120)]
    subject: Annotated[str, Field(default_factory=str, max_length=250)]
    at: Annotated[Moment, Field(default=None, description="When they asked; now, unless said otherwise.")]
    language: Annotated[str, Field(default_factory=str, max_length=16)]
    conversation: Annotated[
        PublicId | None,
        Field(default=None, description="The inquiry it goes on with; a new one, unless said otherwise."),
    ]
    files: Annotated[list[FileIn], Field(default_factory=list, max_length=20)]


class ConversationPatch(In):
    """What to change of an inquiry; what is not sent stays as it is."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "closed"}})

    status: Annotated[StatusWord, Field(default="open", description="`later` needs `later_until`.")]
    later_until: Annotated[Moment | None, Field(default=None)]
    kind: Annotated[KindWord, Field(default="inquiry")]
    priority: Annotated[PriorityWord, Field(default="normal")]
    topic: Annotated[PublicId | None, Field(default=None)]
    assignee: Annotated[PublicId | None, Field(default=None)]
    team: Annotated[PublicId | None, Field(default=None)]
    labels: Annotated[list[PublicId], Field(default_factory=list, max_length=50)]
    orders: Annotated[list[PublicId], Field(default_factory=list, max_length=50)]
    products: Annotated[list[PublicId], Field(default_factory=list, max_length=50)]


class AnswerIn(In):
    """An answer of the token's owner, which goes to the customer by the way they spoke."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "Yes, in two blues.", "then": "closed"}})

    text: Annotated[str, Field(min_length=1, max_length=50_000)]
    then: Annotated[Literal["waiting", "open", "closed"], Field(default="waiting")]
    after: Annotated[Moment | None, Field(default=None, description="It does not leave before this moment.")]
    seen_version: Annotated[
        int | None,
        Field(default=None, ge=0, description="Refuse where something was said since this version of the inquiry."),
    ]
    files: Annotated[list[FileIn], Field(default_factory=list, max_length=20)]


class PostNoteIn(In):
    """A note of the token's owner, which the customer never sees."""

    model_config = ConfigDict(json_schema_extra={"example": {"text": "@Sofie is there one left?"}})

    text: Annotated[str, Field(min_length=1, max_length=50_000)]


class MergeConversationIn(In):
    """In which other inquiry this one is shown from now on."""

    model_config = ConfigDict(json_schema_extra={"example": {"into": "inq_0q4n8c3x7m2rz", "is_sure": False}})

    into: PublicId
    is_sure: Annotated[bool, Field(default_factory=bool, description="Also where they are of different customers.")]


class PostFileOut(Out):
    """A file that came or went with a message."""

    id: PublicId
    name: str
    media_type: str
    size: int
    sha256: str
    is_inline: bool


class FileContentOut(PostFileOut):
    """The same with its bytes, as Base64."""

    data: str


class PostOut(Out):
    """One thing said. `message` and `state` are of an answer that goes by mail or by a service."""

    id: PublicId
    conversation: PublicId
    kind: Literal["in", "out", "note", "call", "auto"]
    by: WayWord
    author: PublicId | None
    at: Moment
    subject: str
    text: str
    quoted: str
    message: PublicId | None
    state: str | None
    files: list[PostFileOut]


class PostsOut(Out):
    """A page of what was said, the oldest first."""

    items: list[PostOut]
    next: str | None


class ConversationOut(Out):
    """An inquiry and how it stands. `waiting_since` is set while the customer waits for us."""

    id: PublicId
    version: int
    number: int
    customer: PublicId
    subject: str
    preview: str
    kind: KindWord
    status: StatusWord
    priority: PriorityWord
    topic: PublicId | None
    assignee: PublicId | None
    team: PublicId | None
    labels: list[PublicId]
    orders: list[PublicId]
    products: list[PublicId]
    by: WayWord
    channel: str | None
    mailbox: PublicId | None
    language: str
    posts_count: int
    answers_count: int
    began_at: Moment
    last_at: Moment
    waiting_since: Moment | None
    first_answer_at: Moment | None
    due_at: Moment | None
    later_until: Moment | None
    closed_at: Moment | None
    reopened_count: int
    merged_into: PublicId | None


class ConversationsOut(Out):
    """A page of inquiries, the newest first."""

    items: list[ConversationOut]
    next: str | None


def conversation_out(row: Conversation) -> ConversationOut:
    """An inquiry as it goes out."""
    return ConversationOut(
        id=row.public_id,
        version=row.version,
        number=row.pk,
        customer=ids.encode(Customer.id_prefix, row.customer_id),
        subject=row.subject,
        preview=row.preview,
        kind=row.kind,  # type: ignore[arg-type]
        status=row.status,  # type: ignore[arg-type]
        priority=PRIORITIES[row.priority],
        topic=_id(Topic, row.topic_id),
        assignee=_id(User, row.assignee_id),
        team=_id(Team, row.team_id),
        labels=[ids.encode(Label.id_prefix, one.pk) for one in row.labels.all()],
        orders=[ids.encode(Order.id_prefix, one.pk) for one in row.orders.all()],
        products=[ids.encode(Product.id_prefix, one.pk) for one in row.products.all()],
        by=row.by,  # type: ignore[arg-type]
        channel=row.channel.code if row.channel else None,
        mailbox=_id(Mailbox, row.mailbox_id),
        language=row.language,
        posts_count=row.posts_count,
        answers_count=row.answers_count,
        began_at=row.began_at,
        last_at=row.last_at,
        waiting_since=row.waiting_since,
        first_answer_at=row.first_answer_at,
        due_at=row.due_at,
        later_until=row.later_until,
        closed_at=row.closed_at,
        reopened_count=row.reopened_count,
        merged_into=_id(Conversation, row.merged_into_id),
    )


def posts_out(posts: Sequence[Post]) -> list[PostOut]:
    """Posts as they go out: one query for their files, however many they are."""
    files: dict[int, list[PostFileOut]] = {}
    for file in File.objects.filter(post__in=posts).order_by("pk") if posts else ():
        files.setdefault(file.post_id, []).append(file_out(file))
    return [
        PostOut(
            id=post.public_id,
            conversation=ids.encode(Conversation.id_prefix, post.conversation_id),
            kind=post.kind,  # type: ignore[arg-type]
            by=post.by,  # type: ignore[arg-type]
            author=_id(User, post.author_id),
            at=post.at,
            subject=post.subject,
            text=post.text,
            quoted=post.quoted,
            message=_id(Message, post.message_id),
            state=post.message.state if post.message else None,
            files=files.get(post.pk, []),
        )
        for post in posts
    ]


def file_out(file: File) -> PostFileOut:
    """A file as it goes out, without its bytes."""
    return PostFileOut(
        id=file.public_id,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        is_inline=file.is_inline,
    )


def files_in(sent: Sequence[FileIn]) -> list[Incoming]:
    """Files as they came. Raises Invalid where one is no Base64."""
    found = []
    for one in sent:
        try:
            found.append(Incoming(one.name, "", base64.b64decode(one.data, validate=True)))
        except binascii.Error:
            sentence = _("The bytes of “%(name)s” are not Base64.") % {"name": one.name[:80]}
            raise Invalid(sentence, fields={"files": [sentence]}) from None
    return found


def by_values() -> list[str]:
    """The ways somebody speaks by."""
    return [str(value) for value in By.values]


def _id(model: Any, pk: int | None) -> str | None:
    return None if pk is None else ids.encode(model.id_prefix, pk)


for _slug, _status, _title, _text in (
    (
        "answers-cross",
        HTTPStatus.CONFLICT,
        gettext_lazy("Something new was said meanwhile"),
        gettext_lazy("Read the newest messages of the inquiry, and send the answer with its newer version."),
    ),
    (
        "no-way-back",
        HTTPStatus.CONFLICT,
        gettext_lazy("Nobody knows where an answer could go"),
        gettext_lazy("The customer came by a way that has no address. Give them an e-mail address first."),
    ),
    (
        "too-late",
        HTTPStatus.CONFLICT,
        gettext_lazy("The answer has left"),
        gettext_lazy("Only an answer that still waits can be taken back."),
    ),
    (
        "taken-already",
        HTTPStatus.CONFLICT,
        gettext_lazy("A colleague has taken the inquiry"),
        gettext_lazy("Read the inquiry again. Assign it to somebody else on purpose, if you have to."),
    ),
    (
        "other-customer",
        HTTPStatus.CONFLICT,
        gettext_lazy("The inquiries are of different customers"),
        gettext_lazy("Send “is_sure” where they are one all the same."),
    ),
    (
        "unknown-sender",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        gettext_lazy("There is no sender"),
        gettext_lazy("Say who asks: the id of a customer, or an address."),
    ),
    (
        "undone-already",
        HTTPStatus.CONFLICT,
        gettext_lazy("It was taken back already"),
        gettext_lazy("What was done with inquiries is taken back once."),
    ),
):
    problems.describe(_slug, status=_status, title=_title, text=_text)
