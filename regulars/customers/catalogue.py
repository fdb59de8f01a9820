"""The catalogue: what can be asked of a customer.

One vocabulary for list filters, sorting, columns, export and API filters (groups, mail merge and report dimensions
join it with their rooms). A room adds its fields in wiring.py with `add(Field(…))`; names are those of the customer
query language. What the shop adds itself while the house runs comes from a `Source`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

from regulars.core.sight import current
from regulars.core.walls import Protected, is_told, rule_at
from regulars.customers.grams import Ids
from regulars.customers.models import Customer
from regulars.customers.relations import Relation

Choices = Callable[[], list[tuple[str, str]]]
Keys = Callable[[], dict[str, Any]]
Words = Callable[[Any], str]
Blinds = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Given:
    """What a room above answers to a filter of its own: its value as it is kept, in words, and who passes."""

    value: str
    words: str
    ids: Callable[[], Ids]


Give = Callable[[str, Any], Given]
"""Given what somebody asks for, and who asks; raises Invalid."""


class Type(StrEnum):
    """Decides operators, the input and how a value is written."""

    TEXT = "text"
    LONG_TEXT = "long_text"  # can only be asked whether it is there
    EXACT = "exact"  # a sealed value, found by a number that stands for the whole of it
    NUMBER = "number"
    AGE = "age"  # in years, of the date of birth, which is sealed
    BORN = "born"  # the date of birth itself
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"  # a moment, asked by the shop's days
    DAY = "day"  # a day without a clock, kept as its ordinal number
    BIRTHDAY = "birthday"  # the day of any year in the date of birth, “03-12”
    QUERY = "query"  # customers that a room above finds by a text
    YES_NO = "yes_no"
    CHOICE = "choice"
    LIST = "list"  # several of some words
    COUNTRY = "country"


class Form(StrEnum):
    """How texts are compared: folded, digit by digit (phones), without spaces (postcodes), or behind the @."""

    FOLDED = "folded"
    DIGITS = "digits"
    COMPACT = "compact"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`column` is the column of Customer, or `relation` the rows of another table that say it; `label` what people
    read; `permission` what it takes to see it, and `roles` who alone may, where it is not for all of them.

    `is_sortable` promises an index that gives the order, by `sort_column` where that is another one than `column`;
    `is_searched` that the value is part of the search text, so that the search index narrows a test on it, and
    `is_indexed` that the database finds the few who pass a test by itself. `choices` are the values people choose
    from, with their labels; `keys` what is kept for each, where that differs; where the field `is_open`, other words
    may be asked for too, and nobody has them. `words` writes a value for people, `plain` one of a relation for files.
    `blinds` are the numbers by which a sealed value is found. Where neither a column nor a relation says it, `give`
    does: a room above knows who passes, all at once.
    """

    name: str
    label: str | Promise
    type: Type
    column: str = ""
    relation: Relation | None = None
    permission: str = "customers.view"
    roles: frozenset[str] = frozenset()
    is_filter: bool = True
    is_sortable: bool = False
    is_column: bool = True
    is_default_column: bool = False
    is_searched: bool = False
    is_indexed: bool = False
    is_open: bool = False
    sort_column: str = ""
    form: Form = Form.FOLDED
    choices: Choices | None = None
    keys: Keys | None = None
    words: Words | None = None
    plain: Words | None = None
    blinds: Blinds | None = None
    give: Give | None = None

    def __post_init__(self) -> None:
        if bool(self.column) + (self.relation is not None) + (self.give is not None) != 1:
            raise ValueError(f"the field {self.name} is a column or a relation, or is given: one of these")

    def is_seen_by(self, actor: Any) -> bool:
        """Whether a person or a token may see the field, be it masked. Nobody in particular (None) sees what all roles
        see. A figure is seen in full, or not at all.
        """
        sight = current()
        if not sight.is_open and not all(is_told(rule, sight) for rule in self.rules):
            return False
        if actor is None:
            return not self.roles
        return actor.may(self.permission) and (not self.roles or actor.role in self.roles)

    def is_asked_by(self, actor: Any) -> bool:
        """Whether they may filter and sort by it: only by what they see in full, or its answers would tell the rest."""
        sight = current()
        return self.is_seen_by(actor) and (sight.is_open or all(rule.is_open(sight) for rule in self.rules))

    @property
    def rules(self) -> tuple[Protected, ...]:
        """How the columns that it reads are protected."""
        if self.relation is not None:
            model, names = self.relation.model, (self.relation.value, self.relation.shown)
        else:
            model, names = Customer, (self.column, self.sort_column)
        return tuple(rule for name in names if name and (rule := rule_at(model, name)) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Fields that come and go while the house runs: all whose name begins with `prefix`, as they are now.

    `read` is called for every request, and answers from a cache where it can.
    """

    prefix: str
    read: Callable[[], Sequence[Field]]


_FIELDS: dict[str, Field] = {}
_SOURCES: dict[str, Source] = {}


def add(field: Field) -> None:
    """Put a field into the catalogue; a name can be taken only once."""
    known = _FIELDS.get(field.name)
    if known is not None and known != field:
        raise ValueError(f"the catalogue already has a field {field.name}")
    _FIELDS[field.name] = field


def add_source(source: Source) -> None:
    """Let a room add fields that come and go."""
    _SOURCES[source.prefix] = source


def permanent() -> list[Field]:
    """The fields that every shop has, in the order they were added; needs no database."""
    return list(_FIELDS.values())


def fields() -> list[Field]:
    """All fields there are now: those of every shop, then those of this one."""
    return [*_FIELDS.values(), *(field for source in _SOURCES.values() for field in source.read())]


def seen_by(actor: Any) -> list[Field]:
    """The fields a person or a token may see."""
    return [field for field in fields() if field.is_seen_by(actor)]


def asked_by(actor: Any) -> list[Field]:
    """The fields by which a person or a token may filter and sort, as far as a field can be asked at all."""
    return [field for field in fields() if field.is_asked_by(actor)]


def get(name: str) -> Field | None:
    """The field of that name, or None."""
    for prefix, source in _SOURCES.items():
        if name.startswith(prefix):
            return next((field for field in source.read() if field.name == name), None)
    return _FIELDS.get(name)


def split(parameter: str) -> tuple[str, str]:
    """The name and the operator of a filter's parameter: `amount_spent.min`, `metafields.custom.size.min`."""
    for prefix in _SOURCES:
        if parameter.startswith(prefix):
            key, _dot, operator = parameter.removeprefix(prefix).partition(".")
            return prefix + key, operator
    name, _dot, operator = parameter.partition(".")
    return name, operator
