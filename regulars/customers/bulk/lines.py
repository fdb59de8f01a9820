"""Lines of change sets, many at a time and past the ORM: read, marked as applied, told of, and put in parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from django.db import connection

from regulars.core.fields import open_values
from regulars.customers import journal
from regulars.customers.bulk.action import Fields, Outcome
from regulars.customers.models import Change, ChangeSet, Customer
from regulars.customers.sealed import KEYS_OF_PLANS
from regulars.customers.standings import id_list
from regulars.timeline.facts import Fact

_FIELDS = "customers_change.fields"


class Facts:
    """One fact for all customers whose fields say the same: most do, and making one for each takes longer than all."""

    def __init__(self, make: Callable[[Fields], Fact]) -> None:
        self._make = make
        self._made: dict[int, tuple[Fields, Fact]] = {}

    def of(self, fields: Fields) -> Fact:
        """The fact about these very fields."""
        made = self._made.get(id(fields))
        if made is None:
            made = self._made[id(fields)] = (fields, self._make(fields))
        return made[1]


class PlannedLine(NamedTuple):
    """A line of a plan as it is worked with; lines that say the same share their `fields`. `images` is JSON."""

    id: int
    number: int | None
    fields: Fields
    images: str


def read_lines(
    change_set: ChangeSet, state: Change.State, *, limit: int, after: int = 0, before: int | None = None
) -> list[PlannedLine]:
    """Lines in a state, in the order they were planned: the first ones after a place, or the last ones before one.

    Past the ORM: it would read JSON line by line, most of which says the same, in more time than all the rest takes.
    """
    text = "{}::text" if connection.vendor == "postgresql" else "{}"
    where, order, place = ("id > %s", "id", after) if before is None else ("id < %s", "id DESC", before)
    query = (
        f"SELECT id, customer_id, {text.format('fields')}, {text.format('images')} FROM customers_change "  # noqa: S608 — words of ours
        f"WHERE change_set_id = %s AND outcome = %s AND state = %s AND {where} ORDER BY {order} LIMIT %s"
    )
    wanted: list[int | str] = [change_set.pk, str(Outcome.CHANGED), str(state), place, limit]
    with connection.cursor() as cursor:
        cursor.execute(query, wanted)
        found = cursor.fetchall()
    known: dict[str, Fields] = {}
    lines = []
    for line_id, number, fields, images in found:
        read = known.get(fields)
        if read is None:
            read = known[fields] = open_values(json.loads(fields), KEYS_OF_PLANS, _FIELDS)
        lines.append(PlannedLine(line_id, number, read, images))
    return lines if before is None else lines[::-1]


def keep_images(images: Sequence[tuple[int, list[journal.Image] | str]]) -> None:
    """Mark lines as applied, and keep with each what stood in its rows before and after."""
    ready = [
        (of_line if isinstance(of_line, str) else json.dumps(of_line, ensure_ascii=False), line_id)
        for line_id, of_line in images
    ]
    applied = str(Change.State.APPLIED)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # all of them in one text: an array of ten thousand texts takes the driver four times as long
            listed = ",".join([f'{{"id":{line_id},"images":{text}}}' for text, line_id in ready])
            cursor.execute(
                "UPDATE customers_change SET state = %s, images = ready.images "
                "FROM jsonb_to_recordset(%s::jsonb) AS ready (id bigint, images jsonb) "
                "WHERE customers_change.id = ready.id",
                [applied, f"[{listed}]"],
            )
        else:
            statement = f"UPDATE customers_change SET state = '{applied}', images = %s WHERE id = %s"  # noqa: S608 — a word of ours
            cursor.executemany(statement, ready)


def labels(numbers: Sequence[int]) -> dict[int, str]:
    """What customers are called in a plan, also by those who read it after they were deleted."""
    named = Customer.everyone.filter(id__in=id_list(numbers)).values_list("id", "name", "company", "email", "phone")
    return {number: next(filter(None, names), "")[:250] for number, *names in named}


def lock(numbers: Sequence[int]) -> None:
    """Nobody else writes these customers before the transaction ends; on SQLite nobody writes anything."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM customers_customer WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE",
                [list(numbers)],
            )


def parts(numbers: Sequence[int], *, size: int) -> Iterator[tuple[int, Sequence[int]]]:
    """The customers in parts, each with how many will have been done after it."""
    waiting = iter(numbers)
    done = 0
    while part := list(islice(waiting, size)):
        done += len(part)
        yield done, part
