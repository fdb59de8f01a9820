"""One sign-in at an IMAP server (RFC 3501, 2177, 6851): what is there, what is new, and nothing of ours.

Names are resolved as for every other way out (core/outbound.py), certificates are checked, every wait ends, and no
answer of the server takes more memory than was asked for. Reading marks nothing as read.
"""

from __future__ import annotations

import imaplib
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar

from django.conf import settings
from django.utils.translation import gettext as _

from regulars.core import outbound
from regulars.core.errors import Refusal

WITHIN = 30.0
_LONGEST_LINE = 16 * 1024 * 1024  # two million numbers
_SLACK = 8 * 1024 * 1024
_UID = re.compile(rb"UID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_DATE = re.compile(rb'INTERNALDATE "[^"]+"')
_FOLDER = re.compile(rb'^\((?P<flags>[^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?P<name>.+)$', re.DOTALL)
_QUOTED = re.compile(rb"\\(.)")


class MailboxAway(Refusal):
    """A mailbox cannot be read; the sentence says why, and what may help."""

    slug: ClassVar[str] = "mailbox-away"
    status: ClassVar[int] = HTTPStatus.BAD_GATEWAY


class SignInRefused(MailboxAway):
    """The server does not let us in with this name and password, or token."""


class LineBroken(MailboxAway):
    """The server was there, and is not any more; the next try may find it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mailbox is and how one signs in there: with a password, or with an OAuth token."""

    host: str
    port: int
    security: str
    user: str
    password: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class There:
    """A mail on the server: its number, its size, and when it came."""

    uid: int
    size: int
    at: float


class Line:
    """An open line. `opened` makes one."""

    def __init__(self, imap: _Imap, place: Place) -> None:
        self._imap, self.place = imap, place
        self.uid_validity, self.uid_next = 0, 0

    @property
    def can_wait(self) -> bool:
        """Whether the server tells by itself that something came (IDLE)."""
        return "IDLE" in self._imap.capabilities

    def folders(self) -> list[str]:
        """The folders that hold mails, as people read their names."""
        from imap_tools.imap_utf7 import utf7_decode  # noqa: PLC0415 — no process needs it that reads no mailbox

        found = []
        for item in self._ask("list"):
            head, name = item if isinstance(item, tuple) else (item, None)
            match = _FOLDER.match(head or b"")
            if match is None or b"\\noselect" in match["flags"].lower():
                continue
            raw = name if name is not None else match["name"].strip()
            if raw.startswith(b'"') and raw.endswith(b'"'):
                raw = _QUOTED.sub(rb"\1", raw[1:-1])
            found.append(utf7_decode(raw))
        return sorted(found, key=lambda one: (one.upper() != "INBOX", one.casefold()))

    def open_folder(self, folder: str, *, may_change: bool = False) -> None:
        """Turn to a folder; without `may_change` the server refuses whatever would alter a mail. Raises MailboxAway."""
        with _said(self.place):
            state, _said_so = self._imap.select(quoted(folder), readonly=not may_change)
        if state != "OK":
            raise MailboxAway(_("There is no folder “%(folder)s” in this mailbox.") % {"folder": folder})
        self.uid_validity = self._number("UIDVALIDITY")
        self.uid_next = self._number("UIDNEXT")

    def uids(self, *, after: int = 0, since: str = "", more: Sequence[str] = ()) -> list[int]:
        """The numbers above `after`, lowest first; with `since` (“01-Mar-2026”), of what came from that day on."""
        wanted = [f"UID {after + 1}:*", *([f"SINCE {since}"] if since else []), *more]
        found = self._ask("uid", "SEARCH", " ".join(wanted))
        numbers = {int(word) for part in found if part for word in part.split()}
        # “5:*” is the last mail even where its number is below 5
        return sorted(number for number in numbers if number > after)

    def look(self, uids: Iterable[int]) -> list[There]:
        """What the server says of mails, by their numbers; those that went meanwhile are not told of."""
        found = []
        for head, _literal in self._fetched(uids, "(UID RFC822.SIZE INTERNALDATE)"):
            uid, size, date = _UID.search(head), _SIZE.search(head), _DATE.search(head)
            moment = imaplib.Internaldate2tuple(date[0]) if date else None
            if uid and size:
                found.append(There(int(uid[1]), int(size[1]), time.mktime(moment) if moment else time.time()))
        return sorted(found, key=lambda one: one.uid)

    def mails(self, uids: Iterable[int], *, part: str = "") -> dict[int, bytes]:
        """Whole mails by their numbers, or a part of each: “HEADER”. They stay unread."""
        found = {}
        for head, literal in self._fetched(uids, f"(UID BODY.PEEK[{part}])"):
            uid = _UID.search(head)
            if uid and literal is not None:
                found[int(uid[1])] = literal
        return found

    def pieces(self, uid: int, *, size: int = 1024 * 1024) -> Iterator[bytes]:
        """One mail, however large, piece by piece."""
        at = 0
        while True:
            found = list(self._fetched([uid], f"(UID BODY.PEEK[]<{at}.{size}>)"))
            piece = next((literal for _head, literal in found if literal), b"")
            if piece:
                yield piece
            if len(piece) < size:
                return
            at += len(piece)

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark mails as read."""
        self._ask("uid", "STORE", numbers(uids), "+FLAGS.SILENT", r"(\Seen)")

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails to another folder of the mailbox, which is made where there is none."""
        where = quoted(folder)
        with suppress(MailboxAway):
            self._ask("create", where)
        if "MOVE" in self._imap.capabilities:
            self._ask("uid", "MOVE", numbers(uids), where)
            return
        self._ask("uid", "COPY", numbers(uids), where)
        self._ask("uid", "STORE", numbers(uids), "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._imap.capabilities:
            self._ask("uid", "EXPUNGE", numbers(uids))

    def wait(self, *, until: Callable[[], bool], seconds: float) -> bool:
        """Wait until the server says that something came (IDLE); False when `seconds` passed, or `until` is true."""
        with _said(self.place):
            return self._imap.idle(until, seconds)

    def close(self) -> None:
        """Say goodbye where the server still listens."""
        with suppress(OSError, imaplib.IMAP4.error):
            self._imap.sock.settimeout(2)
            self._imap.logout()
        with suppress(OSError, imaplib.IMAP4.error):
            self._imap.shutdown()

    def _fetched(self, uids: Iterable[int], what: str) -> Iterator[tuple[bytes, bytes | None]]:
        """Each answer to a FETCH: what stands around its literal, and the literal."""
        wanted = numbers(uids)
        if not wanted:
            return
        answer: list[Any] = self._ask("uid", "FETCH", wanted, what)
        for number, item in enumerate(answer):
            if isinstance(item, tuple):
                behind = answer[number + 1] if number + 1 < len(answer) else b""
                yield item[0] + b" " + (behind if isinstance(behind, bytes) else b""), item[1]
            elif isinstance(item, bytes) and b"(" in item:
                yield item, None

    def _ask(self, command: str, *words: str) -> list[Any]:
        with _said(self.place):
            state, found = getattr(self._imap, command)(*words)
        if state != "OK":
            said = b" ".join(part for part in found if isinstance(part, bytes)).decode("utf-8", "replace")
            raise MailboxAway(_("%(host)s refuses: %(said)s") % {"host": self.place.host, "said": said[:200]})
        return [one for one in found if one is not None]

    def _number(self, name: str) -> int:
        with _said(self.place):
            _name, found = self._imap.response(name)
        word = found[-1] if found else None
        return int(word) if isinstance(word, bytes) and word.isdigit() else 0


@contextmanager
def opened(place: Place) -> Iterator[Line]:
    """A line to a server, signed in. Raises MailboxAway, with the reason in a sentence."""
    imap = None
    if place.security == "none" and place.host.strip().lower() not in settings.PRIVATE_HOSTS:
        raise MailboxAway(
            _("Without encryption the password could be read on the way to %(host)s. Choose TLS or STARTTLS.")
            % {"host": place.host}
        )
    try:
        with _said(place):
            imap = _Imap(place)
            if place.security == "starttls":
                imap.starttls(ssl_context=ssl.create_default_context())
        _sign_in(imap, place)
        with _said(place):
            imap.learn_capabilities()
        line = Line(imap, place)
    except BaseException:
        if imap is not None:
            with suppress(OSError):
                imap.shutdown()
        raise
    try:
        yield line
    finally:
        line.close()


def quoted(folder: str) -> str:
    """A folder's name as the protocol writes it."""
    from imap_tools.imap_utf7 import utf7_encode  # noqa: PLC0415 — no process needs it that reads no mailbox

    plain = bytes(utf7_encode(folder)).decode("ascii")
    if any(ord(letter) < 32 for letter in plain):
        raise MailboxAway(_("There is no folder “%(folder)s” in this mailbox.") % {"folder": folder})
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def numbers(uids: Iterable[int]) -> str:
    """Numbers as the protocol writes them: “1:4,7”."""
    parts: list[list[int]] = []
    for uid in sorted(set(uids)):
        if parts and parts[-1][1] == uid - 1:
            parts[-1][1] = uid
        else:
            parts.append([uid, uid])
    return ",".join(f"{first}:{last}" if first != last else str(first) for first, last in parts)


def _sign_in(imap: _Imap, place: Place) -> None:
    try:
        if place.token:
            said = iter([f"user={place.user}\1auth=Bearer {place.token}\1\1".encode()])
            imap.authenticate("XOAUTH2", lambda _asked: next(said, b""))
        else:
            _password(imap, place)
    except imaplib.IMAP4.abort as error:
        raise LineBroken(_("%(host)s hung up while we signed in.") % {"host": place.host}) from error
    except imaplib.IMAP4.error as error:
        raise SignInRefused(
            _("%(host)s does not let “%(user)s” in. Check the user name and the password; it said: %(said)s")
            % {"host": place.host, "user": place.user, "said": _words_of(error)}
        ) from error
    except OSError as error:
        raise LineBroken(_("%(host)s cannot be reached, or does not answer in time.") % {"host": place.host}) from error


def _password(imap: _Imap, place: Place) -> None:
    """AUTHENTICATE PLAIN takes every character; LOGIN is for servers that have nothing else."""
    if "AUTH=PLAIN" in imap.capabilities:
        plain = f"\0{place.user}\0{place.password}".encode()
        imap.authenticate("PLAIN", lambda _asked: plain)
    else:
        imap.login(place.user, place.password)


@contextmanager
def _said(place: Place) -> Iterator[None]:
    """What goes wrong on the way becomes a sentence that names the server."""
    names = {"host": place.host, "port": place.port}
    try:
        yield
    except outbound.Unanswered as error:
        raise LineBroken(error.sentence) from error
    except outbound.AddressRefused as error:
        raise MailboxAway(error.sentence) from error
    except ssl.SSLCertVerificationError as error:
        raise MailboxAway(
            _("The certificate of %(host)s is not valid for this name, so that nothing is sent there: %(why)s.")
            % {**names, "why": error.verify_message}
        ) from error
    except ssl.SSLError as error:
        raise MailboxAway(
            _("%(host)s does not speak TLS on port %(port)s. Try STARTTLS, or another port.") % names
        ) from error
    except imaplib.IMAP4.abort as error:
        raise LineBroken(_("%(host)s broke off.") % names) from error
    except imaplib.IMAP4.error as error:
        raise MailboxAway(_("%(host)s refuses: %(said)s") % {**names, "said": _words_of(error)}) from error
    except (OSError, EOFError, ValueError) as error:
        raise LineBroken(_("%(host)s broke off.") % names) from error


def _words_of(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(text.split())[:200]


class _Imap(imaplib.IMAP4):
    """The protocol of the standard library over a line of ours, with bounds, and with IDLE."""

    def __init__(self, place: Place) -> None:
        self._place = place
        super().__init__(place.host, place.port, WITHIN)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return outbound.dial(
            self._place.host,
            self._place.port,
            within=timeout or WITHIN,
            has_tls=self._place.security == "tls",
        )

    def read(self, size: int) -> bytes:
        """A literal of the server's."""
        if size > settings.MAIL_SIZE + _SLACK:
            raise self.abort("more than we asked for")
        return super().read(size)

    def readline(self) -> bytes:
        """A line of the server's; numbers of all mails stand in one."""
        line: Any = self.file.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise self.error("a line longer than we read")
        return bytes(line)

    def learn_capabilities(self) -> None:
        """Ask again what the server can do: most say so only to who signed in."""
        _state, said = self.capability()
        words = b" ".join(part for part in said if isinstance(part, bytes)).decode("ascii", "replace")
        self.capabilities = tuple(words.upper().split())

    def idle(self, until: Callable[[], bool], seconds: float) -> bool:
        """Ask the server to speak first, and wait for it."""
        tag = self._new_tag()
        self.send(tag + b" IDLE\r\n")
        while not (line := self._line()).startswith(b"+"):
            if line.startswith(tag):
                raise self.error("IDLE refused")
        came, ends_at = self._said_something(), time.monotonic() + seconds
        while not came and not until() and time.monotonic() < ends_at:
            if select.select([self.sock], [], [], min(1.0, max(0.0, ends_at - time.monotonic())))[0]:
                came = any(word in self._line() for word in (b"EXISTS", b"RECENT", b"EXPUNGE"))
                came = came or self._said_something()
        self.send(b"DONE\r\n")
        while not (line := self._line()).startswith(tag):
            came = came or b"EXISTS" in line
        return came

    def _line(self) -> bytes:
        line = self.readline()
        if not line:
            raise self.abort("the server hung up")
        if line.startswith(b"* BYE"):
            raise self.abort("the server said goodbye")
        return line

    def _said_something(self) -> bool:
        """Whether lines were read ahead that nobody looked at yet; asks nobody and waits for nothing."""
        ahead: Any = self.file
        self.sock.settimeout(0)
        try:
            return bool(ahead.peek(1))
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        finally:
            self.sock.settimeout(WITHIN)
