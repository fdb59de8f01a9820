"""A tree of keys that can forget any one of them: a puncturable pseudo-random function.

Every number below 2^40 has a key: a leaf of a binary tree in which both children of a node follow from it by a keyed
hash (Goldreich, Goldwasser, Micali 1986). What is kept at first is the root alone. To forget a leaf, the node above it
goes and the siblings along its path stay (Boneh, Waters 2013): they lead to every other leaf, and none of them to this
one. So there is no row per person, and a copy of the state serves for people who come later.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

DEPTH: Final = 40
SIZE: Final = 32
_NODE: Final = struct.Struct(">BQ32s")
_PERSON: Final = b"regulars.tree"

Node = tuple[int, int]  # its depth, and the first bits of the numbers below it


class LeafForgotten(LookupError):  # noqa: N818 — an answer, like the refusals
    """The key of this number is gone, for ever."""


class KeyTree:
    """One generation of the tree: the nodes that are still known.

    A tree is never changed, `without` makes another one, so that threads share it; only the way to the leaf that was
    asked for last is kept, because ids are mostly asked for in order.
    """

    __slots__ = ("_nodes", "_way")

    def __init__(self, nodes: dict[Node, bytes]) -> None:
        self._nodes = nodes
        self._way: tuple[int, int, tuple[bytes, ...]] | None = None  # the leaf, the depth it starts at, the seeds

    @classmethod
    def grown_from(cls, root: bytes) -> KeyTree:
        """A tree in which nothing is forgotten yet."""
        if len(root) != SIZE:
            raise ValueError("the root of a tree has 32 bytes")
        return cls({(0, 0): root})

    @property
    def nodes(self) -> dict[Node, bytes]:
        """The nodes that are known: every leaf but the forgotten ones is below exactly one of them."""
        return dict(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def knows(self, number: int) -> bool:
        """Whether the key of this number can still be derived."""
        return self._cover(number) is not None

    def forgotten(self) -> Iterator[int]:
        """Every number whose key cannot be derived any more, rising."""
        following = 0
        spans = sorted((bits << (DEPTH - depth), 1 << (DEPTH - depth)) for depth, bits in self._nodes)
        for first, size in (*spans, (1 << DEPTH, 0)):
            yield from range(following, first)
            following = first + size

    def leaf(self, number: int) -> bytes:
        """The key of a number, 32 bytes; raises LeafForgotten."""
        way = self._way
        if way is not None:
            known, start, seeds = way
            shared = DEPTH - (known ^ number).bit_length()  # how many levels both paths have in common
            if shared >= start and 0 <= number < 1 << DEPTH:
                return self._walk(number, start, seeds[: shared - start + 1])
        node = self._cover(number)
        if node is None:
            raise LeafForgotten(number)
        return self._walk(number, node[0], (self._nodes[node],))

    def without(self, *numbers: int) -> KeyTree:
        """A tree that knows everything this one knows but the keys of those numbers."""
        tree = KeyTree(dict(self._nodes))
        for number in numbers:
            tree._puncture(number)
        return tree

    def to_bytes(self) -> bytes:
        """The state: 41 bytes for each node, at most 40 nodes for each forgotten number."""
        return b"".join(_NODE.pack(depth, bits, seed) for (depth, bits), seed in sorted(self._nodes.items()))

    @classmethod
    def from_bytes(cls, state: bytes) -> KeyTree:
        """The tree of a state; raises ValueError where it is none."""
        if len(state) % _NODE.size:
            raise ValueError("the state of a tree is cut off")
        return cls({(depth, bits): seed for depth, bits, seed in _NODE.iter_unpack(state)})

    def _cover(self, number: int) -> Node | None:
        if not 0 <= number < 1 << DEPTH:
            raise ValueError(f"{number} is no number of this tree")
        nodes = self._nodes
        for depth in range(DEPTH + 1):
            node = (depth, number >> (DEPTH - depth))
            if node in nodes:
                return node
        return None

    def _puncture(self, number: int) -> None:
        node = self._cover(number)
        if node is None:
            return
        seed = self._nodes.pop(node)
        for depth in range(node[0] + 1, DEPTH + 1):
            bits = number >> (DEPTH - depth)
            pair = _children(seed)
            self._nodes[depth, bits ^ 1] = pair[1 - (bits & 1)]
            seed = pair[bits & 1]

    def _walk(self, number: int, start: int, seeds: tuple[bytes, ...]) -> bytes:
        """From the seeds known of the path, the first at depth `start`, down to the leaf; keeps the whole way."""
        way, seed = list(seeds), seeds[-1]
        for depth in range(start + len(seeds), DEPTH + 1):
            seed = _children(seed)[number >> (DEPTH - depth) & 1]
            way.append(seed)
        self._way = (number, start, tuple(way))
        return seed


def _children(seed: bytes) -> tuple[bytes, bytes]:
    both = blake2b(key=seed, person=_PERSON, digest_size=64).digest()
    return both[:32], both[32:]
