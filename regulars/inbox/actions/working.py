"""Working on a conversation: whose it is, how it is sorted, when it comes back, when it is settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import every
from regulars.core.errors import Invalid, Refusal
from regulars.inbox.actions import changing
from regulars.inbox.actions.changing import choice, held, image, priority_of, relink, settle
from regulars.inbox.facts import InquiryWoken
from regulars.inbox.models import Conversation, Kind, Label, SpamSender, Status, Topic
from regulars.orders.models import Order, Product
from regulars.staff.models import Team, User
from regulars.staff.policy import unmasked, verb
from regulars.timeline.actions import record


class TakenAlready(Refusal):
    """A colleague was faster and has taken the inquiry."""

    slug = "taken-already"


@verb
def assign(
    conversation: Conversation, *, to: User | None = None, team: Team | None = None, version: int | None = None
) -> Conversation:
    """Give a conversation to a colleague, and to their team where one is named; to nobody with neither.

    A team alone means that anybody of it may take it. Raises Invalid or Stale.
    """

    def change(current: Conversation) -> None:
        if to is not None:
            require_colleague(to)
        current.assignee = to
        if team is not None or to is None:
            current.team = team

    return _changed(conversation, change, version)


@verb
def take(conversation: Conversation, *, user: User, version: int | None = None) -> Conversation:
    """Take a conversation that nobody has. Raises TakenAlready where a colleague was faster."""

    def change(current: Conversation) -> None:
        if current.assignee_id not in {None, user.pk}:
            name = current.assignee.name if current.assignee else ""
            raise TakenAlready(_("%(name)s has taken this inquiry.") % {"name": name})
        require_colleague(user)
        current.assignee = user

    return _changed(conversation, change, version)


@verb
def release(conversation: Conversation, *, version: int | None = None) -> Conversation:
    """Give a conversation back, so that anybody of its team may take it."""
    return _changed(conversation, lambda current: setattr(current, "assignee", None), version)


@verb
def set_status(conversation: Conversation, *, status: str, version: int | None = None) -> Conversation:
    """Say whose turn it is: open, waiting (for the customer) or closed. Raises Invalid or Stale."""
    wanted = choice(status, Status, "status")
    if wanted in {Status.LATER, Status.SPAM}:
        sentence = _("Say until when it is put off, or that it is spam, instead of setting this state.")
        raise Invalid(sentence, fields={"status": [sentence]})
    return _changed(conversation, lambda current: changing.set_status(current, wanted), version)


@verb
def close(conversation: Conversation, *, version: int | None = None) -> Conversation:
    """It is settled; a word of the customer opens it again."""
    return _changed(conversation, lambda current: changing.set_status(current, Status.CLOSED), version)


@verb
def reopen(conversation: Conversation, *, version: int | None = None) -> Conversation:
    """It is our turn again, whatever it was."""
    return _changed(conversation, lambda current: changing.set_status(current, Status.OPEN), version)


@verb
def snooze(conversation: Conversation, *, until: dt.datetime, version: int | None = None) -> Conversation:
    """Put a conversation off: it comes back at that moment, or with the customer's next word. Raises Invalid."""
    if until <= timezone.now():
        sentence = _("This moment is over. Choose one that is still to come.")
        raise Invalid(sentence, fields={"until": [sentence]})
    return _changed(conversation, lambda current: changing.set_status(current, Status.LATER, until=until), version)


@verb
def mark_spam(conversation: Conversation, *, version: int | None = None) -> Conversation:
    """Nobody asked anything: what comes from the same sender is spam from now on, too."""

    def change(current: Conversation) -> None:
        changing.set_status(current, Status.SPAM)
        changing.silence(current)

    return _changed(conversation, change, version)


@verb
def not_spam(conversation: Conversation, *, version: int | None = None) -> Conversation:
    """It is an inquiry after all, and its sender is heard again."""

    def change(current: Conversation) -> None:
        SpamSender.objects.filter(digest=current.reply_digest).delete()
        if current.status == Status.SPAM:
            changing.set_status(current, Status.OPEN)

    return _changed(conversation, change, version)


@verb
def set_topic(conversation: Conversation, *, topic: Topic | None, version: int | None = None) -> Conversation:
    """Say what it is about."""
    return _changed(conversation, lambda current: setattr(current, "topic", topic), version)


@verb
def set_kind(conversation: Conversation, *, kind: str, version: int | None = None) -> Conversation:
    """Say what sort of thing it is: a complaint is shown on the customer's page. Raises Invalid."""
    wanted = choice(kind, Kind, "kind")
    return _changed(conversation, lambda current: setattr(current, "kind", wanted), version)


@verb
def set_priority(conversation: Conversation, *, priority: int | str, version: int | None = None) -> Conversation:
    """Say how pressing it is, by number or name. Raises Invalid."""
    wanted = priority_of(priority)
    return _changed(conversation, lambda current: setattr(current, "priority", wanted), version)


@verb
def label(conversation: Conversation, *, labels: Iterable[Label], version: int | None = None) -> Conversation:
    """Mark a conversation with labels, those it has already aside."""
    keys = {one.pk for one in labels}
    return _linked(conversation, "labels", lambda known: known | keys, version)


@verb
def unlabel(conversation: Conversation, *, labels: Iterable[Label], version: int | None = None) -> Conversation:
    """Take labels off a conversation."""
    keys = {one.pk for one in labels}
    return _linked(conversation, "labels", lambda known: known - keys, version)


@verb
def link_order(conversation: Conversation, *, order: Order, version: int | None = None) -> Conversation:
    """Say that it is about an order."""
    return _linked(conversation, "orders", lambda known: known | {order.pk}, version)


@verb
def unlink_order(conversation: Conversation, *, order: Order, version: int | None = None) -> Conversation:
    """It is not about this order."""
    return _linked(conversation, "orders", lambda known: known - {order.pk}, version)


@verb
def link_product(conversation: Conversation, *, product: Product, version: int | None = None) -> Conversation:
    """Say that it is about a product: complaints are counted by product."""
    return _linked(conversation, "products", lambda known: known | {product.pk}, version)


@verb
def unlink_product(conversation: Conversation, *, product: Product, version: int | None = None) -> Conversation:
    """It is not about this product."""
    return _linked(conversation, "products", lambda known: known - {product.pk}, version)


@every(minutes=1, label=gettext_lazy("Wake inquiries that were put off until now"))
@unmasked
def wake_due() -> int:
    """Bring back what was put off until now; how many those were. Each is a transaction of its own."""
    due = Conversation.objects.filter(later_until__lte=timezone.now(), status=Status.LATER, merged_into__isnull=True)
    count = 0
    for conversation in due.order_by("later_until")[:500]:
        count += _wake(conversation)
    return count


@verb
def _wake(conversation: Conversation) -> bool:
    current = held(conversation)
    if current.status != Status.LATER or current.later_until is None or current.later_until > timezone.now():
        return False  # somebody put it off again meanwhile
    before = image(current)
    changing.set_status(current, Status.OPEN)
    settle(current, before, is_told=False)
    record(InquiryWoken(conversation=current.public_id), customer=current.customer, subject=current)
    return True


def require_colleague(user: User) -> None:
    """Raises Invalid where somebody does not work on inquiries."""
    if not user.is_active or not user.may("inbox.edit"):
        sentence = _("%(name)s does not answer inquiries.") % {"name": user.name}
        raise Invalid(sentence, fields={"assignee": [sentence]})


def _changed(conversation: Conversation, change: Callable[[Conversation], None], version: int | None) -> Conversation:
    current = held(conversation, version)
    before = image(current)
    change(current)
    settle(current, before)
    return current


def _linked(
    conversation: Conversation, name: str, change: Callable[[set[int]], set[int]], version: int | None
) -> Conversation:
    def relinked(current: Conversation) -> None:
        known = set(image(current)[name])
        relink(current, name, change(known))

    return _changed(conversation, relinked, version)
