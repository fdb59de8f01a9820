"""How much may be sent: from one network, and with one form. The counts are those of wrong passwords."""

from __future__ import annotations

import datetime as dt
from typing import Final

from regulars.inbox.models import ContactForm
from regulars.staff.actions.throttle import Count, Paused, Rule, count_try, network_of

__all__ = ["Paused", "count"]

_NETWORK: Final = Rule(
    "contact", 10, dt.timedelta(minutes=1), dt.timedelta(hours=1), forgotten_after=dt.timedelta(hours=2)
)
# short, because it stops everybody: a flood from many networks becomes a trickle, and a busy day stays one
_FORM: Final = Rule(
    "contact form", 300, dt.timedelta(seconds=10), dt.timedelta(seconds=20), forgotten_after=dt.timedelta(minutes=2)
)


def count(address: str, form: ContactForm) -> None:
    """Count one that is about to be taken. Raises Paused, which counts nothing."""
    network = network_of(address)
    count_try([Count(_NETWORK, network), Count(_FORM, form.public_id)], called=network)
