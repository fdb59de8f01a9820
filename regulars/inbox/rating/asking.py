"""Asking: some hours after an inquiry is done, by mail, nobody twice a month and nothing twice."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from regulars.core import shop
from regulars.core.background import every
from regulars.core.errors import Refusal
from regulars.customers.people import records_of_person
from regulars.inbox.models import Asking, By, Conversation, Rating, Status
from regulars.messaging import sending
from regulars.messaging.confirmations import language_for
from regulars.staff.policy import unmasked

WAYS: Final = (By.EMAIL, By.FORM, By.CHAT, By.API)
PAUSE: Final = dt.timedelta(days=30)
"""How long somebody is left alone after they were asked."""

_TOO_LATE: Final = dt.timedelta(days=3)  # what was done long ago is asked about no more: switched on late, or an outage
_AT_ONCE: Final = 200
_SALT: Final = "inbox.rating"


class BadLink(Refusal):
    """The link of a mail is not ours, or not complete."""

    slug = "link-too-old"


def current() -> Asking:
    """What the shop said about asking; a new shop asks nobody."""
    return Asking.objects.first() or Asking()


@every(minutes=15, label=gettext_lazy("Ask how the answer was"))
@unmasked
def ask_due() -> int:
    """Ask about what was done some hours ago; how many were asked."""
    rules, now = current(), timezone.now()
    if not rules.is_on:
        return 0
    until = now - dt.timedelta(hours=rules.after_hours)
    done = Conversation.objects.filter(
        status=Status.CLOSED, by__in=WAYS, answers_count__gte=1, merged_into=None, rating=None
    )
    keys = done.filter(closed_at__gt=until - _TOO_LATE, closed_at__lte=until).order_by("closed_at", "pk")
    return sum(ask(conversation_id=key) for key in list(keys.values_list("pk", flat=True)[:_AT_ONCE]))


def ask(*, conversation_id: int) -> bool:
    """Ask about one, unless they were asked lately, have no address, or may not be written to; whether they were."""
    with transaction.atomic():
        rows = Conversation.objects.select_for_update(of=("self",)).select_related("customer")
        conversation = rows.get(pk=conversation_id)
        person, now = conversation.customer.person, timezone.now()
        if Rating.objects.filter(conversation=conversation).exists():
            return False
        asked = Rating.objects.filter(customer__in=records_of_person(person.pk), asked_at__gt=now - PAUSE)
        to = conversation.reply_to if "@" in conversation.reply_to else person.email
        if not to or asked.exists():
            return False
        rating = Rating.objects.create(
            conversation=conversation, customer=conversation.customer, agent=conversation.assignee, asked_at=now
        )
        try:
            _write(rating, to)
        except (sending.MayNotWrite, sending.BadAddress):
            transaction.set_rollback(True)
            return False
        return True


def link(rating: Rating, score: int) -> str:
    """The whole address of the page that takes this score."""
    token = signing.dumps(rating.pk, salt=_SALT)
    return settings.PUBLIC_URL + reverse("rating:rate", args=[token, score])


def read(token: str) -> Rating:
    """Which inquiry a link is about. Raises BadLink."""
    try:
        key = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        key = 0
    found = Rating.objects.select_related("conversation", "customer").filter(pk=key).first()
    if found is None:
        raise BadLink(_("This link is not complete, or what it was about is gone. Open it from the mail once more."))
    return found


def _write(rating: Rating, to: str) -> None:
    conversation = rating.conversation
    language = language_for(conversation.language or rating.customer.language)
    with override(language):
        context = {
            "shop": shop.current(),
            "subject": conversation.subject,
            "links": [(score, link(rating, score)) for score in range(1, 6)],
            "language": language,
        }
        sending.send(
            cause=f"rating {conversation.public_id}",
            to=to,
            customer=rating.customer.person,
            purpose=sending.SERVICE,
            subject=_("How was our answer?"),
            text=render_to_string("inbox/mail/rating.txt", context).strip() + "\n",
            html=render_to_string("inbox/mail/rating.html", context),
            account=conversation.account,
            headers={"Auto-Submitted": "auto-generated"},
            language=language,
        )
