"""Proving once more who one is, while signed in."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.staff.actions.challenges import take_challenge
from regulars.staff.actions.passkeys import use_passkey
from regulars.staff.actions.second_step import try_code
from regulars.staff.actions.sign_in import has_authenticator, note_failure
from regulars.staff.actions.throttle import count_try, counts_of, forgive
from regulars.staff.models import User
from regulars.staff.relying_party import party_of
from regulars.staff.sessions import key_of


def prove_again(request: HttpRequest, *, password: str, code: str, passkey: str) -> None:
    """Check the password, a code or a passkey of who is signed in. Raises Invalid where it does not fit, and Paused.

    Wrong ones count for this session alone: whoever sits at somebody's open browser cannot shut them out elsewhere.
    """
    user = request.user
    if not isinstance(user, User):
        raise Invalid(_("Sign in first."), fields={})
    mark = key_of(request.session.session_key or "")[:20]
    if passkey:
        challenge = take_challenge(request, "again")
        use_passkey(answer=passkey, challenge=challenge, party=party_of(request), user=user)
        return
    if code and has_authenticator(user):
        address = request.META.get("REMOTE_ADDR", "")
        if not try_code(user, code=code, address=address, browser=f"session {mark}"):
            raise _wrong(_("This code does not fit. Take the one the app shows now."))
        return
    if not password:
        raise _wrong(_("Something is needed that only you know or have."))
    counts = counts_of(email=user.email, address="", browser=f"session {mark}")
    used = count_try(counts, called=user.email)
    if not user.check_password(password):
        note_failure(email=user.email, how="again", address=request.META.get("REMOTE_ADDR", ""), used=used)
        raise _wrong(_("This is not your present password."))
    forgive(counts)


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"proof": [sentence]})
