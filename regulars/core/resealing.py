"""Seal what waits to be sealed, and seal anew what was sealed with older keys, some hundred rows at a time.

Every part is one transaction that locks its rows, so that nothing is lost whenever it is cut short, and the shop goes
on meanwhile. Begun again, it finds what is left: each value says itself whether it waits, and with which generation of
the keys it was sealed. What opens before a part opens after it.

A room that keeps sealed values elsewhere than in sealed columns adds a `Place` of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Cast

from regulars.core import datakeys, sealing
from regulars.core.fields import AsItStands, SealedJson, SealedText, open_values, sealed_fields
from regulars.core.sealing import WAITING, Damaged, Forgotten

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where sealed values stand: `seal` seals those that wait, `renew` those of older generations; how many rows."""

    name: str
    seal: Callable[[], int]
    renew: Callable[[], int]


_PLACES: dict[str, Place] = {}


def add(place: Place) -> None:
    """Let a room seal what it keeps its own way."""
    _PLACES[place.name] = place


def add_secrets(model: type[models.Model], column: str, *, place: Callable[[Any], str]) -> None:
    """Let a column that `sealing.seal_secret` sealed follow to newer keys; `place` is theirs by the row's key."""

    def renew() -> int:
        count = 0
        for keys in parts(model._base_manager.exclude(**{column: ""})):
            with transaction.atomic():
                rows = model._base_manager.select_for_update(of=("self",), no_key=True).filter(pk__in=keys)
                for pk, text in rows.values_list("pk", column):
                    newer = renewed_text(text, place(pk))
                    if newer != text:
                        count += model._base_manager.filter(pk=pk).update(**{column: newer})
        return count

    add(Place(f"{model._meta.label}.{column}", seal=lambda: 0, renew=renew))


def seal_waiting() -> int:
    """Seal all that was written before there were keys; how many rows and files that were."""
    own = sum(place.seal() for place in _PLACES.values())
    return own + sum(_walk(model, _sealed_now, is_first=True) for model in _models())


def renew_all() -> int:
    """Seal anew, with the newest keys, all that older ones sealed; how many rows and files that were."""
    own = sum(place.renew() for place in _PLACES.values())
    return own + sum(_walk(model, _renewed, is_first=False) for model in _models())


def open_all() -> int:
    """Write every sealed value plainly again, as an older version of the product keeps it; how many rows those were."""
    return sum(_walk(model, _opened, is_first=False) for model in _models())


def renewed_text(text: str, place: str) -> str:
    """A sealed text, under the newest keys; what cannot be opened, and what is none, stays as it is."""
    if not sealing.is_sealed(text):
        return text
    try:
        if sealing.is_of_nobody(text):
            is_old = sealing.generation_of(text) < datakeys.named("files").newest
            return sealing.seal_secret(sealing.open_secret(text, place), place) if is_old else text
        if sealing.generation_of(text) >= datakeys.people().newest:
            return text
        return sealing.seal(sealing.person_of(text), sealing.open_sealed(text, place), place)
    except (Forgotten, Damaged):
        return text


def renewed_json(value: Any, field: SealedJson) -> Any:
    """JSON with every sealed text in it under the newest keys."""
    return _each_text(value, lambda text: renewed_text(text, field.place))


def parts(rows: models.QuerySet[Any]) -> Iterator[list[int]]:
    """The keys of rows, some hundred at a time."""
    last: int | None = None
    while True:
        following = rows if last is None else rows.filter(pk__gt=last)
        keys = list(following.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        if not keys:
            return
        yield keys
        last = keys[-1]


def _models() -> Iterable[type[models.Model]]:
    return [model for model in apps.get_models() if sealed_fields(model)]


def _walk(model: type[models.Model], change: Callable[..., Any], *, is_first: bool) -> int:
    """Write anew the columns of a table that a change makes other ones of."""
    fields = {
        name: field
        for name, field in sealed_fields(model).items()
        if is_first or not (isinstance(field, SealedJson) and field.is_history)
    }
    count = 0
    for keys in parts(_in_question(model, fields, is_first=is_first)) if fields else ():
        with transaction.atomic():
            count += sum(_rewrite(row, model, fields, change) for row in _as_they_stand(model, fields, keys))
    return count


def _in_question(
    model: type[models.Model], fields: dict[str, SealedText | SealedJson], *, is_first: bool
) -> models.QuerySet[Any]:
    """Rows in which something may wait to be sealed, or to be sealed anew."""
    rows, found = model._base_manager.all(), Q()
    for name, field in fields.items():
        if isinstance(field, SealedText):
            found |= Q(**{f"{name}__startswith": WAITING}) if is_first else ~Q(**{name: ""})
            continue
        rows = rows.annotate(**{f"{name}_text": Cast(name, models.TextField())})
        for word in (*field.keys.names, *([field.keys.prefix] if field.keys.prefix else [])):
            found |= Q(**{f"{name}_text__contains": f'"{word}'})
    return rows.filter(found)


def _as_they_stand(
    model: type[models.Model], fields: dict[str, SealedText | SealedJson], keys: Sequence[int]
) -> list[dict[str, Any]]:
    people = {field.person for field in fields.values()} - {"pk", ""}
    raw = {f"raw_{name}": AsItStands(field) for name, field in fields.items()}
    rows = model._base_manager.filter(pk__in=keys).order_by("pk")
    if connection.vendor == "postgresql":
        rows = rows.select_for_update(no_key=True)
    return list(rows.values("pk", *people, **raw))


def _rewrite(
    row: dict[str, Any],
    model: type[models.Model],
    fields: dict[str, SealedText | SealedJson],
    change: Callable[..., Any],
) -> int:
    columns: dict[str, Any] = {}
    for name, field in fields.items():
        before = row[f"raw_{name}"]
        after = change(field, before, row.get(field.person)) if before else before
        if isinstance(after, tuple):
            after, more = after
            columns |= more
        if after != before:
            columns[name] = after
    if not columns:
        return 0
    # the values are what the columns hold: nothing may be sealed or opened on the way
    plain = {
        name: models.Value(value, output_field=_plain_field(fields[name])) if name in fields else value
        for name, value in columns.items()
    }
    model._base_manager.filter(pk=row["pk"]).update(**plain)
    return 1


def _plain_field(field: SealedText | SealedJson) -> models.Field[Any, Any]:
    return models.JSONField() if isinstance(field, SealedJson) else models.TextField()


def _sealed_now(field: SealedText | SealedJson, value: Any, person_id: int | None) -> Any:
    if isinstance(field, SealedJson):
        return _or_as_it_is(lambda: field.sealed(value, person_id), value)
    if not value.startswith(WAITING) or (person_id is None and not field.or_shop):
        return value
    text = value.removeprefix(WAITING)
    # somebody forgotten has no key, and nothing that waits for one
    sealed = _or_as_it_is(lambda: str(field.sealed(text, person_id)), "")
    return (sealed, field.blinds(text)) if field.blinds else sealed


def _or_as_it_is(seal: Callable[[], Any], value: Any) -> Any:
    try:
        return seal()
    except Forgotten:
        return value


def _renewed(field: SealedText | SealedJson, value: Any, _person_id: int | None) -> Any:
    if isinstance(field, SealedText):
        return renewed_text(value, field.place)
    return renewed_json(value, field)


def _opened(field: SealedText | SealedJson, value: Any, _person_id: int | None) -> Any:
    if isinstance(field, SealedText):
        try:
            read = sealing.open_secret if sealing.is_of_nobody(value) else sealing.open_sealed
            return WAITING + read(value, field.place)
        except (Forgotten, Damaged):
            return value if value.startswith(WAITING) else ""
    return open_values(value, field.keys, field.place)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {key: _each_text(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_each_text(one, change) for one in value]
    return change(value) if isinstance(value, str) else value
