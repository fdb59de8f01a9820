"""What suggestions plug into the house: their settings, what they react to, the clock, and what is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from regulars.core import menu, resealing
from regulars.customers import belongings
from regulars.customers.belongings import Holder
from regulars.customers.models import Customer
from regulars.inbox import facts
from regulars.inbox.guessing import deciding, keeping, training
from regulars.inbox.models import CannedGuess, Guess
from regulars.timeline.actions import on

CLOCKWORK = (training.learn_nightly, training.learn_soon)
_GUESS = ("confidence", "state", "made_at", "decided_at")


def plug_in() -> None:
    """Fill the sockets. What is forgotten of a person comes before their inquiries go."""
    menu.add_setting(
        menu.Place(
            name="suggestions",
            label=_("Suggestions"),
            icon="lightbulb",
            url_name="guessing:settings",
            permission="inbox.setup",
            order=68,
        )
    )
    resealing.add(resealing.Place("inbox.model", seal=lambda: 0, renew=keeping.renew))
    belongings.add(
        Holder(
            name="inquiry_suggestions",
            models=("inbox.Guess", "inbox.CannedGuess"),
            export=_guesses,
            forget=_forget,
            tells=("number", "topic", *_GUESS),
        )
    )
    for fact in (facts.InquiryReceived, facts.ReplyReceived):
        on(fact)(deciding.hear)
    on(facts.InquiryChanged)(deciding.follow)
    on(facts.InquiryAnswered)(deciding.used)


def _guesses(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = Guess.objects.filter(conversation__customer=customer).select_related("topic").order_by("pk")
    for one in rows:
        told = {name: getattr(one, name) for name in _GUESS}
        yield {"number": one.conversation_id, "topic": one.topic.name, **told}


def _forget(customer: Customer) -> None:
    training.forget_person(customer)
    Guess.objects.filter(conversation__customer=customer).delete()
    CannedGuess.objects.filter(conversation__customer=customer).delete()
