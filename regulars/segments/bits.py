"""Sets of customers, as groups keep them: roaring bitmaps of their ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pyroaring import BitMap

Ids = Collection[int] | BitMap
"""Customers by their ids."""


def unpacked(kept: bytes | memoryview) -> BitMap:
    """The customers that a column holds; an empty one holds nobody."""
    data = bytes(kept)
    return BitMap.deserialize(data) if data else BitMap()


def packed(customers: Iterable[int]) -> bytes:
    """Customers as a column holds them."""
    bits = customers if isinstance(customers, BitMap) else BitMap(customers)
    if not bits:
        return b""
    bits.run_optimize()
    found: bytes = bits.serialize()
    return found
