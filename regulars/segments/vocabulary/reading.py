"""What is known of one customer, for the evaluator: from declarations, and rows as the tables of the lake have them.

The other half of the definition of meaning: what stands in which column is said by `declared`, and read here slowly
and obviously.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from regulars.segments.language import dates
from regulars.segments.language.tree import Place
from regulars.segments.language.words import Kind, Total, Words
from regulars.segments.vocabulary.declared import Column, Figure, Gathered, Graded, Keys, Known, Rows

Record = Mapping[str, Any]
Tables = Mapping[str, Sequence[Record]]
"""The rows of one customer by table. A column that is not in a row is null; moments may stand without their zone."""

EARTH_KM = 6371.0088
KM_OF_A_MILE = 1.609344
CUSTOMERS = "customers"


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is the same for all customers: the vocabulary, the dimensions by their keys, and the day asked about.

    `is_past`: it is asked as of that day. What happened after it is not there, and figures are those of then.
    """

    known: Mapping[str, Known]
    functions: Mapping[str, Rows]
    dimensions: Mapping[str, Mapping[Any, Record]]
    today: dt.date
    zone: dt.tzinfo
    is_past: bool = False
    exponent: int = 2  # the decimals of the base currency

    @cached_property
    def words(self) -> Words:
        """What can be asked."""
        return Words(
            attributes={name: one.attribute for name, one in self.known.items()},
            functions={name: one.function for name, one in self.functions.items()},
        )

    @cached_property
    def end(self) -> dt.datetime:
        """The end of the day asked about."""
        return dates.midnight(self.today + dt.timedelta(days=1), self.zone)

    def had_happened(self, row: Record, moment: str) -> bool:
        """Whether a row was there on the day asked about."""
        if not self.is_past or not moment:
            return True
        at = row.get(moment)
        return at is not None and _aware(at) < self.end

    def names(self, keys: Keys) -> Mapping[Any, tuple[str, ...]]:
        """The names that a column's value stands for: `keys` backwards, looked up once."""
        if keys not in self._names:
            names: dict[Any, tuple[str, ...]] = {}
            for name, kept in keys().items():
                for one in kept if isinstance(kept, Collection) and not isinstance(kept, str) else (kept,):
                    names[one] = (*names.get(one, ()), name)
            self._names[keys] = names
        return self._names[keys]

    @cached_property
    def _names(self) -> dict[Keys, Mapping[Any, tuple[str, ...]]]:
        return {}

    def in_words(self, kind: Kind, kept: Any, keys: Keys | None) -> Any:
        """A column's value as the language sees it; None is no value, and so is what no word stands for."""
        if kind is Kind.LIST:
            elements = _elements(kept)
            if keys is not None:
                elements = tuple(name for one in elements for name in self.names(keys).get(one, ()))
            return tuple(dict.fromkeys(str(one) for one in elements)) or None
        if kept is None or kept == "":
            return None
        if keys is not None:
            return next(iter(self.names(keys).get(kept, ())), None)
        match kind:
            case Kind.NUMBER:
                return int(kept)
            case Kind.DECIMAL:
                return kept if isinstance(kept, Decimal) else Decimal(str(kept))
            case Kind.MONEY:
                return Decimal(int(kept)).scaleb(-self.exponent)
            case Kind.YES_NO:
                return kept == "true" if isinstance(kept, str) else bool(kept)
            case Kind.MOMENT:
                return _aware(kept)
            case Kind.DAY:
                return _day(kept)
            case _:
                return str(kept)


@dataclass(frozen=True, slots=True)
class Found:
    """One row of a function. Rows are told apart by their number."""

    scene: Scene
    rows: Rows
    number: int
    row: Record
    place: Place | None = None

    @property
    def moment(self) -> dt.datetime | None:
        """When it happened."""
        at = self.row.get(self.rows.moment) if self.rows.moment else None
        return None if at is None else _aware(at)

    def value(self, parameter: str) -> Any:
        """The parameter's value: of the row, of what it points at, or how far it is from the place."""
        column = next(one for one in self.rows.columns if one.parameter.name == parameter)
        if column.distance:
            return self._distance(column.distance)
        if column.parameter.total is Total.COUNT:
            return self._kept(column) if column.each else self.number
        return self.scene.in_words(column.parameter.kind, self._kept(column), column.keys)

    def _kept(self, column: Column) -> Any:
        if not column.dimension:
            return self.row.get(column.column)
        points = (self.rows.points or {})[column.dimension]
        return _pointed(self.scene, self.row, column.dimension, points, column.column, column.instead)

    def _distance(self, unit: str) -> Decimal | None:
        latitude, longitude = self.row.get("latitude"), self.row.get("longitude")
        if self.place is None or latitude is None or longitude is None:
            return None
        km = haversine(float(self.place.latitude), float(self.place.longitude), latitude, longitude)
        return Decimal(str(km if unit == "km" else km / KM_OF_A_MILE))


@dataclass(frozen=True, slots=True)
class Person:
    """One customer, from their rows. `groups` says of which saved groups, by name, they are."""

    scene: Scene
    tables: Tables
    groups: Callable[[str], bool]

    @property
    def words(self) -> Words:
        """What can be asked."""
        return self.scene.words

    @property
    def is_there(self) -> bool:
        """Whether there was such a customer already; as of an earlier day, there is none before they were added."""
        return self.scene.had_happened(self._customer, "added")

    def is_in(self, group: str) -> bool:
        """Whether the customer is in a saved group."""
        return self.groups(group)

    def value(self, attribute: str) -> Any:
        """The value of an attribute."""
        known = self.scene.known[attribute]
        kind = known.attribute.kind
        if known.is_age:
            born = _day(self._customer.get(known.column))
            return None if born is None else dates.age(born, self.scene.today)
        if known.graded is not None:
            return self._grade(known.graded) or known.absent or None
        value = self.scene.in_words(kind, self._kept(known), known.keys)
        if value is not None or not known.absent:
            return value
        return (known.absent,) if kind is Kind.LIST else known.absent

    def birthday(self, attribute: str) -> tuple[int, int] | None:
        """Month and day of a date, in the shop's time."""
        known = self.scene.known[attribute]
        if known.birthday:
            kept = self._customer.get(known.birthday)
            return None if kept is None else (kept // 100, kept % 100)
        value = self.value(attribute)
        if isinstance(value, dt.datetime):
            value = dates.day_of(value, self.scene.zone)
        return None if value is None else (value.month, value.day)

    def rows(self, function: str, place: Place | None = None) -> Sequence[Found]:
        """The rows of a function."""
        rows = self.scene.functions[function]
        return [
            Found(self.scene, rows, number, row, place)
            for number, row in enumerate(self.tables.get(rows.table, ()))
            if self._counts(row, rows.where, rows.moment)
        ]

    @property
    def _customer(self) -> Record:
        rows = self.tables.get(CUSTOMERS, ())
        return rows[0] if rows else {}

    def _counts(self, row: Record, where: str, moment: str) -> bool:
        return bool(not where or row.get(where)) and self.scene.had_happened(row, moment)

    def _kept(self, known: Known) -> Any:
        """What stands for the attribute, as columns keep it."""
        if known.gathered is not None:
            return self._gathered(known.gathered)
        figure = known.as_of if self.scene.is_past and known.as_of is not None else known.figure
        if figure is not None:
            return self._figure(figure)
        if known.table != CUSTOMERS:
            return self._elsewhere(known)
        if known.divisor:
            return _divided(self._customer.get(known.column), self._customer.get(known.divisor))
        return self._customer.get(known.column) if known.column else None

    def _elsewhere(self, known: Known) -> Any:
        """The values in another table: one, or for a list all of them."""
        only = known.only or {}
        kept = [
            row.get(known.column)
            for row in self.tables.get(known.table, ())
            if all(row.get(name) == value for name, value in only.items())
        ]
        there = [one for one in kept if one is not None and one != ""]
        if known.attribute.kind is Kind.LIST:
            return [element for one in there for element in _elements(one)]
        return there[0] if there else None

    def _figure(self, figure: Figure) -> Any:
        rows = [row for row in self.tables.get(figure.table, ()) if self._counts(row, figure.where, figure.moment)]
        if figure.total is Total.COUNT:
            return len(rows)
        known = [row[figure.column] for row in rows if row.get(figure.column) is not None]
        if figure.divisor is not None:
            return _divided(sum(known), self._figure(figure.divisor))
        match figure.total:
            case Total.SUM:
                return sum(known)
            case Total.AVERAGE:
                return _divided(sum(known), len(known))
            case Total.MINIMUM:
                return min(known, default=None)
            case Total.MAXIMUM:
                return max(known, default=None)

    def _gathered(self, gathered: Gathered) -> list[Any]:
        found: dict[Any, set[Any]] = {}
        for number, row in enumerate(self.tables.get(gathered.table, ())):
            if self._counts(row, gathered.where, gathered.moment):
                by = row.get(gathered.each) if gathered.each else number
                for value in self._values(gathered, row):
                    found.setdefault(value, set()).update(() if by is None else (by,))
        return [value for value, by in found.items() if len(by) >= gathered.least]

    def _values(self, gathered: Gathered, row: Record) -> Iterable[Any]:
        if gathered.dimension:
            kept = _pointed(self.scene, row, gathered.dimension, gathered.points, gathered.column, gathered.instead)
        else:
            kept = row.get(gathered.column)
        return _elements(kept)

    def _grade(self, graded: Graded) -> str | None:
        all_bounds = graded.bounds()
        values = [_graded(self._customer.get(name)) for name in graded.columns]
        if all_bounds is None or None in values or (self._customer.get(graded.where) or 0) < 1:
            return None
        grades = (sum(1 for one in bounds if value >= one) for value, bounds in zip(values, all_bounds, strict=True))
        return graded.words.get(tuple(grades))


def apart(tables: Tables) -> Iterator[tuple[int, Tables]]:
    """The tables of each customer alone, by customer; whoever has a row in `customers` is one."""
    found: dict[int, dict[str, list[Record]]] = {row["customer"]: {} for row in tables.get(CUSTOMERS, ())}
    for name, rows in tables.items():
        for row in rows:
            if row["customer"] in found:
                found[row["customer"]].setdefault(name, []).append(row)
    yield from sorted(found.items())


def haversine(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """How far two points on the globe are from each other, in kilometres."""
    up = math.sin(math.radians(other_latitude - latitude) / 2) ** 2
    over = math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    part = up + math.cos(math.radians(latitude)) * math.cos(math.radians(other_latitude)) * over
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, part)))


def _pointed(scene: Scene, row: Record, dimension: str, points: str, column: str, instead: str) -> Any:
    """A column of what a row points at; where that has no value, the row's own column `instead`."""
    pointed = scene.dimensions.get(dimension, {}).get(row.get(points), {})
    kept = pointed.get(column)
    is_missing = kept is None or kept == "" or (isinstance(kept, Collection) and not kept)
    return row.get(instead) if is_missing and instead else kept


def _elements(kept: Any) -> tuple[Any, ...]:
    if kept is None or kept == "":
        return ()
    if isinstance(kept, Collection) and not isinstance(kept, str):
        return tuple(one for one in kept if one is not None and one != "")
    return (kept,)


def _divided(amount: Any, count: Any) -> int | None:
    """Halves away from zero; nothing is divided by none."""
    if amount is None or not count:
        return None
    return int((Decimal(amount) / Decimal(count)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _graded(kept: Any) -> Any:
    return _aware(kept) if isinstance(kept, dt.datetime) else kept


def _day(kept: Any) -> dt.date | None:
    """A day, as a date, as its ordinal, or as it is written: 2026-03-12."""
    if kept is None or kept == "":
        return None
    if isinstance(kept, dt.datetime):
        return kept.date()
    if isinstance(kept, dt.date):
        return kept
    return dt.date.fromisoformat(kept) if isinstance(kept, str) else dt.date.fromordinal(int(kept))
