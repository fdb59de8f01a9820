"""What is wrong with a query, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from regulars.segments.language.errors import Code, QueryError, Wanted, line_and_place

_LONGEST = 60
_MOST_EXPECTED = 12

_SENTENCES: Mapping[Code, Promise] = {
    Code.TOO_LONG: gettext_lazy("the query is too long: at most %(most)s kB are read."),
    Code.TOO_DEEP: gettext_lazy("brackets and NOT stand in each other more than %(most)s times."),
    Code.TOO_MANY_CLAUSES: gettext_lazy("the query has more than %(most)s conditions."),
    Code.WRONG_CHARACTER: gettext_lazy("“%(found)s” has no meaning in a query."),
    Code.WRONG_QUOTES: gettext_lazy("text stands in straight single quotes."),
    Code.DOUBLED_QUOTE: gettext_lazy("a quote inside a text is written \\'."),
    Code.UNCLOSED_TEXT: gettext_lazy("the text that begins here has no closing quote."),
    Code.UNCLOSED_BRACKET: gettext_lazy("this bracket is never closed."),
    Code.UNOPENED_BRACKET: gettext_lazy("this bracket was never opened."),
    Code.UNEXPECTED: gettext_lazy("“%(found)s” cannot stand here."),
    Code.UNEXPECTED_END: gettext_lazy("the query ends too early."),
    Code.UNKNOWN_NAME: gettext_lazy("there is no “%(found)s”."),
    Code.UNKNOWN_FUNCTION: gettext_lazy("there is no function “%(found)s”."),
    Code.UNKNOWN_PARAMETER: gettext_lazy("%(name)s knows no “%(found)s”."),
    Code.UNKNOWN_VALUE: gettext_lazy("“%(found)s” is no value of %(name)s."),
    Code.UNKNOWN_GROUP: gettext_lazy("there is no group “%(found)s”."),
    Code.UNKNOWN_PERIOD: gettext_lazy("“%(found)s” is no period of time."),
    Code.REPEATED_PARAMETER: gettext_lazy("%(name)s is said twice here. For two limits, use BETWEEN."),
    Code.MISSING_PARAMETER: gettext_lazy("%(name)s also needs %(missing)s."),
    Code.MISSING_MATCHES: gettext_lazy("MATCHES is missing between %(name)s and its brackets."),
    Code.TOTAL_IN_STEP: gettext_lazy(
        "a step of a sequence is about one thing that happened, so that %(name)s cannot be asked."
    ),
    Code.UNDATED_STEP: gettext_lazy("%(name)s happens on no day, so that it cannot be a step of a sequence."),
    Code.NEGATED_FIRST: gettext_lazy("the first step of a sequence cannot be NOT: there is nothing before it."),
    Code.LONELY_STEP: gettext_lazy("a sequence has at least two steps, with THEN between them."),
    Code.NO_DATE: gettext_lazy("%(name)s is no date, and has no anniversary."),
    Code.WRONG_OPERATOR: gettext_lazy("%(name)s cannot be asked with %(found)s."),
    Code.WRONG_KIND: gettext_lazy("%(name)s cannot be compared with %(found)s."),
    Code.UNQUOTED: gettext_lazy("text stands in single quotes."),
    Code.COMPARED_WITH_NULL: gettext_lazy("nothing is equal to NULL. Ask whether %(name)s IS NULL."),
    Code.NOT_WHOLE: gettext_lazy("%(name)s is a whole number and is not compared with %(found)s."),
    Code.NO_CLOCK: gettext_lazy("%(name)s is a day without a time."),
    Code.NUMBER_FORM: gettext_lazy("“%(found)s” is no number and no date."),
    Code.NUMBER_SEPARATORS: gettext_lazy("numbers are written without separators."),
    Code.NUMBER_TOO_LONG: gettext_lazy("the number has too many digits."),
    Code.MONEY_SIGN: gettext_lazy("amounts are plain numbers in the currency of the shop, without “%(found)s”."),
    Code.PERCENT: gettext_lazy("numbers are written without a percent sign."),
    Code.DATE_FORM: gettext_lazy("days are written as 2026-05-30, and moments as 2026-05-30T16:00:00."),
    Code.NO_SUCH_DAY: gettext_lazy("the calendar has no %(found)s."),
    Code.UNIT: gettext_lazy("“%(unit)s” is no unit of time: d, w, m and y are."),
    Code.UNSIGNED_OFFSET: gettext_lazy("a day from now has a sign: -90d is 90 days ago."),
    Code.WRONG_DURATION: gettext_lazy("a length of time is a whole number above 0 and d, w, m or y."),
    Code.WRONG_PLACE: gettext_lazy("a place is its latitude (-90 to 90) and longitude (-180 to 180): (52.52, 13.40)."),
}

_WANTED: Mapping[Wanted, Promise] = {
    Wanted.ATTRIBUTE: gettext_lazy("an attribute"),
    Wanted.FUNCTION: gettext_lazy("a function"),
    Wanted.PARAMETER: gettext_lazy("a parameter"),
    Wanted.DATE_ATTRIBUTE: gettext_lazy("an attribute that is a date"),
    Wanted.TEXT: gettext_lazy("a text in single quotes"),
    Wanted.NUMBER: gettext_lazy("a number"),
    Wanted.WHOLE_NUMBER: gettext_lazy("a whole number"),
    Wanted.DATE: gettext_lazy("a date"),
    Wanted.DAY: gettext_lazy("a day"),
    Wanted.VALUE: gettext_lazy("a value in single quotes"),
    Wanted.GROUP: gettext_lazy("the name of a group in single quotes"),
    Wanted.PLACE: gettext_lazy("a place"),
    Wanted.DURATION: gettext_lazy("a length of time"),
    Wanted.END: gettext_lazy("the end of the query"),
}


def sentence(error: QueryError, text: str) -> str:
    """What is wrong, where, and what was probably meant: Line 1, place 14: there is no “amount_spend”. Did you mean
    amount_spent?
    """
    line, place = line_and_place(text, error.span[0])
    return _("Line %(line)d, place %(place)d: %(problem)s") % {"line": line, "place": place, "problem": problem(error)}


def problem(error: QueryError) -> str:
    """The same without the place, for where the place is shown."""
    details = {name: shortened(value) for name, value in error.details.items()}
    said = str(_SENTENCES[error.code]) % details
    if error.nearest is not None:
        hint = _("Did you mean %(nearest)s?") % {"nearest": shortened(error.nearest)}
    elif error.expected:
        hint = _("Expected here: %(expected)s.") % {"expected": enumerated(error.expected)}
    else:
        return said
    return _("%(problem)s %(hint)s") % {"problem": said, "hint": hint}


def enumerated(expected: Iterable[str]) -> str:
    """What could have stood at a place, in a row."""
    said = [str(_WANTED[one]) if isinstance(one, Wanted) else shortened(one) for one in expected]
    if len(said) > _MOST_EXPECTED:
        said = [*said[:_MOST_EXPECTED], "…"]
    return pgettext("between the words of a list", ", ").join(said)


def shortened(text: str) -> str:
    """A text that somebody wrote, short enough for a sentence, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
