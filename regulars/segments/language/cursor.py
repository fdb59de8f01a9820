"""Where the parser stands in the tokens of a query, and how it complains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from regulars.segments.language.errors import Code, QueryError, Wanted, nearest
from regulars.segments.language.scanning import Sort, Token
from regulars.segments.language.tree import Span

KEYWORDS = frozenset(
    [
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "IN",
        "IS",
        "NULL",
        "CONTAINS",
        "STARTS",
        "ENDS",
        "WITH",
        "MATCHES",
        "THEN",
        "WITHIN",
    ]
)
"""Words that are no value without quotes."""

_GROUP = re.compile(r"[0-9]{3}(\.[0-9]+)?")  # digits between two commas, or behind the last


class Cursor:
    """Reads tokens one after the other. What is no token is refused as soon as it is looked at."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.about: Any = None  # the subject or function that is being read, for whoever completes it

    @property
    def token(self) -> Token:
        """The token that comes next."""
        token = self.tokens[self.at]
        if token.problem is not None:
            token.problem.about = self.about
            raise token.problem
        return token

    @property
    def following(self) -> Token:
        """The token behind it, as it is."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    @property
    def end(self) -> int:
        """The place behind the token that was taken last."""
        return self.tokens[self.at - 1].span[1] if self.at else 0

    def take(self) -> Token:
        """The next token, and go on."""
        token = self.token
        if token.sort is not Sort.END:
            self.at += 1
        return token

    def is_end(self) -> bool:
        """Whether nothing comes next."""
        return self.token.sort is Sort.END

    def is_word(self, *words: str) -> bool:
        """Whether one of these words comes next, in capitals or not."""
        return word_of(self.token) in words

    def is_sign(self, *signs: str) -> bool:
        """Whether one of these signs comes next."""
        token = self.token
        return token.sort is Sort.SIGN and token.text in signs

    def accept(self, *wanted: str) -> bool:
        """Take a word or sign if it comes next."""
        if self.is_word(*wanted) or self.is_sign(*wanted):
            self.at += 1
            return True
        return False

    def expect(self, wanted: str, *others: str) -> Token:
        """Take a word or sign, which must come next; `others` could have come as well."""
        if self.is_word(wanted) or self.is_sign(wanted):
            return self.take()
        raise self.unexpected(wanted, *others)

    def unexpected(self, *expected: str) -> QueryError:
        """The problem that another token comes next."""
        token = self.token
        for start in (self.at - 1, self.at - 2):
            if (problem := self.separated(start)) is not None:
                return problem
        code = Code.UNEXPECTED_END if token.sort is Sort.END else Code.UNEXPECTED
        words = [one for one in expected if not isinstance(one, Wanted) and one[0].isalpha()]
        suggestion = nearest(token.text, words) if token.sort is Sort.NAME else None
        return self.error(code, token.span, expected=expected, nearest=suggestion, found=token.text)

    def separated(self, start: int) -> QueryError | None:
        """The problem that a number was written with commas, `1,500`, if one begins with this token."""
        number = [self.tokens[start]] if 0 <= start < len(self.tokens) else []
        if not number or number[0].sort is not Sort.NUMBER:
            return None
        for comma, group in zip(self.tokens[start + 1 :: 2], self.tokens[start + 2 :: 2], strict=False):
            is_adjacent = number[-1].span[1] == comma.span[0] and comma.span[1] == group.span[0]
            if comma.text != "," or not is_adjacent or not _GROUP.fullmatch(group.text):
                break
            number.append(group)
        if len(number) < 2:
            return None
        written = "".join(one.text for one in number)
        return self.error(Code.NUMBER_SEPARATORS, (number[0].span[0], number[-1].span[1]), nearest=written)

    def error(
        self, code: Code, span: Span, *, expected: Iterable[str] = (), nearest: str | None = None, **details: str
    ) -> QueryError:
        """A problem, about what is being read."""
        return QueryError(code, span, details=details, expected=expected, nearest=nearest, about=self.about)

    def complain(
        self, code: Code, span: Span, *, expected: Iterable[str] = (), nearest: str | None = None, **details: str
    ) -> None:
        """Stop, although it is clear how the query goes on: what completes half-written text does go on."""
        raise self.error(code, span, expected=expected, nearest=nearest, **details)


def word_of(token: Token) -> str:
    """A name in capitals, so that it can be compared with words of the language; empty for what is no name."""
    return token.text.upper() if token.sort is Sort.NAME else ""
