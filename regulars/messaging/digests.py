"""Addresses as numbers that tell nothing: by these a message, or an entry of the list of no's, is found again.

They are made with the key that customers' own list of the erased is made with. It is never exchanged, only added to,
because a digest cannot be made anew when the address is gone.
"""

from __future__ import annotations

import hmac
from typing import Any, Final

from regulars.core import datakeys
from regulars.core.text import fold

_KEY: Final = "suppressed"
_NUMBERS: Final = frozenset({"sms", "whatsapp"})


def of(way: str, address: str) -> str:
    """The digest of an address under the newest key, 32 letters; empty for none."""
    return all_of(way, address)[0] if address else ""


def all_of(way: str, address: str) -> list[str]:
    """Every digest an address may have, the newest first."""
    said = f"message\0{way}\0{comparable(way, address)}".encode()
    keys = datakeys.named(_KEY).generations
    return [hmac.digest(keys[number], said, "sha256").hex()[:32] for number in sorted(keys, reverse=True)]


def comparable(way: str, address: str) -> str:
    """An address as two of them are compared: mail without capitals, numbers as digits alone."""
    if way in _NUMBERS:
        return "".join(filter(str.isdigit, address)).lstrip("0")
    return fold(address.strip()) if way == "email" else address.strip()


def column_of_mail(address: str) -> dict[str, Any]:
    """What stands beside a sealed e-mail address, for the sealing of rows that were plain."""
    return {"to_digest": of("email", address)}
