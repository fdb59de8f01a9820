"""Mails that may belong to another conversation: put together, or left apart, as somebody decides."""

from __future__ import annotations

from django.utils import timezone

from regulars.inbox.actions.changing import stale
from regulars.inbox.actions.merging import merge
from regulars.inbox.models import Conversation, ThreadOffer
from regulars.staff.policy import verb


@verb
def join_offer(offer: ThreadOffer) -> Conversation:
    """Put the conversation that a mail began together with the one it was offered to, which then shows both.

    Whoever decides has seen both, so it may be another customer's. Raises Stale where it was decided already, Invalid.
    """
    current = _undecided(offer)
    begun, into = current.post.conversation, current.conversation
    kept = merge(begun.merged_into or begun, into=into.merged_into or into, is_sure=True)
    _decide(current, ThreadOffer.Decided.JOINED)
    return kept


@verb
def decline(offer: ThreadOffer) -> ThreadOffer:
    """Leave a mail where it is; it is not asked again. Raises Stale where it was decided already."""
    current = _undecided(offer)
    _decide(current, ThreadOffer.Decided.DECLINED)
    return current


def _undecided(offer: ThreadOffer) -> ThreadOffer:
    rows = ThreadOffer.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.select_related("post__conversation__merged_into", "conversation__merged_into")
    current = rows.filter(pk=offer.pk, decided="").first()
    if current is None:
        raise stale()
    return current


def _decide(current: ThreadOffer, decided: ThreadOffer.Decided) -> None:
    current.decided, current.decided_at = decided, timezone.now()
    current.save(update_fields=["decided", "decided_at"])
