"""Signing in: the password, then the second step where there is one, then the session."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.staff import browsers, sessions
from regulars.staff.actions.throttle import PAUSE, TRIES, count_try, counts_of, forgive
from regulars.staff.facts import SignedIn, SignedOut, SignInFailed, SignInPaused
from regulars.staff.models import Authenticator, User
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Source

BETWEEN_STEPS = dt.timedelta(minutes=10)
PROVED, MUST_SET_UP = "proved", "must_set_up"

_PENDING = "pending"
_BACKEND = "regulars.staff.backend.WithRole"


@dataclass(frozen=True, slots=True)
class Answer:
    """The person, or how many tries are left."""

    user: User | None
    tries_left: int


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody who passed the first step, and what they asked for with it."""

    user: User
    how: str
    stays: bool


def try_sign_in(request: Any, *, email: str, password: str, address: str, browser: str = "") -> Answer:
    """Check a password. Raises Paused after five wrong ones in a row, for fifteen minutes from the last.

    1. Count the try before looking, so that guesses sent side by side cannot pass the limit together.
    2. Look; for an unknown e-mail this takes as long as for a known one.
    3. Forget the count when it fits, else write down that it did not.
    """
    email = email.strip().lower()
    counts = counts_of(email=email, address=address, browser=browser)
    used = count_try(counts, called=email)
    user = authenticate(request, username=email, password=password)
    if isinstance(user, User):
        forgive(counts)
        return Answer(user, TRIES)
    note_failure(email=email, how="password", address=address, used=used)
    return Answer(None, TRIES - used)


def note_failure(*, email: str, how: str, address: str, used: int = 0) -> None:
    """Write down that somebody did not come in, and where they have to wait now. Strangers are not named."""
    is_known = User.objects.filter(email=email).exists()
    called = email if is_known else mark_of(email)
    with transaction.atomic():
        record(SignInFailed(email=called, is_known=is_known, how=how, address=browsers.coarse(address)))
        if used >= TRIES:
            record(SignInPaused(email=called))


def mark_of(email: str) -> str:
    """What stands in the log for an e-mail nobody here has: the same for the same, and it cannot be turned back."""
    return "unknown " + salted_hmac("regulars.staff.unknown", email, algorithm="sha256").hexdigest()[:12]


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


def wait_for_second_step(request: HttpRequest, user: User, *, how: str, stays: bool) -> None:
    """The first step is done: keep for ten minutes who it was. Nobody is signed in by that."""
    request.session.flush()
    request.session[_PENDING] = {
        "user": user.pk,
        "at": timezone.now().timestamp(),
        "how": how,
        "stays": stays,
        "proof": user.get_session_auth_hash(),
    }


def pending(request: HttpRequest) -> Pending | None:
    """Who passed the first step in this browser less than ten minutes ago, and may still sign in."""
    kept = request.session.get(_PENDING)
    if not kept or timezone.now().timestamp() - kept["at"] > BETWEEN_STEPS.total_seconds():
        return None
    user = User.objects.select_related("definition").filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["proof"], user.get_session_auth_hash()):
        return None
    return Pending(user, kept["how"], kept["stays"])


def has_second_step(user: User) -> bool:
    """Whether a password alone does not let this person in."""
    return has_authenticator(user) or user.passkeys.exists()


def has_authenticator(user: User) -> bool:
    """Whether an app of theirs shows codes that we ask for."""
    return Authenticator.objects.filter(user=user).exists()


def needs_second_step(user: User) -> bool:
    """Whether this person's role asks for one."""
    return user.definition is not None and user.definition.needs_second_factor


def enter(request: HttpRequest, user: User, *, how: str, second_step: str = "", stays: bool) -> None:
    """Sign somebody in who has proved who they are: a new session with a new cookie.

    Whose role asks for a second step and who has none sees nothing but the page that sets one up.
    """
    request.session.flush()
    address = browsers.coarse(request.META.get("REMOTE_ADDR", ""))
    browser = browsers.name_of(request.headers.get("User-Agent", ""))
    with transaction.atomic(), acting(user.pk, Source.PAGE):
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        now = timezone.now().timestamp()
        request.session.update(
            {
                sessions.BEGAN: now,
                sessions.STAYS: stays,
                sessions.BROWSER: browser,
                sessions.ADDRESS: address,
                sessions.HOW: how,
                PROVED: now,
            }
        )
        if not second_step and needs_second_step(user) and not has_second_step(user):
            request.session[MUST_SET_UP] = True
        request.session.set_expiry(int(sessions.LONGEST_STAYING.total_seconds()) if stays else 0)
        record(SignedIn(email=user.email, how=how, second_step=second_step, browser=browser, address=address))


def leave(request: HttpRequest) -> None:
    """Sign out; without anybody signed in, nothing happens."""
    user = request.user
    if isinstance(user, User):
        record(SignedOut(email=user.email))
    logout(request)
