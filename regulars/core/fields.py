"""Columns that hold sealed values (core/sealing.py): opened when they are read, sealed when their row is written.

    text = SealedText()                            of the customer that `customer_id` names
    to = SealedText(or_shop=True)                  the same, and the shop's own where the row names nobody
    birth = SealedText(person="pk")                of the row itself, which is a person
    values = SealedJson(keys=…, person="pk")       JSON in which the texts under some keys are sealed

Python sees plain text. A row that is saved, created in bulk or written by `core.bulk` is sealed for its person. An
`update()` of many rows knows no person, and takes only what `sealed_for` made: code that forgets it fails.

What cannot be opened any more, because the person was forgotten, reads as an empty text (`Lost`) and is written back
as it was. What was changed, or copied from another row, reads so as well, and is told in the log.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from django.db import models
from django.db.models.expressions import Func

from regulars.core import sealing
from regulars.core.masks import Masked
from regulars.core.walls import MaskedWrite

log = logging.getLogger(__name__)


class Sealed(str):
    """A text that is sealed already, ready for its column."""

    __slots__ = ()


class Opened(str):
    """A text that stood sealed in its column, as `sealed`."""

    __slots__ = ("sealed",)
    sealed: str


class Lost(str):
    """An empty text in place of one that cannot be read any more; `sealed` is what stands in the column."""

    __slots__ = ("sealed",)
    sealed: str


@dataclass(slots=True)
class Keys:
    """Under which keys JSON holds sealed values: some names, and those with a prefix of which `is_sealed` says so.

    A room below may keep JSON whose keys are those of rooms above: these add them (`add`).
    """

    names: frozenset[str] = frozenset()
    prefix: str = ""
    is_sealed: Callable[[str], bool] | None = None

    def add(self, more: Keys) -> None:
        """These keys as well."""
        self.names |= more.names
        self.prefix, self.is_sealed = more.prefix or self.prefix, more.is_sealed or self.is_sealed

    def seals(self, name: str) -> bool:
        """Whether what is written under this key is sealed."""
        return name in self.names or (self.opens(name) and self.is_sealed is not None and self.is_sealed(name))

    def opens(self, name: str) -> bool:
        """Whether what stands under this key may be sealed."""
        return name in self.names or bool(self.prefix and name.startswith(self.prefix))

    def may_be_in(self, text: str) -> bool:
        """Whether one of them may stand in this JSON."""
        return any(f'"{name}"' in text for name in self.names) or bool(self.prefix and f'"{self.prefix}' in text)


class Unsealed(TypeError):  # noqa: N818 — says what to do
    """A plain text on its way into a column of sealed ones."""


class SealedText(models.TextField):
    """A text that is sealed in the database. `person` is the attribute of a row that says whose key seals it.

    Where `person` is empty the shop's own key seals; with `or_shop` also where the row is of nobody. `blinds` gives the
    columns of numbers that stand for a value; who writes the column writes them too.
    """

    def __init__(
        self,
        *args: Any,
        person: str = "customer_id",
        or_shop: bool = False,
        blinds: Callable[[str], dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        self.person, self.or_shop, self.blinds = person, or_shop or not person, blinds
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """To a migration it is a text like any other; how long it may be says nothing of how long it is sealed."""
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("max_length", None)
        return name, "django.db.models.TextField", args, kwargs

    @property
    def place(self) -> str:
        """What a value is bound to: its table and column."""
        return f"{self.model._meta.db_table}.{self.column}"

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> Any:
        return opened(value, self.place) if value else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return self.sealed(value, getattr(model_instance, self.person) if self.person else None)

    def get_prep_value(self, value: Any) -> Any:
        if not value and not isinstance(value, Lost):
            return value
        if isinstance(value, Sealed):
            return str(value)
        raise Unsealed(f"{self.place} takes sealed text; see core.fields.sealed_for")

    def sealed(self, value: Any, person_id: int | None) -> Any:
        """A value as it stands in the column of this person's row."""
        if isinstance(value, Masked):
            raise MaskedWrite
        if isinstance(value, Lost):
            return Sealed(value.sealed)
        if not value or isinstance(value, Sealed):
            return value
        if person_id is None and not self.or_shop:
            raise Unsealed(f"{self.place} is sealed for a person, and the row has no number yet")
        # what comes out of the column of this very person goes back as it is
        if isinstance(value, Opened) and self._is_of(value.sealed, person_id):
            return Sealed(value.sealed)
        if person_id is None:
            return Sealed(sealing.seal_secret(str(value), self.place))
        return Sealed(sealing.seal(person_id, str(value), self.place))

    def _is_of(self, sealed: str, person_id: int | None) -> bool:
        try:
            if person_id is None:
                return sealing.is_of_nobody(sealed) and sealing.open_secret(sealed, self.place) != ""
            return sealing.open_sealed(sealed, self.place, person_id=person_id) != ""
        except (sealing.Damaged, sealing.Forgotten):
            return False


class OfPerson(models.Model):
    """A row with sealed texts: what was sealed for somebody else, and copied here, is not shown."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **more: Any) -> Self:
        row = super().from_db(db, field_names, values, **more)
        for name, field in sealed_fields(cls).items():
            value = row.__dict__.get(name)
            if not isinstance(value, Opened):
                continue
            number = row.pk if field.person == "pk" else row.__dict__.get(field.person)
            if number is not None and value.sealed.split(".", 2)[1] != sealing.base36(number):
                log.error("%s of row %s was sealed for somebody else", field.place, row.pk)
                lost = Lost()
                lost.sealed = value.sealed
                row.__dict__[name] = lost
        return row


class SealedJson(models.JSONField):
    """JSON in which every text, number or list of them under one of `keys` is sealed, at any depth.

    Where the row says no person, or `person` is empty, the shop's own key seals. What `is_history` is never written
    anew, because others vouch for every byte of it.
    """

    def __init__(
        self,
        *args: Any,
        keys: Keys | None = None,
        person: str = "customer_id",
        is_history: bool = False,
        **kwargs: Any,
    ) -> None:
        self.keys, self.person, self.is_history = keys or Keys(), person, is_history
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """To a migration it is JSON like any other."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    @property
    def place(self) -> str:
        """What a value is bound to: its table and column."""
        return f"{self.model._meta.db_table}.{self.column}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        found = super().from_db_value(value, expression, connection)
        return open_values(found, self.keys, self.place)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return self.sealed(value, getattr(model_instance, self.person) if self.person else None)

    def sealed(self, value: Any, person_id: int | None) -> Any:
        """A value as it stands in the column of this person's row."""
        return seal_values(value, self.keys, self.place, person_id)

    def get_prep_value(self, value: Any) -> Any:
        _require_sealed(value, self.keys, self.place)
        return super().get_prep_value(value)


def sealed_for(model: type[models.Model], person_id: int | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a person's row as `update()` takes them: what is sealed in the table is sealed for this person.

    Without a person the shop's own key seals, in columns that know it.
    """
    found = dict(values)
    for name, value in values.items():
        field = sealed_fields(model).get(name)
        if field is not None:
            found[name] = field.sealed(value, person_id)
    return found


@cache
def sealed_fields(model: type[models.Model]) -> dict[str, SealedText | SealedJson]:
    """The sealed columns of a table, by name."""
    return {one.attname: one for one in model._meta.concrete_fields if isinstance(one, SealedText | SealedJson)}


class AsItStands(Func):
    """A column as it stands in the database, sealed values sealed: for images of rows."""

    template = "%(expressions)s"
    arity = 1

    def __init__(self, field: SealedText | SealedJson) -> None:
        plain = models.JSONField() if isinstance(field, SealedJson) else models.TextField()
        super().__init__(field.attname, output_field=plain)


def opened(value: str, place: str) -> Opened | Lost:
    """What a sealed column shows."""
    found: Opened | Lost
    try:
        read = sealing.open_secret if sealing.is_of_nobody(value) else sealing.open_sealed
        found = Opened(read(value, place))
    except sealing.Forgotten:
        found = Lost()
    except sealing.Damaged as damage:
        log.error("%s: %s", place, damage)  # noqa: TRY400 — a trace would say nothing more
        found = Lost()
    found.sealed = value
    return found


def seal_values(value: Any, keys: Keys, place: str, person_id: int | None) -> Any:
    """JSON with every value under one of some keys sealed, lists item by item; nothing, yes and no stay as they are."""
    return _walked(value, keys.seals, lambda one: _seal_one(one, place, person_id))


def open_values(value: Any, keys: Keys, place: str) -> Any:
    """The same JSON as people may read it; what cannot be opened is an empty text."""
    return _walked(value, keys.opens, lambda one: _open_one(one, place))


def seal_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterable[Sequence[Any]]:
    """Ready rows for `core.bulk` with what is sealed in the table sealed; JSON is text in them.

    Whose a row is says its column; where the row itself is a person, its key: a column, or what stands last.
    """
    fields = {place: one for place, name in enumerate(columns) if (one := sealed_fields(model).get(name)) is not None}
    # all of them before the first is written: the keys may have to be read, which cannot be done amidst a COPY
    return list(_sealed_rows(fields, list(columns), rows)) if fields else rows


def _sealed_rows(
    fields: Mapping[int, SealedText | SealedJson],
    columns: list[str],
    rows: Iterable[Sequence[Any]],
) -> Iterator[Sequence[Any]]:
    for row in rows:
        ready = list(row)
        for place, field in fields.items():
            if not ready[place] or (isinstance(field, SealedJson) and not isinstance(ready[place], str)):
                continue  # nothing, or JSON that the field itself made ready
            named = str(field.model._meta.pk.column) if field.person == "pk" else field.person
            number = row[columns.index(named)] if named in columns else row[-1] if field.person == "pk" else None
            if isinstance(field, SealedText):
                ready[place] = field.get_prep_value(field.sealed(ready[place], number))
            elif field.keys.may_be_in(ready[place]):
                ready[place] = json.dumps(field.sealed(json.loads(ready[place]), number), ensure_ascii=False)
        yield ready


def _seal_one(value: Any, place: str, person_id: int | None) -> Any:
    if isinstance(value, Masked):
        raise MaskedWrite
    if isinstance(value, Lost):
        return value.sealed
    if value is None or value == "" or isinstance(value, bool) or (isinstance(value, str) and _is_token(value)):
        return value
    text = json.dumps(value, ensure_ascii=False)  # a number comes back as one
    return sealing.seal(person_id, text, place) if person_id is not None else sealing.seal_secret(text, place)


def _open_one(value: Any, place: str) -> Any:
    if not isinstance(value, str) or not _is_token(value):
        return value
    try:
        read = sealing.open_secret if sealing.is_of_nobody(value) else sealing.open_sealed
        text = read(value, place)
    except sealing.Forgotten:
        text = ""
    except sealing.Damaged as damage:
        log.error("%s: %s", place, damage)  # noqa: TRY400 — a trace would say nothing more
        text = ""
    if not text:
        lost = Lost()
        lost.sealed = value
        return lost
    return json.loads(text)


def _is_token(value: str) -> bool:
    return len(value) > 40 and sealing.is_sealed(value)


def _require_sealed(value: Any, keys: Keys, place: str) -> None:
    def check(one: Any) -> None:
        if isinstance(one, str) and one and not _is_token(one):
            raise Unsealed(f"{place} takes sealed values under some of its keys; see core.fields.sealed_for")

    _walked(value, keys.seals, check)


def _walked(value: Any, has: Callable[[str], bool], change: Callable[[Any], Any], *, is_below: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _walked(one, has, change, is_below=is_below or has(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_walked(one, has, change, is_below=is_below) for one in value]
    return change(value) if is_below else value
