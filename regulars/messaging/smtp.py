"""Mail servers: open lines that are kept for the next mail, and what their answers mean.

To the server of an account that people entered goes a line of core/outbound, which looks at the address first. The
server of the settings is where whoever runs the shop says. Certificates are verified in either case.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import outbound
from regulars.core.errors import Refusal
from regulars.messaging import accounts, mime, signing
from regulars.messaging.accounts import STARTTLS, TLS, Server
from regulars.messaging.models import Account, Message
from regulars.messaging.transports import Refused, Unsure

_OURS: Final = "django.core.mail.backends.smtp.EmailBackend"
_TO_CONNECT, _TO_ANSWER, _TO_TAKE = 10.0, 20.0, 60.0  # seconds
_SLOWEST = 200_000  # bytes a second
_IDLE = 60.0  # seconds that a line is kept
_MOST_MAILS = 100  # over one line
_MOST_LINES = 4  # to one server at once, from this process
_FOR_GOOD = 500  # a reply from here on is final (RFC 5321, 4.2.1)
_GO_ON, _READY = 354, 220
_OK = frozenset({250, 251, 252})


def send(message: Message, account: Account | None, journal: Callable[[], None]) -> str:
    """Hand a mail to the server of its account, or of the settings. See transports.Transport."""
    server = accounts.server(account)
    mail = mime.mail_of(message, server, timezone.now())
    if server.is_of_settings and settings.EMAIL_BACKEND != _OURS:
        return _by_backend(message, mail, journal)
    data = signing.signed(mail.as_bytes(), accounts.domain(account))
    with _POOL.line(server) as line:
        _envelope(line, message, server, len(data))
        _bytes(line, data, journal)
    return message.message_id


def check(server: Server) -> str:
    """Sign in to a server and leave again; what it said that it can. Raises Refused with what is wrong."""
    line = _opened(server)
    said = ", ".join(sorted(name.upper() for name in line.esmtp_features))
    _leave(line)
    return said


def close_all() -> None:
    """Let all lines go."""
    _POOL.close()


class _Line(smtplib.SMTP):
    """A line to a server, over a socket of our own making."""

    def __init__(self, server: Server) -> None:
        self._server, self.mails, self.used_at = server, 0, time.monotonic()
        name = server.address.rpartition("@")[2] or "localhost"
        super().__init__(server.host, server.port, local_hostname=name, timeout=_TO_ANSWER)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        has_tls = self._server.security == TLS
        if not self._server.is_of_settings:
            line = outbound.dial(host, port, within=_TO_CONNECT, has_tls=has_tls)
        else:
            line = socket.create_connection((host, port), _TO_CONNECT)
            if has_tls:
                line = ssl.create_default_context().wrap_socket(line, server_hostname=host)
        line.settimeout(timeout)
        return line

    def wait_for(self, seconds: float) -> None:
        """How long each wait on the line may take from now on."""
        if self.sock is not None:
            self.sock.settimeout(seconds)


@dataclass(slots=True)
class _Pool:
    """Lines that wait for their next mail, by server. A server takes so many at once, and no more are opened."""

    idle: dict[str, list[_Line]] = field(default_factory=lambda: defaultdict(list))
    turns: dict[str, threading.BoundedSemaphore] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def line(self, server: Server) -> Iterator[_Line]:
        """A line that is ready for a mail; it is kept afterwards, unless something went wrong on it."""
        with self.lock:
            turn = self.turns.setdefault(server.key, threading.BoundedSemaphore(_MOST_LINES))
        with turn:
            line = self._ready(server.key) or _opened(server)
            try:
                yield line
            except BaseException as wrong:
                # after a plain refusal the line can be used on
                if not (isinstance(wrong, Refused) and self._keep(server.key, line)):
                    line.close()
                raise
            line.mails += 1
            if not self._keep(server.key, line):
                _leave(line)

    def _ready(self, key: str) -> _Line | None:
        for old in self._take_old():
            _leave(old)
        while True:
            with self.lock:
                line = self.idle[key].pop() if self.idle[key] else None
            if line is None:
                return None
            with suppress(OSError, smtplib.SMTPException):
                if line.rset()[0] in _OK:
                    return line
            line.close()

    def _take_old(self) -> list[_Line]:
        until, old = time.monotonic() - _IDLE, []
        with self.lock:
            for key, lines in self.idle.items():
                old += [line for line in lines if line.used_at < until]
                self.idle[key] = [line for line in lines if line.used_at >= until]
        return old

    def _keep(self, key: str, line: _Line) -> bool:
        if line.mails >= _MOST_MAILS or line.sock is None:
            return False
        line.used_at = time.monotonic()
        with self.lock:
            self.idle[key].append(line)
        return True

    def close(self) -> None:
        """Let all that wait go."""
        with self.lock:
            lines = [line for waiting in self.idle.values() for line in waiting]
            self.idle.clear()
        for line in lines:
            _leave(line)


_POOL = _Pool()


def _opened(server: Server) -> _Line:
    """A line to a server, signed in. Whatever is wrong here is wrong with the server or account, and not for good."""
    line = None
    try:
        line = _Line(server)
        line.ehlo_or_helo_if_needed()
        if server.security == STARTTLS:
            _expect(line.starttls(context=ssl.create_default_context()), among=frozenset({_READY}))
            line.ehlo()
        if server.user:
            line.login(server.user, server.password)
    except Refused as refused:
        _close(line)
        raise Refused(refused.sentence, is_final=False) from refused
    except Refusal as refusal:
        _close(line)
        raise Refused(refusal.sentence, is_final=False) from refusal
    except ssl.SSLError as wrong:
        _close(line)
        raise Refused(
            _("The certificate of %(host)s is not valid: %(why)s")
            % {"host": server.host, "why": getattr(wrong, "verify_message", "") or str(wrong)},
            is_final=False,
        ) from wrong
    except (smtplib.SMTPException, OSError, ValueError) as wrong:
        _close(line)
        raise Refused(_why(wrong), is_final=False) from wrong
    return line


def _envelope(line: _Line, message: Message, server: Server, size: int) -> None:
    """Say from whom and to whom; with the notifications of delivery (RFC 3461) where the server knows them."""
    to, options, notify = mime.ascii_domain(message.to), [], []
    if line.has_extn("size"):
        options.append(f"SIZE={size}")
    if line.has_extn("dsn"):
        options += ["RET=HDRS", f"ENVID={xtext(message.public_id)}"]
        notify = ["NOTIFY=FAILURE,DELAY", f"ORCPT=rfc822;{xtext(to)}"]
    if not to.isascii():
        if not line.has_extn("smtputf8"):
            raise Refused(_("The mail server takes no addresses with letters like these."), is_final=True)
        options += ["SMTPUTF8", "BODY=8BITMIME"]
        notify = notify[:1]
    try:
        _expect(line.mail(server.return_to, options))
        _expect(line.rcpt(to, notify))
    except Refused:
        with suppress(OSError, smtplib.SMTPException):
            line.rset()
        raise
    except (smtplib.SMTPException, OSError, UnicodeError) as wrong:
        line.close()
        raise Refused(_why(wrong), is_final=False) from wrong


def _bytes(line: _Line, data: bytes, journal: Callable[[], None]) -> None:
    """Let the bytes go. Until the last of them is on its way the server cannot have taken the mail."""
    try:
        _expect(line.docmd("DATA"), among=frozenset({_GO_ON}))
    except (smtplib.SMTPException, OSError) as wrong:
        line.close()
        raise Refused(_why(wrong), is_final=False) from wrong
    try:
        journal()
    except BaseException:
        line.close()  # without its end the server throws away what it got, which is nothing
        raise
    try:
        line.wait_for(_TO_TAKE + len(data) / _SLOWEST)
        line.send(stuffed(data))
    except (smtplib.SMTPException, OSError) as wrong:
        line.close()
        raise Refused(_why(wrong), is_final=False) from wrong
    try:
        answer = line.getreply()
        line.wait_for(_TO_ANSWER)
    except (smtplib.SMTPException, OSError) as wrong:
        line.close()
        raise Unsure(
            _("The mail server did not say whether it took the mail: %(why)s") % {"why": _why(wrong)}
        ) from wrong
    _expect(answer)


def stuffed(data: bytes) -> bytes:
    """The bytes of a mail as they go over the line, with their end."""
    return re.sub(rb"(?m)^\.", b"..", data) + (b"" if data.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def xtext(text: str) -> str:
    """A text as it stands in parameters of SMTP (RFC 3461, 4)."""
    return "".join(chr(byte) if 33 <= byte <= 126 and byte not in b"+=" else f"+{byte:02X}" for byte in text.encode())


def _by_backend(message: Message, mail: EmailMessage, journal: Callable[[], None]) -> str:
    """By another backend of Django's, where EMAIL_BACKEND names one."""
    headers = {name: str(value) for name, value in mail.items() if name.lower() in _BESIDE or name == "Message-ID"}
    given = EmailMultiAlternatives(message.subject, message.text, str(mail["From"]), [message.to], headers=headers)
    if message.html:
        given.attach_alternative(message.html, "text/html")
    journal()
    try:
        get_connection().send_messages([given])
    except (smtplib.SMTPException, OSError) as wrong:
        raise Unsure(_why(wrong)) from wrong
    return message.message_id


_BESIDE = frozenset(
    {"auto-submitted", "in-reply-to", "references", "reply-to", "list-unsubscribe", "list-unsubscribe-post"}
)


def _expect(answer: tuple[int, bytes], *, among: frozenset[int] = _OK) -> None:
    code, said = answer
    if code not in among:
        raise Refused(_said(code, said), is_final=code >= _FOR_GOOD)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:500] or str(code)


def _why(wrong: Exception) -> str:
    if isinstance(wrong, smtplib.SMTPResponseException):
        return _said(wrong.smtp_code, wrong.smtp_error)
    return str(wrong)[:500] or type(wrong).__name__


def _leave(line: _Line) -> None:
    with suppress(OSError, smtplib.SMTPException):
        line.quit()
    line.close()


def _close(line: _Line | None) -> None:
    if line is not None:
        line.close()
