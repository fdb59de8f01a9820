"""Guessing made slow, and nobody shut out by strangers.

Failed tries are counted three times, each count with a pause that grows:

1. for an e-mail at an address: five tries, then fifteen minutes;
2. for an address, whatever the e-mail: thirty tries, then a minute, two, four … up to an hour;
3. for an e-mail, whatever the address: thirty tries, then half a minute, one, two … up to fifteen minutes.

The third could be used to keep somebody out. So a browser in which a person has signed in before is known (a signed
cookie), is counted for itself alone, and does not wait for what strangers do. A passkey, the link of a mail and
`regulars staff password` are other ways past it. The counts know no accounts: an e-mail of nobody is counted alike.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from regulars.core.background import every
from regulars.core.errors import Refusal
from regulars.staff.models import SignInTry

TRIES = 5
PAUSE = dt.timedelta(minutes=15)


class Paused(Refusal):
    """Too many wrong tries: the next one waits."""

    status: ClassVar[int] = HTTPStatus.TOO_MANY_REQUESTS
    slug: ClassVar[str] = "sign-in-paused"


@dataclass(frozen=True, slots=True)
class Rule:
    """How many tries are free, how long the first pause is, how long the longest, and when all is forgotten."""

    name: str
    free: int
    first: dt.timedelta
    longest: dt.timedelta
    forgotten_after: dt.timedelta

    def pause(self, failures: int) -> dt.timedelta:
        """How long to wait after that many failures, counted from the last."""
        if failures < self.free:
            return dt.timedelta(0)
        return min(self.longest, self.first * (1 << min(failures - self.free, 16)))


PAIR = Rule("pair", TRIES, PAUSE, PAUSE, PAUSE)
ADDRESS = Rule("address", 30, dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(hours=2))
ACCOUNT = Rule("account", 30, dt.timedelta(seconds=30), PAUSE, dt.timedelta(hours=1))
STEP = Rule("step", TRIES, PAUSE, dt.timedelta(hours=4), dt.timedelta(days=1))
LINKS = Rule("links", 3, dt.timedelta(hours=1), dt.timedelta(hours=1), dt.timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Count:
    """One count: a rule, and what it is kept for."""

    rule: Rule
    about: str

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.rule.name}\0{self.about}".encode()).hexdigest()


def counts_of(*, email: str, address: str, browser: str = "") -> list[Count]:
    """What a try to sign in is counted under, the strictest first; `browser` is the mark of one that is known."""
    if browser:
        return [Count(PAIR, f"{email}\0browser {browser}")]
    network = network_of(address)
    return [Count(PAIR, f"{email}\0{network}"), Count(ADDRESS, network), Count(ACCOUNT, email)]


def count_try(counts: list[Count], *, called: str) -> int:
    """Count a try before it is looked at, so that guesses sent side by side cannot pass the limit together.

    Returns how often was tried under the first count, this try included. Raises Paused, which counts nothing.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = []
        for count in sorted(counts, key=lambda one: one.key):  # always in one order: nobody waits in a ring
            SignInTry.objects.get_or_create(key=count.key, defaults={"last_at": now})
            row = SignInTry.objects.select_for_update().get(key=count.key)
            if now - row.last_at >= count.rule.forgotten_after:
                row.failures = 0
            left = row.last_at + count.rule.pause(row.failures) - now
            if left > dt.timedelta(0):
                raise Paused(_wait(left, called))
            rows.append((count, row))
        for _count, row in rows:
            row.failures = min(row.failures + 1, 30_000)
            row.last_at = now
            row.save(update_fields=["failures", "last_at"])
    return next(row.failures for count, row in rows if count is counts[0])


def forgive(counts: list[Count]) -> None:
    """The try was right: what was counted for one person is forgotten, the other counts as if there had been none."""
    own = [count.key for count in counts if count.rule in {PAIR, STEP}]
    SignInTry.objects.filter(key__in=own).delete()
    others = [count.key for count in counts if count.key not in own]
    SignInTry.objects.filter(key__in=others, failures__lte=1).delete()
    SignInTry.objects.filter(key__in=others).update(failures=F("failures") - 1)


def network_of(address: str) -> str:
    """What counts as one address: with IPv6 the network of a household, which has addresses without end."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)


def _wait(left: dt.timedelta, called: str) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    return ngettext(
        "Too many tries for %(email)s. Try again in %(minutes)s minute.",
        "Too many tries for %(email)s. Try again in %(minutes)s minutes.",
        minutes,
    ) % {"email": called, "minutes": minutes}


@every("04:10", label=gettext_lazy("Forget failed sign-ins"))
def forget_old_tries() -> None:
    """Drop the counts of tries whose pause is long over."""
    SignInTry.objects.filter(last_at__lt=timezone.now() - dt.timedelta(days=1)).delete()
