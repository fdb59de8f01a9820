"""Words by which people say that they want no more messages, or want them again: “STOP”, “START”, “退订”.

A word counts where it is the whole message. STOP is written into the ledger of consents, and the address comes onto the
list of those that get no marketing. START takes back what a STOP said: out of nothing it agrees to nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from regulars.core.text import fold
from regulars.customers.actions.consent import record_consent
from regulars.customers.models import Consent, ConsentRecord, ConsentState, Customer, Medium
from regulars.messaging import digests
from regulars.messaging.gate import MARKETING
from regulars.messaging.models import Suppression, Way
from regulars.messaging.suppressing import lift, suppress
from regulars.staff.policy import verb

STOP: Final = "stop"
START: Final = "start"

_LONGEST: Final = 40
_PLAIN: Final = frozenset({"stop", "stopall", "stopp", "unsubscribe", "abmelden", "abbestellen", "退订", "取消订阅"})
# what carriers take for STOP as well; in another channel people may mean their order by it
_BY_SMS: Final = _PLAIN | {"cancel", "end", "quit", "optout", "revoke", "arret", "t", "td"}
_AGAIN: Final = frozenset({"start", "unstop"})


def choice_of(text: str, way: str) -> str:
    """“stop” or “start” where the whole text is a word for it; else nothing."""
    if len(text) > _LONGEST:
        return ""
    word = fold(text).strip(" .!。！\"'“”„")
    if word in (_BY_SMS if way == Way.SMS else _PLAIN):
        return STOP
    return START if word in _AGAIN else ""


def is_only_that(text: str) -> bool:
    """Whether a text says that and nothing else, so that nobody has to answer it."""
    return not text.strip() or choice_of(text, "") != ""


@verb
def choose(
    choice: str, *, customer: Customer | None, way: str, address: str, at: dt.datetime, said: str, source: str
) -> None:
    """Write down what somebody chose, with the word they said and the message it stood in (`source`)."""
    if choice == STOP:
        _stop(customer, way, address, at, {"word": said[:_LONGEST], "message": source})
    elif choice == START:
        _start(customer, way, address, at, {"word": said[:_LONGEST], "message": source})


def _stop(customer: Customer | None, way: str, address: str, at: dt.datetime, proof: dict[str, str]) -> None:
    later = Suppression._base_manager.filter(digest__in=digests.all_of(way, address), purpose=MARKETING)
    if later.filter(since__lte=at, ended_at__gt=at).exists():
        return  # an old word that comes late: they said something else since
    if customer is not None and way in Medium.values and _held(customer, way) != ConsentState.REFUSED:
        record_consent(
            customer,
            medium=way,
            state=ConsentState.REFUSED,
            source=ConsentRecord.Source.UNSUBSCRIBE,
            value=address[:254],
            proof=proof,
            at=at,
        )
    suppress(
        way=way,
        address=address,
        reason=Suppression.Reason.UNSUBSCRIBED,
        purpose=MARKETING,
        customer=customer,
        since=at,
    )


def _start(customer: Customer | None, way: str, address: str, at: dt.datetime, proof: dict[str, str]) -> None:
    stopped = Suppression._base_manager.filter(
        digest__in=digests.all_of(way, address),
        purpose=MARKETING,
        reason=Suppression.Reason.UNSUBSCRIBED,
        since__lt=at,
        ended_at__isnull=True,
    ).first()
    if stopped is None:
        return
    lift(stopped, reason=proof["word"] or START)
    # when they said it, not when we heard of it: a STOP in between counts
    Suppression._base_manager.filter(pk=stopped.pk).update(ended_at=at)
    if customer is not None and way in Medium.values and _held(customer, way) == ConsentState.REFUSED:
        record_consent(
            customer,
            medium=way,
            state=ConsentState.AGREED,
            source=ConsentRecord.Source.CHANNEL,
            value=address[:254],
            proof=proof,
            at=at,
        )


def _held(customer: Customer, way: str) -> str:
    held = Consent.objects.filter(customer=customer.person, medium=way, purpose=MARKETING).first()
    return held.state if held is not None else ""
