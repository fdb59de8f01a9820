"""What could be written at a place of a query, also where the query is half-written or wrong elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from regulars.segments.language.dates import PERIODS
from regulars.segments.language.errors import QueryError, Wanted
from regulars.segments.language.operators import Subject
from regulars.segments.language.parsing import CLAUSE, OPENINGS, Parser
from regulars.segments.language.scanning import Sort, Token, quoted, scan
from regulars.segments.language.tree import Span
from regulars.segments.language.words import DATED, Function, Label, Words

MOST = 50

_DATES = (
    *("today", "yesterday", "-7d", "-30d", "-90d", "-12m", "+7d", "+30d"),
    *(f"start_of({period})" for period in PERIODS),
)
_DURATIONS = ("7d", "14d", "30d", "90d", "1y")
_BOUNDARIES = frozenset({"AND", "OR", "THEN", ","})
_MOST_REPAIRS = 40


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`text` as it would be written; `kind` is attribute, function, parameter, operator, keyword, value, date or
    group.
    """

    text: str
    kind: str
    label: str = ""

    @property
    def insert(self) -> str:
        """What is written when it is taken: with what always follows it."""
        if self.kind == "function":
            return f"{self.text} MATCHES ("
        return self.text if self.kind in {"value", "group", "date"} else f"{self.text} "


def complete(text: str, place: int, words: Words) -> list[Suggestion]:
    """What could stand at a place instead of what is being typed there, the likeliest first, 50 at most."""
    return completing(text, place, words)[0]


def completing(text: str, place: int, words: Words) -> tuple[list[Suggestion], int]:
    """The same, and how many characters before the place are being typed, which a suggestion replaces."""
    start, place = typed(text, place)
    parser = _read(scan(text[:start])[:-1], words)
    beginning = text[start:place].lstrip("'\"“‘").casefold()
    ranked: list[tuple[int, int, Suggestion]] = []
    for suggestion in _suggestions(parser.expected, parser, words):
        rank = _rank(suggestion, beginning)
        if rank is not None:
            ranked.append((rank, len(ranked), suggestion))
    return [suggestion for _, _, suggestion in sorted(ranked, key=lambda one: one[:2])][:MOST], place - start


def typed(text: str, place: int) -> Span:
    """What is being typed at a place, up to it: a word, a number or a text that is not closed. Empty between these."""
    place = max(0, min(place, len(text)))
    tokens = scan(text[:place])[:-1]
    if not tokens:
        return place, place
    last = tokens[-1]
    if last.text == "'" or (last.sort is Sort.WRONG and last.text[0] in '"“‘'):
        return last.span[0], place  # a text without its end takes all that follows
    is_word = last.sort in (Sort.NAME, Sort.NUMBER, Sort.OFFSET, Sort.DURATION, Sort.DATE, Sort.WRONG)
    return (last.span[0], place) if is_word and last.span[1] == place else (place, place)


class _Lenient(Parser):
    """Goes on where it is clear how, and remembers what was expected where the text ends."""

    expected: tuple[str, ...] = ()

    def complain(self, *_: Any, **__: Any) -> None:
        """What is wrong with a name or value changes nothing about what can follow it."""


def _read(tokens: list[Token], words: Words) -> _Lenient:
    """Read what stands before the place, without what no query could have there.

    A token that cannot stand where it stands is left out; one that begins the next clause or argument takes what is
    broken before it along.
    """
    tokens = [*tokens, Token(Sort.END, "", (0, 0))]
    for _attempt in range(_MOST_REPAIRS):
        parser = _Lenient(tokens, words)
        try:
            parser.query()
        except QueryError as error:
            parser.about = error.about
            if tokens[parser.at].sort is Sort.END:
                parser.expected = error.expected
                return parser
            is_boundary = tokens[parser.at].text.upper() in _BOUNDARIES
            first = min(parser.began, parser.at) if is_boundary else parser.at
            tokens = tokens[:first] + tokens[parser.at + 1 :]
        else:
            parser.about = None
            parser.expected = ("AND", "OR") if len(tokens) > 1 else CLAUSE
            return parser
    return _Lenient(tokens[-1:], words)


def _suggestions(expected: Iterable[str], parser: _Lenient, words: Words) -> Iterator[Suggestion]:
    about = parser.about
    for one in expected:
        match one:
            case Wanted.ATTRIBUTE:
                yield from _named("attribute", ((name, known.label) for name, known in words.attributes.items()))
                yield from (Suggestion(name, "keyword") for name in OPENINGS)
            case Wanted.FUNCTION:
                functions = {name: f for name, f in words.functions.items() if f.is_dated or not parser.is_step}
                yield from _named("function", ((name, known.label) for name, known in functions.items()))
            case Wanted.DATE_ATTRIBUTE:
                dated = [known for known in words.attributes.values() if known.kind in DATED]
                yield from _named("attribute", ((known.name, known.label) for known in dated))
            case Wanted.PARAMETER if isinstance(about, Function):
                for name, known in about.parameters.items():
                    if name not in parser.given and not (parser.is_step and known.total is not None):
                        yield Suggestion(name, "parameter", str(known.label))
            case Wanted.TEXT | Wanted.VALUE if isinstance(about, Subject) and about.values is not None:
                yield from _named("value", ((quoted(value), label) for value, label in about.values()))
            case Wanted.GROUP:
                yield from (Suggestion(quoted(name), "group") for name in words.groups)
            case Wanted.DATE | Wanted.DAY:
                yield from (Suggestion(date, "date") for date in _DATES)
            case Wanted.DURATION:
                yield from (Suggestion(duration, "date") for duration in _DURATIONS)
            case _ if not isinstance(one, Wanted) and one not in ("(", ")", ","):
                yield Suggestion(one, _kind(one, about))


def _kind(word: str, about: Any) -> str:
    if word in {"true", "false"}:
        return "value"
    if word in PERIODS:
        return "date"
    if isinstance(about, Function) and word in about.parameters:
        return "parameter"
    return "keyword" if word in {"AND", "OR", "NOT", "THEN", "WITHIN"} else "operator"


def _named(kind: str, named: Iterable[tuple[str, Label]]) -> Iterator[Suggestion]:
    return (Suggestion(name, kind, str(label)) for name, label in named)


def _rank(suggestion: Suggestion, beginning: str) -> int | None:
    """How well a suggestion fits what was typed: 0 begins so, then a word of it or its label does, None not at all."""
    name = suggestion.text.lstrip("'").casefold()
    label = suggestion.label.casefold()
    if name.startswith(beginning):
        return 0
    if any(part.startswith(beginning) for part in name.replace("_", " ").replace(".", " ").split()):
        return 1
    if label.startswith(beginning) or any(part.startswith(beginning) for part in label.split()):
        return 2
    return 3 if len(beginning) > 2 and (beginning in name or beginning in label) else None
