"""Who wrote a mail and to whom: strict about what an address is, so that nobody is taken for somebody else.

A list is split by its marks alone, before any word in it is decoded. What stands between two commas is an address only
if nothing about it is doubtful: `alice@example.org)bob@evil.example` is none (CVE-2023-27043), neither half.
"""

from __future__ import annotations

import re

from regulars.inbox.reading.headers import decode_words
from regulars.inbox.reading.mail import Address

_MOST = 500
_LOCAL = r"[^\s@<>()\[\],;:\"\\\x00-\x20\x7f]{1,64}"
_DOMAIN = r"[^\W_](?:[\w-]{0,62})(?:\.[\w-]{1,63}){0,20}"
_ADDRESS = re.compile(rf"({_LOCAL}|\"[^\"\\\r\n@<>]{{1,62}}\")@({_DOMAIN}|\[[0-9A-Fa-f.:IPv]{{2,60}}\])\.?")
_LONGEST = 254


def addresses_of(value: str) -> tuple[tuple[Address, ...], bool]:
    """The addresses of a From, To, Cc or Reply-To, and whether something in it was doubtful and left out."""
    found: list[Address] = []
    is_doubtful = False
    for item in _items(value):
        address = _address(item)
        if address is None:
            is_doubtful |= bool(item.strip(" ;:"))
        elif address not in found:
            found.append(address)
    return tuple(found[:_MOST]), is_doubtful or len(found) > _MOST


def address_of(text: str) -> str:
    """An address that stands alone, as in Return-Path; empty where it is none."""
    match = _ADDRESS.fullmatch(text.strip().removeprefix("<").removesuffix(">").strip())
    return _put_right(match) if match else ""


def _put_right(match: re.Match[str]) -> str:
    local, domain = match.groups()
    if len(local) > 2 and local.startswith('"') and re.fullmatch(r"[\w.+-]+", local[1:-1]):
        local = local[1:-1]  # quotes that were not needed
    whole = f"{local}@{domain.lower()}"
    return whole if len(whole) <= _LONGEST else ""


class _Item:
    """What stands between two commas, taken apart by its marks."""

    def __init__(self) -> None:
        self.outside: list[str] = []  # the text that is neither quoted, nor in brackets, nor a comment
        self.angles: list[str] = []
        self.comments: list[str] = []
        self.has_more_behind = False
        self.is_broken = False

    def strip(self, marks: str = " ") -> str:
        return "".join([*self.outside, *self.angles]).strip(marks)


def _items(value: str) -> list[_Item]:
    """The items of a list; a group's name is dropped, what it holds is not."""
    items, item = [], _Item()
    place, depth, end = 0, 0, len(value)
    while place < end:
        character = value[place]
        if depth:
            if character == "\\":
                place += 1
            elif character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
            if depth:
                item.comments.append(value[place : place + 1])
        elif character == "(":
            depth = 1
            item.comments.append(" ")
        elif character == ")":
            item.is_broken = True
        elif character == '"':
            quoted, place = _to_mark(value, place)
            item.is_broken |= quoted is None
            item.outside.append(f'"{quoted or ""}"')
            continue
        elif character == "<":
            closing = value.find(">", place)
            closing = end if closing < 0 else closing
            item.angles.append(value[place + 1 : closing])
            place = closing
        elif character in ",;":
            items.append(item)
            item = _Item()
        elif character == ":" and not item.angles and not _is_within_address(value, place):
            item = _Item()  # the name of a group
        else:
            if item.angles and not character.isspace():
                item.has_more_behind = True
            item.outside.append(character)
        place += 1
        if len(items) > 4 * _MOST:
            break
    item.is_broken |= depth > 0
    items.append(item)
    return items


def _is_within_address(value: str, place: int) -> bool:
    """`mailto:` and the like are no groups."""
    return value[max(0, place - 6) : place].lower() == "mailto" or "@" in value[max(0, place - 64) : place]


def _to_mark(value: str, place: int) -> tuple[str | None, int]:
    """A quoted string from its first mark on, and the place behind it; None where it has no end."""
    out, place = [], place + 1
    while place < len(value):
        character = value[place]
        if character == "\\" and place + 1 < len(value):
            out.append(value[place + 1])
            place += 2
            continue
        if character == '"':
            return "".join(out), place + 1
        out.append(character)
        place += 1
    return None, place


def _address(item: _Item) -> Address | None:
    outside = "".join(item.outside).strip()
    name = re.sub(r"\s+", " ", outside.replace('"', " ")).strip()
    if len(item.angles) == 1 and not item.has_more_behind and not item.is_broken:
        inner = item.angles[0].strip()
        if inner.startswith("@") and ":" in inner:
            inner = inner.rpartition(":")[2]  # a route of old
        inner = re.sub(r"(?i)\A(?:smtp|mailto):", "", inner)
        match = _ADDRESS.fullmatch(inner)
        if match and (right := _put_right(match)):
            return Address(right, shown_name(name or "".join(item.comments)))
        return None
    if item.angles or item.is_broken:
        return None
    bare = re.sub(r"(?i)\A(?:smtp|mailto):", "", outside)
    if match := _ADDRESS.fullmatch(bare):
        right = _put_right(match)
        return Address(right, shown_name("".join(item.comments))) if right else None
    if "=?" in outside and "@" not in outside:
        # the whole of it was encoded, address and all; once, never again
        inner_items = [one for one in _items(decode_words(outside)) if one.strip()]
        if len(inner_items) == 1 and "=?" not in inner_items[0].strip():
            return _address(inner_items[0])
    return None


def shown_name(text: str) -> str:
    """The name before an address, decoded, without controls and marks that turn the reading direction."""
    decoded = decode_words(text.strip().strip("'\"").strip())
    plain = "".join(character if character.isprintable() else " " for character in decoded)
    return re.sub(r"\s+", " ", plain).strip().strip("'\"").strip()[:200]
