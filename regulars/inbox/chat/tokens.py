"""Tokens: by one, and by nothing else, a visitor is known. Handing one out writes nothing down."""

from __future__ import annotations

import secrets
from typing import Final

from django.core import signing

from regulars.inbox import digests
from regulars.inbox.models import Chat

_SALT: Final = "inbox.chat"
_LONGEST: Final = 200


def issue(chat: Chat) -> str:
    """A token for somebody who opens a chat: 192 bits that nobody can guess, signed."""
    return signing.dumps([chat.pk, secrets.token_urlsafe(24)], salt=_SALT)


def digest_of(chat: Chat, token: str) -> str:
    """What stands for a token in the database; empty for one that is not ours, or another chat's."""
    if len(token) > _LONGEST:
        return ""
    try:
        said = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return ""
    return digests.of(f"chat {said[1]}")[:32] if said[0] == chat.pk else ""
