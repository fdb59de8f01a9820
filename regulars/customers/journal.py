"""What stood in a row before a change set touched it, and how it is put back.

An image is `[table, key, before, after]`: the columns of one row as plain JSON values. `before` is null where the row
was made, `after` null where it went. Change sets keep images with each of their changes; undoing one plays its images
backwards, the last one first, and leaves alone what somebody changed in between.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.utils.dateparse import parse_date, parse_datetime

from regulars.core import bulk
from regulars.core.fields import AsItStands, Lost, Sealed, SealedJson, SealedText, open_values, opened, sealed_fields
from regulars.core.sealing import is_sealed
from regulars.customers.models import (
    Address,
    Consent,
    ConsentRecord,
    ContactPoint,
    Customer,
    CustomValue,
    Identity,
    MergeLink,
    Note,
    OwnProfile,
    Tagging,
)
from regulars.customers.standings import id_list

Columns = dict[str, Any]
Image = Sequence[Any]  # [table, key, before, after], as JSON gives it back

TABLES: dict[str, type[models.Model]] = {
    "customer": Customer,
    "address": Address,
    "consent": Consent,
    "consent_record": ConsentRecord,
    "contact_point": ContactPoint,
    "custom_value": CustomValue,
    "identity": Identity,
    "merge_link": MergeLink,
    "note": Note,
    "own_profile": OwnProfile,
    "tagging": Tagging,
}
_NAMES = {model: name for name, model in TABLES.items()}

# Every write raises these. They go back with a row that nobody touched since, and make no difference by themselves.
_MARKS = frozenset({"version", "updated_at"})


@dataclass(frozen=True, slots=True)
class Kept:
    """What was not put back, because somebody changed it since: the column (empty: the whole row) and its three values.

    `owner` is the key under which the image was handed in.
    """

    owner: int
    table: str
    key: int
    column: str
    before: Any
    after: Any
    now: Any


def name_of(model: type[models.Model]) -> str:
    """What images call a table."""
    return _NAMES[model]


def plain(value: Any) -> Any:
    """A value of a column as JSON keeps it."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value


def read(model: type[models.Model], keys: Collection[int], columns: Sequence[str] | None = None) -> dict[int, Columns]:
    """The columns (all, if none are named) of some rows as plain values, by primary key."""
    names = [field.attname for field in model._meta.concrete_fields] if columns is None else list(columns)
    key = _key(model)
    sealed = sealed_fields(model)
    asked = [AsItStands(sealed[name]) if name in sealed else name for name in names]
    rows = model._base_manager.filter(**{f"{key}__in": id_list(keys)}).values_list(key, *asked)
    return {row[0]: {name: plain(value) for name, value in zip(names, row[1:], strict=True)} for row in rows}


def made(model: type[models.Model], key: int, after: Columns) -> list[Any]:
    """The image of a row that was made."""
    return [name_of(model), key, None, after]


def gone(model: type[models.Model], key: int, before: Columns) -> list[Any]:
    """The image of a row that went; `before` has all its columns, so that it can come back."""
    return [name_of(model), key, before, None]


def changed(model: type[models.Model], key: int, before: Columns, after: Columns) -> list[Any] | None:
    """The image of a row that changed, with the columns that differ alone; None where none does."""
    different = [name for name in after if before.get(name) != after[name]]
    if not different:
        return None
    return [
        name_of(model),
        key,
        {name: before.get(name) for name in different},
        {name: after[name] for name in different},
    ]


def take_back(images: Iterable[tuple[int, Sequence[Image]]]) -> list[Kept]:
    """Put rows back as they were, and say what was left as it is. Call it inside a transaction.

    `images` are the changes in the order they were made, each with the key of its owner.

    1. Read the rows as they are now.
    2. Play the images backwards in memory. A row that was made goes, if it still is as it was made; one that went comes
       back, if its place is free; in one that changed each column goes back that still has the value it was given.
    3. Write what differs from what was read, row by row of one statement: rows that go, rows that come, columns.

    A row nobody touched since gets its version and its moment back too, so that it equals what it was to the last
    column; one that somebody did touch gets a new version, because what they saw is no longer there.
    """
    played = [(owner, image) for owner, of_owner in images for image in of_owner]
    keys: dict[str, set[int]] = defaultdict(set)
    columns: dict[str, set[str]] = defaultdict(set)
    for _owner, (table, key, before, after) in played:
        keys[table].add(key)
        columns[table].update(before or {}, after or {})
    now: dict[str, dict[int, Columns | None]] = {}
    was: dict[str, dict[int, Columns | None]] = {}
    for table, wanted in keys.items():
        found = read(TABLES[table], wanted, sorted(columns[table]))
        was[table] = {key: found.get(key) for key in wanted}
        now[table] = {key: dict(found[key]) if key in found else None for key in wanted}
    kept: list[Kept] = []
    for owner, (table, key, before, after) in reversed(played):
        row = now[table][key]
        if before is None:
            kept += _unmake(owner, table, key, after, row, now)
        elif after is None:
            kept += _bring_back(owner, table, key, before, row, now)
        else:
            kept += _put_back(owner, table, key, before, after, row)
    for table, after in now.items():
        _write(TABLES[table], was[table], after)
    return kept


def _unmake(
    owner: int, table: str, key: int, after: Columns, row: Columns | None, now: Mapping[str, dict[int, Columns | None]]
) -> list[Kept]:
    if row is None:
        return []
    differs = [
        name for name in after if name not in _MARKS and not _is_same(TABLES[table], name, row[name], after[name])
    ]
    if differs:
        return [Kept(owner, table, key, name, None, after[name], row[name]) for name in differs]
    now[table][key] = None
    return []


def _bring_back(
    owner: int, table: str, key: int, before: Columns, row: Columns | None, now: Mapping[str, dict[int, Columns | None]]
) -> list[Kept]:
    if row is not None:
        return [Kept(owner, table, key, "", before, None, row)]
    now[table][key] = dict(before)
    return []


def _put_back(owner: int, table: str, key: int, before: Columns, after: Columns, row: Columns | None) -> list[Kept]:
    if row is None:
        return [Kept(owner, table, key, "", before, after, None)]
    # one column more is not enough to tell: somebody may have changed another one of the same row
    is_untouched = all(row[name] == after[name] for name in _MARKS & after.keys())
    kept = []
    is_changing = False
    for name, value in after.items():
        if name in _MARKS:
            continue
        if _is_same(TABLES[table], name, row[name], value):
            row[name] = before[name]
            is_changing = True
        else:
            kept.append(Kept(owner, table, key, name, before[name], value, row[name]))
    for name in _MARKS & after.keys():
        if is_untouched:
            row[name] = before[name]
        elif name == "version" and is_changing:
            row[name] += 1
    return kept


def _write(model: type[models.Model], was: Mapping[int, Columns | None], now: Mapping[int, Columns | None]) -> None:
    """Write the difference between two pictures of some rows of a table."""
    key_name = _key(model)
    going = [key for key, row in now.items() if row is None and was[key] is not None]
    if going:
        rows = model._base_manager.filter(**{f"{key_name}__in": id_list(going)})
        rows._raw_delete(rows.db)
    fields = {field.attname: field for field in model._meta.concrete_fields}
    columns = {name: str(field.column) for name, field in fields.items()}
    coming: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
    changing: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
    for key, row in now.items():
        before = was[key]
        if row is None:
            continue
        if before is None:
            names = tuple(sorted({*row, key_name}))
            whole = {**row, key_name: key}
            coming[names].append([_stored(fields[name], whole[name], whole) for name in names])
        else:
            names = tuple(name for name in row if row[name] != before[name])
            if names:
                whole = {**row, key_name: key}
                changing[names].append([*(_stored(fields[name], row[name], whole) for name in names), key])
    for names, ready in coming.items():
        bulk.insert(model, [columns[name] for name in names], ready)
    for names, ready in changing.items():
        bulk.update(model, [columns[name] for name in names], ready)


def _person(field: SealedText | SealedJson, row: Columns) -> int | None:
    """Whose key seals a column of a row; of a row that only changed in part it is not always said."""
    name = _key(field.model) if field.person == "pk" else field.person
    return row.get(name)


def _key(model: type[models.Model]) -> str:
    return model._meta.pk.attname


def _is_same(model: type[models.Model], name: str, one: Any, other: Any) -> bool:
    """Whether two values of a column are the same; sealed ones where they say the same, whenever they were sealed."""
    field = sealed_fields(model).get(name)
    if one == other or field is None:
        return bool(one == other)
    if isinstance(field, SealedJson):
        return bool(open_values(one, field.keys, field.place) == open_values(other, field.keys, field.place))
    one, other = (opened(text, field.place) if text and is_sealed(text) else text for text in (one, other))
    return one == other and not isinstance(one, Lost)


def _stored(field: models.Field[Any, Any], value: Any, row: Columns) -> Any:
    """A plain value as this database takes it; a sealed one as it is."""
    if isinstance(field, SealedText) and value:
        return field.sealed(Sealed(value) if is_sealed(value) else value, _person(field, row))
    if isinstance(field, SealedJson):
        value = field.sealed(value, _person(field, row))
    if isinstance(field, models.DateTimeField) and isinstance(value, str):
        value = parse_datetime(value)
    elif isinstance(field, models.DateField) and isinstance(value, str):
        value = parse_date(value)
    return field.get_db_prep_save(value, connection)
