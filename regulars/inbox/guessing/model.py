"""What was learned, as it is kept and asked: lists of numbers and pieces of text. Asking it needs no library.

As bytes it is JSON and numbers, packed: nothing in it is ever run.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from regulars.inbox.guessing.pieces import BLOCKS, plain

LIKE: Final = 0.15
"""How like another inquiry one has to be, at least, for its answer to be offered: 1 is the same."""
_NEAREST: Final = 10
_SIZE = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a margin is (`1 / (1 + e^-(slope · margin + offset))`), and the least with which something is said."""

    slope: float
    offset: float
    least: float
    is_any: bool

    def of(self, margin: float) -> float:
        """The share of guesses with such a margin that are right."""
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, self.slope * margin + self.offset))))


@dataclass(frozen=True, slots=True)
class Figures:
    """Measured on inquiries that the model had not seen: `usual` is what always saying the commonest topic gives."""

    count: int
    accuracy: float
    usual: float
    shown: float
    precision: float


@dataclass(slots=True)
class Topics:
    """The classifier: `coefficients` by piece, in each one by topic."""

    names: list[str]
    coefficients: Sequence[float]
    bias: list[float]
    sure: Sureness
    figures: Figures


@dataclass(slots=True)
class Answers:
    """Inquiries of the past, and the canned answers each got; `hits` is how often the right one was offered."""

    given: list[list[str]]
    vectors: list[list[tuple[int, float]]]
    hits: float

    @staticmethod
    def ranked(near: Iterable[tuple[float, Sequence[str]]]) -> list[str]:
        """Which canned answers the nearest inquiries got, the likeliest first."""
        votes: Counter[str] = Counter()
        for like, given in near:
            if like >= LIKE:
                for one in given:
                    votes[one] += like  # type: ignore[assignment]
        return [name for name, _votes in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))]


@dataclass(frozen=True, slots=True)
class Said:
    """What an inquiry is about, as the model says, how sure it is, and whether that is enough to be shown."""

    topic: str
    confidence: float
    is_sure: bool


@dataclass(slots=True)
class Model:
    """All that was learned: the pieces that count and their weights, by sort, then the topics and the answers."""

    pieces: list[list[str]]
    weights: list[list[float]]
    topics: Topics | None = None
    answers: Answers | None = None
    _columns: list[dict[str, int]] = field(default_factory=list)
    _found_in: dict[int, list[tuple[int, float]]] = field(default_factory=dict)

    def topic_of(self, text: str) -> Said | None:
        """What a text is about; None where no topics were learned, or nothing in it is known."""
        vector = self._vector(text)
        if self.topics is None or not vector:
            return None
        known, many = self.topics, len(self.topics.names)
        scores = list(known.bias)
        for column, weight in vector.items():
            start = column * many
            for place in range(many):
                scores[place] += weight * known.coefficients[start + place]
        second, first = sorted(range(many), key=scores.__getitem__)[-2:]
        margin, name = scores[first] - scores[second], known.names[first]
        is_sure = bool(name) and known.sure.is_any and margin >= known.sure.least
        return Said(name, known.sure.of(margin), is_sure)

    def answers_of(self, text: str) -> list[str]:
        """Which canned answers inquiries like this one got, the likeliest first."""
        if self.answers is None:
            return []
        if not self._found_in:
            for number, vector in enumerate(self.answers.vectors):
                for column, weight in vector:
                    self._found_in.setdefault(column, []).append((number, weight))
        like: Counter[int] = Counter()
        for column, weight in self._vector(text).items():
            for number, theirs in self._found_in.get(column, ()):
                like[number] += weight * theirs / math.sqrt(2)  # type: ignore[assignment]
        nearest = sorted(like.items(), key=lambda one: (-one[1], one[0]))[:_NEAREST]
        return self.answers.ranked((near, self.answers.given[number]) for number, near in nearest)

    def _vector(self, text: str) -> dict[int, float]:
        """The columns of the pieces that a text has, and their weights; each sort of piece has length one."""
        if not self._columns:
            self._columns = [{piece: place for place, piece in enumerate(block)} for block in self.pieces]
        found: dict[int, float] = {}
        said, before = plain(text), 0
        for block, columns, weights in zip(BLOCKS, self._columns, self.weights, strict=True):
            counts = Counter(column for piece in block(said) if (column := columns.get(piece)) is not None)
            part = {column: (1 + math.log(count)) * weights[column] for column, count in counts.items()}
            length = math.sqrt(sum(weight * weight for weight in part.values()))
            found |= {before + column: weight / length for column, weight in part.items()}
            before += len(columns)
        return found

    def to_bytes(self) -> bytes:
        """The model, to be kept."""
        head: dict[str, Any] = {"pieces": self.pieces}
        numbers = [array("f", block) for block in self.weights]
        if self.topics is not None:
            numbers.append(array("f", self.topics.coefficients))
            told = {"names": self.topics.names, "bias": self.topics.bias}
            head["topics"] = told | {"sure": asdict(self.topics.sure), "figures": asdict(self.topics.figures)}
        if self.answers is not None:
            head["answers"] = asdict(self.answers)
        head["sizes"] = [len(one) for one in numbers]
        text = json.dumps(head, ensure_ascii=False).encode()
        return zlib.compress(_SIZE.pack(len(text)) + text + b"".join(one.tobytes() for one in numbers), 1)

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """The model again."""
        data = zlib.decompress(data)
        (size,) = _SIZE.unpack_from(data)
        place = _SIZE.size + size
        head = json.loads(data[_SIZE.size : place])
        numbers = []
        for count in head["sizes"]:
            one = array("f")
            one.frombytes(data[place : place + 4 * count])
            place += 4 * count
            numbers.append(one)
        model = cls(pieces=head["pieces"], weights=[list(one) for one in numbers[: len(head["pieces"])]])
        if told := head.get("topics"):
            model.topics = Topics(
                names=told["names"],
                coefficients=numbers[-1],
                bias=told["bias"],
                sure=Sureness(**told["sure"]),
                figures=Figures(**told["figures"]),
            )
        if told := head.get("answers"):
            vectors = [[(int(column), weight) for column, weight in one] for one in told["vectors"]]
            model.answers = Answers(given=told["given"], vectors=vectors, hits=told["hits"])
        return model
