"""Standings: where every customer stands in each column that lists filter and sort by, in two bytes.

A column is cut into steps, from low to high, with about as many customers on each. A block of 65,536 customers is
then one array of step numbers, and any filter, any order and any mixture of them is arithmetic on a few arrays: a
list of a million people is narrowed in milliseconds to the rows worth reading, however badly its filters and its
order go together ("no orders, most spent first" would walk an index past half the shop).

The arrays are a hint. A changed customer stands in Unindexed until it is indexed again, readers put its true steps
in, and every row is tested before it is shown.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models.expressions import RawSQL

from regulars.customers.grams import BLOCK, BLOCK_BITS, Ids
from regulars.customers.models import Customer, Standing

Steps = npt.NDArray[np.uint16]
Mask = npt.NDArray[np.bool_]
Values = Ids | Sequence[Any]

ABSENT, EMPTY, FIRST = 0, 1, 2  # nobody of that id; no value in the column; the first step
_SCALE = -1
_MOST_STEPS = 20_000
_MOST_WORDS = 60_000
_OTHER = 65_535  # the step of what a full dictionary has no room for
_LEAST_STEPS = 256
_PER_STEP = 400
_FEW = 1_000
_AT_ONCE = 20_000  # rows
_TALL = 8_000  # customers on one step
_SAMPLE = 200_000
_LOWEST = -(2**62)
# SQLite keeps moments as text, in UTC; joined to an empty text it stays one, which numpy reads faster than any other
_MOMENTS = {"sqlite": "{0} || ''", "postgresql": "(extract(epoch FROM {0}) * 1000000)::bigint"}
_NOTHING = np.iinfo(np.int64).min  # no value, in an array of numbers; numpy's moments (NaT) have the same


Known = tuple[Sequence[int], Mapping[str, Values]]


class Kind(Enum):
    """How a column is cut: along its numbers, its moments (as microseconds), its texts, or word by word."""

    NUMBER = "number"
    MOMENT = "moment"
    TEXT = "text"
    WORD = "word"


COLUMNS: dict[str, Kind] = {
    "sort_name": Kind.TEXT,
    "spent_minor": Kind.NUMBER,
    "orders_count": Kind.NUMBER,
    "last_order_at": Kind.MOMENT,
    "first_order_at": Kind.MOMENT,
    "customer_since": Kind.MOMENT,
    "country": Kind.WORD,
    "status": Kind.WORD,
    "channel_id": Kind.WORD,
    "city": Kind.WORD,
}


@dataclass(slots=True)
class Scale:
    """The steps of one column: the lowest value of each, rising; or, word by word, the words in order of arrival."""

    column: str
    starts: list[Any]
    is_changed: bool = False
    _numbers: dict[Any, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind is Kind.WORD:
            self._numbers = {word: number for number, word in enumerate(self.starts, FIRST)} | {None: EMPTY}

    @property
    def kind(self) -> Kind:
        return COLUMNS[self.column]

    @property
    def last(self) -> int:
        """The highest step there is."""
        return FIRST + len(self.starts) - 1

    def step(self, value: Any) -> int:
        """The step a value stands on."""
        if value is None:
            return EMPTY
        if self.kind is Kind.WORD:
            return self._numbers.get(value, _OTHER)
        return max(bisect_right(self.starts, value), 1) + FIRST - 1

    def is_one_value(self, step: int) -> bool:
        """Whether all customers on a step have the same value, so that only their ids order them."""
        place = step - FIRST
        if step == EMPTY:
            return True
        return place + 1 < len(self.starts) and self.starts[place + 1] == _next(self.starts[place])

    def steps(self, values: Values) -> Steps:
        """The step of each value; new words are added to the scale."""
        if isinstance(values, np.ndarray):
            places = np.searchsorted(np.asarray(self.starts, dtype=np.int64), values, side="right")
            return np.where(values == _NOTHING, EMPTY, np.maximum(places, 1) + FIRST - 1).astype(np.uint16)
        if self.kind is Kind.TEXT:
            starts = self.starts
            places = np.fromiter([bisect_right(starts, value) for value in values], dtype=np.uint16, count=len(values))
            return (places + (FIRST - 1)).astype(np.uint16)
        numbers = list(map(self._numbers.get, values))
        if None in numbers:
            numbers = [self._number(word) for word in values]
        return np.array(numbers, dtype=np.uint16)

    def words(self) -> list[tuple[int, Any]]:
        """Every word with its step."""
        return list(enumerate(self.starts, FIRST))

    @property
    def is_full(self) -> bool:
        """Whether there may be words that stand on no step of their own."""
        return len(self.starts) >= _MOST_WORDS

    def _number(self, word: Any) -> int:
        number = self._numbers.get(word)
        if number is None:
            if self.is_full:
                return _OTHER
            number = self._numbers[word] = FIRST + len(self.starts)
            self.starts.append(word)
            self.is_changed = True
        return number


class Standings:
    """The arrays of some columns over all blocks, laid end to end; a place is an index into them."""

    def __init__(self, blocks: list[int], scales: dict[str, Scale], steps: dict[str, Steps]) -> None:
        self.blocks, self.scales, self._steps = blocks, scales, steps
        self._place_of = {block: place for place, block in enumerate(blocks)}

    def __len__(self) -> int:
        return len(self.blocks) << BLOCK_BITS

    def __getitem__(self, column: str) -> Steps:
        return self._steps[column]

    def nobody(self) -> Mask:
        """A mask of as many places, none of them marked."""
        return np.zeros(len(self), dtype=bool)

    def ids(self, places: Ids) -> Ids:
        """The customers at some places."""
        blocks = np.asarray(self.blocks, dtype=np.int64)
        found: Ids = (blocks[places >> BLOCK_BITS] << BLOCK_BITS) | (places & (BLOCK - 1))
        return found

    def place_of(self, block: int) -> int:
        """Which of the blocks this is."""
        return self._place_of[block]

    def places(self, ids: Iterable[int]) -> Ids:
        """Where customers stand; those of unknown blocks are left out."""
        found = [
            (self._place_of[number >> BLOCK_BITS] << BLOCK_BITS) | (number & (BLOCK - 1))
            for number in ids
            if number >> BLOCK_BITS in self._place_of
        ]
        return np.asarray(found, dtype=np.int64)

    def put(self, ids: Sequence[int]) -> None:
        """Put the true steps of customers in, as their rows say now (in memory alone)."""
        places = self.places(ids)
        for column in self._steps:
            self._steps[column][places] = ABSENT
        for found, values in read(list(self._steps), ids=ids):
            places = self.places(found.tolist())
            for column, array in self._steps.items():
                array[places] = self.scales[column].steps(values[column])


def load(columns: Iterable[str], *, also: Iterable[int] = ()) -> Standings | None:
    """The standings of some columns, with room for the customers `also`; None where they were never built.

    One statement reads scales and steps, so that they belong together even while they are rebuilt.
    """
    names = sorted(set(columns))
    scales: dict[str, Scale] = {}
    stored: dict[tuple[str, int], bytes] = {}
    for column, block, steps in Standing.objects.filter(column__in=names).values_list("column", "block", "steps"):
        if block == _SCALE:
            scales[column] = Scale(column, json.loads(bytes(steps))["starts"])
        else:
            stored[column, block] = bytes(steps)
    if len(scales) < len(names):
        return None
    blocks = sorted({block for _column, block in stored} | {number >> BLOCK_BITS for number in also})
    arrays = {column: np.zeros(len(blocks) << BLOCK_BITS, dtype=np.uint16) for column in names}
    for place, block in enumerate(blocks):
        for column in names:
            array = np.frombuffer(stored.get((column, block), b""), dtype="<u2")
            start = place << BLOCK_BITS
            arrays[column][start : start + len(array)] = array
    return Standings(blocks, scales, arrays)


def refresh(ids: Sequence[int], *, known: Iterable[Known] = ()) -> None:
    """Write where customers stand now; inside a transaction of which there is one at a time (`indexing.alone`).

    `ids` are read; of `known` ones the values of all columns are at hand.
    """
    scales = _scales()
    if len(scales) < len(COLUMNS):
        build()
        return
    given = [(np.asarray(numbers, dtype=np.int64), values) for numbers, values in known]
    asked = np.asarray(ids, dtype=np.int64)
    blocks = sorted(
        {int(block) for numbers in (asked, *(some for some, _v in given)) for block in np.unique(numbers >> BLOCK_BITS)}
    )
    stored = {
        (column, block): np.frombuffer(steps, dtype="<u2")
        for column, block, steps in Standing.objects.filter(block__in=blocks).values_list("column", "block", "steps")
    }
    arrays: dict[tuple[str, int], Steps] = {}
    for column in COLUMNS:
        for block in blocks:
            array = arrays[column, block] = np.zeros(BLOCK, dtype=np.uint16)
            known = stored.get((column, block), array[:0])
            array[: len(known)] = known
    _place(arrays, asked, dict.fromkeys(COLUMNS, ABSENT))
    for found, values in chain(given, read(list(COLUMNS), ids=ids)):
        _place(arrays, found, {column: scales[column].steps(values[column]) for column in COLUMNS})
    _write(arrays, [scale for scale in scales.values() if scale.is_changed])


def build() -> None:
    """Cut every column into steps anew and write where everybody stands, reading the whole file once."""
    count = Customer.objects.count()
    scales = {scale.column: scale for scale in _cut(count)}
    Standing.objects.all().delete()
    arrays: dict[tuple[str, int], Steps] = {}
    for found, values in read(list(COLUMNS)):
        for block in np.unique(found >> BLOCK_BITS).tolist():
            for column in COLUMNS:
                arrays.setdefault((column, block), np.zeros(BLOCK, dtype=np.uint16))
        _place(arrays, found, {column: scales[column].steps(values[column]) for column in COLUMNS})
    _write(arrays, list(scales.values()))


def names_a_step(column: str, values: Iterable[str]) -> bool:
    """Whether a step of a column begins with one of these values, which the scale then repeats."""
    scale = _scales().get(column)
    starts = set(scale.starts) if scale else set()
    return any(value and value in starts for value in values)


def is_outgrown() -> bool:
    """Whether the columns must be cut anew: one was never cut, or so many stand on one step that reading it takes long.

    Growth does that, and a first import of orders, before which everybody had spent the same.
    """
    cut = [column for column, kind in COLUMNS.items() if kind is not Kind.WORD]
    loaded = load(cut)
    if loaded is None or len(_scales()) < len(COLUMNS):
        return True
    for column in cut:
        heights = np.bincount(loaded[column])
        scale = loaded.scales[column]
        if any(not scale.is_one_value(int(step)) for step in np.flatnonzero(heights[FIRST:] > _TALL) + FIRST):
            return True
    return False


def read(columns: Sequence[str], *, ids: Sequence[int] | None = None) -> Iterator[tuple[Ids, dict[str, Values]]]:
    """Ids and values of columns, some thousand rows at a time, of some listed customers or of all.

    Numbers and moments (as microseconds) come as arrays, in which the lowest number stands for no value.
    """
    moment = _MOMENTS[connection.vendor]
    names = [moment.format(column) if COLUMNS[column] is Kind.MOMENT else column for column in columns]
    # the names are our own, from COLUMNS
    select = f"SELECT id, {', '.join(names)} FROM customers_customer"  # noqa: S608
    first = 0
    while ids is None or first < len(ids):
        with connection.cursor() as cursor:
            if ids is None:
                cursor.execute(f"{select} WHERE id > %s AND is_listed ORDER BY id LIMIT %s", [first, _AT_ONCE])
            else:
                wanted = id_list(ids[first : first + _AT_ONCE])
                cursor.execute(f"{select} WHERE id IN ({wanted.sql}) AND is_listed", wanted.params)
            rows = cursor.fetchall()
        if rows:
            found, *values = zip(*rows, strict=True)
            yield (
                np.array(found, dtype=np.int64),
                {column: _values(column, one) for column, one in zip(columns, values, strict=True)},
            )
        elif ids is None:
            return
        first = rows[-1][0] if ids is None else first + _AT_ONCE


def values_of(column: str, values: Sequence[Any]) -> Values:
    """Values as the scale of the column takes them; moments are texts, in UTC and without saying so."""
    if COLUMNS[column] in {Kind.TEXT, Kind.WORD}:
        return values
    if COLUMNS[column] is Kind.MOMENT:
        return np.array([value or "NaT" for value in values], dtype="S26").astype("datetime64[us]").astype(np.int64)
    return np.array([_NOTHING if value is None else value for value in values], dtype=np.int64)


def _values(column: str, values: tuple[Any, ...]) -> Values:
    """What the database gave, as the scale of the column takes it."""
    if COLUMNS[column] is Kind.MOMENT and connection.vendor != "sqlite":
        return np.array([_NOTHING if value is None else value for value in values], dtype=np.int64)
    return values_of(column, values)


def id_list(ids: Iterable[int]) -> RawSQL:
    """Many ids as one parameter, for `filter(id__in=id_list(ids))`."""
    numbers = [int(number) for number in ids]
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [numbers])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(numbers)])


def _cut(count: int) -> Iterable[Scale]:
    """The scales that fit the customers there are, from a sample of them spread over all ids.

    1. Every n-th value of the sorted sample begins a step.
    2. A value that fills a step of its own gets one with nobody else on it: what is common (no order, nothing spent,
       the day of a big import) must not be a step that is too high.
    3. Where there are few different values, each is a step.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM customers_customer")
        low, high = cursor.fetchone()
    parts = max(1, min(200, count // 1000))
    size = max(1, _SAMPLE // parts)
    span = (high - low) // parts + 1
    sample: dict[str, list[Any]] = {column: [] for column in COLUMNS}
    for part in range(parts):
        start = low + part * span
        for _ids, values in read(list(COLUMNS), ids=range(start, min(start + span, start + size))):
            for column in COLUMNS:
                some = values[column]
                sample[column] += some.tolist() if isinstance(some, np.ndarray) else some
    for column, kind in COLUMNS.items():
        if kind is Kind.WORD:
            yield Scale(column, [])
            continue
        ordered = sorted(value for value in sample[column] if value not in {None, _NOTHING})
        lowest: Any = "" if kind is Kind.TEXT else _LOWEST
        different = sorted(set(ordered))
        starts = {lowest}
        if len(different) <= _FEW:
            for value in different:
                starts |= {value, _next(value)}
        else:
            every = max(1, len(ordered) // min(_MOST_STEPS // 2, max(_LEAST_STEPS, count // _PER_STEP)))
            picks = ordered[::every]
            starts.update(picks)
            starts.update(_next(value) for value, following in pairwise(picks) if value == following)
        yield Scale(column, sorted(starts))


def _next(value: Any) -> Any:
    """The lowest value above one; kept text holds no control characters."""
    return value + "\x01" if isinstance(value, str) else value + 1


def _place(arrays: dict[tuple[str, int], Steps], ids: Ids, steps: dict[str, Any]) -> None:
    blocks, lows = ids >> BLOCK_BITS, ids & (BLOCK - 1)
    for block in np.unique(blocks).tolist():
        here = blocks == block
        for column, numbers in steps.items():
            arrays[column, block][lows[here]] = numbers if isinstance(numbers, int) else numbers[here]


def _scales() -> dict[str, Scale]:
    stored = Standing.objects.filter(block=_SCALE).values_list("column", "steps")
    return {column: Scale(column, json.loads(bytes(steps))["starts"]) for column, steps in stored if column in COLUMNS}


def _write(arrays: dict[tuple[str, int], Steps], scales: Iterable[Scale]) -> None:
    rows = [(scale.column, _SCALE, json.dumps({"starts": scale.starts}).encode()) for scale in scales]
    for (column, block), array in arrays.items():
        used = np.flatnonzero(array)
        size = int(used[-1]) + 1 if len(used) else 0
        rows.append((column, block, array[:size].astype("<u2").tobytes()))
    Standing.objects.bulk_create(
        [Standing(column=column, block=block, steps=steps) for column, block, steps in rows],
        update_conflicts=True,
        unique_fields=["column", "block"],
        update_fields=["steps"],
        batch_size=50,
    )
