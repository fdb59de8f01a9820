"""All providers of messages. A new one is imported and named here (docs/develop/message-channels.md)."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.messaging.providers.base import Provider
from regulars.messaging.providers.generic import generic
from regulars.messaging.providers.mailing import mailgun, postmark
from regulars.messaging.providers.telegram import telegram
from regulars.messaging.providers.twilio import twilio
from regulars.messaging.providers.wechat import wechat
from regulars.messaging.providers.whatsapp import whatsapp

_ALL: tuple[Provider, ...] = (whatsapp, twilio, telegram, wechat, generic, postmark, mailgun)


def providers() -> Sequence[Provider]:
    """All of them, in the order in which people choose."""
    return _ALL


def provider_of(name: str) -> Provider | None:
    """The provider of that name; none for what is no service of messages, a mail server say."""
    return next((one for one in _ALL if one.name == name), None)
