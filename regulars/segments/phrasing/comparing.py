"""What a test says of a value: “more than €500”, “before 30 May 2026”, “at least 90 days ago”, “contains ‘tea’”."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from regulars.segments.language.tree import Literal, Offset, Operator, Test
from regulars.segments.language.words import DATED, NUMERIC, Kind, Label, Values
from regulars.segments.phrasing.values import either, filled, in_words, is_named

_Words = Mapping[Operator, tuple[Label, Label]]
"""For each operator its words, and those of its negation."""

_NUMBERS: Final[_Words] = {
    Operator.EQUAL: (pgettext_lazy("a number", "exactly"), pgettext_lazy("a number", "not")),
    Operator.IN: (pgettext_lazy("a number", "exactly"), pgettext_lazy("a number", "not")),
    Operator.GREATER: (pgettext_lazy("a number", "more than"), pgettext_lazy("a number", "not more than")),
    Operator.AT_LEAST: (pgettext_lazy("a number", "at least"), pgettext_lazy("a number", "not at least")),
    Operator.LESS: (pgettext_lazy("a number", "less than"), pgettext_lazy("a number", "not less than")),
    Operator.AT_MOST: (pgettext_lazy("a number", "at most"), pgettext_lazy("a number", "not at most")),
    Operator.BETWEEN: (pgettext_lazy("a number", "between"), pgettext_lazy("a number", "not between")),
}
_TEXTS: Final[_Words] = {
    Operator.EQUAL: (pgettext_lazy("a text", "is"), pgettext_lazy("a text", "is not")),
    Operator.IN: (pgettext_lazy("a text", "is"), pgettext_lazy("a text", "is not")),
    Operator.CONTAINS: (pgettext_lazy("a text", "contains"), pgettext_lazy("a text", "does not contain")),
    Operator.STARTS: (pgettext_lazy("a text", "starts with"), pgettext_lazy("a text", "does not start with")),
    Operator.ENDS: (pgettext_lazy("a text", "ends with"), pgettext_lazy("a text", "does not end with")),
    Operator.GREATER: (pgettext_lazy("a text", "comes after"), pgettext_lazy("a text", "does not come after")),
    Operator.AT_LEAST: (
        pgettext_lazy("a text", "is or comes after"),
        pgettext_lazy("a text", "neither is nor comes after"),
    ),
    Operator.LESS: (pgettext_lazy("a text", "comes before"), pgettext_lazy("a text", "does not come before")),
    Operator.AT_MOST: (
        pgettext_lazy("a text", "is or comes before"),
        pgettext_lazy("a text", "neither is nor comes before"),
    ),
    Operator.BETWEEN: (pgettext_lazy("a text", "lies between"), pgettext_lazy("a text", "does not lie between")),
}
_ANSWERS: Final = (pgettext_lazy("yes or no", "is"), pgettext_lazy("yes or no", "is not"))
_YES_NO: Final[_Words] = {Operator.EQUAL: _ANSWERS, Operator.IN: _ANSWERS}
_INCLUDED: Final = (pgettext_lazy("a list", "include"), pgettext_lazy("a list", "do not include"))
_LISTS: Final[_Words] = {Operator.EQUAL: _INCLUDED, Operator.CONTAINS: _INCLUDED, Operator.IN: _INCLUDED}
_DAYS: Final[_Words] = {
    Operator.EQUAL: (pgettext_lazy("a day", "on"), pgettext_lazy("a day", "not on")),
    Operator.IN: (pgettext_lazy("a day", "on"), pgettext_lazy("a day", "not on")),
    Operator.GREATER: (pgettext_lazy("a day", "after"), pgettext_lazy("a day", "not after")),
    Operator.AT_LEAST: (pgettext_lazy("a day", "on or after"), pgettext_lazy("a day", "not on or after")),
    Operator.LESS: (pgettext_lazy("a day", "before"), pgettext_lazy("a day", "not before")),
    Operator.AT_MOST: (pgettext_lazy("a day", "on or before"), pgettext_lazy("a day", "not on or before")),
    Operator.BETWEEN: (pgettext_lazy("a day", "between"), pgettext_lazy("a day", "not between")),
}
_AGO: Final[_Words] = {  # the later a day is, the fewer days ago it was
    Operator.EQUAL: (pgettext_lazy("days ago", "exactly"), pgettext_lazy("days ago", "not exactly")),
    Operator.GREATER: (pgettext_lazy("days ago", "less than"), pgettext_lazy("days ago", "not less than")),
    Operator.AT_LEAST: (pgettext_lazy("days ago", "at most"), pgettext_lazy("days ago", "not at most")),
    Operator.LESS: (pgettext_lazy("days ago", "more than"), pgettext_lazy("days ago", "not more than")),
    Operator.AT_MOST: (pgettext_lazy("days ago", "at least"), pgettext_lazy("days ago", "not at least")),
}
_AHEAD: Final[_Words] = {
    Operator.EQUAL: (pgettext_lazy("days ahead", "exactly"), pgettext_lazy("days ahead", "not exactly")),
    Operator.GREATER: (pgettext_lazy("days ahead", "more than"), pgettext_lazy("days ahead", "not more than")),
    Operator.AT_LEAST: (pgettext_lazy("days ahead", "at least"), pgettext_lazy("days ahead", "not at least")),
    Operator.LESS: (pgettext_lazy("days ahead", "less than"), pgettext_lazy("days ahead", "not less than")),
    Operator.AT_MOST: (pgettext_lazy("days ahead", "at most"), pgettext_lazy("days ahead", "not at most")),
}
_MISSING: Final = (pgettext_lazy("a value", "is missing"), pgettext_lazy("a value", "is known"))
_ALL_MISSING: Final = (pgettext_lazy("several values", "are missing"), pgettext_lazy("several values", "are known"))
_TODAY: Final = (pgettext_lazy("a day", "is"), pgettext_lazy("a day", "is not"))


@dataclass(frozen=True, slots=True)
class Compared:
    """A test in words: `operator` and `value` as an editor shows them, and `whole` as it stands in a sentence."""

    operator: str
    value: str
    whole: str


def compared(
    test: Test, kind: Kind, values: Values | None = None, *, unit: str = "", is_parameter: bool = False
) -> Compared:
    """A test in words. `unit` is a template for every literal: `%(number)s km`."""

    def said(literal: Literal) -> str:
        text = in_words(literal, kind, values)
        return filled(unit, number=text) if unit else text

    if test.operator is Operator.IS_NULL:
        words = str((_ALL_MISSING if kind is Kind.LIST else _MISSING)[test.is_negated])
        return Compared(words, "", words)
    literals = [said(one) for one in test.values]
    if test.operator is Operator.BETWEEN:
        value = filled(pgettext("between", "%(low)s and %(high)s"), low=literals[0], high=literals[1])
    else:
        different = list(dict.fromkeys(literals))
        value = different[0] if len(different) == 1 else either(different)
    operator = str(_words(test, kind, is_parameter=is_parameter)[test.operator][test.is_negated])
    if kind in DATED and test.operator is Operator.EQUAL and isinstance(test.values[0], Offset) and _is_day(test):
        # “was today”, not “was on today”
        whole = pgettext("a day", "not %(day)s") if test.is_negated else pgettext("a day", "%(day)s")
        return Compared(str(_TODAY[test.is_negated]), value, filled(whole, day=value))
    return Compared(operator, value, put_together(operator, value))


def put_together(operator: str, value: str) -> str:
    """An operator and its value, as they follow each other."""
    return filled(pgettext("operator and value", "%(operator)s %(value)s"), operator=operator, value=value)


def how_many(test: Test) -> str:
    """A test on a count, before the word for what is counted: “at least 3”, “2 to 4”."""
    if test.operator is Operator.BETWEEN:
        low, high = (in_words(one, Kind.NUMBER) for one in test.values)
        template = _("not %(low)s to %(high)s") if test.is_negated else _("%(low)s to %(high)s")
        return filled(template, low=low, high=high)
    if test.operator in (Operator.EQUAL, Operator.IN):
        template = (
            pgettext("how many", "not %(number)s") if test.is_negated else pgettext("how many", "exactly %(number)s")
        )
        return filled(template, number=compared(test, Kind.NUMBER).value)
    return compared(test, Kind.NUMBER).whole


def _words(test: Test, kind: Kind, *, is_parameter: bool) -> _Words:
    if kind in NUMERIC:
        return _NUMBERS
    if kind in DATED:
        return _of_days(test)
    if kind is Kind.YES_NO:
        return _YES_NO
    return _LISTS if kind is Kind.LIST and not is_parameter else _TEXTS


def _of_days(test: Test) -> _Words:
    first = test.values[0]
    if test.operator in (Operator.BETWEEN, Operator.IN) or is_named(first) or not isinstance(first, Offset):
        return _DAYS
    return _AGO if first.count < 0 else _AHEAD


def _is_day(test: Test) -> bool:
    return is_named(test.values[0])
