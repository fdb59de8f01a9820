"""On which level two records agree, field by field, for many pairs at once.

Distances are worked out once for every two different texts, in native code (rapidfuzz), whatever the number of pairs
that have them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler

from regulars.customers.duplicates import nicknames
from regulars.customers.duplicates.essence import OFFICES, area, core, local_part, sound, tail
from regulars.customers.duplicates.fields import BY_NAME, EXACT, FIELDS, MISSING, NAMES
from regulars.customers.duplicates.table import Codes, Rows, Table, Texts, Vocabulary

Levels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_HIGHEST = 255


@dataclass(frozen=True, slots=True)
class Compared:
    """Pairs of rows of a table with the levels on which they agree, by field."""

    table: Table
    left: Rows
    right: Rows
    levels: dict[str, Levels]

    def __len__(self) -> int:
        return len(self.left)

    def common(self, name: str, which: Rows) -> Codes:
        """The text that pairs have in common which agree exactly in a field."""
        left, right = self.left[which], self.right[which]
        slots = self.table.slots(name)
        found = slots[0][left]
        if len(slots) > 1:
            # the first e-mail of the left one that is any of the right one's
            for first in reversed(slots):
                is_shared = np.any([first[left] == second[right] for second in slots], axis=0) & (first[left] > 0)
                found = np.where(is_shared, first[left], found)
        return found


def compare(table: Table, left: Rows, right: Rows) -> Compared:
    """Compare rows of a table, pair by pair. Fields that nobody has are not in the answer."""
    levels: dict[str, Levels] = {}
    for field in FIELDS:
        if not table.has(field.name):
            continue
        way, vocabulary = _WAYS[field.name], table.vocabulary(field.name)
        slots = table.slots(field.name)
        for first, second in product(slots, slots):
            found = _levels(first[left], second[right], vocabulary, way)
            known = levels.get(field.name)
            levels[field.name] = found if known is None else _stronger(known, found)
    _mark_swapped(table, left, right, levels)
    _mark_crossed(table, left, right, levels)
    if "given" in levels and "family" in levels:
        levels[NAMES.name] = _names_together(levels["given"], levels["family"])
    return Compared(table, left, right, levels)


def _names_together(given: Levels, family: Levels) -> Levels:
    swapped = given == BY_NAME["given"].level("swapped")
    nearly = (given <= BY_NAME["given"].level("nickname")) & (family <= BY_NAME["family"].level("sound"))
    found = np.where(nearly | swapped, NAMES.level("both"), NAMES.level("different")).astype(np.uint8)
    found[(given == MISSING) | ((family == MISSING) & ~swapped)] = MISSING
    return found


Way = Callable[[Vocabulary, Codes, Codes], Levels]


def _levels(a: Codes, b: Codes, vocabulary: Vocabulary, way: Way) -> Levels:
    """The levels of pairs of texts; those that differ are compared once for every two texts."""
    found = np.full(len(a), EXACT, dtype=np.uint8)
    found[(a == 0) | (b == 0)] = MISSING
    differs = np.flatnonzero((a != b) & (found != MISSING))
    if len(differs):
        low, high = np.minimum(a[differs], b[differs]), np.maximum(a[differs], b[differs])
        keys, place = np.unique(low.astype(np.int64) << 32 | high, return_inverse=True)
        low, high = (keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32)
        found[differs] = way(vocabulary, low, high)[place]
    return found


def _stronger(one: Levels, other: Levels) -> Levels:
    """The stronger of two levels; a missing one is weaker than any."""
    return np.where(
        np.where(one == MISSING, _HIGHEST, one) <= np.where(other == MISSING, _HIGHEST, other), one, other
    ).astype(np.uint8)


# ── distances


class _Between:
    """What lies between texts of two columns, pair by pair, worked out when it is asked for."""

    def __init__(self, a: Texts, b: Texts, shorter: NDArray[np.int16]) -> None:
        self.a, self.b, self.shorter = a, b, shorter

    @classmethod
    def of(cls, vocabulary: Vocabulary, low: Codes, high: Codes) -> _Between:
        lengths = vocabulary.lengths
        return cls(vocabulary.texts[low], vocabulary.texts[high], np.minimum(lengths[low], lengths[high]))

    def __len__(self) -> int:
        return len(self.a)

    @cached_property
    def edits(self) -> NDArray[np.uint8]:
        """How many letters were changed, left out, put in or swapped with their neighbours; 3 for more than two."""
        return np.asarray(process.cpdist(self.a, self.b, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8))

    @cached_property
    def likeness(self) -> NDArray[np.float32]:
        """Jaro-Winkler, 1 for the same and 0 below 0.8."""
        return np.asarray(
            process.cpdist(self.a, self.b, scorer=JaroWinkler.similarity, score_cutoff=0.8, dtype=np.float32)
        )

    @cached_property
    def is_slip(self) -> Mask:
        """Whether one is the other with a slip of the finger: one edit, two in long texts, or nearly all letters."""
        allowed = np.where(self.shorter >= 8, 2, np.where(self.shorter >= 3, 1, 0))
        return (self.edits <= allowed) | ((self.likeness >= 0.93) & (self.shorter >= 4))

    @cached_property
    def is_within(self) -> Mask:
        """Whether all words of one are in the other."""
        ratio = process.cpdist(self.a, self.b, scorer=fuzz.token_set_ratio, score_cutoff=95, dtype=np.float32)
        return np.asarray(ratio) >= 95


# ── ways to compare


def _graded(name: str, size: int, *grades: tuple[str, Mask]) -> Levels:
    """The level of the first grade that holds; the last level where none does."""
    field = BY_NAME[name]
    found = np.full(size, len(field.levels), dtype=np.uint8)
    for word, holds in reversed(grades):
        found[holds] = field.level(word)
    return found


def _same(codes: Codes, low: Codes, high: Codes) -> Mask:
    """Whether what was made of two texts is the same, and something."""
    return np.asarray((codes[low] == codes[high]) & (codes[low] > 0))


def _squeezed(vocabulary: Vocabulary) -> Codes:
    return vocabulary.derived("squeezed", lambda text: text.replace(" ", ""))


def _is_spaced(vocabulary: Vocabulary) -> Mask:
    return vocabulary.derived("spaced", lambda text: " " if " " in text else "") > 0


def _given(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    between = _Between.of(vocabulary, low, high)
    called = _same(vocabulary.derived("called", nicknames.called), low, high)
    called |= _same(vocabulary.derived("sound", sound), low, high)
    lines = vocabulary.figures("lines", nicknames.lines_of).astype(np.int16)
    both = np.flatnonzero((lines[low, 0] > 0) & (lines[high, 0] > 0))
    for one, other in product(range(nicknames.MOST_LINES), repeat=2):
        first, second = lines[low[both], one], lines[high[both], other]
        called[both] |= (first == second) & (first > 0)
    # one has a second name that the other leaves out
    spaced = _is_spaced(vocabulary)
    firsts = vocabulary.derived("first word", lambda text: text.split(" ")[0] if text[1:2].strip() else "")
    called |= _same(firsts, low, high) & (spaced[low] != spaced[high])
    initial = (between.shorter == 1) & _same(vocabulary.derived("initial", _initial), low, high)
    return _graded(
        "given",
        len(low),
        ("nickname", called),
        ("typo", between.is_slip),
        ("initial", initial),
        ("similar", between.likeness >= 0.82),
    )


def _initial(text: str) -> str:
    # one Chinese character is a whole name
    return text[:1] if text[:1].isascii() else ""


def _middle(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    between = _Between.of(vocabulary, low, high)
    initial = (between.shorter == 1) & _same(vocabulary.derived("initial", _initial), low, high)
    return _graded("middle", len(low), ("initial", initial), ("typo", between.is_slip))


def _family(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    between = _Between.of(vocabulary, low, high)
    spaced = _is_spaced(vocabulary)
    part = np.zeros(len(low), dtype=bool)
    some = np.flatnonzero(spaced[low] | spaced[high])
    if len(some):
        part[some] = _Between(between.a[some], between.b[some], between.shorter[some]).is_within
    return _graded(
        "family",
        len(low),
        ("sound", _same(vocabulary.derived("sound", sound), low, high)),
        ("typo", between.is_slip),
        ("part", part),
        ("similar", between.likeness >= 0.82),
    )


def _name(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    between = _Between.of(vocabulary, low, high)
    bags = vocabulary.derived("bag", lambda text: " ".join(sorted(text.split())))
    return _graded(
        "name",
        len(low),
        ("reordered", _same(bags, low, high) | _same(_squeezed(vocabulary), low, high)),
        ("typo", between.is_slip),
        ("part", between.is_within),
        ("similar", between.likeness >= 0.85),
    )


def _birth(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    dates = vocabulary.figures("date", _date)
    first, second = dates[low], dates[high]
    known = (first > 0) & (second > 0)
    agrees = (first == second) & known
    parts, comparable = agrees.sum(axis=1), known.sum(axis=1)
    swapped = agrees[:, 0] & (first[:, 1] == second[:, 2]) & (first[:, 2] == second[:, 1])
    whole = comparable == 3
    days = np.abs(_days(first) - _days(second))
    near = (days <= 400) | (agrees[:, 1] & agrees[:, 2]) | ((parts >= 1) & (days <= 3700))
    return _graded(
        "birth",
        len(low),
        ("day_month", whole & swapped),
        ("digit", whole & (_Between.of(vocabulary, low, high).edits <= 1)),
        ("two_parts", (parts == 2) & (whole | (comparable == 2))),
        ("near", (whole & near) | (~whole & (parts == comparable) & (parts == 1))),
    )


def _date(text: str) -> tuple[int, int, int]:
    """Year, month and day of YYYYMMDD."""
    number = int(text[:8]) if text else 0
    return number // 10000, number // 100 % 100, number % 100


def _days(dates: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(dates[:, 0] * 365.25 + (dates[:, 1] - 1) * 30.44 + dates[:, 2])


def _id_number(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    edits = _Between.of(vocabulary, low, high).edits
    return _graded("id_number", len(low), ("typo", edits <= 1), ("near", edits <= 2))


def _before_at(text: str) -> str:
    return text.partition("@")[0]


def _email(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    between = _Between.of(vocabulary, low, high)
    locals_ = vocabulary.shortened("before @", _before_at)
    before = _Between(locals_[low], locals_[high], between.shorter)
    offices = vocabulary.derived("office", lambda text: text if _before_at(text) in OFFICES else "") > 0
    return _graded(
        "email",
        len(low),
        ("local_part", _same(vocabulary.derived("local", local_part), low, high)),
        ("typo", between.edits <= 2),
        ("similar", ((before.likeness >= 0.88) | (between.likeness >= 0.93)) & ~(offices[low] | offices[high])),
    )


def _phone(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    tails = vocabulary.derived("tail", tail)
    edits = _Between.of(vocabulary, low, high).edits
    return _graded("phone", len(low), ("tail", _same(tails, low, high)), ("typo", edits <= 1))


def _equal(name: str) -> Way:
    def way(_vocabulary: Vocabulary, low: Codes, _high: Codes) -> Levels:
        return _graded(name, len(low))

    return way


def _company(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    between = _Between.of(vocabulary, low, high)
    return _graded(
        "company",
        len(low),
        ("typo", between.is_slip | _same(_squeezed(vocabulary), low, high)),
        ("part", between.is_within),
    )


def _postcode(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    areas = vocabulary.derived("area", area)
    edits = _Between.of(vocabulary, low, high).edits
    return _graded("postcode", len(low), ("typo", edits <= 1), ("area", _same(areas, low, high)))


def _street(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    cores = vocabulary.shortened("core", core)
    lengths = vocabulary.figures("core length", lambda text: (len(core(text)),))[:, 0].astype(np.int16)
    between = _Between(cores[low], cores[high], np.minimum(lengths[low], lengths[high]))
    is_same = _same(_squeezed(vocabulary), low, high) | _same(vocabulary.derived("core", core), low, high)
    return _graded(
        "street",
        len(low),
        ("typo", between.is_slip | is_same),
        ("part", between.is_within | (between.likeness >= 0.85)),
    )


def _number(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    return _graded("number", len(low), ("part", _Between.of(vocabulary, low, high).edits <= 1))


def _unit(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    between = _Between.of(vocabulary, low, high)
    return _graded(
        "unit",
        len(low),
        ("typo", between.is_slip | _same(_squeezed(vocabulary), low, high)),
        ("part", between.is_within | (between.likeness >= 0.85)),
    )


def _place(name: str, *, has_similar: bool) -> Way:
    def way(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
        between = _Between.of(vocabulary, low, high)
        grades = [("typo", between.is_slip | _same(vocabulary.derived("sound", sound), low, high))]
        if has_similar:
            grades.append(("similar", (between.likeness >= 0.82) | between.is_within))
        return _graded(name, len(low), *grades)

    return way


_WAYS: dict[str, Way] = {
    "given": _given,
    "middle": _middle,
    "family": _family,
    "name": _name,
    "birth": _birth,
    "id_number": _id_number,
    "email": _email,
    "phone": _phone,
    "gender": _equal("gender"),
    "company": _company,
    "postcode": _postcode,
    "street": _street,
    "number": _number,
    "unit": _unit,
    "city": _place("city", has_similar=True),
    "region": _place("region", has_similar=False),
    "country": _equal("country"),
    "birth_place": _place("birth_place", has_similar=False),
    "occupation": _place("occupation", has_similar=False),
}


# ── what was written into the wrong column


def _mark_swapped(table: Table, left: Rows, right: Rows, levels: dict[str, Levels]) -> None:
    """Given and family name in each other's place: said once, at the given name."""
    if "given" not in levels or "family" not in levels:
        return
    weak = BY_NAME["given"].level("initial")
    some = np.flatnonzero((levels["given"] >= weak) & (levels["family"] >= BY_NAME["family"].level("similar")))
    if not len(some):
        return
    given, family, names = table.codes("given"), table.codes("family"), table.vocabulary("given")
    typo = BY_NAME["family"].level("typo")
    crossed = np.ones(len(some), dtype=bool)
    for one, other in ((given[left[some]], family[right[some]]), (family[left[some]], given[right[some]])):
        found = _levels(one, other, names, _family)
        crossed &= (found != MISSING) & (found <= typo)
    where = some[crossed]
    levels["given"][where] = BY_NAME["given"].level("swapped")
    levels["family"][where] = MISSING


def _mark_crossed(table: Table, left: Rows, right: Rows, levels: dict[str, Levels]) -> None:
    """The street in the line for more, and the other way about."""
    if "street" not in levels or "unit" not in levels:
        return
    street, unit, texts = table.codes("street"), table.codes("unit"), table.vocabulary("street")
    some = np.flatnonzero(levels["street"] == BY_NAME["street"].level("different"))
    if not len(some):
        return
    crossed = np.zeros(len(some), dtype=bool)
    for one, other in ((street[left[some]], unit[right[some]]), (unit[left[some]], street[right[some]])):
        found = _levels(one, other, texts, _street)
        crossed |= (found != MISSING) & (found <= BY_NAME["street"].level("typo"))
    where = some[crossed]
    levels["street"][where] = BY_NAME["street"].level("crossed")
    levels["unit"][where] = MISSING
