"""What stands above a mail: headers of every age and breakage, as text, parameters, ids and moments."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from regulars.inbox.reading import charsets

_LONGEST = 16_384
_MOST_IDS = 200
# one encoded word; its bounds keep the search linear
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?(.{0,4000}?)\?=", re.DOTALL)
_OPEN_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]{1,4000})\Z")
_ID = re.compile(r"<\s*([^<>]{1,998})>")
_BARE_ID = re.compile(r"[^\s<>,;\"]{1,500}@[^\s<>,;\"]{1,300}")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


def unfold(value: bytes) -> bytes:
    """A header's value on one line."""
    return re.sub(rb"[\r\n]+[ \t]?", b" ", value).strip()[:_LONGEST]


def text_of(value: bytes, hint: str = "") -> str:
    """A header as people read it: encoded words decoded, raw bytes guessed; `hint` is the charset of the text."""
    return decode_words(raw_text(value, hint))


def raw_text(value: bytes, hint: str = "") -> str:
    """A header's bytes as text, encoded words left as they are."""
    plain = unfold(value)
    if plain.isascii() and b"\x1b" not in plain:
        return charsets.clean(plain.decode("ascii"))
    text, codec = charsets.decode(plain)
    if codec in {"cp1252", ""} and hint:
        text, _codec = charsets.decode(plain, hint)
    return charsets.clean(text).replace("\n", " ")


def decode_words(text: str) -> str:
    """RFC 2047, with what programs made of it: words cut within a character, blanks inside, no end."""
    if "=?" not in text:
        return text.strip()
    out: list[str] = []
    place = 0
    waiting: list[bytes] = []  # of neighbours in one charset, which may share a character
    charset = ""

    def finish() -> None:
        if waiting:
            out.append(charsets.decode(b"".join(waiting), charset)[0])
            waiting.clear()

    for found in [*_WORD.finditer(text)]:
        between = text[place : found.start()]
        if between.strip() or (between and not waiting):
            finish()
            out.append(between)
        name = found.group(1).split("*")[0]
        if name.lower() != charset.lower():
            finish()
        charset = name
        waiting.append(_word_bytes(found.group(2), found.group(3)))
        place = found.end()
    rest = text[place:]
    if broken := _OPEN_WORD.search(rest):
        before = rest[: broken.start()]
        if before.strip():
            finish()
            out.append(before)
        if broken.group(1).lower() != charset.lower():
            finish()
        charset = broken.group(1)
        waiting.append(_word_bytes(broken.group(2), broken.group(3).rstrip("?")))
        rest = ""
    finish()
    return charsets.clean("".join([*out, rest])).replace("\n", " ").strip()


def _word_bytes(kind: str, body: str) -> bytes:
    if kind in "bB":
        return from_base64(body.encode("ascii", "ignore"))
    plain = body.replace("_", " ").encode("utf-8", "replace")
    return binascii.a2b_qp(plain, header=True)


def from_base64(data: bytes) -> bytes:
    """Base64 as far as it goes: strange characters left out, parts that end in the middle joined, padding put right."""
    if b"=" in data.rstrip(b"= \r\n\t"):
        return b"".join(from_base64(part) for part in re.split(rb"=+", data)[:10_000] if part)
    letters = _NO_BASE64.sub(b"", data)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def with_parameters(value: bytes, hint: str = "") -> tuple[str, dict[str, str]]:
    """A structured header: its first word in small letters, and its parameters, RFC 2231 put together."""
    text = raw_text(value, hint)
    first, _semicolon, rest = text.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for key, given in _parameters(rest):
        name, star, number = key.partition("*")
        if not star:
            plain.setdefault(name, given)
            continue
        is_encoded = key.endswith("*")
        digits = number.rstrip("*")
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) < 5):
            continue
        pieces.setdefault(name, {}).setdefault(int(digits or 0), (given, is_encoded))
    found = {name: decode_words(given) for name, given in plain.items()}
    found.update({name: _joined(parts, hint) for name, parts in pieces.items()})
    return first.strip().strip('"').lower(), found


def _joined(parts: dict[int, tuple[str, bool]], hint: str) -> str:
    """The pieces of a parameter in their order; the first says the charset."""
    charset, data, is_any_encoded = "", b"", False
    for position, number in enumerate(sorted(parts)):
        given, is_encoded = parts[number]
        if position == 0 and is_encoded and given.count("'") >= 2:
            charset, _language, given = given.split("'", 2)
        is_any_encoded |= is_encoded
        data += unquote_to_bytes(given) if is_encoded else given.encode("utf-8", "replace")
    text = charsets.clean(charsets.decode(data, charset or hint)[0]).replace("\n", " ")
    return text if is_any_encoded else decode_words(text)


def _parameters(text: str) -> list[tuple[str, str]]:
    """The pairs of a parameter list; quotes keep semicolons, and broken ones end where they can."""
    pairs: list[tuple[str, str]] = []
    place = 0
    while place < len(text) and len(pairs) < 200:
        equals = text.find("=", place)
        if equals < 0:
            break
        name = text[place:equals].rpartition(";")[2].strip().lower()
        place = equals + 1
        while place < len(text) and text[place] in " \t":
            place += 1
        if text[place : place + 1] == '"':
            value, place = _quoted(text, place)
        else:
            end = text.find(";", place)
            end = len(text) if end < 0 else end
            value, place = text[place:end].strip(), end
        after = text.find(";", place)
        if after >= 0 and text[place:after].strip() == "":
            place = after + 1
        if name:
            pairs.append((name, value))
    return pairs


def _quoted(text: str, place: int) -> tuple[str, int]:
    """A quoted string from its first mark on, and where it ends."""
    out, place = [], place + 1
    while place < len(text):
        character = text[place]
        if character == "\\" and place + 1 < len(text) and text[place + 1] in '"\\':
            out.append(text[place + 1])
            place += 2
            continue
        if character == '"':
            return "".join(out), place + 1
        out.append(character)
        place += 1
    return "".join(out), place


def ids_of(value: str) -> tuple[str, ...]:
    """The ids of a Message-ID, In-Reply-To or References, without brackets, each once, the last ones where too many."""
    found = [re.sub(r"\s+", "", one) for one in _ID.findall(value)]
    if not found:
        found = _BARE_ID.findall(value)
    return tuple(dict.fromkeys(one for one in found[-_MOST_IDS:] if one))


def moment_of(value: str) -> dt.datetime | None:
    """The moment of a date, in UTC; None where it says none that can be true."""
    value = value.strip()[:200]
    try:
        parts = parsedate_tz(value)
        if parts is not None:
            year = parts[0] + (1900 if 69 <= parts[0] < 1000 else 2000 if parts[0] < 69 else 0)
            offset = parts[9] or 0
            if abs(offset) >= 24 * 3600:
                offset = 0
            naive = dt.datetime(year, *parts[1:5], min(parts[5], 59), tzinfo=dt.UTC)
            moment = naive - dt.timedelta(seconds=offset)
        else:
            moment = dt.datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if _FIRST_YEAR < moment.year < _LAST_YEAR else None
