"""How a message becomes a mail that a provider of mail takes: with its subject, design, headers and files."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formataddr
from types import SimpleNamespace
from typing import Any, Final, cast

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.messaging import accounts, files, mime, transports
from regulars.messaging.models import Account, Message
from regulars.messaging.providers import transport
from regulars.messaging.providers.base import Refused, Unclear
from regulars.messaging.providers.mailing import ALL

_OWN: Final = frozenset({"from", "to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding"})


def hand_over(message: Message, account: Account | None, journal: Callable[[], None]) -> str:
    """Hand a mail over by its provider's API. See transports.Transport."""
    provider = next((one for one in ALL if account is not None and one.name == account.provider), None)
    if account is None or provider is None:
        raise transports.Refused(_("No service is set up for this message."), is_final=False)
    mail = _mail(message, account)
    journal()
    try:
        return transport.asked(provider.post(mail, transport.link_of(account))).provider_id
    except Unclear as unclear:
        raise transports.Unsure(unclear.sentence) from unclear
    except Refused as refusal:
        raise transports.Refused(refusal.sentence, is_final=refusal.is_final, again_in=refusal.again_in) from refusal


def join() -> None:
    """Let the gate hand mails over to these providers with subject, design and files."""
    for one in ALL:
        transports.add(one.name, lambda: hand_over)


def _mail(message: Message, account: Account) -> EmailMultiAlternatives:
    name, address = accounts.sender(account)
    server = cast("Any", SimpleNamespace(name=name, address=address))
    made = mime.mail_of(message, server, timezone.now())
    headers = {key: str(value) for key, value in made.items() if key.lower() not in _OWN}
    mail = EmailMultiAlternatives(
        message.subject, message.text, formataddr((name, address)), [message.to], headers=headers
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for one in files.read_all(message):
        mail.attach(one.name, one.data, one.media_type)
    return mail
