"""Which pairs are worth comparing: those that have something rare in common.

Many keys are laid over the table, from the e-mail to the beginnings of both names. Each gives its rarest blocks first,
until it has given its share of pairs: what a thousand people have in common is no hint, and so no block can explode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from regulars.customers.duplicates.essence import area, core, local_part, sound, tail
from regulars.customers.duplicates.nicknames import long_form
from regulars.customers.duplicates.table import Codes, Rows, Table, mixed, unique

Pairs = tuple[Rows, Rows]
Keys = NDArray[np.uint64]

ALL_PAIRS = 1_200
"""Up to so many rows every pair is compared."""

_LEAST_SHARE = 150_000
_LARGEST_BLOCK = 1_000


def candidates(table: Table, rows: Rows, *, per_row: float) -> NDArray[np.int64]:
    """Pairs of places in `rows`, each once, packed as the lower place times the number of rows plus the higher one.

    Every key gives at most `per_row` pairs for each row.
    """
    count = len(rows)
    if count <= ALL_PAIRS:
        low, high = np.triu_indices(count, k=1)
        return np.asarray(low.astype(np.int64) * count + high)
    share = int(max(_LEAST_SHARE, per_row * count))
    packed = np.zeros(0, dtype=np.int64)
    waiting: list[NDArray[np.int64]] = []
    for keys, places in _keys(table, rows):
        waiting.append(_pairs(keys, places, count, share))
        if sum(map(len, waiting)) > 8 * share:
            packed, waiting = unique(np.concatenate([packed, *waiting])), []
    return unique(np.concatenate([packed, *waiting]))


def _pairs(keys: Keys, places: Rows, count: int, share: int) -> NDArray[np.int64]:
    """All pairs inside the smallest blocks, as many as the share allows."""
    order = np.argsort(keys, kind="stable")
    keys, places = keys[order], places[order]
    starts = (
        np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, dtype=np.int64)
    )
    sizes = np.diff(np.append(starts, len(keys)))
    is_block = (sizes > 1) & (sizes <= _LARGEST_BLOCK)
    starts, sizes = starts[is_block], sizes[is_block]
    by_size = np.argsort(sizes, kind="stable")
    cost = np.cumsum(sizes[by_size] * (sizes[by_size] - 1) // 2)
    kept = by_size[: int(np.searchsorted(cost, share, side="right"))]
    found = []
    for size in np.unique(sizes[kept]).tolist():
        block_starts = starts[kept][sizes[kept] == size]
        first, second = np.triu_indices(size, k=1)
        one = places[(block_starts[:, None] + first[None, :]).ravel()]
        other = places[(block_starts[:, None] + second[None, :]).ravel()]
        low, high = np.minimum(one, other), np.maximum(one, other)
        found.append((low * count + high)[low != high])
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _keys(table: Table, rows: Rows) -> Iterator[tuple[Keys, Rows]]:
    """Every key, with the places of the rows that have it."""
    parts = _Parts(table, rows)
    for number, recipe in enumerate(_RECIPES):
        lots = [lot for lot in parts.lots(recipe) if len(lot[1])]
        if not lots:
            continue
        salt = np.uint64(number)
        yield np.concatenate([keys ^ salt for keys, _ in lots]), np.concatenate([places for _, places in lots])


# What has to agree, all of it at once. A star stands for either name.
_RECIPES: tuple[str, ...] = (
    "email", "local", "phone", "tail", "id", "company", "whole", "bag", "words", "street number", "unit street",
    "names", "long family", "given family", "start begin", "birth", "* birth", "* year", "* monthday", "* yearmonth",
    "* postcode", "* city", "* street", "* district", "* number", "* tail3", "* birth_place", "* gender year",
    "initial birth",
    "birth postcode", "birth city", "birth street", "street postcode", "street city", "number postcode", "number unit",
    "birth number", "shape", "given postcode number", "postcode", "street", "unit", "names year", "given", "family",
    "occupation birth", "occupation *", "whole3 city", "whole3 postcode",
)  # fmt: skip


class _Parts:
    """What keys are made of: columns of numbers, several where people have several; 0 where they have none."""

    def __init__(self, table: Table, rows: Rows) -> None:
        self.table, self.rows = table, rows
        self._known: dict[str, list[Codes]] = {}

    def lots(self, recipe: str) -> Iterator[tuple[Keys, Rows]]:
        """Keys of a recipe and the places of the rows that have all of its parts."""
        lots: list[list[Codes]] = [[]]
        for name in recipe.split():
            lots = [[*lot, column] for lot in lots for column in self.part(name)]
        for lot in lots:
            if not lot:
                continue
            places = np.flatnonzero(np.all([column > 0 for column in lot], axis=0))
            yield mixed(*(column[places] for column in lot)), places

    def part(self, name: str) -> list[Codes]:
        """The columns of one part."""
        if name not in self._known:
            self._known[name] = [column for column in self._made(name) if column.any()]
        return self._known[name]

    def _made(self, name: str) -> list[Codes]:
        if name == "*":
            sounds = self.table.vocabulary("given").derived("key", _key)
            return [sounds[column] for side in ("given", "family") for column in self._columns(side)]
        if name == "names":
            return self._bag("key", _key)
        if name == "start":
            return self._bag("begin", lambda text: sound(text)[:3])
        if name == "begin":
            # a second part that everybody has: the three letters of both names are in the first
            return [np.ones(len(self.rows), dtype=np.int32)]
        if name == "words":
            return self._words()
        field, way, make = _PARTS[name]
        numbers = self.table.vocabulary(field).derived(way, make) if make else None
        return [column if numbers is None else numbers[column] for column in self._columns(field)]

    def _columns(self, field: str) -> list[Codes]:
        return [slot[self.rows] for slot in self.table.slots(field)] if len(self.table) else []

    def _bag(self, way: str, make: Callable[[str], str]) -> list[Codes]:
        """Both names in one number, whichever comes first."""
        numbers = self.table.vocabulary("given").derived(way, make)
        given, family = (numbers[self.table.codes(side)[self.rows]] for side in ("given", "family"))
        both = (given > 0) & (family > 0)
        bag = mixed(np.minimum(given, family), np.maximum(given, family))
        _values, codes = np.unique(bag, return_inverse=True)
        return [np.where(both, codes + 1, 0).astype(np.int32)]

    def _words(self) -> list[Codes]:
        """Each of the first six words of a whole name or a firm."""
        columns: list[Codes] = []
        for field in ("name", "company"):
            for place in range(6):
                numbers = self.table.vocabulary(field).derived(f"word{place}", _word(place))
                columns += [numbers[column] for column in self._columns(field)]
        return columns


def _word(place: int) -> Callable[[str], str]:
    return lambda text: (text.split()[place : place + 1] or [""])[0]


def _key(text: str) -> str:
    """A name as it is heard: its first letter and the consonants, vowels and doubled letters left out."""
    heard = sound(long_form(text))
    return heard[:1] + "".join(c for c in heard[1:].translate(_HEARD) if c not in "aeiouyhw")[:5]


_HEARD = str.maketrans({"z": "s", "c": "k", "q": "k", "v": "f", "b": "p", "d": "t", "m": "n", "g": "k"})

_PARTS: dict[str, tuple[str, str, Callable[[str], str] | None]] = {
    "email": ("email", "", None),
    "local": ("email", "local", local_part),
    "phone": ("phone", "", None),
    "tail": ("phone", "tail", tail),
    "tail3": ("phone", "tail3", lambda text: text[-3:]),
    "id": ("id_number", "", None),
    "company": ("company", "", None),
    "whole": ("name", "", None),
    "whole3": ("name", "begin", lambda text: text[:3]),
    "bag": ("name", "bag", lambda text: " ".join(sorted(text.split()))),
    "street": ("street", "core", core),
    "number": ("number", "", None),
    "unit": ("unit", "", None),
    "long": ("given", "long", long_form),
    "given": ("given", "", None),
    "family": ("family", "", None),
    "initial": ("given", "initial", lambda text: text[:1]),
    "birth": ("birth", "", None),
    "year": ("birth", "year", lambda text: text[:4].strip("0") and text[:4]),
    "monthday": ("birth", "monthday", lambda text: text[4:].strip("0") and text[4:]),
    "yearmonth": ("birth", "yearmonth", lambda text: text[:6] if text[4:6] != "00" else ""),
    "shape": ("birth", "shape", lambda text: "".join(sorted(text))),
    "postcode": ("postcode", "", None),
    "district": ("postcode", "area", area),
    "city": ("city", "sound", sound),
    "gender": ("gender", "", None),
    "birth_place": ("birth_place", "", None),
    "occupation": ("occupation", "", None),
}
