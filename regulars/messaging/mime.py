"""A message as a mail: its headers, its parts, and the bytes that are signed and handed over."""

from __future__ import annotations

import datetime as dt
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime
from typing import Final, cast

from regulars.messaging import files, unsubscribing
from regulars.messaging.accounts import Server
from regulars.messaging.gate import MARKETING
from regulars.messaging.models import Message

# seven bits alone: whoever carries it has no reason to write it anew, which would break its signature
_SEVEN: Final = policy.SMTP.clone(cte_type="7bit", max_line_length=900)
_AUTOMATIC: Final = "Auto-Submitted"


def mail_of(message: Message, server: Server, now: dt.datetime) -> EmailMessage:
    """The mail of a message, with all its parts."""
    mail = EmailMessage(policy=_SEVEN if message.to.isascii() else _SEVEN.clone(utf8=True))
    mail["From"] = Address(display_name=server.name, addr_spec=server.address)
    mail["To"] = Address(addr_spec=ascii_domain(message.to))
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message.message_id
    own = dict(message.headers)
    said = own.pop(_AUTOMATIC, "" if "In-Reply-To" in own else "auto-generated")
    if said and said != "no":
        mail[_AUTOMATIC] = said
    for name, value in own.items():
        mail[name] = value
    if message.purpose == MARKETING:
        mail["List-Unsubscribe"] = f"<{unsubscribing.link_of(message)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text)
    attached = files.read_all(message)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
        page = cast("MIMEPart", mail.get_payload()[-1])  # type: ignore[index]
        for one in attached:
            if one.is_inline and one.content_id:
                kind, _slash, more = one.media_type.partition("/")
                page.add_related(one.data, kind, more, cid=f"<{one.content_id.strip('<>')}>", filename=one.name)
    for one in attached:
        if not (message.html and one.is_inline and one.content_id):
            kind, _slash, more = one.media_type.partition("/")
            mail.add_attachment(one.data, maintype=kind, subtype=more or "octet-stream", filename=one.name)
    return mail


def ascii_domain(address: str) -> str:
    """An address with its domain as it is written on the wire; one that cannot be written so stays as it is."""
    name, _at, domain = address.rpartition("@")
    try:
        return f"{name}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address
