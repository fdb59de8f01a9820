"""What somebody has begun to write is kept, and what names them is seen."""

from __future__ import annotations

from django.utils import timezone

from regulars.inbox.actions.answering import LONGEST
from regulars.inbox.models import Conversation, Draft, PostMention
from regulars.staff.models import User
from regulars.staff.policy import verb


@verb
def keep_draft(
    conversation: Conversation, *, user: User, text: str, is_note: bool = False, seen_version: int = 0
) -> None:
    """Keep what somebody has begun to write; an empty text lets go of it."""
    rows = Draft.objects.filter(conversation=conversation, user=user, is_note=is_note)
    if not text.strip():
        rows.delete()
        return
    Draft.objects.update_or_create(
        conversation=conversation,
        user=user,
        is_note=is_note,
        defaults={
            "customer": conversation.customer,
            "text": text.replace("\0", "")[:LONGEST],
            "seen_version": seen_version,
            "updated_at": timezone.now(),
        },
    )


def see_mentions(conversation: Conversation, *, user: User) -> int:
    """Somebody opened a conversation: what named them there is seen; how many that were."""
    unseen = PostMention.objects.filter(user=user, seen_at=None, post__conversation=conversation)
    return unseen.update(seen_at=timezone.now())
