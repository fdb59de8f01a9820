"""The walls: managers that keep rows from a reader, and columns that keep values (docs/decisions/0019).

Each table that holds something of a customer is declared once, in its room's `walls.py`:

    declare(Note, customer=("customer",), protected={"text": Text("notes")}, plain={"kind": "one of six words"})

`customer` are the ways from its rows to the customers they hang on: a reader sees a row who sees all of them. A column
that is `protected` comes from the database masked, or not at all, for a reader who does not see its group in full:
in models, values(), sums, wherever a statement names the column. `plain` says of every other text why it is none of
those; `internal` are those that are never shown. A test walks all tables, so that nothing is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.utils.translation import gettext as _

from regulars.core import masks
from regulars.core.errors import NotAllowed
from regulars.core.masks import Masked, MaskedNumber
from regulars.core.sight import GROUPS, Level, Rows, Sight, current

Mask = Callable[[Any], Any]
Kept = TypeVar("Kept", bound=models.Model)


class MaskedWrite(NotAllowed):
    """Somebody is about to write a value that they were shown in part only."""

    def __init__(self) -> None:
        super().__init__(_("A value that is not shown in full cannot be written back."), permission="")


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a group; what a masked reader sees of it is what `mask` leaves."""

    group: str
    mask: Mask = masks.dots

    def told(self, value: Any, sight: Sight) -> Any:
        level = sight.level(self.group)
        if level is Level.FULL or value is None or value == "":
            return value
        return self.mask(str(value)) if level is Level.MASKED else masks.HIDDEN

    def is_open(self, sight: Sight) -> bool:
        return sight.shows(self.group)

    @property
    def groups(self) -> tuple[str, ...]:
        return (self.group,)


@dataclass(frozen=True, slots=True)
class Contact:
    """A text that is an e-mail or a phone, whichever it looks like."""

    def told(self, value: Any, sight: Sight) -> Any:
        part = Text("email", masks.email) if "@" in str(value or "") else Text("phone", masks.phone)
        return part.told(value, sight)

    def is_open(self, sight: Sight) -> bool:
        return sight.shows(*self.groups)

    @property
    def groups(self) -> tuple[str, ...]:
        return ("email", "phone")


@dataclass(frozen=True, slots=True)
class Whole:
    """A text, or whatever it is, that says something of several groups: shown to who sees all of them in full."""

    groups: tuple[str, ...]
    instead: Any = masks.HIDDEN

    def told(self, value: Any, sight: Sight) -> Any:
        return value if sight.shows(*self.groups) else self.instead

    def is_open(self, sight: Sight) -> bool:
        return sight.shows(*self.groups)


@dataclass(frozen=True, slots=True)
class Number:
    """A number: dots where it is masked or hidden, or nothing at all where the column can be empty."""

    group: str
    is_empty: bool = False
    stays_masked: bool = False  # a masked reader still sees it: a year of birth

    def told(self, value: Any, sight: Sight) -> Any:
        if value is None or self.is_open(sight):
            return value
        return None if self.is_empty else MaskedNumber()

    def is_open(self, sight: Sight) -> bool:
        return sight.shows(self.group) or (self.stays_masked and sight.level(self.group) is Level.MASKED)

    @property
    def groups(self) -> tuple[str, ...]:
        return (self.group,)


@dataclass(frozen=True, slots=True)
class Json:
    """JSON whose values belong to groups by their keys, in lists and objects below as well.

    How the value of a key is told says the vocabulary (`word`), or `keys` before it. A text under a key that nobody
    declared is dots for everybody from whom anything is masked.
    """

    keys: Mapping[str, Any] = field(default_factory=dict)

    def told(self, value: Any, sight: Sight) -> Any:
        return _told(value, self, sight, None)

    def is_open(self, sight: Sight) -> bool:
        return not sight.levels and sight.rows is not Rows.NOBODY

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(GROUPS)


Protected = Text | Contact | Whole | Number | Json
PLAIN = object()
"""Of a word: its values are shown to whoever sees the row."""
_WORDS: dict[str, Any] = {}


def word(how: Any, *names: str) -> None:
    """Say how the values of keys are told wherever JSON is kept: by a rule, or PLAIN."""
    _WORDS.update(dict.fromkeys(names, how))


def words() -> Mapping[str, Any]:
    """Every key that somebody declared."""
    return dict(_WORDS)


def _told(value: Any, rule: Json, sight: Sight, how: Any) -> Any:
    if isinstance(value, dict):
        # that a word is plain says nothing of the words inside it
        above = None if how is PLAIN else how
        return {key: _told(one, rule, sight, _how(str(key), rule, above)) for key, one in value.items()}
    if isinstance(value, list):
        return [_told(one, rule, sight, how) for one in value]
    if how is PLAIN or value is None:
        return value
    if how is not None:
        told = how.told(value, sight)
        return masks.DOTS if isinstance(told, MaskedNumber) else told
    return value if rule.is_open(sight) or not isinstance(value, str) else masks.dots(value)


def _how(key: str, rule: Json, above: Any) -> Any:
    """How the value of a key is told: as somebody declared, for the key or for what stands before its dot, or as the
    object around it is.
    """
    for name in (key, key.partition(".")[0]):
        if name in rule.keys:
            return rule.keys[name]
        if name in _WORDS:
            return _WORDS[name]
    return above


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of a table: the ways to its customers, its protected columns, and why the others are not."""

    model: type[models.Model]
    customer: tuple[str, ...] = ()
    customer_id: tuple[str, ...] = ()
    made_by: str = ""
    protected: Mapping[str, Protected] = field(default_factory=dict)
    plain: Mapping[str, str] = field(default_factory=dict)
    internal: frozenset[str] = frozenset()


_DECLARED: dict[type[models.Model], Declared] = {}


def declare(
    model: type[models.Model],
    *,
    customer: Iterable[str] = (),
    customer_id: Iterable[str] = (),
    made_by: str = "",
    protected: Mapping[str, Protected] | None = None,
    plain: Mapping[str, str] | None = None,
    internal: Iterable[str] = (),
) -> None:
    """Put a table behind the walls.

    `customer` are paths to customers by foreign keys (an empty one is the customer's own row), `customer_id` columns
    that hold a customer's id as a number, `made_by` the person whose own row it is, where no single customer is meant.
    """
    known = Declared(
        model=model,
        customer=tuple(customer),
        customer_id=tuple(customer_id),
        made_by=made_by,
        protected=dict(protected or {}),
        plain=dict(plain or {}),
        internal=frozenset(internal),
    )
    _DECLARED[model] = known
    for name, rule in known.protected.items():
        _install(model._meta.get_field(name), rule)


def declared() -> list[Declared]:
    """All tables behind the walls."""
    return list(_DECLARED.values())


def rule_of(model: type[models.Model], column: str) -> Protected | None:
    """How a column is protected, by its name or its attribute; None where it is shown to whoever sees the row."""
    known = _DECLARED.get(model)
    return known.protected.get(column) if known else None


def is_told(rule: Protected, sight: Sight) -> bool:
    """Whether somebody learns anything of a column: a text may be masked, figures are shown in full or not at all."""
    if isinstance(rule, Text | Contact):
        return any(sight.level(group) is not Level.HIDDEN for group in rule.groups)
    return rule.is_open(sight)


def rule_at(model: type[models.Model], path: str) -> Protected | None:
    """How the column at the end of a path is protected: `organisation__sort_name` of Customer."""
    *steps, column = path.split("__")
    for step in steps:
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    return rule_of(model, column)


def is_shown(model: type[models.Model], *columns: str) -> bool:
    """Whether the reader sees all of these columns in full, here and now."""
    sight = current()
    return all(rule is None or rule.is_open(sight) for rule in (rule_of(model, column) for column in columns))


def visible(model: type[models.Model], sight: Sight) -> Q:
    """The condition of the rows that somebody sees. A table that nobody declared has none for who does not see all."""
    known = _DECLARED.get(model)
    if sight.sees_all:
        return Q()
    if sight.rows is Rows.NOBODY or known is None:
        return _NEVER
    condition = Q()
    for path in known.customer:
        condition &= _of_customer(f"{path}__" if path else "", sight)
    for column in known.customer_id:
        customers = apps.get_model("customers.Customer")
        seen: models.QuerySet[Any] = models.QuerySet(customers).filter(_of_customer("", sight)).values("pk")
        condition &= Q(**{f"{column}__in": seen})
    if known.made_by:
        condition &= Q(**{known.made_by: sight.user_id}) if sight.user_id else _NEVER
    return condition or _NEVER


_NEVER = Q(pk__in=[])


def _of_customer(path: str, sight: Sight) -> Q:
    """Customers of a reader; a record that was merged into somebody is theirs whose that person is."""
    if sight.rows is Rows.CHANNELS:
        column, wanted = "channel", sight.channel_ids
    else:
        column, wanted = "looked_after_by", sight.owner_ids
    listed = Q(**{f"{path}merged_into__isnull": True, f"{path}{column}__in": wanted})
    return listed | Q(**{f"{path}merged_into__{column}__in": wanted})


def customer_seen(path: str, sight: Sight) -> Q:
    """The condition that the customer at the end of a path is seen as well: somebody's company, say."""
    if sight.sees_all:
        return Q()
    return _NEVER if sight.rows is Rows.NOBODY else _of_customer(f"{path}__" if path else "", sight)


def sees(customer: Any, sight: Sight) -> bool:
    """Whether somebody sees a customer whose row is at hand."""
    if sight.sees_all or sight.rows is Rows.NOBODY:
        return sight.sees_all
    person = customer.merged_into or customer
    if sight.rows is Rows.CHANNELS:
        return person.channel_id in sight.channel_ids
    return person.looked_after_by_id in sight.owner_ids


class _Seen(ForwardManyToOneDescriptor):
    """Leads to the other customer, or to nobody where the reader does not see them."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None or current().sees_all:
            return super().__get__(instance, cls)
        try:
            found = super().__get__(instance, cls)
        except self.field.remote_field.model.DoesNotExist:
            return None
        return found if found is None or sees(found, current()) else None


class SeenKey(models.ForeignKey):
    """A foreign key from a customer to another one, whom a reader may not see though they see the first."""

    forward_related_accessor_class = _Seen

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class Guarded(models.Manager[Kept]):
    """The manager of a table behind the walls: only what the reader sees."""

    def get_queryset(self) -> models.QuerySet[Kept]:
        rows = super().get_queryset()
        sight = current()
        return rows if sight.sees_all else rows.filter(visible(self.model, sight))


def veil(value: Any) -> Any:
    """Rows that were read inside a verb, as the reader sees them: their protected values are masked in place."""
    return _each(value, _veil)


def unveil(value: Any) -> Any:
    """Rows that a page read for its reader, as they are, for a verb to work with: what was masked is read again."""
    return _each(value, _unveil)


def _each(value: Any, change: Callable[[models.Model], None]) -> Any:
    if isinstance(value, models.Model):
        change(value)
    elif isinstance(value, dict):
        for one in value.values():
            _each(one, change)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            _each(one, change)
    return value


def _veil(row: models.Model) -> None:
    _veiled(row, current(), set())


def _veiled(row: models.Model, sight: Sight, seen: set[int]) -> None:
    if id(row) in seen:
        return
    seen.add(id(row))
    known = _DECLARED.get(type(row))
    for name, rule in known.protected.items() if known else ():
        if name in row.__dict__ and not rule.is_open(sight):
            row.__dict__[name] = rule.told(row.__dict__[name], sight)
    for related in row._state.fields_cache.values():
        if isinstance(related, models.Model):
            _veiled(related, sight, seen)


def _unveil(row: models.Model) -> None:
    known = _DECLARED.get(type(row))
    if known is None or not known.protected or row.pk is None or row._state.adding:
        return
    columns = [name for name in known.protected if name in row.__dict__]
    fresh = models.QuerySet(type(row)).filter(pk=row.pk).values(*columns).first() if columns else None
    row.__dict__.update(fresh or {})


def _install(column: Any, rule: Protected) -> None:
    """Let a column mask itself; for a reader who sees its group in full nothing at all is done for each value."""
    converters, prepared = column.get_db_converters, column.get_prep_value

    def get_db_converters(connection: Any) -> list[Callable[..., Any]]:
        made: list[Callable[..., Any]] = converters(connection)
        sight = current()
        if rule.is_open(sight):
            return made
        return [*made, lambda value, _expression, _connection: rule.told(value, sight)]

    def get_prep_value(value: Any) -> Any:
        if isinstance(value, Masked | MaskedNumber):
            raise MaskedWrite
        return prepared(value)

    column.get_db_converters, column.get_prep_value = get_db_converters, get_prep_value
