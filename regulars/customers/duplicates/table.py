"""People as columns of small numbers: every different text of a field is kept once and known by its number.

Two texts are then the same when their numbers are, whatever their length, and what is found out about a text (its
sound, its beginning) is found out once.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regulars.customers.duplicates.person import FIELDS_OF_PERSON, SEVERAL, Person

Codes = NDArray[np.int32]
Ids = NDArray[np.int64]
Rows = NDArray[np.int64]
Texts = NDArray[Any]

_VOCABULARY = {"given": "names", "family": "names", "unit": "street", "birth_place": "city"}


class Vocabulary:
    """The different texts of a field; number 0 is no text."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}
        self._made: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, text: str) -> int:
        """The number of a text, a new one for a new text."""
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def texts(self) -> Texts:
        """All texts, by number."""
        kept: Texts = self._kept("texts", lambda: np.array(list(self._numbers), dtype=object))
        return kept

    @property
    def lengths(self) -> NDArray[np.int16]:
        """How long each text is."""
        kept: NDArray[np.int16] = self._kept(
            "lengths", lambda: np.fromiter(map(len, self._numbers), dtype=np.int16, count=len(self))
        )
        return kept

    def derived(self, name: str, make: Callable[[str], str]) -> Codes:
        """For each text the number of what `make` makes of it, 0 where that is empty."""

        def numbered() -> Codes:
            made: dict[str, int] = {"": 0}
            return np.fromiter(
                (made.setdefault(make(text), len(made)) for text in self._numbers), dtype=np.int32, count=len(self)
            )

        kept: Codes = self._kept(f"codes {name}", numbered)
        return kept

    def shortened(self, name: str, make: Callable[[str], str]) -> Texts:
        """What `make` makes of each text."""
        kept: Texts = self._kept(
            f"texts {name}", lambda: np.array([make(text) for text in self._numbers], dtype=object)
        )
        return kept

    def figures(self, name: str, make: Callable[[str], tuple[int, ...]]) -> NDArray[np.int64]:
        """Some numbers for each text, as many for each."""
        kept: NDArray[np.int64] = self._kept(
            f"figures {name}", lambda: np.array([make(text) for text in self._numbers], dtype=np.int64)
        )
        return kept

    def _kept(self, name: str, make: Callable[[], Any]) -> Any:
        """What was made before, unless texts have come since."""
        known = self._made.get(name)
        if known is None or len(known) != len(self._numbers):
            known = self._made[name] = make()
        return known


class Table:
    """People in columns, row by row as they were added."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self.vocabularies: dict[str, Vocabulary] = {}
        self._columns: dict[str, list[array[int]]] = {name: [array("i")] for name in FIELDS_OF_PERSON}
        for name in FIELDS_OF_PERSON:
            self.vocabularies.setdefault(_VOCABULARY.get(name, name), Vocabulary())
        self._numbers = {name: self.vocabulary(name).number for name in FIELDS_OF_PERSON}
        self._size = 0
        for person in people:
            self.add(person)

    def __len__(self) -> int:
        return self._size

    def vocabulary(self, name: str) -> Vocabulary:
        """The texts of a field. Given and family names have theirs in common, because people swap them."""
        return self.vocabularies[_VOCABULARY.get(name, name)]

    def add(self, person: Person) -> None:
        """One more row."""
        for name, number in self._numbers.items():
            value = getattr(person, name)
            slots = self._columns[name]
            if name in SEVERAL:
                while len(slots) < len(value):
                    slots.append(array("i", bytes(4 * self._size)))
                for place, slot in enumerate(slots):
                    slot.append(number(value[place]) if place < len(value) else 0)
            else:
                slots[0].append(number(value) if value else 0)
        self._size += 1

    def slots(self, name: str) -> list[Codes]:
        """The numbers of a field, row by row; several columns where people have several e-mails or phones."""
        return [np.frombuffer(slot, dtype=np.int32) for slot in self._columns[name]] if self._size else []

    def codes(self, name: str) -> Codes:
        """The numbers of a field that people have once."""
        return self.slots(name)[0] if self._size else np.zeros(0, dtype=np.int32)

    def has(self, name: str) -> bool:
        """Whether anybody has anything in a field."""
        return len(self.vocabulary(name)) > 1 and any(slot.any() for slot in self.slots(name))

    def text(self, name: str, row: int) -> str:
        """What a row has in a field, several joined by commas."""
        texts = self.vocabulary(name).texts
        return ", ".join(texts[slot[row]] for slot in self.slots(name) if slot[row])

    def alike(self) -> tuple[Rows, NDArray[np.int64]]:
        """The first row of every different record, and for each row the place of its own among those."""
        if not self._size:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        matrix = np.column_stack(
            [slot for name in FIELDS_OF_PERSON for slot in self.slots(name) if slot.any()]
            or [np.zeros(self._size, dtype=np.int32)]
        )
        packed = np.ascontiguousarray(matrix).view([("", np.int32)] * matrix.shape[1]).ravel()
        _different, first, place = np.unique(packed, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return first[order], rank[place]


def unique(values: NDArray[Any]) -> NDArray[Any]:
    """The different values, in order; by sorting, which takes a tenth of the time of NumPy's own way for millions."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def mixed(*parts: Sequence[int] | Codes | Ids) -> NDArray[np.uint64]:
    """One number for each row made of several; different ones are different, but for one chance in 2^64."""
    total = np.full(len(parts[0]), 0x9E3779B97F4A7C15, dtype=np.uint64)
    for part in parts:
        total ^= np.asarray(part).astype(np.uint64)
        total *= np.uint64(0xBF58476D1CE4E5B9)
        total ^= total >> np.uint64(31)
        total *= np.uint64(0x94D049BB133111EB)
        total ^= total >> np.uint64(29)
    return total
