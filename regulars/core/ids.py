"""Public ids: what the outside world calls a row.

`cus_3k9x…` is the row's primary key behind a fixed permutation of 64 bits: short, stable for the life of the row,
needing neither a column nor an index, and telling nobody at a glance how many customers a shop has. It is a name,
not a secret: what a person may see is decided by permissions, never by whether an id can be guessed.
"""

from __future__ import annotations

import hashlib
from functools import cache

# Crockford's base 32 without the letters that are read as digits; lower case, because people type it.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_LENGTH = 13  # 13 × 5 bits hold 64
_MASK = 0xFFFFFFFF


def encode(prefix: str, pk: int) -> str:
    """The public id of row `pk`; `prefix` names the table (`cus`, `ord`) and also seeds the permutation."""
    left, right = (pk >> 32) & _MASK, pk & _MASK
    for key in _round_keys(prefix):
        left, right = right, left ^ _mix(right, key)
    value = (left << 32) | right
    pairs = _PAIRS
    # 13 letters of 5 bits: one, and six pairs; a list of fifty people writes its ids in a fraction of a millisecond
    return (
        f"{prefix}_{_ALPHABET[value >> 60]}{pairs[value >> 50 & 1023]}{pairs[value >> 40 & 1023]}"
        f"{pairs[value >> 30 & 1023]}{pairs[value >> 20 & 1023]}{pairs[value >> 10 & 1023]}{pairs[value & 1023]}"
    )


def decode(prefix: str, public_id: str) -> int | None:
    """The primary key behind a public id, or None where the text is not one of ours."""
    head, _, tail = public_id.partition("_")
    if head != prefix or len(tail) != _LENGTH:
        return None
    value = 0
    for letter in tail:
        digit = _VALUES.get(letter)
        if digit is None:
            return None
        value = value * 32 + digit
    if value >> 64:
        return None
    left, right = (value >> 32) & _MASK, value & _MASK
    for key in reversed(_round_keys(prefix)):
        left, right = right ^ _mix(left, key), left
    pk = (left << 32) | right
    return pk if 0 < pk < 2**63 else None


@cache
def _round_keys(prefix: str) -> tuple[int, ...]:
    digest = hashlib.sha256(f"regulars:{prefix}".encode()).digest()
    return tuple(int.from_bytes(digest[i : i + 4], "big") | 1 for i in range(0, 16, 4))


def _mix(half: int, key: int) -> int:
    """Spread every bit of `half` over the other half (the finaliser of MurmurHash3, 32 bits)."""
    half = (half ^ key) & _MASK
    half = ((half ^ (half >> 16)) * 0x85EBCA6B) & _MASK
    half = ((half ^ (half >> 13)) * 0xC2B2AE35) & _MASK
    return half ^ (half >> 16)
