"""Signing in, slowly where somebody guesses."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib.auth import authenticate
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.core.background import every
from regulars.core.errors import Refusal
from regulars.staff.facts import SignInPaused
from regulars.staff.models import SignInTry, User
from regulars.timeline.actions import record

TRIES = 5
PAUSE = dt.timedelta(minutes=15)


class Paused(Refusal):
    """Too many wrong passwords for this e-mail from this address."""

    status: ClassVar[int] = HTTPStatus.TOO_MANY_REQUESTS
    slug: ClassVar[str] = "sign-in-paused"


@dataclass(frozen=True, slots=True)
class Answer:
    """The person, or how many tries are left."""

    user: User | None
    tries_left: int


def try_sign_in(request: Any, *, email: str, password: str, address: str) -> Answer:
    """Check a password. Raises Paused after five wrong ones in a row, for fifteen minutes from the last.

    1. Count the try before looking, so that guesses sent side by side cannot pass the limit together.
    2. Look; for an unknown e-mail this takes as long as for a known one.
    3. Forget the count when it fits.
    """
    email = email.strip().lower()
    key = hashlib.sha256(f"{email}\0{address}".encode()).hexdigest()
    used = _count_try(key, email)
    user = authenticate(request, username=email, password=password)
    if isinstance(user, User):
        SignInTry.objects.filter(key=key).delete()
        return Answer(user, TRIES)
    if used >= TRIES:
        record(SignInPaused(email=email))
    return Answer(None, TRIES - used)


def wrong_password(tries_left: int) -> str:
    """The sentence for a password that does not fit."""
    minutes = int(PAUSE.total_seconds() // 60)
    if tries_left <= 0:
        return _("E-mail and password do not fit together. Try again in %(minutes)s minutes.") % {"minutes": minutes}
    return ngettext(
        "E-mail and password do not fit together. %(left)s try left, then a pause of %(minutes)s minutes.",
        "E-mail and password do not fit together. %(left)s tries left, then a pause of %(minutes)s minutes.",
        tries_left,
    ) % {"left": tries_left, "minutes": minutes}


@every("04:10", label=gettext_lazy("Forget failed sign-ins"))
def forget_old_tries() -> None:
    """Drop the counts of tries whose pause is long over."""
    SignInTry.objects.filter(last_at__lt=timezone.now() - dt.timedelta(days=1)).delete()


def _count_try(key: str, email: str) -> int:
    now = timezone.now()
    with transaction.atomic():
        SignInTry.objects.get_or_create(key=key, defaults={"last_at": now})
        row = SignInTry.objects.select_for_update().get(key=key)
        if now - row.last_at >= PAUSE:
            row.failures = 0
        if row.failures >= TRIES:
            left = PAUSE - (now - row.last_at)
            minutes = max(1, round(left.total_seconds() / 60))
            raise Paused(
                ngettext(
                    "Too many tries for %(email)s. Try again in %(minutes)s minute.",
                    "Too many tries for %(email)s. Try again in %(minutes)s minutes.",
                    minutes,
                )
                % {"email": email, "minutes": minutes}
            )
        row.failures += 1
        row.last_at = now
        row.save(update_fields=["failures", "last_at"])
        return row.failures
