"""What customers ask, and what became of it."""

from regulars.inbox.models.arriving import Arrival, Mailbox, Outcome
from regulars.inbox.models.conversations import (
    Conversation,
    ConversationLabel,
    ConversationOrder,
    ConversationProduct,
    Kind,
    Label,
    Priority,
    Status,
    Topic,
)
from regulars.inbox.models.posts import File, Post, PostKind

__all__ = [
    "Arrival",
    "Conversation",
    "ConversationLabel",
    "ConversationOrder",
    "ConversationProduct",
    "File",
    "Kind",
    "Label",
    "Mailbox",
    "Outcome",
    "Post",
    "PostKind",
    "Priority",
    "Status",
    "Topic",
]
