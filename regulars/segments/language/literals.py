"""The literals of a query: read, and compared with what their subject takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from regulars.segments.language.cursor import KEYWORDS, Cursor, word_of
from regulars.segments.language.dates import PERIODS
from regulars.segments.language.errors import Code, Wanted, nearest
from regulars.segments.language.operators import Subject
from regulars.segments.language.scanning import Sort, Token, quoted, scan
from regulars.segments.language.tree import Literal, Offset, Place, Span, StartOf, Unit
from regulars.segments.language.words import DATED, NUMERIC, Kind, Values

DATE_WORDS = {"TODAY": Offset(0, Unit.DAY), "YESTERDAY": Offset(-1, Unit.DAY)}
TRUTHS = {"TRUE": True, "FALSE": False}
_UNITS = {"DAY": "d", "WEEK": "w", "MONTH": "m", "YEAR": "y"}
_MOST_WHOLE, _MOST_DECIMALS = 15, 10
_EARTH = (Decimal(90), Decimal(180))

WANTED: Mapping[Kind, Wanted] = {
    Kind.TEXT: Wanted.TEXT,
    Kind.NUMBER: Wanted.WHOLE_NUMBER,
    Kind.DECIMAL: Wanted.NUMBER,
    Kind.MONEY: Wanted.NUMBER,
    Kind.MOMENT: Wanted.DATE,
    Kind.DAY: Wanted.DAY,
    Kind.CHOICE: Wanted.VALUE,
    Kind.LIST: Wanted.VALUE,
    Kind.PLACE: Wanted.PLACE,
}

Known = dict[Values, Sequence[tuple[str, object]]]
"""The values of choices that were looked up: looking them up may ask a database."""


def read(cursor: Cursor, subject: Subject, known: Known) -> Literal:
    """One literal that the subject can be compared with."""
    token = cursor.token
    if subject.kind is Kind.PLACE:
        return _place(cursor, subject)
    if token.sort is Sort.NAME:
        return _word(cursor, subject)
    if token.sort in (Sort.SIGN, Sort.END):
        raise cursor.unexpected(*wanted(subject))
    cursor.take()
    match token.sort:
        case Sort.TEXT:
            return _text(cursor, subject, token, known)
        case Sort.NUMBER:
            return _number(cursor, subject, token)
        case Sort.DURATION if subject.kind in DATED:
            cursor.complain(Code.UNSIGNED_OFFSET, token.span, nearest=f"-{token.text}", found=token.text)
    if subject.kind not in DATED or token.sort is Sort.DURATION:
        return _other(cursor, subject, token)
    if subject.kind is Kind.DAY and isinstance(token.value, dt.datetime):
        cursor.complain(Code.NO_CLOCK, token.span, nearest=token.value.date().isoformat(), name=subject.name)
    date: dt.date | dt.datetime | Offset = token.value
    return date


def wanted(subject: Subject) -> tuple[str, ...]:
    """What the subject can be compared with."""
    if subject.kind is Kind.YES_NO:
        return ("true", "false")
    return (WANTED[subject.kind],)


def duration(cursor: Cursor) -> Offset:
    """How long a sequence may take: `30d`."""
    token = cursor.token
    if token.sort not in (Sort.DURATION, Sort.OFFSET, Sort.NUMBER):
        raise cursor.unexpected(Wanted.DURATION)
    cursor.take()
    if token.sort is not Sort.NUMBER and token.value.count > 0 and token.text[0] in "+123456789":
        found: Offset = token.value
        return found
    count = token.text.lstrip("+-0") if token.sort is Sort.NUMBER and "." not in token.text else ""
    unit = _UNITS.get(word_of(cursor.token).removesuffix("S"), "d")
    suggestion = f"{count}{unit}" if count else None
    raise cursor.error(Code.WRONG_DURATION, token.span, nearest=suggestion, found=token.text)


def _word(cursor: Cursor, subject: Subject) -> Literal:
    token = cursor.token
    word = word_of(token)
    if word == "START_OF" and subject.kind in DATED:
        cursor.take()
        return _start_of(cursor)
    if word in KEYWORDS and word != "NULL":
        raise cursor.unexpected(*wanted(subject))
    cursor.take()
    if word in DATE_WORDS and subject.kind in DATED:
        return DATE_WORDS[word]
    if word in TRUTHS and subject.kind is Kind.YES_NO:
        return TRUTHS[word]
    if word == "NULL":
        raise cursor.error(
            Code.COMPARED_WITH_NULL,
            token.span,
            nearest="IS NULL",
            expected=("IS NULL", "IS NOT NULL"),
            name=subject.name,
        )
    if subject.kind in {Kind.TEXT, Kind.CHOICE, Kind.LIST}:
        cursor.complain(Code.UNQUOTED, token.span, nearest=quoted(token.text), found=token.text)
        return token.text
    if subject.kind in DATED:
        cursor.complain(
            Code.WRONG_KIND,
            token.span,
            expected=wanted(subject),
            nearest=nearest(token.text, ("today", "yesterday", "start_of")),
            found=token.text,
            name=subject.name,
        )
        return DATE_WORDS["TODAY"]
    return _other(cursor, subject, token)


def _start_of(cursor: Cursor) -> StartOf:
    cursor.expect("(")
    period = cursor.token
    if period.sort not in (Sort.NAME, Sort.TEXT):
        raise cursor.unexpected(*PERIODS)
    cursor.take()
    name = str(period.value or period.text).lower()
    if name not in PERIODS:
        cursor.complain(
            Code.UNKNOWN_PERIOD, period.span, expected=PERIODS, nearest=nearest(name, PERIODS), found=period.text
        )
    cursor.expect(")")
    return StartOf(name)


def _text(cursor: Cursor, subject: Subject, token: Token, known: Known) -> Literal:
    text: str = token.value
    if cursor.tokens[cursor.at].sort is Sort.TEXT and cursor.tokens[cursor.at].span[0] == token.span[1]:
        twin = cursor.tokens[cursor.at]
        cursor.complain(
            Code.DOUBLED_QUOTE, (token.span[0], twin.span[1]), nearest=quoted(f"{text}'{twin.value}"), found=token.text
        )
    if subject.kind is Kind.CHOICE and not subject.is_open:
        _check_value(cursor, subject, token, known)
    if subject.kind in {Kind.TEXT, Kind.CHOICE, Kind.LIST}:
        return text
    return _other(cursor, subject, token)


def _check_value(cursor: Cursor, subject: Subject, token: Token, known: Known) -> None:
    if subject.values is None:
        return
    if subject.values not in known:
        known[subject.values] = subject.values()
    values = known[subject.values]
    names = [value for value, _ in values]
    if token.value in names:
        return
    labels = {str(label): value for value, label in values}
    label = nearest(token.value, labels)
    best = nearest(token.value, names) or (labels[label] if label is not None else None)
    cursor.complain(
        Code.UNKNOWN_VALUE,
        token.span,
        nearest=None if best is None else quoted(best),
        expected=[quoted(name) for name in names[:20]],
        found=token.value,
        name=subject.name,
    )


def _number(cursor: Cursor, subject: Subject, token: Token) -> Literal:
    number: Decimal = token.value
    # `1,000` can be nothing else, since no number begins with 00; `1,500` may be two numbers of a list
    if cursor.following.text.startswith("0") and (problem := cursor.separated(cursor.at - 1)) is not None:
        raise problem
    if subject.kind in NUMERIC:
        if subject.kind is Kind.NUMBER and "." in token.text:
            cursor.complain(Code.NOT_WHOLE, token.span, name=subject.name, found=token.text)
        return checked(cursor, number, token.span)
    is_whole = token.text.isdigit()
    if is_whole and subject.is_id and subject.kind in {Kind.TEXT, Kind.CHOICE, Kind.LIST}:
        return token.text
    if subject.kind in DATED and is_whole:
        return _days_ago(cursor, subject, token)
    return _other(cursor, subject, token)


def checked(cursor: Cursor, number: Decimal, span: Span) -> Decimal:
    """A number that columns can be compared with: not longer than any of them holds."""
    exponent = number.as_tuple().exponent
    if number.adjusted() >= _MOST_WHOLE or (isinstance(exponent, int) and -exponent > _MOST_DECIMALS):
        cursor.complain(Code.NUMBER_TOO_LONG, span)
    return number


def _days_ago(cursor: Cursor, subject: Subject, token: Token) -> Literal:
    """`90 days ago` and `7 days`: said in words."""
    following = cursor.tokens[cursor.at]
    unit = _UNITS.get(word_of(following).removesuffix("S"))
    if unit is None:
        return _other(cursor, subject, token)
    end = following.span[1]
    if word_of(cursor.following) == "AGO":
        end = cursor.following.span[1]
    raise cursor.error(Code.UNSIGNED_OFFSET, (token.span[0], end), nearest=f"-{token.text}{unit}", found=token.text)


def _other(cursor: Cursor, subject: Subject, token: Token) -> Literal:
    """A literal of another kind than the subject's; what is meant by it may be clear nevertheless."""
    suggestion = None
    if subject.kind in {Kind.TEXT, Kind.CHOICE, Kind.LIST}:
        suggestion = quoted(token.text)
    elif token.sort is Sort.TEXT and _suits(token.value, subject):
        suggestion = token.value
    cursor.complain(
        Code.WRONG_KIND, token.span, expected=wanted(subject), nearest=suggestion, found=token.text, name=subject.name
    )
    return token.text


def _suits(text: str, subject: Subject) -> bool:
    """Whether a text would be a literal of the right kind without its quotes."""
    found = scan(text)[:-1]
    if len(found) != 1:
        return False
    sort = found[0].sort
    if subject.kind in DATED:
        return sort in (Sort.DATE, Sort.OFFSET) or word_of(found[0]) in DATE_WORDS
    if subject.kind is Kind.YES_NO:
        return word_of(found[0]) in TRUTHS
    return sort is Sort.NUMBER and (subject.kind is not Kind.NUMBER or "." not in text)


def _place(cursor: Cursor, subject: Subject) -> Place:
    """`(52.52, 13.40)`, or as Shopify's older texts have it `'52.52,13.40'`."""
    start = cursor.token.span[0]
    if cursor.token.sort is Sort.TEXT:
        token = cursor.take()
        parts = [part for part in scan(token.value)[:-1] if part.text != ","]
        numbers = [part.value for part in parts if part.sort is Sort.NUMBER]
        if len(parts) != 2 or len(numbers) != 2:
            raise cursor.error(Code.WRONG_PLACE, token.span, found=token.text)
    else:
        cursor.expect("(", *wanted(subject))
        numbers = [_degrees(cursor)]
        cursor.expect(",")
        numbers.append(_degrees(cursor))
        cursor.expect(")")
    span = (start, cursor.end)
    if any(abs(number) > most for number, most in zip(numbers, _EARTH, strict=True)):
        cursor.complain(Code.WRONG_PLACE, span)
    return Place(checked(cursor, numbers[0], span), checked(cursor, numbers[1], span))


def _degrees(cursor: Cursor) -> Decimal:
    if cursor.token.sort is not Sort.NUMBER:
        raise cursor.unexpected(Wanted.NUMBER)
    degrees: Decimal = cursor.take().value
    return degrees
