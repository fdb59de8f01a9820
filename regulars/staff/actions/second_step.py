"""Codes: from an app, each good once, and ten on paper for the day the app is gone."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import time

import pyotp
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import sealing, shop
from regulars.core.errors import Invalid
from regulars.staff import browsers, grants
from regulars.staff.actions.sessions import end_sessions
from regulars.staff.actions.sign_in import has_authenticator
from regulars.staff.actions.throttle import STEP, TRIES, Count, count_try, forgive
from regulars.staff.facts import (
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondStepAdded,
    SecondStepRemoved,
    SignInFailed,
    SignInPaused,
)
from regulars.staff.models import Authenticator, Passkey, RecoveryCode, User
from regulars.timeline.actions import record

RECOVERY_CODES = 10

logger = logging.getLogger("regulars.sign_in")

_SECONDS = 30
_WINDOW = 1  # a clock may be half a minute off, and people type slowly
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_GROUPS, _IN_GROUP = 4, 4  # 80 random bits


def new_secret() -> str:
    """A secret for an app, 160 random bits as RFC 4226 wants them. Nothing is kept."""
    return pyotp.random_base32()


def address_for_app(user: User, secret: str) -> str:
    """What the picture for the app says."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=shop.current().name.replace(":", " "))


@transaction.atomic
def add_authenticator(user: User, *, secret: str, code: str, session_key: str | None) -> list[str]:
    """Ask for codes of this secret from now on, once one was typed back. Every other browser is signed out.

    Returns ten recovery codes where there were none, which can be seen this once. Raises Invalid.
    """
    step = _step_of(secret, code)
    if step is None:
        why = _("This code does not fit. Is the clock of the phone right?")
        raise Invalid(why, fields={"code": [why]})
    sealed = sealing.seal_secret(secret, _place(user))
    values = {"secret": sealed, "last_step": step, "confirmed_at": timezone.now()}
    Authenticator.objects.update_or_create(user=user, defaults=values)
    record(SecondStepAdded(email=user.email), subject=user)
    end_sessions(user, keep=session_key, why="second step")
    return [] if _has_codes(user) else make_recovery_codes(user)


@transaction.atomic
def remove_authenticator(user: User, *, session_key: str | None) -> None:
    """Ask for no codes any more. Every other browser is signed out."""
    if not Authenticator.objects.filter(user=user).delete()[0]:
        return
    if not Passkey.objects.filter(user=user).exists():
        RecoveryCode.objects.filter(user=user).delete()
    record(SecondStepRemoved(email=user.email), subject=user)
    end_sessions(user, keep=session_key, why="second step")


@transaction.atomic
def reset_second_step(user: User, *, by: User | None) -> None:
    """Take app, passkeys and recovery codes of a person who lost them, and sign them out everywhere.

    `by` is the colleague who does it, None the command line. Raises NotOneself and TooMuch (grants.py).
    """
    grants.require_power_over(by, user)
    Authenticator.objects.filter(user=user).delete()
    Passkey.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    record(SecondStepRemoved(email=user.email, is_reset=True), subject=user)
    end_sessions(user, keep=None, why="second step")


def try_code(user: User, *, code: str, address: str, browser: str = "") -> str:
    """Check a code of the app or a recovery code: “code”, “recovery”, or empty where it does not fit.

    Raises Paused after five wrong ones; the pauses grow up to four hours: whoever comes here knows the password.
    """
    about = f"{user.pk} browser {browser}" if browser else str(user.pk)
    counts = [Count(STEP, about)]
    used = count_try(counts, called=user.email)
    how = ""
    with transaction.atomic():
        if has_authenticator(user) and _use_code(user, code):
            how = "code"
        elif _use_recovery_code(user, code):
            how = "recovery"
    if how:
        forgive(counts)
        return how
    with transaction.atomic():
        record(SignInFailed(email=user.email, is_known=True, how="code", address=browsers.coarse(address)))
        if used >= TRIES:
            record(SignInPaused(email=user.email))
    return ""


@transaction.atomic
def make_recovery_codes(user: User) -> list[str]:
    """Ten new codes, which can be seen this once; the old ones hold no more."""
    RecoveryCode.objects.filter(user=user).delete()
    codes = [_new_code() for _number in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, hash=_hash(code)) for code in codes])
    record(RecoveryCodesMade(email=user.email), subject=user)
    return codes


def codes_left(user: User) -> int:
    """How many recovery codes are still good."""
    return RecoveryCode.objects.filter(user=user, used_at__isnull=True).count()


def _has_codes(user: User) -> bool:
    return RecoveryCode.objects.filter(user=user).exists()


def _use_code(user: User, code: str) -> bool:
    """Whether the app shows this code now, and showed it to nobody yet. One condition of the update: good once."""
    known = Authenticator.objects.get(user=user)
    try:
        secret = sealing.open_secret(known.secret, _place(user))
    except (
        sealing.Damaged
    ):  # a key is missing, or the row was tampered with; a recovery code opens the door all the same
        logger.exception("the secret of the codes of %s cannot be read", user.public_id)
        return False
    step = _step_of(secret, code)
    if step is None:
        return False
    fresh = Authenticator.objects.filter(pk=known.pk, last_step__lt=step)
    return bool(fresh.update(last_step=step))


def _use_recovery_code(user: User, code: str) -> bool:
    good = RecoveryCode.objects.filter(user=user, hash=_hash(code), used_at__isnull=True)
    if not good.update(used_at=timezone.now()):
        return False
    record(RecoveryCodeUsed(email=user.email, left=codes_left(user)), subject=user)
    return True


def _step_of(secret: str, code: str) -> int | None:
    """The step of time whose code this is: now, or one before or after it."""
    digits = re.sub(r"\s", "", code)
    now = int(time.time()) // _SECONDS
    known = pyotp.TOTP(secret, interval=_SECONDS)
    found = None
    for step in range(now - _WINDOW, now + _WINDOW + 1):
        if hmac.compare_digest(known.generate_otp(step).encode(), digits.encode()):
            found = step
    return found


def _new_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _letter in range(_GROUPS * _IN_GROUP))
    return "-".join(letters[at : at + _IN_GROUP] for at in range(0, len(letters), _IN_GROUP))


def _hash(code: str) -> str:
    """The hash of a recovery code however it is typed. It is long and random: there is nothing to guess slowly."""
    plain = re.sub(r"[\W_]", "", code.lower()).replace("o", "0").replace("i", "1").replace("l", "1")
    return hashlib.sha256(plain.encode()).hexdigest()


def _place(user: User) -> str:
    return f"staff_authenticator.secret/{user.pk}"
