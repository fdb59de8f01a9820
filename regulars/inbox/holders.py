"""What conversations hold of a customer: what they wrote and what was written to them, with files and drafts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy

from regulars.customers.belongings import Holder
from regulars.customers.models import Customer
from regulars.inbox import files
from regulars.inbox.models import Conversation, Draft, File, Post, Rating, SpamSender

_CONVERSATION = (
    *("kind", "status", "priority", "by", "subject", "language", "reply_to", "began_at", "last_at", "first_answer_at"),
    *("closed_at", "later_until"),
)
_POST = ("kind", "by", "at", "subject", "text", "quoted", "html", "people", "data", "mail_id")
_RATING = ("asked_at", "score", "comment", "rated_at")
_FILE = ("name", "media_type", "size", "sha256")


def _conversations(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = Conversation.objects.filter(customer=customer).select_related("topic").prefetch_related("labels")
    for one in rows.order_by("pk").iterator(chunk_size=200):
        yield {
            "number": one.pk,
            **{name: getattr(one, name) for name in _CONVERSATION},
            "topic": one.topic.name if one.topic else "",
            "labels": [label.name for label in one.labels.all()],
        }


def _posts(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = Post.objects.filter(customer=customer).prefetch_related("files").order_by("pk")
    for post in rows.iterator(chunk_size=200):
        yield {
            "number": post.conversation_id,
            **{name: getattr(post, name) for name in _POST},
            "files": [{name: getattr(file, name) for name in _FILE} for file in post.files.all()],
        }


def _drafts(customer: Customer) -> Iterable[dict[str, Any]]:
    for draft in Draft.objects.filter(customer=customer).order_by("pk"):
        yield {"number": draft.conversation_id, "text": draft.text, "is_note": draft.is_note}


def _ratings(customer: Customer) -> Iterable[dict[str, Any]]:
    for one in Rating.objects.filter(customer=customer).order_by("pk"):
        yield {"number": one.conversation_id, **{name: getattr(one, name) for name in _RATING}}


def _forget_posts(customer: Customer) -> None:
    """Rows now, and the bytes of files when nothing can bring the rows back."""
    rows = File.objects.filter(customer=customer)
    keys = list(rows.values_list("key", flat=True))
    rows.delete()
    transaction.on_commit(lambda: files.remove(keys))
    Post.objects.filter(customer=customer).delete()


def _forget_conversations(customer: Customer) -> None:
    """With what others wrote in them, which was to or about this person."""
    theirs = Conversation.objects.filter(customer=customer)
    keys = list(File.objects.filter(post__conversation__in=theirs).values_list("key", flat=True))
    SpamSender.objects.filter(digest__in=theirs.exclude(reply_digest="").values("reply_digest")).delete()
    theirs.delete()
    transaction.on_commit(lambda: files.remove(keys))


def _move_conversations(keys: Sequence[int], from_id: int, to_id: int) -> None:
    """A conversation goes with all that was said in it by or to this person, sealed anew."""
    for conversation in Conversation.objects.filter(pk__in=keys):
        for file in File.objects.filter(post__conversation=conversation, customer=from_id):
            files.hand_over(file, to_id)
        rows: list[Any] = [
            *Post.objects.filter(conversation=conversation, customer=from_id),
            *Draft.objects.filter(conversation=conversation, customer=from_id),
            *Rating.objects.filter(conversation=conversation, customer=from_id),
            conversation,
        ]
        for row in rows:
            row.customer_id = to_id
            row.save()


ALL = (
    Holder(
        name="inquiry_ratings",
        models=("inbox.Rating",),
        export=_ratings,
        forget=lambda customer: _delete(Rating.objects.filter(customer=customer)),
        tells=("number", *_RATING),
    ),
    Holder(
        name="inquiry_drafts",
        models=("inbox.Draft",),
        export=_drafts,
        forget=lambda customer: _delete(Draft.objects.filter(customer=customer)),
        tells=("number", "text", "is_note"),
    ),
    Holder(
        name="inquiry_posts",
        models=("inbox.Post", "inbox.File", "inbox.PostMention"),
        export=_posts,
        forget=_forget_posts,
        tells=("number", *_POST, "files", *_FILE),
    ),
    Holder(
        name="inquiries",
        models=(
            *("inbox.Conversation", "inbox.ConversationLabel", "inbox.ConversationOrder", "inbox.ConversationProduct"),
            "inbox.FollowUp",
        ),
        export=_conversations,
        forget=_forget_conversations,
        label=gettext_lazy("Inquiries"),
        move=_move_conversations,
        words=lambda conversation: f"#{conversation.pk} {conversation.subject}".strip(),
        tells=("number", *_CONVERSATION, "topic", "labels", "name"),
    ),
)


def _delete(rows: Any) -> None:
    rows.delete()
