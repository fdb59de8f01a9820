"""From text to tree: every query that can be asked, and a clear problem with its place for every other text.

Written by hand (docs/decisions/0032): one method for each line of the grammar in docs/guide/groups, so that errors can
say what could have stood there. Limits keep a hostile text from costing more than it is worth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from regulars.segments.language import literals
from regulars.segments.language.cursor import KEYWORDS, Cursor, word_of
from regulars.segments.language.errors import Code, QueryError, Wanted, nearest
from regulars.segments.language.operators import (
    Subject,
    is_distance,
    of_anniversary,
    of_attribute,
    of_parameter,
    spellings,
    written,
)
from regulars.segments.language.scanning import Sort, Token, quoted, scan
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Argument,
    Ask,
    Call,
    Everybody,
    InGroups,
    Node,
    Not,
    Operator,
    Or,
    Sequence,
    Step,
    Test,
)
from regulars.segments.language.words import DATED, Attribute, Function, Kind, Words

MOST_BYTES = 100_000
MOST_CLAUSES = 500
MOST_LEVELS = 50

CLAUSE = (Wanted.ATTRIBUTE, Wanted.FUNCTION, "NOT", "(")
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
OPENINGS = ("segment", "sequence", "anniversary")
_SIGNS = {
    "=": Operator.EQUAL,
    "!=": Operator.EQUAL,
    ">": Operator.GREATER,
    ">=": Operator.AT_LEAST,
    "<": Operator.LESS,
    "<=": Operator.AT_MOST,
}


def parse(text: str, words: Words) -> Node:
    """The tree of a query; QueryError says what is wrong with it, and where. An empty text asks for everybody."""
    check(text)
    return Parser(scan(text), words).query()


def check(text: str) -> None:
    """Refuse a text that is too long, or that no database can keep, before anything reads it."""
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise QueryError(Code.TOO_LONG, (0, len(text)), details={"most": str(MOST_BYTES // 1000)})
    if hit := _UNKEEPABLE.search(text):
        raise QueryError(Code.WRONG_CHARACTER, hit.span(), details={"found": f"U+{ord(hit.group()):04X}"})


class Parser(Cursor):
    """Reads one query. Every method reads what it is called, and leaves the cursor behind it."""

    def __init__(self, tokens: list[Token], words: Words) -> None:
        super().__init__(tokens)
        self.words = words
        self.known: literals.Known = {}
        self.clauses = 0
        self.levels = 0
        self.given: Collection[str] = ()  # the parameters that the call being read has already
        self.is_step = False
        self.began = 0  # the token with which the clause, argument or step begins that is being read

    def query(self) -> Node:
        """All of it, also in the frame that Shopify's editor shows: FROM customers SHOW … WHERE … ORDER BY …."""
        self._frame()
        if self.is_end() or self.is_word("ORDER"):
            self._order()
            return Everybody()
        node = self.either()
        self._order()
        if self.is_sign(")"):
            raise self.error(Code.UNOPENED_BRACKET, self.token.span)
        if not self.is_end():
            raise self.unexpected("AND", "OR", Wanted.END)
        return node

    def _frame(self) -> None:
        if self.accept("FROM"):
            if not self.is_word("CUSTOMERS"):
                raise self.unexpected("customers")
            while word_of(self.tokens[self.at]) not in ("WHERE", "ORDER") and self.tokens[self.at].sort is not Sort.END:
                self.at += 1  # what it shows is no matter of ours
        self.accept("WHERE")

    def _order(self) -> None:
        if not self.is_word("ORDER"):
            return
        self.take()
        self.expect("BY")
        while not self.is_end():
            if self.token.sort is not Sort.NAME and not self.is_sign(","):
                raise self.unexpected(Wanted.END)
            self.take()

    # ── and, or, not

    def either(self) -> Node:
        """One or several, with OR between them."""
        return self._chain("OR", self._both, Or)

    def _both(self) -> Node:
        return self._chain("AND", self._negation, And)

    def _chain(self, word: str, part: Callable[[], Node], joined: type[And | Or]) -> Node:
        first = part()
        parts = list(first.parts) if isinstance(first, joined) else [first]
        while self.accept(word):
            node = part()
            parts += node.parts if isinstance(node, joined) else (node,)
        return joined(tuple(parts)) if len(parts) > 1 else first

    def _negation(self) -> Node:
        start = self.token.span[0]
        if not self.accept("NOT"):
            return self._primary()
        self._deeper(start)
        part = self._negation()
        self.levels -= 1
        return Not(part, span=(start, self.end))

    def _primary(self) -> Node:
        bracket = self.token
        if not self.accept("("):
            return self._clause()
        self._deeper(bracket.span[0])
        node = self.either()
        self._close(bracket, "AND", "OR")
        self.levels -= 1
        return node

    def _deeper(self, start: int) -> None:
        self.levels += 1
        if self.levels > MOST_LEVELS:
            raise self.error(Code.TOO_DEEP, (start, start + 1), most=str(MOST_LEVELS))

    def _close(self, bracket: Token, *others: str) -> None:
        if self.is_end():
            raise self.error(Code.UNCLOSED_BRACKET, bracket.span, expected=(")", *others))
        self.expect(")", *others)

    # ── clauses

    def _clause(self) -> Node:
        self.about, self.began = None, self.at
        token = self.token
        if token.sort is not Sort.NAME or word_of(token) in KEYWORDS:
            raise self.unexpected(*CLAUSE)
        self._count(token)
        self.take()
        match word_of(token):
            case "SEGMENT":
                return self._groups(token)
            case "SEQUENCE":
                return self._sequence(token)
            case "ANNIVERSARY":
                return self._anniversary(token)
        function, attribute = self._function_named(token.text), self._attribute_named(token.text)
        if function is not None and (attribute is None or self._is_call()):
            return self._call(token, function)
        if attribute is None:
            attribute = self._unknown(token)
        return Ask(attribute.name, self._test(of_attribute(attribute)), span=(token.span[0], self.end))

    def _count(self, token: Token) -> None:
        self.clauses += 1
        if self.clauses > MOST_CLAUSES:
            raise self.error(Code.TOO_MANY_CLAUSES, token.span, most=str(MOST_CLAUSES))

    def _is_call(self) -> bool:
        is_negated = self.is_word("NOT") and word_of(self.following) == "MATCHES"
        return is_negated or self.is_word("MATCHES", "NOT_MATCHES") or self.is_sign("(")

    def _attribute_named(self, name: str) -> Attribute | None:
        return self.words.attribute(name) or self.words.attribute(name.removeprefix("customer."))

    def _function_named(self, name: str) -> Function | None:
        return self.words.function(name)

    def _unknown(self, token: Token) -> Attribute:
        """Refuse a name; who goes on takes it for that of a text."""
        functions = [*self.words.functions, *(one for known in self.words.functions.values() for one in known.aliases)]
        attributes = [*self.words.attributes, *(a for known in self.words.attributes.values() for a in known.aliases)]
        if self._is_call():
            raise self.error(
                Code.UNKNOWN_FUNCTION, token.span, nearest=nearest(token.text, functions), found=token.text
            )
        names = (*attributes, *functions, *OPENINGS)
        self.complain(Code.UNKNOWN_NAME, token.span, nearest=nearest(token.text, names), found=token.text)
        return Attribute(name=token.text, label=token.text, kind=Kind.TEXT)

    def _groups(self, token: Token) -> InGroups:
        self.about = token
        is_negated = self.accept("NOT")
        names = []
        if not is_negated and self.is_sign("=", "!="):
            is_negated = self.take().text == "!="
            names.append(self._group())
        else:
            self.expect("IN", *(() if is_negated else ("NOT IN", "=", "!=")))
            bracket = self.expect("(")
            names.append(self._group())
            while self.accept(","):
                names.append(self._group())
            self._close(bracket, ",")
        return InGroups(tuple(names), is_negated, span=(token.span[0], self.end))

    def _group(self) -> str:
        token = self.token
        if token.sort is not Sort.TEXT:
            raise self.unexpected(Wanted.GROUP)
        self.take()
        name: str = token.value
        if name in self.words.groups:
            return name
        alike = [one for one in self.words.groups if one.casefold() == name.casefold()]
        if len(alike) == 1:
            return alike[0]
        suggestion = nearest(name, self.words.groups)
        self.complain(
            Code.UNKNOWN_GROUP,
            token.span,
            nearest=None if suggestion is None else quoted(suggestion),
            found=name,
        )
        return name

    def _anniversary(self, token: Token) -> Anniversary:
        bracket = self.expect("(")
        if self.is_word("DATE") and self.following.text == ":":  # anniversary(date: 'metafields.facts.birth_date')
            self.take()
            self.take()
        named = self.token
        if named.sort not in (Sort.NAME, Sort.TEXT):
            raise self.unexpected(Wanted.DATE_ATTRIBUTE)
        self.take()
        name = str(named.value or named.text)
        attribute = self._attribute_named(name)
        if attribute is None:
            dated = [one.name for one in self.words.attributes.values() if one.kind in DATED]
            self.complain(Code.UNKNOWN_NAME, named.span, nearest=nearest(name, dated), found=name)
            attribute = Attribute(name=name, label=name, kind=Kind.DAY)
        elif attribute.kind not in DATED:
            self.complain(Code.NO_DATE, named.span, name=attribute.name)
        self._close(bracket)
        test = self._test(of_anniversary(attribute))
        return Anniversary(attribute.name, test, span=(token.span[0], self.end))

    # ── functions

    def _call(self, token: Token, function: Function) -> Call:
        self.about = function
        if self.is_sign("("):
            return self._old_call(token, function)
        is_negated = self.accept("NOT_MATCHES")
        if not is_negated:
            is_negated = self.accept("NOT")
            self.expect("MATCHES", *(() if is_negated else ("NOT MATCHES",)))
        arguments = self._arguments(function, self.expect("("))
        self._check_place(token, function, arguments)
        return Call(function.name, arguments, is_negated, span=(token.span[0], self.end))

    def _old_call(self, token: Token, function: Function) -> Call:
        """`products_purchased(id: 1) = true`, as Shopify wrote it until 2026."""
        arguments = self._arguments(function, self.take())
        self.about = function
        if not self.is_sign("=", "!="):
            raise self.error(Code.MISSING_MATCHES, token.span, nearest=f"{function.name} MATCHES", name=function.name)
        is_negated = self.take().text == "!="
        if not self.is_word("TRUE", "FALSE"):
            raise self.unexpected("true", "false")
        is_negated ^= word_of(self.take()) == "FALSE"
        self._check_place(token, function, arguments)
        return Call(function.name, arguments, is_negated, span=(token.span[0], self.end))

    def _arguments(self, function: Function, bracket: Token) -> tuple[Argument, ...]:
        """What stands in the brackets of a call, up to the closing one."""
        found: dict[str, Argument] = {}
        self.given = found.keys()
        while not self.is_sign(")"):
            self.about = function
            token = self.token
            if token.sort is Sort.END:
                raise self.error(Code.UNCLOSED_BRACKET, bracket.span, expected=(Wanted.PARAMETER, ")"))
            if token.sort is not Sort.NAME:
                raise self.unexpected(Wanted.PARAMETER, *(() if found else (")",)))
            argument = self._argument(function)
            if argument.parameter in found:
                self.complain(Code.REPEATED_PARAMETER, token.span, name=argument.parameter)
            found[argument.parameter] = argument
            if not self.accept(","):
                break
            if self.is_sign(")"):
                self.about = function
                raise self.unexpected(Wanted.PARAMETER)
        self._close(bracket, ",")
        return tuple(found.values())

    def _argument(self, function: Function) -> Argument:
        self.began = self.at
        token = self.take()
        parameter = function.parameters.get(token.text)
        if parameter is None:
            self.complain(
                Code.UNKNOWN_PARAMETER,
                token.span,
                nearest=nearest(token.text, function.parameters),
                expected=tuple(function.parameters),
                found=token.text,
                name=function.name,
            )
            return Argument(token.text, self._test(Subject(token.text, Kind.TEXT, tuple(Operator))))
        subject = of_parameter(function, parameter)
        test = self._test(subject, is_distance=is_distance(function, parameter))
        return Argument(parameter.name, test)

    def _check_place(self, token: Token, function: Function, arguments: tuple[Argument, ...]) -> None:
        """A distance is measured from a place, and a place without a distance says nothing."""
        given = {argument.parameter for argument in arguments}
        places = {name for name, one in function.parameters.items() if one.kind is Kind.PLACE}
        for needed in (places, set(function.parameters) - places):
            if places and not needed & given:
                names = [name for name in function.parameters if name in needed]
                self.about = function
                self.complain(Code.MISSING_PARAMETER, token.span, expected=names, name=function.name, missing=names[0])

    def _sequence(self, token: Token) -> Sequence:
        is_negated = self.accept("NOT_MATCHES")
        if not is_negated:
            is_negated = self.accept("NOT")
            self.expect("MATCHES", *(() if is_negated else ("NOT MATCHES",)))
        bracket = self.expect("(")
        steps = [self._step(is_first=True)]
        while self.accept("THEN"):
            steps.append(self._step())
        self.about = None
        if self.is_end():
            raise self.error(Code.UNCLOSED_BRACKET, bracket.span, expected=("THEN", "WITHIN"))
        if len(steps) < 2:
            if self.is_word("WITHIN") or self.is_sign(")"):
                raise self.error(Code.LONELY_STEP, self.token.span, expected=("THEN",))
            raise self.unexpected("THEN")
        self.expect("WITHIN", "THEN")
        within = literals.duration(self)
        self._close(bracket)
        return Sequence(tuple(steps), within, is_negated, span=(token.span[0], self.end))

    def _step(self, *, is_first: bool = False) -> Step:
        self.about, self.is_step, self.began = None, True, self.at
        start = self.token
        is_negated = self.accept("NOT")
        if is_negated and is_first:
            self.complain(Code.NEGATED_FIRST, start.span)
        token = self.token
        if token.sort is not Sort.NAME or word_of(token) in KEYWORDS:
            raise self.unexpected(Wanted.FUNCTION, *(() if is_negated or is_first else ("NOT",)))
        self._count(token)
        self.take()
        function = self._function_named(token.text)
        if function is None:
            raise self.error(
                Code.UNKNOWN_FUNCTION,
                token.span,
                nearest=nearest(token.text, self.words.functions),
                found=token.text,
            )
        if not function.is_dated:
            self.complain(Code.UNDATED_STEP, token.span, name=function.name)
        self.about = function
        arguments: tuple[Argument, ...] = ()
        if self.is_sign("("):
            arguments = self._arguments(function, self.take())
        elif self.accept("MATCHES"):
            arguments = self._arguments(function, self.expect("("))
        for argument in arguments:
            parameter = function.parameters.get(argument.parameter)
            if parameter is not None and parameter.total is not None:
                self.complain(Code.TOTAL_IN_STEP, token.span, name=parameter.name)
        self.is_step = False
        return Step(function.name, arguments, is_negated)

    # ── tests

    def _test(self, subject: Subject, *, is_distance: bool = False) -> Test:
        """An operator and its literals."""
        self.about = subject
        start = self.token.span[0]
        operator, is_negated = self._operator(subject)
        if is_distance and operator is Operator.EQUAL and not is_negated:
            operator = Operator.AT_MOST  # Shopify's `distance_km = 10` is anywhere within them
        if subject.kind is Kind.LIST and operator in (Operator.EQUAL, Operator.CONTAINS):
            operator = subject.operators[0]
        if operator not in subject.operators or (is_negated and subject.kind is Kind.PLACE):
            self.complain(
                Code.WRONG_OPERATOR,
                (start, self.end),
                expected=spellings(subject),
                found=written(operator, is_negated=is_negated),
                name=subject.name,
            )
        match operator:
            case Operator.IS_NULL:
                return Test(operator, (), is_negated)
            case Operator.BETWEEN:
                low = literals.read(self, subject, self.known)
                self.expect("AND")
                return Test(operator, (low, literals.read(self, subject, self.known)), is_negated)
            case Operator.IN:
                bracket = self.expect("(")
                values = [literals.read(self, subject, self.known)]
                while self.accept(","):
                    values.append(literals.read(self, subject, self.known))
                self._close(bracket, ",")
                return Test(operator, tuple(values), is_negated)
        return Test(operator, (literals.read(self, subject, self.known),), is_negated)

    def _operator(self, subject: Subject) -> tuple[Operator, bool]:
        token = self.token
        if token.sort is Sort.SIGN and token.text in _SIGNS:
            self.take()
            return _SIGNS[token.text], token.text == "!="
        if token.text == ":" and isinstance(self.about, Subject):  # the older way to give a parameter
            self.take()
            return Operator.EQUAL, False
        if self.accept("IS"):
            is_negated = self.accept("NOT")
            self.expect("NULL", *(() if is_negated else ("NOT NULL",)))
            return Operator.IS_NULL, is_negated
        is_negated = self.accept("NOT")
        for operator in (Operator.BETWEEN, Operator.IN, Operator.CONTAINS):
            if self.accept(operator.value):
                return operator, is_negated
        for operator in (Operator.STARTS, Operator.ENDS):
            first, second = operator.value.split()
            if self.accept(first):
                self.expect(second)
                return operator, is_negated
        if is_negated:
            raise self.unexpected(
                *(one.value for one in subject.operators if one.value[0].isalpha() and one.value[1] != "S")
            )
        raise self.unexpected(*spellings(subject))
