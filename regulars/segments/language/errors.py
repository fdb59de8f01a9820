"""What can be wrong with a query: a code, the place, what could have stood there, and the nearest name.

No sentence for people stands here (segments/saying.py has them), so that this package needs no translations.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from regulars.segments.language.tree import Span


class Code(StrEnum):
    """One kind of problem each."""

    TOO_LONG = "too_long"
    TOO_DEEP = "too_deep"
    TOO_MANY_CLAUSES = "too_many_clauses"
    WRONG_CHARACTER = "wrong_character"
    WRONG_QUOTES = "wrong_quotes"
    DOUBLED_QUOTE = "doubled_quote"
    UNCLOSED_TEXT = "unclosed_text"
    UNCLOSED_BRACKET = "unclosed_bracket"
    UNOPENED_BRACKET = "unopened_bracket"
    UNEXPECTED = "unexpected"
    UNEXPECTED_END = "unexpected_end"
    UNKNOWN_NAME = "unknown_name"
    UNKNOWN_FUNCTION = "unknown_function"
    UNKNOWN_PARAMETER = "unknown_parameter"
    UNKNOWN_VALUE = "unknown_value"
    UNKNOWN_GROUP = "unknown_group"
    UNKNOWN_PERIOD = "unknown_period"
    REPEATED_PARAMETER = "repeated_parameter"
    MISSING_PARAMETER = "missing_parameter"
    MISSING_MATCHES = "missing_matches"
    TOTAL_IN_STEP = "total_in_step"
    UNDATED_STEP = "undated_step"
    NEGATED_FIRST = "negated_first"
    LONELY_STEP = "lonely_step"
    NO_DATE = "no_date"
    WRONG_OPERATOR = "wrong_operator"
    WRONG_KIND = "wrong_kind"
    UNQUOTED = "unquoted"
    COMPARED_WITH_NULL = "compared_with_null"
    NOT_WHOLE = "not_whole"
    NO_CLOCK = "no_clock"
    NUMBER_FORM = "number_form"
    NUMBER_SEPARATORS = "number_separators"
    NUMBER_TOO_LONG = "number_too_long"
    MONEY_SIGN = "money_sign"
    PERCENT = "percent"
    DATE_FORM = "date_form"
    NO_SUCH_DAY = "no_such_day"
    UNIT = "unit"
    UNSIGNED_OFFSET = "unsigned_offset"
    WRONG_DURATION = "wrong_duration"
    WRONG_PLACE = "wrong_place"


class Wanted(StrEnum):
    """What could stand at a place, other than a word or sign of the language itself."""

    ATTRIBUTE = "attribute"
    FUNCTION = "function"
    PARAMETER = "parameter"
    DATE_ATTRIBUTE = "date_attribute"
    TEXT = "text"
    NUMBER = "number"
    WHOLE_NUMBER = "whole_number"
    DATE = "date"
    DAY = "day"
    VALUE = "value"
    GROUP = "group"
    PLACE = "place"
    DURATION = "duration"
    END = "end"


class QueryError(Exception):
    """A query that cannot be understood; `span` is where. `nearest` could stand there instead, as it is written.

    `details` are what the sentence for people names; `about` is the attribute or parameter that was being asked.
    """

    def __init__(
        self,
        code: Code,
        span: Span,
        *,
        details: Mapping[str, str] | None = None,
        expected: Iterable[str] = (),
        nearest: str | None = None,
        about: Any = None,
    ) -> None:
        super().__init__(f"{code.value} at {span[0]}")
        self.code = code
        self.span = span
        self.details = MappingProxyType(dict(details or {}))
        self.expected = tuple(expected)
        self.nearest = nearest
        self.about = about


_LONGEST_WORD = 100
_ALIKE = 0.6


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant: the same but for capitals, or spelled much alike. None if none is."""
    if len(word) > _LONGEST_WORD:
        return None
    plain: dict[str, str] = {}
    for candidate in candidates:
        plain.setdefault(_plain(candidate), candidate)
    if (same := plain.get(_plain(word))) is not None:
        return same
    found = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=_ALIKE)
    # of names with dots the beginning is much alike anyway: `metafields.facts.` says nothing about what was meant
    if not found or difflib.SequenceMatcher(None, _last(_plain(word)), _last(found[0])).ratio() < _ALIKE:
        return None
    return plain[found[0]]


def line_and_place(text: str, at: int) -> tuple[int, int]:
    """In which line something stands, and at which place in it; both count from 1."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def _plain(word: str) -> str:
    return word.casefold().replace(" ", "_").replace("-", "_")


def _last(word: str) -> str:
    return word.rpartition(".")[2]
