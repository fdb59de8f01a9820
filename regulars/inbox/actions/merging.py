"""Two conversations that are one: put together, and taken apart again."""

from __future__ import annotations

from http import HTTPStatus

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal
from regulars.customers.people import are_one
from regulars.inbox import turns
from regulars.inbox.actions import changing
from regulars.inbox.actions.changing import stale
from regulars.inbox.facts import InquiriesMerged, InquiriesUnmerged
from regulars.inbox.models import Conversation, Post, PostKind, Status
from regulars.inbox.people import take_turns
from regulars.staff.policy import verb
from regulars.timeline.actions import record


class OtherCustomer(Refusal):
    """The two belong to different customers; whoever is sure says so."""

    slug = "other-customer"
    status = HTTPStatus.CONFLICT


@verb
def merge(conversation: Conversation, *, into: Conversation, is_sure: bool = False) -> Conversation:
    """Show a conversation in another one from now on: each post stays its own, all of them are read in order.

    The one that stays is as open as the more open of both, and the customer waits since the earlier moment. Two of
    different customers are put together only where somebody `is_sure`. Raises OtherCustomer, Invalid.
    """
    take_turns("merges")
    pair = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related("customer")
    rows = {row.pk: row for row in pair.filter(pk__in=[conversation.pk, into.pk]).order_by("pk")}
    gone, kept = rows.get(conversation.pk), rows.get(into.pk)
    if gone is None or kept is None:
        raise stale()
    if gone.pk == kept.pk or gone.merged_into_id == kept.pk:
        return kept
    if gone.merged_into_id is not None or kept.merged_into_id is not None:
        sentence = _("One of these is shown in another inquiry already. Take it apart from that one first.")
        raise Invalid(sentence, fields={"into": [sentence]})
    if not is_sure and not are_one(gone.customer, kept.customer):
        raise OtherCustomer(_("These inquiries belong to different customers. Are you sure that they are one?"))
    now = timezone.now()
    # what was put into the one that goes is shown where that is shown: one link leads to the one that stays
    Conversation.objects.filter(merged_into=gone).update(merged_into=kept)
    gone.merged_into = kept
    changing.bump(gone)
    gone.save(update_fields=["merged_into", "version", "updated_at"])
    before = changing.image(kept)
    _reckon(kept)
    if gone.status == Status.OPEN and kept.status in {Status.WAITING, Status.LATER, Status.CLOSED}:
        changing.set_status(kept, Status.OPEN)
    waits = [moment for moment in (before["waiting_since"] and kept.waiting_since, gone.waiting_since) if moment]
    kept.waiting_since = min(waits) if waits and kept.status in {Status.OPEN, Status.LATER} else kept.waiting_since
    changing.settle(kept, before, is_told=False)
    changing.bump(kept)
    kept.save()
    turns.merged(kept, gone, now)
    fact = InquiriesMerged(conversation=kept.public_id, merged=gone.public_id)
    for one in (kept, gone) if gone.customer_id != kept.customer_id else (kept,):
        record(fact, customer=one.customer, subject=kept)
    return kept


@verb
def unmerge(conversation: Conversation) -> Conversation:
    """Take a conversation out of the one that shows it: it stands alone again, with its own posts. Raises Invalid."""
    take_turns("merges")
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related("customer")
    gone = rows.filter(pk=conversation.pk).first()
    if gone is None:
        raise stale()
    if gone.merged_into_id is None:
        sentence = _("This inquiry stands alone already.")
        raise Invalid(sentence, fields={"conversation": [sentence]})
    kept = rows.get(pk=gone.merged_into_id)
    gone.merged_into = None
    for one in (gone, kept):
        changing.bump(one)
        one.save(update_fields=["merged_into", "version", "updated_at"])
        _reckon(one)
        one.save()
    if gone.status in {Status.OPEN, Status.WAITING} and gone.waiting_since is not None:
        turns.customer_wrote(gone, gone.waiting_since)
    fact = InquiriesUnmerged(conversation=kept.public_id, merged=gone.public_id)
    for one in (gone, kept) if gone.customer_id != kept.customer_id else (gone,):
        record(fact, customer=one.customer, subject=one)
    return gone


def _reckon(shown: Conversation) -> None:
    """What is counted and dated of a conversation, from all posts that it shows."""
    posts = Post.objects.filter(Q(conversation=shown) | Q(conversation__merged_into=shown), deleted_at=None)
    moments = list(posts.order_by("at").values_list("kind", "at", "data"))
    if not moments:
        return
    heard = [at for kind, at, _data in moments if kind in {PostKind.IN, PostKind.CALL}]
    left = [at for kind, at, data in moments if kind == PostKind.OUT and data.get("left")]
    shown.posts_count, shown.answers_count = len(moments), len(left)
    shown.began_at, shown.last_at = moments[0][1], moments[-1][1]
    shown.last_in_at = heard[-1] if heard else None
    shown.last_out_at = left[-1] if left else None
    shown.first_answer_at = left[0] if left else None
