"""The challenge a browser is given before it uses a passkey: kept in the session, for one purpose, for one answer."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid

_KEPT = "passkey"
_SECONDS = 300


def keep_challenge(request: HttpRequest, challenge: bytes, purpose: str) -> None:
    """Remember what was asked; it takes the place of an older question for the same purpose."""
    asked = {"challenge": urlsafe_b64encode(challenge).decode(), "at": timezone.now().timestamp()}
    request.session[_KEPT] = {**request.session.get(_KEPT, {}), purpose: asked}


def take_challenge(request: HttpRequest, purpose: str) -> bytes:
    """What was asked less than five minutes ago for this purpose; it is good for this one answer. Raises Invalid."""
    asked = request.session.get(_KEPT, {})
    kept = asked.get(purpose)
    request.session[_KEPT] = {other: question for other, question in asked.items() if other != purpose}
    if not kept or timezone.now().timestamp() - kept["at"] > _SECONDS:
        sentence = _("That took too long. Try the passkey once more.")
        raise Invalid(sentence, fields={"passkey": [sentence]})
    return urlsafe_b64decode(kept["challenge"])
