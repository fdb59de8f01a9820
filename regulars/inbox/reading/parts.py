"""A mail taken apart: headers, and the tree of its parts. Outer boundaries come first: no part leaves its own.

Written for this because a mail that is broken must be read as well; it goes over the bytes once for each level.
"""

from __future__ import annotations

import binascii
import quopri
import re
from dataclasses import dataclass, field

from regulars.inbox.reading import charsets, headers

DEEPEST = 20
MOST_PARTS = 400
_MOST_HEADERS = 2_000
_MOST_HEADER_BYTES = 512_000
_LONGEST_LINE = 1_000
_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,120})[ \t]{0,40}:")
_KNOWN = re.compile(
    rb"(?i)(?:content-|mime-version|from|to|cc|subject|date|message-id|received|reply-to|x-)[\w-]{0,60}:"
)


@dataclass(slots=True)
class Part:
    """A part of a mail: its headers by their names in small letters, its bytes as they came, the parts within.

    `kind` is how it is read; `said_kind` what it says, which may be of several parts without being so.
    """

    headers: list[tuple[str, bytes]] = field(default_factory=list)
    body: bytes = b""
    parts: list[Part] = field(default_factory=list)
    kind: str = "text/plain"
    said_kind: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    name: str = ""
    content_id: str = ""
    charset: str = ""

    def first(self, name: str) -> bytes:
        """The first header of a name; empty where there is none."""
        return next((value for key, value in self.headers if key == name), b"")

    def every(self, name: str) -> list[bytes]:
        """All headers of a name."""
        return [value for key, value in self.headers if key == name]

    @property
    def data(self) -> bytes:
        """The bytes, decoded as Content-Transfer-Encoding says, and as far as they can be."""
        word = re.sub(rb"[^a-z0-9]+", b"", self.first("content-transfer-encoding").split(b";")[0].lower())
        if word == b"base64":
            return headers.from_base64(self.body)
        if word in {b"quotedprintable", b"qp"}:
            return quopri.decodestring(self.body)
        if word in {b"xuuencode", b"uuencode", b"xuue", b"uue"}:
            return _from_uu(self.body)
        return self.body


def split(raw: bytes, problems: list[str]) -> Part:
    """The tree of a mail's parts; `problems` gets what was broken or cut."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    count = [0]
    return _part(raw, "text/plain", 0, count, problems)


def _part(raw: bytes, usual: str, depth: int, count: list[int], problems: list[str]) -> Part:
    count[0] += 1
    part = Part()
    part.headers, start = read_headers(raw, problems)
    part.body = raw[start:]
    _describe(part, usual)
    if not part.kind.startswith("multipart/"):
        return part
    boundary = _boundary(part)
    body = part.body
    if boundary and b"--" + boundary not in body and part.first("content-transfer-encoding"):
        body = part.data  # encoded as a whole, which is forbidden, and done
    if not boundary or b"--" + boundary not in body:
        _note(problems, "a part of several has no boundary")
        if not part.first("content-transfer-encoding") and depth == 0 and not boundary:
            boundary = _found_boundary(body)
        if not boundary or b"--" + boundary not in body:
            part.kind = "text/plain"
            return part
    if depth >= DEEPEST:
        _note(problems, "parts within parts: too deep, the rest is kept as a file")
        part.kind = "application/octet-stream"
        return part
    inner = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
    for piece in _pieces(body, boundary):
        if count[0] >= MOST_PARTS:
            _note(problems, "too many parts, the rest was left out")
            break
        part.parts.append(_part(piece, inner, depth + 1, count, problems))
    if not part.parts:
        part.kind = "text/plain"
    return part


def _note(problems: list[str], sentence: str) -> None:
    if sentence not in problems:
        problems.append(sentence)


def _describe(part: Part, usual: str) -> None:
    """What the headers of a part say it is; what they say wrongly is text."""
    given = part.every("content-type")
    values = [headers.with_parameters(one) for one in given]
    kind, part.parameters = next(((kind, parameters) for kind, parameters in values if "/" in kind), ("", {}))
    if not kind:
        kind = values[0][0] if values else usual
        part.parameters = values[0][1] if values else {}
    kind = re.sub(r"[^a-z0-9!#$&^_.+/-]", "", kind)[:100]
    if kind in {"text", "text/", "plain"}:
        kind = "text/plain"
    elif kind == "multipart" or kind == "multipart/":
        kind = "multipart/mixed"
    elif kind.count("/") != 1 or kind.startswith("/") or kind.endswith("/"):
        kind = usual if not given else "text/plain"
    part.kind = part.said_kind = kind
    part.charset = part.parameters.get("charset", "")
    hint = part.charset
    dispositions = [headers.with_parameters(one, hint) for one in part.every("content-disposition")]
    if dispositions:
        part.disposition = dispositions[0][0]
    name = next((one[1]["filename"] for one in dispositions if one[1].get("filename")), "")
    if not name and given:
        name = headers.with_parameters(given[0], hint)[1].get("name", "")
    part.name = name
    ids = headers.ids_of(headers.raw_text(part.first("content-id")))
    part.content_id = ids[0] if ids else headers.raw_text(part.first("content-id")).strip("<> ")[:250]


def _boundary(part: Part) -> bytes:
    given = part.parameters.get("boundary", "")
    return given.rstrip().encode("utf-8", "ignore")[:300]


def _found_boundary(body: bytes) -> bytes:
    """The boundary that a mail uses without saying so: its first line that begins with two dashes, before a header."""
    found = re.search(rb"(?:\A|\n)--([^\s]{3,200})[ \t]*\r?\n(?=Content-)", body[:65_536])
    return found.group(1) if found else b""


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """What stands between the lines that a boundary is; a part without an end runs to the end."""
    mark = b"--" + boundary
    pieces: list[bytes] = []
    place, begun = 0, -1
    while (at := body.find(mark, place)) >= 0 and len(pieces) <= MOST_PARTS:
        place = at + len(mark)
        if at and body[at - 1 : at] not in {b"\n", b"\r"}:
            continue
        line_end = body.find(b"\n", place)
        line_end = len(body) if line_end < 0 else line_end
        rest = body[place : min(line_end, place + _LONGEST_LINE)].strip()
        if rest not in {b"", b"--", b"---", b"----"}:
            continue  # a longer boundary that begins alike
        if begun >= 0:
            pieces.append(_without_last_break(body[begun:at]))
        begun = line_end + 1
        place = line_end
        if rest.startswith(b"--"):
            begun = -1
    last = body[begun:] if begun >= 0 else b""
    if last and not last.isspace():
        pieces.append(last)
    return pieces


def _without_last_break(piece: bytes) -> bytes:
    return piece[:-2] if piece.endswith(b"\r\n") else piece[:-1] if piece.endswith((b"\n", b"\r")) else piece


def read_headers(raw: bytes, problems: list[str]) -> tuple[list[tuple[str, bytes]], int]:
    """The headers at the top, and where the body begins. A line that is none ends them, unless more follow it."""
    found: list[tuple[str, bytes]] = []
    place = _start(raw)
    name, value = "", bytearray()

    def finish() -> None:
        if name and len(found) < _MOST_HEADERS:
            found.append((name, bytes(value)))

    while place < len(raw):
        line_end = raw.find(b"\n", place)
        line_end = len(raw) if line_end < 0 else line_end + 1
        line = raw[place:line_end]
        if not line.strip(b"\r\n"):
            finish()
            return found, line_end
        if line[:1] in b" \t":
            if not name:
                break
            if len(value) < _MOST_HEADER_BYTES:
                value += line
        elif match := _NAME.match(line):
            finish()
            name, value = match.group(1).decode("ascii").lower(), bytearray(line[match.end() :])
        elif found or name:
            if not _more_follow(raw, line_end):
                _note(problems, "the headers end without an empty line")
                break
            _note(problems, "a header is broken")
            value += b" " + line
        else:
            break
        place = line_end
    finish()
    return found, min(place, len(raw))


def _start(raw: bytes) -> int:
    """Where the headers begin: behind the line of a mail folder, and behind empty lines if a header follows."""
    place = 0
    blank = re.match(rb"[\r\n \t]{1,200}", raw)
    if blank and _NAME.match(raw, blank.end()) and b"\n" in blank.group():
        place = blank.end()
    while raw[place : place + 6].lstrip(b">").startswith(b"From ") and (end := raw.find(b"\n", place)) >= 0:
        place = end + 1
    return place


def _more_follow(raw: bytes, place: int) -> bool:
    """Whether headers that everybody knows stand below, before an empty line."""
    block = raw[place : place + 4_096]
    blank = re.search(rb"\r?\n\r?\n", block)
    block = block[: blank.start()] if blank else block
    return any(_KNOWN.match(line) for line in block.split(b"\n")[:40])


def _from_uu(data: bytes) -> bytes:
    """The first file of uuencoded bytes; damaged lines are read as far as they go."""
    out, is_inside = bytearray(), False
    for line in data.splitlines():
        if not is_inside:
            is_inside = line.startswith(b"begin ")
            continue
        if line.strip() in {b"end", b"`"}:
            if line.strip() == b"end":
                break
            continue
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                out += binascii.a2b_uu(line[:length])
            except binascii.Error:
                continue
    return bytes(out) if is_inside else data


def text_of(part: Part, hint: str = "") -> str:
    """The text of a part, in the charset it says or the one it must be."""
    data = part.data
    codec = part.charset
    if part.kind == "text/html" and not codec:
        found = re.search(rb"(?i)<meta[^>]{1,300}charset=[\"']?([\w-]{2,30})", data[:4_096])
        codec = found.group(1).decode("ascii", "ignore") if found else hint
    text, _codec = charsets.decode(data, codec or hint)
    return charsets.clean(text)
