"""Which promise an inquiry is given: the first that fits, in the order the shop put them in."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.inbox.models import Conversation, Kept, Promise


def promises() -> list[Promise]:
    """All promises with their calendars, in the order they are tried, the default last."""
    return list(Promise.objects.select_related("calendar").prefetch_related("calendar__days"))


def fitting(conversation: Conversation, among: Sequence[Promise] | None = None) -> Promise | None:
    """The promise for this conversation; None where none fits, and there is no default."""
    tried = promises() if among is None else among
    return next((promise for promise in tried if fits(promise, conversation)), None)


def fits(promise: Promise, conversation: Conversation) -> bool:
    """Whether everything the promise names is so of the conversation."""
    if promise.is_default:
        return True
    named = (
        (promise.topic_id, conversation.topic_id),
        (promise.by or None, conversation.by),
        (promise.channel_id, conversation.channel_id),
        (promise.mailbox_id, conversation.mailbox_id),
    )
    if any(wanted is not None and wanted != there for wanted, there in named):
        return False
    return promise.category_id is None or promise.category_id == conversation.customer.category_id


def minutes_of(promise: Promise, kind: str) -> int | None:
    """How many minutes of working time are promised; None where nothing is."""
    found: int | None = getattr(promise, f"{Kept(kind).value}_minutes")
    return found
