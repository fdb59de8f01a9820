"""Conditions on customers: what a filter means, to the database, to the index, and to one value at a time.

How addresses and the API write them is in `filters`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar, Literal

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.core import shop
from regulars.core.text import fold
from regulars.customers import sealed
from regulars.customers.birthdays import OLDEST_YEAR, as_written
from regulars.customers.catalogue import Field, Form, Type
from regulars.customers.grams import Ids, digits_of
from regulars.customers.models import Customer
from regulars.customers.standings import id_list

_OF_NUMBERS: dict[str, str | Promise] = {
    "": pgettext_lazy("filter", "is"),
    "min": pgettext_lazy("filter", "is at least"),
    "max": pgettext_lazy("filter", "is at most"),
}
_OF_CHOICES: dict[str, str | Promise] = {"": pgettext_lazy("filter", "is"), "not": pgettext_lazy("filter", "is not")}
_OF_DAYS: dict[str, str | Promise] = {
    "on": pgettext_lazy("filter", "on"),
    "after": pgettext_lazy("filter", "after"),
    "before": pgettext_lazy("filter", "before"),
    "older_than": pgettext_lazy("filter", "more than"),
    "within": pgettext_lazy("filter", "in the last"),
}
OF_ALL: dict[str, str | Promise] = {
    "is_set": pgettext_lazy("filter", "is filled in"),
    "is_empty": pgettext_lazy("filter", "is empty"),
}
YES, NO = "yes", "no"
YES_OR_NO = {True: gettext_lazy("yes"), False: gettext_lazy("no")}
OPERATORS: dict[Type, dict[str, str | Promise]] = {
    Type.TEXT: {
        "": pgettext_lazy("filter", "contains"),
        "is": pgettext_lazy("filter", "is"),
        "starts": pgettext_lazy("filter", "starts with"),
    },
    Type.LONG_TEXT: {},
    Type.EXACT: {"": pgettext_lazy("filter", "is")},
    Type.NUMBER: _OF_NUMBERS,
    Type.DECIMAL: _OF_NUMBERS,
    Type.AGE: _OF_NUMBERS,
    Type.MONEY: _OF_NUMBERS,
    Type.DATE: _OF_DAYS,
    Type.DAY: _OF_DAYS,
    Type.BORN: _OF_DAYS,
    Type.BIRTHDAY: {
        "on": pgettext_lazy("filter", "on"),
        "month": pgettext_lazy("filter of birthdays", "in"),
        "within": pgettext_lazy("filter of birthdays", "in the next"),
    },
    Type.QUERY: {"": pgettext_lazy("filter", "is")},
    Type.YES_NO: {"": pgettext_lazy("filter", "is")},
    Type.CHOICE: _OF_CHOICES,
    Type.LIST: {
        "": pgettext_lazy("filter of lists", "has"),
        "all": pgettext_lazy("filter of lists", "has all of"),
        "not": pgettext_lazy("filter of lists", "has not"),
    },
    Type.COUNTRY: _OF_CHOICES,
}


def operators_of(field: Field) -> dict[str, str | Promise]:
    """The operators a field can be asked with, with their words; those of its type, and whether it is filled in."""
    return {**OPERATORS[field.type], **OF_ALL} if can_be_empty(field) else OPERATORS[field.type]


def can_be_empty(field: Field) -> bool:
    """Whether there may be customers without a value."""
    if field.relation is not None:
        return True
    if field.give is not None:
        return False
    column = Customer._meta.get_field(field.column.removesuffix("_id"))
    return bool(getattr(column, "null", False) or getattr(column, "blank", False))


@dataclass(frozen=True, slots=True)
class Holds:
    """The text contains, starts with or is one of some texts of the same form."""

    way: Literal["", "is", "starts"]
    form: Form
    texts: tuple[str, ...]

    def matches(self, value: Any) -> bool:
        text = formed(value or "", self.form)
        if self.way == "is":
            return text in self.texts
        if self.way == "starts":
            return text.startswith(self.texts)
        return any(wanted in text for wanted in self.texts)

    def on(self, column: str) -> Q:
        """The same test by the database, on a column that holds the form itself."""
        if self.way == "is":
            return Q(**{f"{column}__in": self.texts})
        lookup = "startswith" if self.way == "starts" else "contains"
        return reduce(Q.__or__, (Q(**{f"{column}__{lookup}": text}) for text in self.texts))


@dataclass(frozen=True, slots=True)
class Between:
    """The value is at least `low` and less than `high`; None is an open end. No value is never between."""

    low: Any
    high: Any

    def matches(self, value: Any) -> bool:
        if value is None:
            return False
        return (self.low is None or self.low <= value) and (self.high is None or value < self.high)

    def on(self, column: str) -> Q:
        """The same test by the database."""
        limits = {f"{column}__gte": self.low, f"{column}__lt": self.high}
        return Q(**{lookup: value for lookup, value in limits.items() if value is not None})


@dataclass(frozen=True, slots=True)
class OneOf:
    """The value is one of some; or, negated, it is not, and may be missing."""

    values: frozenset[Any]
    is_negated: bool

    def matches(self, value: Any) -> bool:
        return (value in self.values) is not self.is_negated

    def on(self, column: str) -> Q:
        """Who has one of the values, by the database, negated or not."""
        return Q(**{f"{column}__in": sorted(self.values)})


@dataclass(frozen=True, slots=True)
class AllOf:
    """Among several values are all of some; None stands for one that nobody has."""

    values: tuple[Any, ...]

    def matches(self, value: Any) -> bool:
        return value is not None and set(self.values) <= set(value)


@dataclass(frozen=True, slots=True)
class Filled:
    """There is a value; or, negated, there is none."""

    is_negated: bool

    def matches(self, value: Any) -> bool:
        return (value not in (None, "")) is not self.is_negated

    def on(self, column: str) -> Q:
        """Who has a value, by the database, negated or not."""
        holder = Customer._meta.get_field(column.removesuffix("_id"))
        is_text = holder.get_internal_type() in {"CharField", "TextField"}
        there = Q(**{f"{column}__isnull": False}) if getattr(holder, "null", False) else Q()
        return there & ~Q(**{column: ""}) if is_text else there


@dataclass(frozen=True, slots=True)
class Born:
    """Born on a whole date from the day `low` up to the day before `high`, by their numbers; None is an open end.

    The dates are sealed. Whole years are asked for by the number that stands for the year, the days of the years at
    both ends by theirs.
    """

    low: int | None
    high: int | None
    is_negated: ClassVar[bool] = False

    def matches(self, value: Any) -> bool:
        on = as_written(value).on
        return on is not None and Between(self.low, self.high).matches(on.toordinal())

    def on(self, _column: str) -> Q:
        """The same test by the database."""
        first = max(self.low or 0, dt.date(OLDEST_YEAR, 1, 1).toordinal())
        last = min(self.high or dt.date.max.toordinal(), dt.date(shop.today().year + 2, 1, 1).toordinal()) - 1
        if first > last:
            return Q(pk__in=())
        years: list[int] = []
        days: list[int] = []
        for year in range(dt.date.fromordinal(first).year, dt.date.fromordinal(last).year + 1):
            begin, end = dt.date(year, 1, 1).toordinal(), dt.date(year, 12, 31).toordinal()
            if first <= begin and end <= last:
                years.append(year)
            else:
                days += range(max(begin, first), min(end, last) + 1)
        of_days = sealed.blinds_of_days(dt.date.fromordinal(day).isoformat() for day in days)
        whole = Q(birth_year_blind__in=sealed.blinds_of_years(years), birth_blind__isnull=False)
        return whole | Q(birth_blind__in=of_days)


@dataclass(frozen=True, slots=True)
class HasBirthday:
    """The birthday is one of some days of the year, “03-12”."""

    days: frozenset[str]
    is_negated: ClassVar[bool] = False

    def matches(self, value: Any) -> bool:
        return as_written(value).day in self.days

    def on(self, _column: str) -> Q:
        """The same test by the database."""
        return Q(birthday_blind__in=sealed.blinds_of_birthdays(sorted(self.days)))


@dataclass(frozen=True, slots=True)
class Says:
    """A sealed text says the same, whatever its capitals and spaces; `numbers` are what stands for it."""

    text: str
    numbers: tuple[int, ...]
    is_negated: ClassVar[bool] = False

    def matches(self, value: Any) -> bool:
        return sealed.comparable(value or "") == sealed.comparable(self.text)

    def on(self, column: str) -> Q:
        """The same test by the database."""
        return Q(**{f"{column}_blind__in": self.numbers})


@dataclass(frozen=True, slots=True)
class Known:
    """The whole date of birth is known, or the birthday (`part`) is; or, negated, it is not."""

    part: Literal["birth", "birthday"]
    is_negated: bool

    def matches(self, value: Any) -> bool:
        born = as_written(value)
        return bool(born.on if self.part == "birth" else born.day) is not self.is_negated

    def on(self, _column: str) -> Q:
        """Who has it, by the database, negated or not."""
        return Q(**{f"{self.part}_blind__isnull": False})


@dataclass(frozen=True, slots=True)
class Among:
    """Is one of those whom a room above gives; or, negated, is not. They are asked for when they are needed, once."""

    ids: Callable[[], Ids]
    is_negated: bool

    def matches(self, _value: Any) -> bool:
        """Nobody is tested one by one: who passes is known."""
        return True

    def on(self, _column: str) -> Q:
        """The same test by the database, negated or not."""
        return Q(pk__in=id_list(self.ids()))


Test = Holds | Between | OneOf | AllOf | Filled | Born | HasBirthday | Says | Known | Among


@dataclass(frozen=True, slots=True)
class Condition:
    """One filter: `field`, operator and value as an address writes them, and the test they mean.

    `words` are the value in words, in the language the request was read in.
    """

    field: Field
    operator: str
    value: str
    test: Test = dataclasses.field(compare=False)
    words: str = dataclasses.field(compare=False, default="")

    @property
    def parameter(self) -> str:
        """The name of its parameter."""
        return f"{self.field.name}.{self.operator}" if self.operator else self.field.name

    @property
    def label(self) -> str:
        return str(self.field.label)

    @property
    def operator_words(self) -> str:
        return str(operators_of(self.field)[self.operator])

    def matches(self, value: Any) -> bool:
        """Whether a value of the field's column passes."""
        return self.test.matches(value)

    def narrows(self) -> Q:
        """A condition of the database that everybody who matches fulfils; for all but texts it is the same test."""
        column, test = self.field.column, self.test
        if self.field.relation is not None:
            return self._related()
        if isinstance(test, Among):
            return ~test.on("") if test.is_negated else test.on("")
        if isinstance(test, Holds):
            if not self.field.is_searched:
                # most customers say nothing there, and hold none of the texts
                return ~Q(**{column: ""})
            return reduce(Q.__or__, (Q(search_text__contains=text) for text in test.texts))
        assert not isinstance(test, AllOf)  # noqa: S101 — lists are relations
        chosen = test.on(column)
        if isinstance(test, Between) or not test.is_negated:
            return chosen
        return ~chosen | Q(**{f"{column}__isnull": True})

    def having(self) -> tuple[list[Q], bool]:
        """Conditions on rows: who has, for each of them, a row that fulfils it; and whether those are left out instead.

        For a relation they are about its rows, for a column about the customer's own.
        """
        test, relation = self.test, self.field.relation
        column = relation.value if relation else self.field.column
        if isinstance(test, AllOf):
            return [Q(**{column: value}) if value is not None else Q(pk=None) for value in test.values], False
        if isinstance(test, Filled | Known):
            return [Q() if relation else test.on(column)], test.is_negated
        return [test.on(column)], isinstance(test, OneOf) and test.is_negated

    @property
    def is_asked_at_once(self) -> bool:
        """Whether one query tells everybody who passes: rows of another table do, and an indexed column."""
        return not self.is_of_rows or (self.field.is_indexed and self.is_exact_in_database)

    @property
    def is_of_rows(self) -> bool:
        """Whether it is about a column of the customer's own row."""
        return self.field.relation is None and not isinstance(self.test, Among)

    def _related(self) -> Q:
        relation = self.field.relation
        assert relation is not None  # noqa: S101 — asked of relations alone
        conditions, is_negated = self.having()
        found = reduce(Q.__and__, map(relation.having, conditions))
        return ~found if is_negated else found

    @property
    def is_exact_in_database(self) -> bool:
        """Whether `narrows` is the whole test."""
        return not self.is_of_rows or not isinstance(self.test, Holds)


def formed(text: str, form: Form) -> str:
    """A text in the form it is compared in."""
    if form is Form.DIGITS:
        return digits_of(text)
    folded = fold(text)
    if form is Form.DOMAIN:
        return folded.rpartition("@")[2]
    return folded.replace(" ", "") if form is Form.COMPACT else folded
