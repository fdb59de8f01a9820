"""What was said in an inquiry, for programs: read, answered, noted; and its files."""

from __future__ import annotations

import base64
from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.core import ids
from regulars.core.api.listing import PAGING, Query, neighbours
from regulars.core.api.preconditions import find
from regulars.core.api.problems import Problem
from regulars.core.api.routes import Answer
from regulars.core.sealing import Damaged, Forgotten
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.inbox import files
from regulars.inbox.actions import answering
from regulars.inbox.api.shapes import (
    AnswerIn,
    FileContentOut,
    PostNoteIn,
    PostOut,
    PostsOut,
    file_out,
    files_in,
    posts_out,
    routes,
)
from regulars.inbox.models import Conversation, File, Post
from regulars.staff.models import User
from regulars.staff.policy import require_full

_MANY = "/conversations/{conversation_id}/posts"


@routes.reads(
    _MANY,
    permission="inbox.view",
    summary="List what was said in an inquiry",
    out=PostsOut,
    parameters=[one for one in PAGING if one["name"] != "before"],
)
def list_posts(request: HttpRequest, conversation_id: str) -> Answer:
    """What was said, the oldest first; with what was said in inquiries that are shown in this one."""
    conversation, query = find(Conversation, conversation_id), Query(request)
    limit, after = query.limit(), query.row_id("after", Post)
    query.refuse_rest()
    reads.opened([conversation.customer_id], "inquiry")
    rows = Post.objects.filter(
        Q(conversation=conversation) | Q(conversation__merged_into=conversation), deleted_at=None
    ).select_related("message")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows.order_by("pk")[: limit + 1])
    links = neighbours(
        request, next_cursor=found[limit - 1].public_id if len(found) > limit else "", previous_cursor=""
    )
    return Answer(body=PostsOut(items=posts_out(found[:limit]), next=links.get("next")), links=links)


@routes.creates(
    "/conversations/{conversation_id}/answers", permission="inbox.edit", summary="Answer an inquiry", out=PostOut
)
def create_answer(request: HttpRequest, conversation_id: str, body: AnswerIn) -> Answer:
    """Answer by the way the customer spoke, in the name of the token's owner."""
    given = body.given()
    post = answering.answer(
        find(Conversation, conversation_id),
        author=_owner(request),
        text=body.text,
        files=files_in(body.files),
        after=given.get("after"),
        then=body.then,
        seen_version=given.get("seen_version"),
    )
    return _answer(post)


@routes.creates(
    "/conversations/{conversation_id}/notes",
    permission="inbox.edit",
    summary="Write a note into an inquiry",
    out=PostOut,
)
def create_conversation_note(request: HttpRequest, conversation_id: str, body: PostNoteIn) -> Answer:
    """Write a note that only the team sees, in the name of the token's owner."""
    return _answer(answering.note(find(Conversation, conversation_id), author=_owner(request), text=body.text))


@routes.reads(
    "/conversations/{conversation_id}/files/{file_id}",
    permission="inbox.view",
    summary="Read a file of an inquiry",
    out=FileContentOut,
)
def get_conversation_file(request: HttpRequest, conversation_id: str, file_id: str) -> Answer:  # noqa: ARG001
    """A file with its bytes."""
    conversation = find(Conversation, conversation_id)
    shown = Q(post__conversation=conversation) | Q(post__conversation__merged_into=conversation)
    file = File.objects.filter(shown, pk=File.pk_of(file_id) or 0, post__deleted_at=None).first()
    if file is None:
        raise Problem("not-found", _("There is no file with the id %(id)s.") % {"id": file_id})
    require_full("notes")
    reads.opened([file.customer_id], "inquiry")
    try:
        data = files.read(file).data
    except (FileNotFoundError, Forgotten, Damaged):
        raise Problem("not-found", _("The bytes of this file cannot be read any more.")) from None
    about = ids.encode(Customer.id_prefix, file.customer_id)
    return Answer(body=FileContentOut(**file_out(file).model_dump(), data=base64.b64encode(data).decode()), about=about)


def _owner(request: HttpRequest) -> User:
    owner: User = request.auth.user  # type: ignore[attr-defined]
    return owner


def _answer(post: Post) -> Answer:
    shown: Any = posts_out([Post.objects.select_related("message").get(pk=post.pk)])[0]
    location = f"/api/v1/conversations/{shown.conversation}/posts"
    return Answer(
        body=shown,
        version=post.version,
        location=location,
        about=ids.encode(Customer.id_prefix, post.customer_id),
    )
