"""Why somebody is in a group or not, clause by clause."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from regulars.core import masks
from regulars.core.text import fold
from regulars.segments import phrasing
from regulars.segments.engine import changing, reference, wording
from regulars.segments.engine.sets import Sets
from regulars.segments.language import evaluating
from regulars.segments.language.canonical import canonical
from regulars.segments.language.evaluating import Decided
from regulars.segments.language.tree import Anniversary, Ask, Call, Clause, InGroups, Node, Sequence, Span, clauses
from regulars.segments.language.words import Words


@dataclass(frozen=True, slots=True)
class Reason:
    """One clause: as it is written, in words, whether it is true, by which value, and the ids of orders behind it."""

    text: str
    words: str
    is_true: bool
    value: str
    orders: tuple[int, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether somebody is in, for which reasons; the smallest change that flips it, and the day on which time does."""

    is_in: bool
    reasons: tuple[Reason, ...]
    flip: str = ""
    flips_on: dt.date | None = None

    def figures(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "is_in": self.is_in,
            "reasons": [
                {"text": one.text, "words": one.words, "is_true": one.is_true, "value": one.value, "span": one.span}
                for one in self.reasons
            ],
            "flip": self.flip or None,
            "flips_on": self.flips_on.isoformat() if self.flips_on else None,
        }


def explained(node: Node, customer: int, sets: Sets, words: Words) -> Explanation:
    """What a query says of one customer. Values that a reader may not ask for stay hidden, and how far off they are."""
    scene = reference.scene_of(sets.asked, sets.view)
    person = next((one for _pk, one in reference.persons([customer], scene, sets)), None)
    if person is None or not person.is_there:
        return Explanation(is_in=False, reasons=())
    found = [
        (clause, evaluating.decided(clause, person, today=scene.today, zone=scene.zone, fold=fold))
        for clause in clauses(node)
    ]
    truths = [decided.is_true for _clause, decided in found]
    with phrasing.looked_up_once():
        reasons = tuple(_reason(clause, decided, words, scene.words) for clause, decided in found)
    smallest = min(
        (
            changing.change_of(clause, decided, reason.words, person)
            for number, ((clause, decided), reason) in enumerate(zip(found, reasons, strict=True))
            if _may_see(clause, words) and changing.flips(node, truths, number)
        ),
        default=None,
    )
    all_seen = all(_may_see(clause, words) for clause, _decided in found)
    return Explanation(
        is_in=changing.is_true(node, iter(truths)),
        reasons=reasons,
        flip=smallest[1] if smallest else "",
        flips_on=changing.flips_on(node, truths, person, fold) if all_seen and not scene.is_past else None,
    )


def _reason(clause: Clause, decided: Decided, words: Words, all_words: Words) -> Reason:
    is_seen = _may_see(clause, words)
    rows = [getattr(row, "row", {}) for row in decided.rows] if is_seen else []
    return Reason(
        text=canonical(clause),
        words=str(phrasing.phrase_clause(clause, all_words)),
        is_true=decided.is_true,
        value=wording.value_of(clause, decided, all_words) if is_seen else masks.DOTS,
        orders=tuple(dict.fromkeys(row["ordr"] for row in rows if row.get("ordr") is not None)),
        span=clause.span,
    )


def _may_see(clause: Clause, words: Words) -> bool:
    """Whether a reader may ask what a clause asks."""
    match clause:
        case Ask(name) | Anniversary(name):
            return name in words.attributes
        case InGroups(names):
            return set(names) <= set(words.groups)
        case Call(name, arguments):
            return _may_call(name, [one.parameter for one in arguments], words)
        case Sequence(steps):
            return all(_may_call(one.function, [each.parameter for each in one.arguments], words) for one in steps)


def _may_call(name: str, parameters: list[str], words: Words) -> bool:
    function = words.functions.get(name)
    return function is not None and set(parameters) <= set(function.parameters)
