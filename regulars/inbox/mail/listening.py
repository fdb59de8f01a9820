"""Our own door for mail servers (REGULARS_LMTP): LMTP, or SMTP, for mail to addresses of ours and to no others.

A mail is answered with 250 when it lies sealed on the disk and its row is committed, never before. A line that ends
with a bare CR or LF is refused: what one server takes for text, another might take for the end of a mail (SMTP
smuggling). It runs beside the jobs of every worker, of which one at a time listens.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection

from regulars.core import quarantine
from regulars.inbox.mail.ledger import take
from regulars.inbox.models import Arrival, Mailbox
from regulars.messaging.models import Account, Way
from regulars.segments.following import Alone

logger = logging.getLogger(__name__)

_ADVISORY = 7_301_330_072
_PAUSE = 5.0
_MOST_RECIPIENTS = 100
_LONGEST_LINE = 4 * 1024 * 1024
_AWAY = "451 4.3.0 Not now; try again"


def listen(stop: threading.Event) -> None:
    """Listen until asked to end, whenever no other process does and the settings say where."""
    door = settings.LMTP
    if not door:
        return
    alone = Alone("lmtp", _ADVISORY)
    while not stop.is_set():
        try:
            close_old_connections()
            if alone.is_ours() and not quarantine.is_on():
                asyncio.run(_serve(door, stop))
        except Error:
            logger.exception("mail cannot be taken in now")
            connection.close()
        except OSError:
            logger.exception("nobody can hand in mail at %s", door.path or f"{door.host}:{door.port}")
        stop.wait(_PAUSE)
    alone.give_up()
    connection.close()


def recipient_of(address: str) -> tuple[bool, Account | None]:
    """Whether mail to an address is for us, and the account it belongs to. What stands after a + is not asked."""
    local, _at, domain = address.strip().rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    for one in (address.strip(), plain):
        mailbox = Mailbox.objects.filter(address__iexact=one).select_related("account").first()
        if mailbox is not None:
            return True, mailbox.account
        account = Account.objects.filter(way=Way.EMAIL, address__iexact=one).first()
        if account is not None:
            return True, account
    return False, None


class Handler:
    """What the door does with what it is told; everything that asks the database does so in a thread."""

    async def handle_RCPT(  # noqa: N802 — the library's name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take recipients of ours, and no others."""
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        try:
            is_ours, _account = await asyncio.to_thread(_with_database, recipient_of, address)
        except Error:
            logger.exception("recipients cannot be looked up now")
            return _AWAY
        if not is_ours:
            return "550 5.1.1 Nobody has this address here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 — the library's name
        """Take a mail in; the answer is given when it is safe."""
        data = bytes(envelope.original_content or b"")
        if has_bare_line_ends(data):
            return "550 5.6.0 Lines must end with CR LF"
        try:
            arrival = await asyncio.to_thread(_with_database, _take, data, tuple(envelope.rcpt_tos))
        except (Error, OSError):
            logger.exception("a mail that was handed in cannot be kept now")
            return _AWAY
        return f"250 2.0.0 Kept as {arrival.public_id}"


def has_bare_line_ends(data: bytes) -> bool:
    """Whether a CR stands without its LF, or a LF without its CR."""
    return data.count(b"\r\n") != data.count(b"\n") or data.count(b"\r\n") != data.count(b"\r")


async def _serve(door: Any, stop: threading.Event) -> None:
    loop = asyncio.get_running_loop()
    protocol = _protocol(door, loop)
    if door.path:
        Path(door.path).unlink(missing_ok=True)
        before = os.umask(0o117)  # the mail server's group may knock
        try:
            server = await loop.create_unix_server(protocol, path=door.path)
        finally:
            os.umask(before)
    else:
        server = await loop.create_server(protocol, host=door.host, port=door.port)
    async with server:
        while not stop.is_set():
            await asyncio.sleep(0.1)


def _protocol(door: Any, loop: asyncio.AbstractEventLoop) -> Any:
    """A factory of the library's protocol; loaded only where there is a door."""
    from aiosmtpd.lmtp import LMTP  # noqa: PLC0415
    from aiosmtpd.smtp import SMTP  # noqa: PLC0415

    # it would log who writes to whom
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    base = LMTP if door.is_lmtp else SMTP

    class Door(base):  # type: ignore[misc, valid-type]
        """The protocol with longer lines, as mails have them, and in LMTP one answer for each recipient."""

        line_length_limit = _LONGEST_LINE
        _answers = 1

        async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 — the library's name
            self._answers = len(self.envelope.rcpt_tos) if door.is_lmtp and self.envelope else 1
            try:
                await super().smtp_DATA(arg)
            finally:
                self._answers = 1

        async def push(self, status: Any) -> None:
            # before the mail itself comes, one answer is expected: 354, or why not (503, 501)
            is_early = str(status).startswith(("354", "503", "501"))
            for _one in range(1 if is_early else max(1, self._answers)):
                await super().push(status)

    name = socket.gethostname()[:64] or "regulars"
    return lambda: Door(
        Handler(), data_size_limit=settings.MAIL_SIZE, enable_SMTPUTF8=True, hostname=name, ident="Regulars", loop=loop
    )


def _take(data: bytes, recipients: tuple[str, ...]) -> Arrival:
    accounts = (account for _is_ours, account in map(recipient_of, recipients) if account is not None)
    arrival, _is_new = take(data, source=Arrival.Source.LMTP, account=next(accounts, None), recipients=recipients)
    return arrival


def _with_database(do: Any, *arguments: Any) -> Any:
    close_old_connections()
    return do(*arguments)
