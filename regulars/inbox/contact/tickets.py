"""Tickets: what an open form carries instead of a cookie, which a frame on somebody else's page would not get back.

A ticket says, signed, of which form it is and when it was opened. Its number is the cause of the conversation that
comes of it, so that a form sent twice is one conversation.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from dataclasses import dataclass
from typing import Final

from django.core import signing

from regulars.inbox.models import ContactForm

QUICKEST: Final = dt.timedelta(seconds=3)
"""Nobody types a name, an address and a message in less."""
LONGEST: Final = dt.timedelta(days=1)

_SALT: Final = "inbox.contact"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A form that somebody opened."""

    number: str
    opened_at: float

    @property
    def cause(self) -> str:
        """What the post is known by that comes of it."""
        return f"form {self.number}"

    @property
    def is_early(self) -> bool:
        """Whether it was opened only just now, as programs do."""
        return time.time() - self.opened_at < QUICKEST.total_seconds()

    @property
    def is_late(self) -> bool:
        """Whether it was opened so long ago that it is to be looked at once more."""
        return time.time() - self.opened_at > LONGEST.total_seconds()


def issue(form: ContactForm) -> str:
    """A new ticket for a form, as it stands in the page."""
    return signing.dumps([form.pk, secrets.token_hex(12), int(time.time() * 100) / 100], salt=_SALT)


def read(form: ContactForm, text: str) -> Ticket | None:
    """The ticket that a form brought back; None where it is none of ours, or one of another form."""
    try:
        key, number, opened_at = signing.loads(text[:400], salt=_SALT)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return Ticket(number, opened_at) if key == form.pk else None
