"""Postings: which customers of a block of 65,536 have a gram, in the shorter of two forms.

Either the last 16 bits of their ids, rising, two bytes each; or one bit for every customer of the block, 8,192 bytes.
(Roaring bitmaps choose between the same two; here they stay numpy arrays, because a batch makes some ten thousand
postings and an object for each would cost more than all the rest.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from regulars.customers.grams import BLOCK

Members = npt.NDArray[np.bool_]

_BITS_BYTES = BLOCK // 8


def all_of(postings: Sequence[bytes]) -> Members:
    """Who is in every posting."""
    numbers = sorted((posting for posting in postings if len(posting) != _BITS_BYTES), key=len)
    bits = [np.frombuffer(posting, dtype=np.uint8) for posting in postings if len(posting) == _BITS_BYTES]
    if bits:
        members = _unpacked(np.bitwise_and.reduce(bits) if len(bits) > 1 else bits[0])
    else:
        members = np.ones(BLOCK, dtype=bool)
    for posting in numbers:
        here = np.zeros(BLOCK, dtype=bool)
        lows = np.frombuffer(posting, dtype="<u2")
        here[lows] = members[lows]
        members = here
    return members


def any_of(postings: Sequence[bytes]) -> Members:
    """Who is in one posting at least."""
    bits = np.zeros(_BITS_BYTES, dtype=np.uint8)
    for posting in postings:
        if len(posting) == _BITS_BYTES:
            bits |= np.frombuffer(posting, dtype=np.uint8)
    members = _unpacked(bits)
    for posting in postings:
        if len(posting) != _BITS_BYTES:
            members[np.frombuffer(posting, dtype="<u2")] = True
    return members


def joined(old: bytes, new: memoryview) -> bytes | memoryview | None:
    """A stored posting and new numbers as one; None where the old one has them all.

    New customers mostly have the highest ids, and their numbers are simply put behind.
    """
    old = bytes(old)
    if len(old) != _BITS_BYTES and old[-2:][::-1] < bytes(new[:2])[::-1]:
        return shortest(old + new)
    members = any_of([old])
    fresh = np.frombuffer(new, dtype="<u2")
    if members[fresh].all():
        return None
    members[fresh] = True
    return shortest(np.flatnonzero(members).astype("<u2").tobytes())


def shortest(lows: bytes | memoryview) -> bytes | memoryview:
    """Rising numbers as they are stored."""
    if len(lows) < _BITS_BYTES:
        return lows
    members = np.zeros(BLOCK, dtype=bool)
    members[np.frombuffer(lows, dtype="<u2")] = True
    return np.packbits(members, bitorder="little").tobytes()


def _unpacked(bits: npt.NDArray[np.uint8]) -> Members:
    return np.unpackbits(bits, bitorder="little").view(bool)
