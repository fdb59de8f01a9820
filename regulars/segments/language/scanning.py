"""A text as tokens with their places. Nothing is refused here: what is no token carries its problem to the parser."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from regulars.segments.language.errors import Code, QueryError
from regulars.segments.language.tree import Offset, Span, Unit


class Sort(StrEnum):
    """What sort of token it is."""

    NAME = "name"  # keywords, too: which words are some depends on where they stand
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    OFFSET = "offset"
    DURATION = "duration"
    SIGN = "sign"
    WRONG = "wrong"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """`text` as it is written, `value` as it is meant, and for WRONG what the problem is."""

    sort: Sort
    text: str
    span: Span
    value: Any = None
    problem: QueryError | None = None

    def is_(self, code: Code) -> bool:
        """Whether it has this problem."""
        return self.problem is not None and self.problem.code is code


_CURRENCIES = "$€£¥₹₩₽₺₫฿₴₦₱￥＄"
_QUOTES = '"“”„«»‘’‚‹›`´＂＇「」『』'
_TOKEN = re.compile(
    rf"""
      (?P<blank>[\s\ufeff\u200b]+)
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<open>')
    | (?P<number>[+-]?[0-9][\w.:+/-]*)
    | (?P<name>[^\W\d]\w*(?:[.-]\w+)*)
    | (?P<foreign>--|/\*|\*/|<>|==|=>|=<|&&|\|\||<=>|:=)
    | (?P<sign>!=|>=|<=|[=<>(),:])
    | (?P<quote>[{_QUOTES}](?P<quoted>[^{_QUOTES}'\n]*)(?P<closed>[{_QUOTES}'])?)
    | (?P<money>[{_CURRENCIES}][ ]?(?P<amount>[0-9]+(?:\.[0-9]+)?)(?![\w.,]))
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(.*)", re.IGNORECASE)
_OFFSET = re.compile(r"([+-]?)([0-9]+)([dwmy])")
_AGO = re.compile(r"([0-9]+)_(day|week|month|year)s?_ago", re.IGNORECASE)
_UNIT = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?([^\W\d_]+)")
_SEPARATED = re.compile(r"[+-]?[0-9]{1,3}(?:(?:\.[0-9]{3}){2,}|(?:_[0-9]{3})+)")
_YEAR_FIRST = re.compile(r"([0-9]{4})[-./]([0-9]{1,2})[-./]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-./])([0-9]{1,2})[-./]([0-9]{4})")

_MOST_DIGITS = 30
_MOST_COUNT = 6  # digits of an offset: -999999d is long before the first customer of any shop
_INSTEAD = {
    "<>": "!=",
    "==": "=",
    "=>": ">=",
    "=<": "<=",
    ":=": "=",
    "<=>": "=",
    "&&": "AND",
    "||": "OR",
    "!": "NOT",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "–": "-",
    "—": "-",
    "−": "-",
    "、": ",",
    "[": "(",
    "]": ")",
    "{": "(",
    "}": ")",
}


def scan(text: str) -> list[Token]:
    """All tokens of a text, and END behind them."""
    tokens = []
    for hit in _TOKEN.finditer(text):
        sort, span, written = hit.lastgroup, hit.span(), hit.group()
        match sort:
            case "blank":
                continue
            case "text":
                tokens.append(_text(written, span))
            case "open":
                tokens.append(_wrong(Code.UNCLOSED_TEXT, written, span))
                break  # everything behind it could be text
            case "number":
                tokens.append(numeral(written, span))
            case "name":
                tokens.append(Token(Sort.NAME, written, span))
            case "sign":
                tokens.append(Token(Sort.SIGN, written, span))
            case "quote":
                instead = quoted(hit["quoted"]) if hit["closed"] else None
                tokens.append(_wrong(Code.WRONG_QUOTES, written, span, instead))
            case "money":
                tokens.append(_wrong(Code.MONEY_SIGN, written[0], span, hit["amount"]))
            case _:
                tokens.append(_foreign(written, span))
                if tokens[-1].is_(Code.MONEY_SIGN) and len(tokens) > 1:
                    tokens[-2:] = _priced(tokens[-2], tokens[-1])
    return [*tokens, Token(Sort.END, "", (len(text), len(text)))]


def quoted(text: str) -> str:
    r"""A text as queries write it: in straight single quotes, `\'` and `\\` inside."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def numeral(written: str, span: Span) -> Token:
    """What begins with a digit: a number, a date, a moment, an offset, a duration."""
    if _NUMBER.fullmatch(written):
        if sum(one.isdigit() for one in written) > _MOST_DIGITS:
            return _wrong(Code.NUMBER_TOO_LONG, written, span)
        return Token(Sort.NUMBER, written, span, Decimal(written))
    if _DATE.fullmatch(written):
        return _day(written, written, span)
    if hit := _MOMENT.fullmatch(written):
        if hit[3]:  # a zone, or parts of a second: times are by the shop's clock
            return _wrong(Code.DATE_FORM, written, span, f"{hit[1]}T{hit[2]}")
        return _day(f"{hit[1]}T{hit[2]}", written, span)
    if hit := _OFFSET.fullmatch(written):
        return _offset(hit[1] + hit[2], hit[3], written, span, Sort.OFFSET if hit[1] else Sort.DURATION)
    if hit := _AGO.fullmatch(written):
        return _offset(f"-{hit[1]}", hit[2][0].lower(), written, span, Sort.OFFSET)
    return _no_numeral(written, span)


def _text(written: str, span: Span) -> Token:
    return Token(Sort.TEXT, written, span, re.sub(r"\\(['\\])", r"\1", written[1:-1]))


def _day(iso: str, written: str, span: Span) -> Token:
    try:
        value = dt.datetime.fromisoformat(iso) if "T" in iso else dt.date.fromisoformat(iso)
    except ValueError:
        return _wrong(Code.NO_SUCH_DAY, written, span)
    return Token(Sort.DATE, written, span, value)


def _offset(count: str, unit: str, written: str, span: Span, sort: Sort) -> Token:
    if len(count.lstrip("+-")) > _MOST_COUNT:
        return _wrong(Code.NUMBER_TOO_LONG, written, span)
    return Token(sort, written, span, Offset(int(count), Unit(unit)))


def _no_numeral(written: str, span: Span) -> Token:
    if hit := _YEAR_FIRST.fullmatch(written):
        return _wrong(Code.DATE_FORM, written, span, _iso(hit[1], hit[2], hit[3]))
    if hit := _YEAR_LAST.fullmatch(written):
        # with dots the day stands first; with others only a number above 12 says which is which
        day_first = None if hit[2] != "." and int(hit[3]) <= 12 else _iso(hit[4], hit[3], hit[1])
        month_first = _iso(hit[4], hit[1], hit[3]) if int(hit[3]) > 12 else None
        return _wrong(Code.DATE_FORM, written, span, month_first or day_first)
    if _SEPARATED.fullmatch(written):
        return _wrong(Code.NUMBER_SEPARATORS, written, span, re.sub(r"[._]", "", written))
    if hit := _UNIT.fullmatch(written):
        return _wrong(Code.UNIT, written, span, unit=hit[1])
    if re.fullmatch(r"[+-]?0[0-9]+(\.[0-9]+)?", written):
        return _wrong(Code.NUMBER_FORM, written, span, re.sub(r"^([+-]?)0+(?=[0-9])", r"\1", written))
    return _wrong(Code.NUMBER_FORM, written, span)


def _iso(year: str, month: str, day: str) -> str | None:
    try:
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _foreign(written: str, span: Span) -> Token:
    if unicodedata.category(written[0]) == "Sc":
        return _wrong(Code.MONEY_SIGN, written, span)
    if written in {"%", "％", "‰"}:
        return _wrong(Code.PERCENT, written, span)
    instead = _INSTEAD.get(written)
    if instead is None and (plain := unicodedata.normalize("NFKC", written)) != written and plain.isascii():
        instead = _INSTEAD.get(plain, plain)  # what a Chinese keyboard writes: （ ＝ ＞ ，
    return _wrong(Code.WRONG_CHARACTER, written, span, instead)


def _priced(number: Token, sign: Token) -> list[Token]:
    """`5 €` as one token, whose number was meant."""
    if number.sort is not Sort.NUMBER or sign.span[0] - number.span[1] > 1:
        return [number, sign]
    return [_wrong(Code.MONEY_SIGN, sign.text, (number.span[0], sign.span[1]), number.text)]


def _wrong(code: Code, written: str, span: Span, instead: str | None = None, **details: str) -> Token:
    problem = QueryError(code, span, details={"found": written, **details}, nearest=instead)
    return Token(Sort.WRONG, written, span, problem=problem)
