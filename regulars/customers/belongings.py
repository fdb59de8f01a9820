"""Belongings: everything that hangs on a customer. Merge, export and erasure are one walk over all holders.

"Personal data has a holder entry before it has a column": a test compares the holders with the columns of every model
that points at a customer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Count, Max
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid

if TYPE_CHECKING:
    from regulars.customers.models import Customer

Move = Callable[[Sequence[int], int, int], None]
"""Give rows, by their keys, from one record to another: `move(keys, from_id, to_id)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One table that holds something of a customer, and what is done with it when the customer goes.

    `export` gives the rows as plain data for the person's own copy. `forget` runs before the customer row is deleted,
    inside that transaction: it deletes the rows, or cuts them loose where the law wants them kept.

    A merge moves nothing. A holder with a `label` is counted where two records are compared; one with `move` is asked
    about when a merge is taken back: which of the rows that came to the merged person go to the record that leaves?
    `words` say what such a row is. The first of `models` is then the table, which has a column `customer`. `tells` are
    the columns that an export tells which is no plain query.
    """

    name: str
    models: tuple[str, ...]
    export: Callable[[Customer], Iterable[dict[str, Any]]]
    forget: Callable[[Customer], None]
    label: str | Promise = ""
    move: Move | None = None
    words: Callable[[Any], str] = str
    tells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Came:
    """A row that came to a merged person and may be either's: its key, and what it is in words."""

    key: int
    words: str


_HOLDERS: dict[str, Holder] = {}


def add(holder: Holder) -> None:
    """Say that a room holds something of customers."""
    _HOLDERS[holder.name] = holder


def holders() -> list[Holder]:
    """All holders, in the order they were added."""
    return list(_HOLDERS.values())


def counted(record_ids: Collection[int]) -> dict[str, dict[int, int]]:
    """How many rows each holder with a label has of each record: `{holder: {record: count}}`."""
    found: dict[str, dict[int, int]] = {}
    for holder in _HOLDERS.values():
        if holder.label:
            rows = _rows(holder).filter(customer__in=record_ids).order_by().values_list("customer")
            counts = dict(rows.annotate(count=Count("pk")))
            found[holder.name] = {record: counts.get(record, 0) for record in record_ids}
    return found


def marks() -> dict[str, int]:
    """The highest key there is in the table of each holder that can move: what comes later has a higher one."""
    return {
        name: _rows(holder).aggregate(highest=Max("pk"))["highest"] or 0
        for name, holder in _HOLDERS.items()
        if holder.move
    }


def came_since(customer_id: int, marks: Mapping[str, int]) -> dict[str, list[Came]]:
    """What came to a record since marks were taken, by holder; holders of which nothing came are left out."""
    found = {}
    for name, holder in _HOLDERS.items():
        if holder.move and name in marks:
            rows = _rows(holder).filter(customer=customer_id, pk__gt=marks[name]).order_by("pk")
            came = [Came(row.pk, holder.words(row)) for row in rows]
            if came:
                found[name] = came
    return found


def move(name: str, keys: Sequence[int], *, from_id: int, to_id: int) -> None:
    """Give rows of a holder from one record to another. Raises Invalid where one is not there to be given."""
    holder = _HOLDERS.get(name)
    there = holder and holder.move and set(_rows(holder).filter(customer=from_id, pk__in=keys).values_list("pk"))
    if not holder or not holder.move or len(there or ()) != len(set(keys)):
        sentence = _("What you chose to move is not there any more. Look again.")
        raise Invalid(sentence, fields={"moves": [sentence]})
    if keys:
        holder.move(keys, from_id, to_id)


def _rows(holder: Holder) -> Any:
    return apps.get_model(holder.models[0])._default_manager.all()
