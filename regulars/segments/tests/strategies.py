"""Random queries and random people, for any vocabulary.

What queries ask and what people have comes from the same few values, so that tests hit, and stands on and beside every
boundary of a day, a month, a year and the clock.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from regulars.segments.language import dates, operators, tree
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Argument,
    Ask,
    Call,
    InGroups,
    Literal,
    Node,
    Not,
    Offset,
    Operator,
    Or,
    Place,
    StartOf,
    Step,
    Test,
    Unit,
)
from regulars.segments.language.words import DATED, Function, Kind, Total, Values, Words
from regulars.segments.vocabulary.declared import Column, Keys, Known, Rows

EXAMPLES = 5_000 if "REGULARS_NIGHT" in os.environ else 200
"""How many examples a property is tried with: always the same ones by day, others every night."""

_COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [*HealthCheck],
    "derandomize": "REGULARS_NIGHT" not in os.environ,
}
many = settings(max_examples=EXAMPLES, **_COMMON)
some = settings(max_examples=max(1, EXAMPLES * 3 // 10), **_COMMON)
"""For properties that need a person, or ask them many things at once."""

ZONES = tuple(
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "America/New_York",
        "America/Santiago",  # clocks skip midnight
        "Asia/Shanghai",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",  # half an hour of summer time
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
    )
)
_D = dt.date
DAYS = (
    *(_D(2024, 2, 28), _D(2024, 2, 29), _D(2024, 3, 1), _D(2025, 2, 28), _D(2025, 3, 1), _D(2026, 2, 28)),
    *(_D(2026, 3, 8), _D(2026, 3, 28), _D(2026, 3, 29), _D(2026, 3, 31), _D(2026, 9, 6), _D(2026, 10, 25)),
    *(_D(2025, 12, 31), _D(2026, 1, 1), _D(2026, 11, 1), _D(2026, 11, 22), _D(2027, 1, 31)),
)
_M = dt.datetime
MOMENTS = (
    *(_M(2026, 3, 29, 2, 30), _M(2026, 10, 25, 2, 30), _M(2026, 9, 6, 0, 30)),  # by the shop's clock
    *(_M(2026, 3, 31), _M(2026, 2, 28, 16), _M(2025, 12, 31, 23, 59, 59)),
)
OFFSETS = tuple(
    Offset(count, unit)
    for unit, counts in (
        (Unit.DAY, (0, -1, 1, -7, -30, 30, -90)),
        (Unit.WEEK, (-2, 2)),
        (Unit.MONTH, (-1, 1, -12)),
        (Unit.YEAR, (-1, 1, -2)),
    )
    for count in counts
)
STARTS = tuple(StartOf(period) for period in dates.PERIODS)
TEXTS = (
    "Tea",
    "tea",
    "TÉA",
    "Green Tea",
    "茶",
    "綠茶",
    "绿茶",
    "O'Hara",
    "100%_",
    "a\\b",
    "Straße",
    " x ",
    "-",
    "NULL",
)
NUMBERS = (0, 1, 2, 3, 10, 30, -1)
DECIMALS = ("0", "0.5", "1", "2.5", "10", "30.25", "-1")
AMOUNTS = ("0", "0.01", "19.99", "20", "50", "100.00", "-5", "19.995")
PLACES = tuple(Place(Decimal(a), Decimal(b)) for a, b in (("52.52", "13.40"), ("0", "180"), ("-33.45", "-70.66")))
WITHIN = (Offset(1, Unit.DAY), Offset(30, Unit.DAY), Offset(2, Unit.WEEK), Offset(1, Unit.MONTH), Offset(1, Unit.YEAR))
_MICRO = dt.timedelta(microseconds=1)


# ── queries


def queries(words: Words, *, most: int = 5) -> st.SearchStrategy[Node]:
    """Queries of every form that can be written: all clauses, operators and literals, And, Or, Not in each other."""

    def branches(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        parts = st.lists(inner, min_size=2, max_size=3)
        return st.one_of(
            st.builds(Not, inner),
            parts.map(lambda them: together(And, them)),
            parts.map(lambda them: together(Or, them)),
        )

    return st.recursive(clauses(words), branches, max_leaves=most)


def together(kind: type[And] | type[Or], parts: Sequence[Node]) -> Node:
    """An And or Or, of which no part is one."""
    return kind(tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))))


def clauses(words: Words) -> st.SearchStrategy[Node]:
    """One clause of any form."""
    birthdays = [
        st.builds(Anniversary, st.just(one.name), _tests(operators.of_anniversary(one)))
        for one in words.attributes.values()
        if one.kind in DATED
    ]
    calls = [_calls(one) for one in words.functions.values()]
    forms: list[st.SearchStrategy[Node]] = [st.one_of(them) for them in (birthdays, calls, calls) if them]
    if words.attributes:
        forms += [asks(words)] * 2
    if steps := [one for one in words.functions.values() if one.is_dated]:
        forms.append(_sequences(steps))
    if words.groups:
        names = st.lists(st.sampled_from(list(words.groups)), min_size=1, max_size=3, unique=True).map(tuple)
        forms.append(st.builds(InGroups, names, st.booleans()))
    # one_of would take them apart, and a hundred attributes leave no room for a sequence
    return st.integers(0, len(forms) - 1).flatmap(forms.__getitem__)


def asks(words: Words, only: Operator | None = None) -> st.SearchStrategy[Ask]:
    """Tests on attributes, with all operators that they take, or only this one."""
    subjects = [operators.of_attribute(one) for one in words.attributes.values()]
    return st.one_of(
        [
            st.builds(Ask, st.just(one.name), _tests(one, only))
            for one in subjects
            if only is None or only in one.operators
        ]
    )


def literals(kind: Kind, values: Values | None, is_open: bool) -> st.SearchStrategy[Literal]:
    """Literals that a kind may be compared with."""
    known = [value for value, _label in values()][:12] if values else []
    match kind:
        case Kind.NUMBER:
            return st.sampled_from([Decimal(one) for one in NUMBERS])
        case Kind.DECIMAL:
            return st.sampled_from([Decimal(one) for one in DECIMALS])
        case Kind.MONEY:
            return st.sampled_from([Decimal(one) for one in AMOUNTS])
        case Kind.MOMENT:
            return st.sampled_from([*DAYS, *MOMENTS, *OFFSETS, *STARTS])
        case Kind.DAY:
            return st.sampled_from([*DAYS, *OFFSETS, *STARTS])
        case Kind.YES_NO:
            return st.booleans()
        case Kind.PLACE:
            return st.sampled_from(PLACES)
        case Kind.CHOICE:
            return st.sampled_from([*known, *(TEXTS if is_open or not known else ())])
        case Kind.LIST:
            return st.sampled_from([*known, *(one.upper() for one in known[:3]), *TEXTS])
        case _:
            return st.sampled_from([*known, *TEXTS, ""])


def _tests(subject: operators.Subject, only: Operator | None = None) -> st.SearchStrategy[Test]:
    values = literals(subject.kind, subject.values, subject.is_open)

    def tests(operator: Operator) -> st.SearchStrategy[Test]:
        least, most = {Operator.IS_NULL: (0, 0), Operator.BETWEEN: (2, 2), Operator.IN: (1, 3)}.get(operator, (1, 1))
        chosen = st.tuples(values) if most == 1 else st.lists(values, min_size=least, max_size=most).map(tuple)
        by_not = operator in operators.ONLY_NEGATED_BY_NOT or subject.kind is Kind.PLACE
        return st.builds(Test, st.just(operator), chosen, st.just(False) if by_not else st.booleans())

    return st.one_of([tests(operator) for operator in (subject.operators if only is None else [only])])


def _arguments(function: Function, *, of_rows: bool) -> st.SearchStrategy[tuple[Argument, ...]]:
    """Some of the parameters, each once; of a function that measures, the place always, and how far it is."""
    arguments = {
        name: st.builds(Argument, st.just(name), _tests(operators.of_parameter(function, one)))
        for name, one in function.parameters.items()
        if not (of_rows and one.total is not None)
    }
    places = [name for name in arguments if function.parameters[name].kind is Kind.PLACE]
    free = [name for name in arguments if name not in places]
    names = st.lists(st.sampled_from(free), unique=True, min_size=len(places), max_size=3) if free else st.just([])

    @st.composite
    def drawn(draw: Callable[..., Any]) -> tuple[Argument, ...]:
        return tuple(draw(arguments[name]) for name in (*places, *draw(names)))

    return drawn()


def _calls(function: Function) -> st.SearchStrategy[Call]:
    return st.builds(Call, st.just(function.name), _arguments(function, of_rows=False), st.booleans())


def _sequences(functions: list[Function]) -> st.SearchStrategy[tree.Sequence]:
    def step(is_negated: st.SearchStrategy[bool]) -> st.SearchStrategy[Step]:
        return st.one_of(
            [st.builds(Step, st.just(one.name), _arguments(one, of_rows=True), is_negated) for one in functions]
        )

    first, later = step(st.just(False)), st.lists(step(st.booleans()), min_size=1, max_size=3)
    steps = st.tuples(first, later).map(lambda them: (them[0], *them[1]))
    return st.builds(tree.Sequence, steps, st.sampled_from(WITHIN), st.booleans())


# ── people

Record = dict[str, Any]


def asked() -> st.SearchStrategy[tuple[dt.date, ZoneInfo]]:
    """A day that is asked about, and the shop's zone: each day in three."""
    zones = [(day, ZONES[(3 * number + step) % len(ZONES)]) for number, day in enumerate(DAYS) for step in range(3)]
    return st.sampled_from(zones)


def people(
    known: Mapping[str, Known], functions: Mapping[str, Rows], *, today: dt.date, zone: dt.tzinfo, number: int = 1
) -> st.SearchStrategy[dict[str, list[Record]]]:
    """The rows of one customer in all tables that the vocabulary asks, as the lake holds them (moments without zone).

    Columns that nothing asks are not there. Keys of dimensions are 1 to 4, of which 4 stands for nothing.
    """
    tables: dict[str, dict[str, st.SearchStrategy[Any]]] = {"customers": {"added": _moments(today, zone)}}
    own: list[tuple[str, Mapping[str, Any], str, st.SearchStrategy[Any]]] = []
    of = _Columns(tables, today, zone)
    for one in known.values():
        if one.only is not None:
            own.append((one.table, one.only, one.column, of.custom(one)))
        else:
            of.add_known(one)
    for rows in functions.values():
        of.add_rows(rows)
    for one in known.values():
        of.add_graded(one)

    @st.composite
    def person(draw: Callable[..., Any]) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for table, columns in tables.items():
            count = 1 if table == "customers" else draw(st.sampled_from((0, 1, 2, 3)))
            found[table] = [
                {"customer": number} | {name: draw(values) for name, values in columns.items()} for _ in range(count)
            ]
        for table, only, column, values in own:
            value = draw(values)
            for each in value if isinstance(value, list) else [value]:
                if each is not None:
                    found.setdefault(table, []).append({"customer": number, **only, column: each})
        return found

    return person()


def dimensions(
    known: Mapping[str, Known], functions: Mapping[str, Rows], *, today: dt.date, zone: dt.tzinfo
) -> st.SearchStrategy[dict[str, dict[int, Record]]]:
    """What rows point at: three things in each dimension."""
    columns: dict[str, dict[str, st.SearchStrategy[Any]]] = {}
    for rows in functions.values():
        for one in rows.columns:
            if one.dimension:
                kept = _kept(one.parameter.kind, one.parameter.values, one.keys, today, zone)
                columns.setdefault(one.dimension, {}).setdefault(one.column, kept)
    for attribute in known.values():
        if (gathered := attribute.gathered) is not None and gathered.dimension:
            texts = _kept(Kind.TEXT, None, None, today, zone)
            columns.setdefault(gathered.dimension, {}).setdefault(gathered.column, texts)
    return st.fixed_dictionaries(
        {
            name: st.fixed_dictionaries({key: st.fixed_dictionaries(them) for key in (1, 2, 3)})
            for name, them in columns.items()
        }
    )


class _Columns:
    """How the values of each column of each table are made; the first declaration that asks one says."""

    def __init__(self, tables: dict[str, dict[str, st.SearchStrategy[Any]]], today: dt.date, zone: dt.tzinfo) -> None:
        self.tables, self.today, self.zone = tables, today, zone
        self._moments = _moments(today, zone)
        self._points = st.sampled_from((None, 1, 2, 3, 4))

    def add(self, table: str, column: str, values: st.SearchStrategy[Any]) -> None:
        if column:
            self.tables.setdefault(table, {}).setdefault(column, values)

    def kept(self, kind: Kind, values: Values | None, keys: Keys | None) -> st.SearchStrategy[Any]:
        return _kept(kind, values, keys, self.today, self.zone)

    def add_known(self, one: Known) -> None:
        kind = one.attribute.kind
        if one.is_age:
            self.add(one.table, one.column, self.kept(Kind.DAY, None, None))
        elif one.graded is None:
            self.add(one.table, one.column, self.kept(kind, one.attribute.values, one.keys))
        self.add(one.table, one.birthday, _birthdays())
        self.add(one.table, one.divisor, st.sampled_from((0, 1, 2, 3)))
        for figure in (one.figure, one.as_of):
            while figure is not None:
                self.add(figure.table, figure.moment, self._moments)
                self.add(figure.table, figure.column, self.kept(kind, None, None))
                self.add(figure.table, figure.where, st.booleans())
                figure = figure.divisor
        if (gathered := one.gathered) is not None:
            self.add(gathered.table, gathered.moment, self._moments)
            self.add(gathered.table, gathered.where, st.booleans())
            self.add(gathered.table, gathered.points, self._points)
            self.add(gathered.table, gathered.each, st.sampled_from((1, 2, 3)))
            if not gathered.dimension:
                self.add(gathered.table, gathered.column, self.kept(Kind.TEXT, None, None))
            self.add(gathered.table, gathered.instead, self.kept(Kind.TEXT, None, None))

    def add_rows(self, rows: Rows) -> None:
        self.add(rows.table, rows.moment, self._moments)
        self.add(rows.table, rows.where, st.booleans())
        for one in rows.columns:
            self._add_column(rows, one)
        for points in (rows.points or {}).values():
            self.add(rows.table, points, self._points)

    def add_graded(self, one: Known) -> None:
        """Columns that are only graded, and asked by nobody else."""
        if one.graded is None:
            return
        bounds = one.graded.bounds() or [[0]] * len(one.graded.columns)
        for column, them in zip(one.graded.columns, bounds, strict=True):
            self.add("customers", column, st.sampled_from([None, *them]))
        self.add("customers", one.graded.where, st.sampled_from((None, 0, 1, 2)))

    def custom(self, one: Known) -> st.SearchStrategy[Any]:
        """A value of an own field, as its column keeps it; a list of several."""
        kept = self.kept(one.attribute.kind, one.attribute.values, one.keys)
        if one.attribute.kind in {Kind.DAY, Kind.YES_NO, Kind.MONEY} and one.column == "number":
            return kept.map(
                lambda value: value if value is None else float(value.toordinal() if isinstance(value, _D) else value)
            )
        return kept

    def _add_column(self, rows: Rows, one: Column) -> None:
        kind = one.parameter.kind
        if one.distance:
            for name, pool in (("latitude", (52.52, 52.6, -33.45, 0.0)), ("longitude", (13.40, 13.5, -70.66, -180.0))):
                self.add(rows.table, name, st.sampled_from((None, *pool)))
        elif one.each and one.parameter.total is Total.COUNT:
            self.add(rows.table, one.column, st.sampled_from((1, 2, 3)))
        elif not one.dimension:
            self.add(rows.table, one.column, self.kept(kind, one.parameter.values, one.keys))
        else:
            self.add(rows.table, one.instead, self.kept(kind, one.parameter.values, None))


def _kept(
    kind: Kind, values: Values | None, keys: Keys | None, today: dt.date, zone: dt.tzinfo
) -> st.SearchStrategy[Any]:
    """Values of a kind as columns keep them, and none."""
    if keys is not None:
        one = st.sampled_from([None, *_flat(keys().values())][:12])
    else:
        known = [value for value, _label in values()][:12] if values else []
        match kind:
            case Kind.NUMBER:
                one = st.sampled_from([None, *NUMBERS])
            case Kind.DECIMAL:
                one = st.sampled_from([None, *map(float, DECIMALS)])
            case Kind.MONEY:
                one = st.sampled_from([None, *sorted({int(Decimal(amount) * 100) for amount in AMOUNTS}), 1998, 2001])
            case Kind.MOMENT:
                one = _moments(today, zone)
            case Kind.DAY:
                one = st.sampled_from([None, *_days(today)])
            case Kind.YES_NO:
                one = st.booleans()
            case Kind.CHOICE if known:
                one = st.sampled_from([None, *known])
            case _:
                one = st.sampled_from([None, *known, *TEXTS])
    return st.lists(one.filter(lambda value: value is not None), max_size=3) if kind is Kind.LIST else one


def _flat(kept: Collection[Any]) -> list[Any]:
    found: list[Any] = []
    for one in kept:
        found += list(one) if isinstance(one, Collection) and not isinstance(one, str) else [one]
    return found


def _birthdays() -> st.SearchStrategy[int | None]:
    return st.sampled_from([None, *sorted({day.month * 100 + day.day for day in DAYS})])


@lru_cache
def _days(today: dt.date) -> tuple[dt.date, ...]:
    """The days that literals mean, those beside them, and birthdays of whoever has an age that is asked for."""
    meant = {
        *DAYS,
        *(dates.add(today, offset) for offset in OFFSETS),
        *(dates.start_of(period, today) for period in dates.PERIODS),
        *(dates.add(today, Offset(-years, Unit.YEAR)) for years in NUMBERS if years > 0),
    }
    return tuple(sorted({day + dt.timedelta(days=count) for day in meant for count in (-1, 0, 1)}))


@lru_cache
def _moments(today: dt.date, zone: dt.tzinfo) -> st.SearchStrategy[dt.datetime | None]:
    """The beginnings of those days, and moments that literals mean; to the microsecond before and after."""
    found = {dates.midnight(day, zone) + step for day in _days(today) for step in (-_MICRO, 0 * _MICRO)}
    second = dt.timedelta(seconds=1)
    steps = (-_MICRO, 0 * _MICRO, second - _MICRO, second, dt.timedelta(hours=1))
    found |= {dates.first_of(clock, zone) + step for clock in MOMENTS for step in steps}
    # of whole days much the same is known as of moments, and steps of a sequence have to come close to each other
    close = [dates.midnight(today, zone) + dt.timedelta(days=days, hours=12) for days in (-32, -31, -30, -3, -2, -1)]
    naive = [one.replace(tzinfo=None) for one in sorted(found)]
    return st.one_of(st.none(), st.sampled_from(naive), st.sampled_from([one.replace(tzinfo=None) for one in close]))
