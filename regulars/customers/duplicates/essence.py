"""What is left of a text when that is taken away which people write in different ways."""

from __future__ import annotations

from regulars.core.text import pinyin_keys

OFFICES = frozenset(
    [
        "info",
        "mail",
        "office",
        "kontakt",
        "contact",
        "sales",
        "admin",
        "hello",
        "shop",
        "test",
        "support",
        "email",
        "noreply",
    ]
)
"""Mailboxes that mean a desk, and nobody in particular."""

_KINDS = frozenset(
    [
        "street",
        "road",
        "avenue",
        "drive",
        "lane",
        "court",
        "place",
        "boulevard",
        "close",
        "crescent",
        "circuit",
        "terrace",
        "highway",
        "parade",
        "way",
        "square",
        "strasse",
        "gardens",
        "grove",
        "circle",
        "north",
        "south",
        "east",
        "west",
        "weg",
        "gasse",
        "allee",
        "platz",
        "flat",
        "unit",
        "apt",
        "apartment",
        "suite",
    ]
)


def sound(text: str) -> str:
    """Chinese by its pinyin, everything else without spaces and doubled letters."""
    if not text.isascii() and (keys := pinyin_keys(text)):
        return keys[0]
    squeezed = text.replace(" ", "")
    return "".join(c for place, c in enumerate(squeezed) if not place or squeezed[place - 1] != c)


def local_part(text: str) -> str:
    """What stands before the @, where it is long enough to mean somebody."""
    local = text.partition("@")[0]
    return local if len(local) >= 4 and local not in OFFICES else ""


def tail(text: str) -> str:
    """The end of a number, which is the same with and without the country's code."""
    return text[-8:] if len(text) >= 8 else text[-7:] if len(text) == 7 else ""


def area(text: str) -> str:
    """The part of a postcode that means a district."""
    if any(c.isalpha() for c in text) and len(text) > 4:
        return text[:-3]
    return text[:-2] if len(text) > 3 else ""


def core(text: str) -> str:
    """A street without its kind."""
    return " ".join([word for word in text.split() if word not in _KINDS]) or text
