"""Taking what was sent with a contact form into the inbox: always a conversation of its own.

A form claims an address and proves nothing. So it never goes on with a conversation, links an order only where it is
one of theirs, and changes nothing of what is known of whoever has the address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.customers.people import records_of_person
from regulars.inbox import digests
from regulars.inbox.actions.changing import relink
from regulars.inbox.actions.receiving import receive
from regulars.inbox.facts import ComplaintRaised
from regulars.inbox.files import Incoming
from regulars.inbox.models import By, ContactForm, Kind, Post, Topic
from regulars.inbox.people import sender_of, take_turns
from regulars.orders.models import Order
from regulars.staff.policy import unmasked
from regulars.timeline.actions import record

_LINK = re.compile(r"(?:https?://|www\.)\S+|\[/?url[^\]]*\]|</?a\b[^>]*>", re.IGNORECASE)
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]{2,}")
_FEW_WORDS = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """What somebody typed into a form, checked; `is_trapped` where they filled in what people do not see."""

    name: str
    email: str
    message: str
    phone: str = ""
    order: str = ""
    kind: str = Kind.INQUIRY
    topic: Topic | None = None
    files: Sequence[Incoming] = ()
    language: str = ""
    is_trapped: bool = False

    @property
    def digest(self) -> str:
        """By which the same is known again."""
        said = (self.email, self.name, self.phone, self.order, self.kind, self.message)
        return digests.of("\n".join([*said, *(f"{one.name} {len(one.data)}" for one in self.files)]))


def taken(cause: str) -> Post | None:
    """What came of a ticket already."""
    return Post.objects.filter(cause=cause).select_related("conversation__customer").first()


@unmasked
def take(form: ContactForm, sent: Sent, *, cause: str) -> Post:
    """What was sent, as the first post of a new conversation; sent once more it is the first one again.

    What a trap caught, and what is nothing but links, is kept as spam: somebody can look whether it was.
    """
    with transaction.atomic():
        take_turns(f"post {cause}")
        known = taken(cause)
        if known is not None:
            return known
        customer = sender_of(By.FORM, sent.email, sent.name)
        topic = sent.topic or form.topic
        post = receive(
            cause=cause,
            customer=customer,
            by=By.FORM,
            text=_text(sent),
            at=timezone.now(),
            # words of ours alone: what a stranger wrote is not sent on to the address they claim
            subject=topic.name if topic else "",
            people={"from": sent.email, "name": sent.name, **({"number": sent.phone} if sent.phone else {})},
            files=sent.files,
            channel=form.channel,
            language=sent.language,
            data={"form": form.public_id, "sent": sent.digest},
            sorted_as={"kind": sent.kind, "topic": topic, "team": form.team},
            is_spam=sent.is_trapped or is_only_links(sent.message),
        )
        conversation = post.conversation
        order = _order(customer, sent.order)
        if order is not None:
            relink(conversation, "orders", [order.pk])
        if conversation.kind == Kind.COMPLAINT and conversation.status != "spam":
            fact = ComplaintRaised(conversation=conversation.public_id)
            record(fact, customer=conversation.customer, subject=conversation, at=post.at)
        return post


def has_link(text: str) -> bool:
    """Whether there is a link in a text."""
    return _LINK.search(text) is not None


def is_only_links(message: str) -> bool:
    """Whether a message has links, and hardly a word beside them."""
    rest, links = _LINK.subn(" ", message)
    return links > 0 and len(_WORD.findall(rest)) < _FEW_WORDS


def _order(customer: Customer, number: str) -> Order | None:
    """The order that they name, if it is theirs; whether a stranger's has that number is told to nobody."""
    if not number:
        return None
    theirs = Order.objects.filter(customer__in=records_of_person(customer.person.pk))
    return theirs.filter(number__in={number, number.lstrip("#"), f"#{number.lstrip('#')}"}).order_by("-pk").first()


def _text(sent: Sent) -> str:
    """The message, and below it what else they typed, in the language of the shop."""
    with override(shop.current().language):
        typed = [
            _("Phone, as they typed it: %(phone)s") % {"phone": sent.phone} if sent.phone else "",
            _("Order, as they typed it: %(number)s") % {"number": sent.order} if sent.order else "",
        ]
    return "\n".join([sent.message, *([""] if any(typed) else []), *filter(None, typed)])
