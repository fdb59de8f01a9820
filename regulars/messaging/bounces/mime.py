"""Just enough of MIME to read reports. Bounces are often broken: any bytes do, each read a few times at most."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header

_MOST_BYTES = 3_000_000
_MOST_PARTS = 60
_DEEPEST = 6
_MOST_HEADERS = 400
_LONGEST_VALUE = 8_000
_MOST_TEXT = 400_000

_EMPTY_LINE = re.compile(rb"\r?\n[ \t]*\r?\n|\A[ \t]*\r?\n")
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_CHARSET = re.compile(r'charset\s*=\s*"?([A-Za-z0-9_.:\-]{1,40})', re.IGNORECASE)
_LOST = re.compile(rb"\n--([^\s]{5,200})\r?\nContent-Type: message/delivery-status", re.IGNORECASE)
_NAME = re.compile(r"\A[\x21-\x39\x3b-\x7e]{1,80}\Z")


@dataclass(slots=True)
class Part:
    """One part of a mail: its headers with small names, and what is below them as it came."""

    headers: list[tuple[str, str]]
    body: bytes
    depth: int = 0
    parts: list[Part] = field(default_factory=list)

    def get(self, name: str) -> str:
        """The first header of that name, or nothing."""
        return next((value for one, value in self.headers if one == name), "")

    @property
    def kind(self) -> str:
        """`text/plain`, in small letters; a part that does not say is text."""
        return self.get("content-type").partition(";")[0].strip().lower() or "text/plain"

    def text(self) -> str:
        """The body as text, undone from its transfer encoding; what cannot be decoded becomes question marks."""
        data = self.body[:_MOST_TEXT]
        encoding = self.get("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            data = _from_base64(data)
        elif encoding == "quoted-printable":
            data = quopri.decodestring(data)
        found = _CHARSET.search(self.get("content-type"))
        return decoded(data, found[1] if found else "")

    def walk(self) -> Iterator[Part]:
        """The part and all below it, in order."""
        yield self
        for one in self.parts:
            yield from one.walk()


def parse(raw: bytes) -> Part:
    """The mail with its parts. Mails within it (message/rfc822) stay closed: they are the returned ones."""
    budget = [_MOST_PARTS]
    return _part(raw[:_MOST_BYTES].lstrip(b"\r\n"), 0, budget)


def headers_of(block: str) -> list[tuple[str, str]]:
    """The headers of a block of text, lines joined, names small; lines that are none are left out."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line[:1] in {" ", "\t"}:
            if found:
                found[-1][1].append(line.strip())
            continue
        name, colon, value = line.partition(":")
        if colon and _NAME.match(name.rstrip()):
            found.append((name.rstrip().lower(), [value.strip()]))
            if len(found) >= _MOST_HEADERS:
                break
    return [(name, " ".join(lines)[:_LONGEST_VALUE]) for name, lines in found]


def decoded(data: bytes, charset: str) -> str:
    """Bytes as text: in what they say they are, else UTF-8, else Latin."""
    for name in (charset, "utf-8"):
        try:
            return data.decode(name or "utf-8")
        except (LookupError, ValueError):
            continue
    return data.decode("latin-1") if not charset or charset.lower() in {"us-ascii", "utf-8"} else _broken(data, charset)


def words(value: str) -> str:
    """A header as people read it (RFC 2047); as it came where it is broken."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value[:2_000])
    except (ValueError, binascii.Error, MessageError):
        return value
    return "".join(one if isinstance(one, str) else decoded(one, charset or "") for one, charset in pieces)


def _broken(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _part(raw: bytes, depth: int, budget: list[int]) -> Part:
    budget[0] -= 1
    found = _EMPTY_LINE.search(raw)
    head, body = (raw, b"") if found is None else (raw[: found.start()], raw[found.end() :])
    if found is not None and found.start() == 0:
        head = b""
    part = Part(headers_of(decoded(head[:200_000], "")), body, depth)
    for piece in _pieces(body, _boundary_of(part)) if depth < _DEEPEST else ():
        if budget[0] <= 0:
            break
        part.parts.append(_part(piece, depth + 1, budget))
    return part


def _boundary_of(part: Part) -> bytes:
    """What its parts are divided by; nothing where it has none. Some servers lose the header that says so."""
    if part.kind.startswith("multipart/"):
        found = _BOUNDARY.search(part.get("content-type"))
        return (found[1] or found[2]).encode("utf-8", "replace") if found else b""
    lost = None if part.depth or part.get("content-type") else _LOST.search(part.body[:100_000])
    return lost[1] if lost else b""


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    if not boundary:
        return
    mark = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    begin = -1
    for found in mark.finditer(body):
        if begin >= 0:
            yield body[begin : found.start()].removeprefix(b"\r\n").removeprefix(b"\n")
        begin = found.end()
        if found[1]:
            return
    if begin >= 0:
        yield body[begin:].removeprefix(b"\r\n").removeprefix(b"\n")


def _from_base64(data: bytes) -> bytes:
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    return base64.b64decode(kept + b"=" * (-len(kept) % 4)) if len(kept) % 4 != 1 else base64.b64decode(kept[:-1])
