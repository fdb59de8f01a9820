"""On which level two records agree, field by field, for many pairs at once.

Distances are worked out once for every two different texts, in native code (rapidfuzz), whatever the number of pairs
that have them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler

from regulars.core.text import pinyin_keys
from regulars.customers.duplicates.fields import BY_NAME, EXACT, FIELDS, MISSING
from regulars.customers.duplicates.nicknames import are_nicknames
from regulars.customers.duplicates.table import Codes, Rows, Table, Texts, Vocabulary

Levels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_FAR = 9
_HIGHEST = 255


@dataclass(frozen=True, slots=True)
class Compared:
    """Levels of pairs by field, and which text they have in common where they agree exactly (0 elsewhere)."""

    levels: dict[str, Levels]
    common: dict[str, Codes]

    def __len__(self) -> int:
        return len(next(iter(self.levels.values()), ()))

    def taken(self, which: Any) -> Compared:
        """Some of the pairs."""
        return Compared(
            {name: levels[which] for name, levels in self.levels.items()},
            {name: common[which] for name, common in self.common.items()},
        )

    @staticmethod
    def joined(parts: list[Compared]) -> Compared:
        """Several lots of pairs as one."""
        if len(parts) == 1:
            return parts[0]
        return Compared(
            {name: np.concatenate([part.levels[name] for part in parts]) for name in parts[0].levels},
            {name: np.concatenate([part.common[name] for part in parts]) for name in parts[0].common},
        )


def compare(table: Table, left: Rows, right: Rows) -> Compared:
    """Compare rows of a table, pair by pair. Fields that nobody has are not in the answer."""
    levels: dict[str, Levels] = {}
    common: dict[str, Codes] = {}
    for field in FIELDS:
        if not table.has(field.name):
            continue
        compare_texts = _WAYS[field.name]
        vocabulary = table.vocabulary(field.name)
        best: Levels | None = None
        shared = np.zeros(len(left), dtype=np.int32)
        slots = table.slots(field.name)
        for first, second in product(slots, slots):
            a, b = first[left], second[right]
            found = _levels(a, b, vocabulary, compare_texts)
            is_same = found == EXACT
            shared[is_same] = a[is_same]
            best = found if best is None else _stronger(best, found)
        if best is not None:
            levels[field.name], common[field.name] = best, shared
    _mark_swapped(table, left, right, levels, common)
    _mark_crossed(table, left, right, levels, common)
    return Compared(levels, common)


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


def _edits(a: Texts, b: Texts) -> NDArray[np.uint8]:
    """How many letters were changed, left out, put in or swapped with their neighbours; 9 for many."""
    return np.minimum(
        process.cpdist(a.tolist(), b.tolist(), scorer=OSA.distance, score_cutoff=3, dtype=np.uint8), _FAR
    ).astype(np.uint8)


def _likeness(a: Texts, b: Texts) -> NDArray[np.float32]:
    """Jaro-Winkler, 1 for the same and 0 below 0.75."""
    return np.asarray(
        process.cpdist(a.tolist(), b.tolist(), scorer=JaroWinkler.similarity, score_cutoff=0.75, dtype=np.float32)
    )


def _is_within(a: Texts, b: Texts) -> Mask:
    """Whether all words of one are in the other."""
    ratio = process.cpdist(a.tolist(), b.tolist(), scorer=fuzz.token_set_ratio, score_cutoff=95, dtype=np.float32)
    return np.asarray(ratio) >= 95


def _lengths(texts: Texts) -> NDArray[np.int64]:
    return np.fromiter(map(len, texts.tolist()), dtype=np.int64, count=len(texts))


def _is_slip(a: Texts, b: Texts) -> Mask:
    """Whether one is the other with a slip of the finger: one edit, two in long texts, or nearly all letters."""
    shorter = np.minimum(_lengths(a), _lengths(b))
    edits = _edits(a, b)
    allowed = np.where(shorter >= 8, 2, np.where(shorter >= 3, 1, 0))
    return (edits <= allowed) | ((_likeness(a, b) >= 0.93) & (shorter >= 4))


# ── ways to compare


def _texts(vocabulary: Vocabulary, low: Codes, high: Codes) -> tuple[Texts, Texts]:
    texts = vocabulary.texts
    return texts[low], texts[high]


def _graded(name: str, size: int, *grades: tuple[str, Mask]) -> Levels:
    """The level of the first grade that holds; the last level where none does."""
    field = BY_NAME[name]
    found = np.full(size, len(field.levels), dtype=np.uint8)
    for word, holds in reversed(grades):
        found[holds] = field.level(word)
    return found


def _sounds(vocabulary: Vocabulary) -> Codes:
    return vocabulary.derived("sound", sound)


def sound(text: str) -> str:
    """Chinese by its pinyin, everything else without spaces and doubled letters."""
    if not text.isascii() and (keys := pinyin_keys(text)):
        return keys[0]
    squeezed = text.replace(" ", "")
    return "".join(c for place, c in enumerate(squeezed) if not place or squeezed[place - 1] != c)


def _given(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    sounds = _sounds(vocabulary)
    called = np.fromiter(map(_are_called_alike, a.tolist(), b.tolist()), dtype=bool, count=len(a))
    shorter = np.minimum(_lengths(a), _lengths(b))
    initial = (shorter == 1) & (vocabulary.derived("initial", _initial)[low] == vocabulary.derived("initial", _initial)[high])
    return _graded(
        "given",
        len(a),
        ("nickname", called | (sounds[low] == sounds[high])),
        ("typo", _is_slip(a, b)),
        ("initial", initial),
        ("similar", _likeness(a, b) >= 0.82),
    )


def _are_called_alike(left: str, right: str) -> bool:
    if are_nicknames(left, right):
        return True
    if " " not in left and " " not in right:
        return False
    # one has a second name that the other leaves out
    first, second = left.split(), right.split()
    return first[0] == second[0] and min(len(first), len(second)) == 1 and len(first[0]) > 1


def _initial(text: str) -> str:
    return text[:1]


def _family(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    sounds = _sounds(vocabulary)
    spaced = vocabulary.derived("spaced", lambda text: " " if " " in text else "") > 0
    part = np.zeros(len(a), dtype=bool)
    some = np.flatnonzero(spaced[low] | spaced[high])
    if len(some):
        part[some] = _is_within(a[some], b[some])
    return _graded(
        "family",
        len(a),
        ("sound", sounds[low] == sounds[high]),
        ("typo", _is_slip(a, b)),
        ("part", part),
        ("similar", _likeness(a, b) >= 0.82),
    )


def _name(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    bags = vocabulary.derived("bag", lambda text: " ".join(sorted(text.split())))
    squeezed = vocabulary.derived("squeezed", lambda text: text.replace(" ", ""))
    return _graded(
        "name",
        len(a),
        ("reordered", (bags[low] == bags[high]) | (squeezed[low] == squeezed[high])),
        ("typo", _is_slip(a, b)),
        ("part", _is_within(a, b)),
        ("similar", _likeness(a, b) >= 0.85),
    )


def _birth(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    first, second = _date(a), _date(b)
    known = (first > 0) & (second > 0)
    agrees = (first == second) & known
    parts, comparable = agrees.sum(axis=1), known.sum(axis=1)
    swapped = agrees[:, 0] & (first[:, 1] == second[:, 2]) & (first[:, 2] == second[:, 1])
    whole = comparable == 3
    days = np.abs(_days(first) - _days(second))
    years = np.abs(first[:, 0] - second[:, 0])
    near = (whole & (days <= 400)) | (whole & agrees[:, 1] & agrees[:, 2] & (years <= 12)) | (whole & (parts >= 1) & (days <= 3700))
    return _graded(
        "birth",
        len(a),
        ("day_month", whole & swapped),
        ("digit", whole & (_edits(a, b) <= 1)),
        ("two_parts", (whole & (parts == 2)) | (~whole & (parts == comparable) & (parts == 2))),
        ("near", near | (~whole & (parts == comparable) & (parts == 1))),
    )


def _date(texts: Texts) -> NDArray[np.int64]:
    """Year, month and day of YYYYMMDD."""
    numbers = np.fromiter((int(text[:8]) if text.isdigit() else 0 for text in texts.tolist()), dtype=np.int64, count=len(texts))
    return np.column_stack([numbers // 10000, numbers // 100 % 100, numbers % 100])


def _days(dates: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(dates[:, 0] * 365.25 + (dates[:, 1] - 1) * 30.44 + dates[:, 2])


def _id_number(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    edits = _edits(*_texts(vocabulary, low, high))
    return _graded("id_number", len(low), ("typo", edits <= 1), ("near", edits <= 2))


def local_part(text: str) -> str:
    """What stands before the @, where it is long enough to mean somebody."""
    local = text.partition("@")[0]
    return local if len(local) >= 4 and local not in _NOBODY else ""


_NOBODY = frozenset("info mail office kontakt contact sales admin hello shop test support email noreply".split())


def _email(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    locals_ = vocabulary.derived("local", local_part)
    first, second = (np.array([text.partition("@")[0] for text in side.tolist()], dtype=object) for side in (a, b))
    return _graded(
        "email",
        len(a),
        ("local_part", (locals_[low] == locals_[high]) & (locals_[low] > 0)),
        ("typo", _edits(a, b) <= 2),
        ("similar", (_likeness(first, second) >= 0.88) | (_likeness(a, b) >= 0.93)),
    )


def tail(text: str) -> str:
    """The end of a number, which is the same with and without the country's code."""
    return text[-8:] if len(text) >= 8 else text[-7:] if len(text) == 7 else ""


def _phone(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    tails = vocabulary.derived("tail", tail)
    edits = _edits(*_texts(vocabulary, low, high))
    return _graded(
        "phone", len(low), ("tail", (tails[low] == tails[high]) & (tails[low] > 0)), ("typo", edits <= 1)
    )


def _equal(name: str) -> Way:
    def way(_vocabulary: Vocabulary, low: Codes, _high: Codes) -> Levels:
        return _graded(name, len(low))

    return way


def _company(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    squeezed = vocabulary.derived("squeezed", lambda text: text.replace(" ", ""))
    return _graded(
        "company", len(a), ("typo", _is_slip(a, b) | (squeezed[low] == squeezed[high])), ("part", _is_within(a, b))
    )


def area(text: str) -> str:
    """The part of a postcode that means a district."""
    return text[:-3] if any(c.isalpha() for c in text) and len(text) > 4 else text[:-2] if len(text) > 3 else ""


def _postcode(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    areas = vocabulary.derived("area", area)
    edits = _edits(*_texts(vocabulary, low, high))
    return _graded("postcode", len(low), ("typo", edits <= 1), ("area", (areas[low] == areas[high]) & (areas[low] > 0)))


_KINDS = frozenset(
    "street road avenue drive lane court place boulevard close crescent circuit terrace highway parade way square strasse"
    " gardens grove circle north south east west weg gasse allee platz flat unit apt apartment suite".split()
)


def core(text: str) -> str:
    """A street without its kind."""
    return " ".join(word for word in text.split() if word not in _KINDS) or text


def _street(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    cores = vocabulary.derived("core", core)
    squeezed = vocabulary.derived("squeezed", lambda text: text.replace(" ", ""))
    first, second = (np.array([core(text) for text in side.tolist()], dtype=object) for side in (a, b))
    return _graded(
        "street",
        len(a),
        ("typo", _is_slip(first, second) | (squeezed[low] == squeezed[high]) | (cores[low] == cores[high])),
        ("part", _is_within(first, second) | (_likeness(first, second) >= 0.85)),
    )


def _number(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    return _graded("number", len(a), ("part", _edits(a, b) <= 1))


def _unit(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
    a, b = _texts(vocabulary, low, high)
    squeezed = vocabulary.derived("squeezed", lambda text: text.replace(" ", ""))
    return _graded(
        "unit",
        len(a),
        ("typo", _is_slip(a, b) | (squeezed[low] == squeezed[high])),
        ("part", _is_within(a, b) | (_likeness(a, b) >= 0.85)),
    )


def _place(name: str, *, has_similar: bool) -> Way:
    def way(vocabulary: Vocabulary, low: Codes, high: Codes) -> Levels:
        a, b = _texts(vocabulary, low, high)
        sounds = _sounds(vocabulary)
        grades = [("typo", _is_slip(a, b) | (sounds[low] == sounds[high]))]
        if has_similar:
            grades.append(("similar", (_likeness(a, b) >= 0.82) | _is_within(a, b)))
        return _graded(name, len(a), *grades)

    return way


_WAYS: dict[str, Way] = {
    "given": _given,
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


def _mark_swapped(
    table: Table, left: Rows, right: Rows, levels: dict[str, Levels], common: dict[str, Codes]
) -> None:
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
    common["given"][where] = common["family"][where] = 0


def _mark_crossed(
    table: Table, left: Rows, right: Rows, levels: dict[str, Levels], common: dict[str, Codes]
) -> None:
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
    common["street"][where] = common["unit"][where] = 0
