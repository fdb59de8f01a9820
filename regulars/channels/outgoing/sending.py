"""Sending: one message after the other for each address, tried again with growing delay, then given up.

The order is that of the log. Where nobody answers, the address rests and everything waits behind the first message;
where one message is refused, it alone is tried again later, and the others go on. A message may arrive twice (a worker
that ends between sending and writing that down), under the same id.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from http import HTTPStatus

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from regulars.channels.models import Endpoint, Posting, PostingState
from regulars.channels.outgoing import messages, signing
from regulars.channels.outgoing.facts import WebhookStopped
from regulars.core import outbound, shop
from regulars.core.background import background, every
from regulars.core.errors import Refusal
from regulars.staff.models import User
from regulars.timeline.actions import record

LADDER = tuple(
    dt.timedelta(seconds=seconds)
    for seconds in (10, 60, 300, 1_800, 3_600, 3 * 3_600, 6 * 3_600, 14 * 3_600, 24 * 3_600, 24 * 3_600)
)
"""How long a message waits after its first, second … failure; three days after the first it is given up."""
LONGEST_REST = dt.timedelta(minutes=5)
GIVES_UP = dt.timedelta(days=3)
"""After so long without success a message is given up, and an address that takes nothing is switched off."""
OUTAGE = dt.timedelta(minutes=2)
"""After so long without an answer, what waits for the address goes at once when it is back."""
WITHIN = 10.0  # seconds for an answer
KEPT = dt.timedelta(days=30)
_LEASE = dt.timedelta(minutes=2)
_AT_ONCE = 50
_ANSWER = 64_000  # bytes of an answer that are read; nothing of them is kept

# Answers that say something about the address, and nothing about the message.
_AWAY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one message: `status` is None where nobody answered, `problem` empty where it was taken."""

    status: int | None
    problem: str = ""

    @property
    def is_taken(self) -> bool:
        return not self.problem

    @property
    def is_away(self) -> bool:
        """Whether there is no use in sending the next one now."""
        return bool(self.problem) and (self.status is None or self.status in _AWAY)


def ready() -> list[int]:
    """The addresses for which something is due, and to which nobody is sending."""
    now = timezone.now()
    due = Posting.objects.filter(state=PostingState.WAITING, due_at__lte=now, endpoint__is_on=True)
    rests = Q(endpoint__rests_until__gt=now) | Q(endpoint__sender_until__gt=now)
    return list(due.exclude(rests).order_by().values_list("endpoint_id", flat=True).distinct())


@background(leaves=True, retries=0, label=gettext_lazy("Tell another system"))
def send_due(*, endpoint_id: int, sender: str) -> int:
    """Send what is due to one address, until there is nothing left or nobody answers; how many were taken.

    `sender` names who sends: of several only one does. Raises HeldBack in quarantine.
    """
    if not _take(endpoint_id, sender):
        return 0
    taken = 0
    try:
        with override(shop.current().language):
            while True:
                endpoint = Endpoint.objects.select_related("owner").filter(pk=endpoint_id, is_on=True).first()
                if endpoint is None or not _holds(endpoint, sender) or _stopped(endpoint):
                    return taken
                due = list(
                    endpoint.postings.filter(state=PostingState.WAITING, due_at__lte=timezone.now()).order_by(
                        "entry_id"
                    )[:_AT_ONCE]
                )
                if not due:
                    return taken
                for posting in due:
                    outcome = _send(endpoint, posting)
                    taken += outcome is not None and outcome.is_taken
                    if outcome is not None and not _noted(endpoint, posting, outcome):
                        return taken
    finally:
        Endpoint.objects.filter(pk=endpoint_id, sender=sender).update(sender="", sender_until=None)


@background(leaves=True, retries=0, label=gettext_lazy("Try a webhook"))
def send_test(*, endpoint_id: int) -> Outcome:
    """Send a message about nothing, now, and say what came of it. Nothing else of the address changes."""
    endpoint = Endpoint.objects.get(pk=endpoint_id)
    name = f"msg_{endpoint.public_id.partition('_')[2]}_test_{int(timezone.now().timestamp())}"
    return _post(endpoint, name, messages.test_message())


def _send(endpoint: Endpoint, posting: Posting) -> Outcome | None:
    """Send one message; None where there is nothing to tell, and the posting is gone."""
    body = messages.message_of(endpoint, posting.entry_id)
    if body is None:
        posting.delete()
        return None
    return _post(endpoint, messages.id_of(endpoint, posting.entry_id), body)


def _post(endpoint: Endpoint, name: str, body: bytes) -> Outcome:
    headers = signing.headers(endpoint, message_id=name, body=body, now=timezone.now())
    try:
        reply = outbound.send(endpoint.url, method="POST", body=body, headers=headers, within=WITHIN, at_most=_ANSWER)
    except Refusal as refusal:
        return Outcome(None, refusal.sentence[:500])
    if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome(reply.status)
    if HTTPStatus.MULTIPLE_CHOICES <= reply.status < HTTPStatus.BAD_REQUEST:
        return Outcome(
            reply.status, _("The answer leads elsewhere (%(status)s), and we do not follow.") % {"status": reply.status}
        )
    return Outcome(reply.status, _("The answer was %(status)s.") % {"status": reply.status})


def _noted(endpoint: Endpoint, posting: Posting, outcome: Outcome) -> bool:
    """Write down what came of a message; whether the next one may be sent now."""
    now = timezone.now()
    with transaction.atomic():
        posting.attempts = min(posting.attempts + 1, 32_000)
        posting.status, posting.error = outcome.status, outcome.problem
        if outcome.is_taken:
            posting.state, posting.sent_at = PostingState.SENT, now
        else:
            posting.tried_since = posting.tried_since or now
            posting.due_at = now + LADDER[min(posting.attempts, len(LADDER)) - 1]
            if posting.attempts > len(LADDER) and now - posting.tried_since >= GIVES_UP:
                posting.state = PostingState.GIVEN_UP
        posting.save(update_fields=["attempts", "status", "error", "state", "sent_at", "due_at", "tried_since"])
        row = Endpoint.objects.filter(pk=endpoint.pk)
        if outcome.is_taken:
            if endpoint.failing_since is not None and now - endpoint.failing_since >= OUTAGE:
                # it is back: whatever only waited for that goes at once. A single message that nothing ever answers
                # is no outage, and must not come before the others again and again.
                _of_the_silence(endpoint).update(due_at=now)
            endpoint.failing_since = None
            row.update(answered_at=now, failing_since=None, rests_until=None, sender_until=now + _LEASE)
            return True
        since = endpoint.failing_since = endpoint.failing_since or now
        rest = min(max(LADDER[0], now - since), LONGEST_REST) if outcome.is_away else dt.timedelta()
        row.update(failing_since=since, rests_until=now + rest if rest else None, sender_until=now + _LEASE)
        if outcome.status == HTTPStatus.GONE:
            _stop(endpoint, _("The other side says that this address is gone (410)."))
            return False
        if now - since >= GIVES_UP:
            _stop(
                endpoint,
                _("Nobody took a message there for three days. The last problem: %(problem)s")
                % {"problem": outcome.problem},
            )
            return False
    return not outcome.is_away


def _of_the_silence(endpoint: Endpoint) -> models.QuerySet[Posting]:
    """What waits because nobody was there, not because of what it says."""
    away = Q(status=None) | Q(status__in=[int(status) for status in _AWAY])
    return endpoint.postings.filter(away, state=PostingState.WAITING, attempts__gt=0)


def _stopped(endpoint: Endpoint) -> bool:
    """Whether its owner may have other systems told no more; then it is switched off."""
    owner = User.objects.select_related("definition").get(pk=endpoint.owner_id)
    if owner.may("webhooks.edit"):
        return False
    _stop(
        endpoint, _("%(name)s, whose webhook this is, may not have other systems told any more.") % {"name": owner.name}
    )
    return True


@transaction.atomic
def _stop(endpoint: Endpoint, problem: str) -> None:
    endpoint = Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
    endpoint.is_on, endpoint.stopped_because = False, problem[:500]
    endpoint.version += 1
    endpoint.updated_at = timezone.now()
    endpoint.save(update_fields=["is_on", "stopped_because", "version", "updated_at"])
    record(WebhookStopped(webhook=endpoint.name, problem=problem), subject=endpoint)


def _take(endpoint_id: int, sender: str) -> bool:
    now = timezone.now()
    free = Q(sender_until=None) | Q(sender_until__lt=now)
    row = Endpoint.objects.filter(free, pk=endpoint_id, is_on=True)
    return bool(row.update(sender=sender, sender_until=now + _LEASE))


@every("03:45", label=gettext_lazy("Forget messages that were taken"))
def forget_sent() -> None:
    """What other systems took thirty days ago is not listed any more; what was given up stays until it is sent."""
    old = Posting.objects.filter(state=PostingState.SENT, sent_at__lt=timezone.now() - KEPT).order_by("pk")
    while ids := list(old.values_list("pk", flat=True)[:500]):
        Posting.objects.filter(pk__in=ids).delete()


def _holds(endpoint: Endpoint, sender: str) -> bool:
    return endpoint.sender == sender
