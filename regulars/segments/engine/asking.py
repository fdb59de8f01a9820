"""Who is it? What pages, the API and the command line ask about a query that was read.

Answers are of this moment, whatever happened a moment ago, and cut to what the reader sees. As of an earlier day they
are those of the end of that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, TypeVar

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap

from regulars.core import money, shop, sight
from regulars.core.errors import Refusal
from regulars.customers.models import Customer
from regulars.segments import saying
from regulars.segments.arrow import pc
from regulars.segments.engine import grouped, reference, running
from regulars.segments.engine.comparing import Asked
from regulars.segments.engine.drafting import Statement
from regulars.segments.engine.explaining import Explanation, explained
from regulars.segments.engine.remembering import Shelf, remembered
from regulars.segments.engine.sets import Sets
from regulars.segments.lake import versions, view
from regulars.segments.language import canonical as writing
from regulars.segments.language import dates, parsing
from regulars.segments.language.builder import rows_of
from regulars.segments.language.errors import QueryError
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Ask,
    Everybody,
    Node,
    Operator,
    Or,
    Span,
    Test,
    clauses,
)
from regulars.segments.models import Group
from regulars.segments.vocabulary.words import words_for

Answer = TypeVar("Answer")
Engine = Literal["lake", "records", "reference"]

MEDIA = ("email", "whatsapp", "sms", "phone", "post")


class BadQuery(Refusal):
    """A query that cannot be understood: `span` is where, `suggestion` what could stand there instead."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "bad-query"

    def __init__(self, sentence: str, *, span: Span, suggestion: str | None = None) -> None:
        super().__init__(sentence)
        self.span = span
        self.suggestion = suggestion


class BadDay(Refusal):
    """A day that nothing is known of: before the first record, or still to come."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "bad-day"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a query as the builder has it, and how many are left after it; None where that is said further below.

    `joiner` is "", "and", "or", or one of these with "not"; a bracket has no text of its own.
    """

    depth: int
    text: str
    span: Span
    count: int | None
    joiner: str


def read(text: str, *, reader: Any = None) -> Node:
    """The query of a text, in the words that a reader may use. Raises BadQuery."""
    try:
        return parsing.parse(text, words_for(reader))
    except QueryError as problem:
        raise BadQuery(saying.sentence(problem, text), span=problem.span, suggestion=problem.nearest) from problem


def canonical(node: Node) -> str:
    """The one text of a query."""
    return writing.canonical(node)


def members(node: Node, *, as_of: dt.date | None = None, engine: Engine = "lake") -> BitMap:
    """Who a query finds: their ids. Raises TooLong, TooLarge, GroupCycle, UnknownGroup, BadDay."""
    return _asked(lambda sets: _found(node, sets, engine) & _seen(sets), as_of, engine)


def count(node: Node, *, as_of: dt.date | None = None, engine: Engine = "lake") -> int:
    """How many a query finds."""
    return _asked(lambda sets: _found(node, sets, engine).intersection_cardinality(_seen(sets)), as_of, engine)


def lines(node: Node, *, as_of: dt.date | None = None) -> tuple[Line, ...]:
    """The lines of a query, with how many are found by all of it down to each.

    Only lines that stand alone, and the last of a bracket, have a number: what stands in a bracket narrows together.
    """
    if isinstance(node, Everybody):
        return ()
    parts = node.parts if isinstance(node, And | Or) else (node,)

    def answered(sets: Sets) -> tuple[Line, ...]:
        seen, so_far, found = _seen(sets), None, list[Line]()
        for number, part in enumerate(parts):
            bits = sets.of(part)
            join = BitMap.union if isinstance(node, Or) else BitMap.intersection
            so_far = bits if so_far is None else join(so_far, bits)
            rows = rows_of(part)
            for place, row in enumerate(rows):
                is_last = place == len(rows) - 1
                joiner = row.joiner
                if not place and number:
                    joiner = f"{'or' if isinstance(node, Or) else 'and'} {joiner}".strip()
                found.append(
                    Line(
                        depth=row.depth,
                        text=canonical(row.clause) if row.clause is not None else "",
                        span=row.clause.span if row.clause is not None else getattr(part, "span", (0, 0)),
                        count=so_far.intersection_cardinality(seen) if is_last else None,
                        joiner=joiner,
                    )
                )
        return tuple(found)

    return _asked(answered, as_of)


def people(node: Node, *, as_of: dt.date | None = None, size: int = 10) -> list[Customer]:
    """Some of those whom a query finds: who spent most first, as far as the reader may know that."""

    def answered(sets: Sets) -> list[int]:
        found = sets.of(node) & _seen(sets)
        return highest(sets, found, size) if sight.current().shows("spend") else list(found[:size])

    ids = _asked(answered, as_of)
    known = Customer.objects.in_bulk(ids)
    return [known[one] for one in ids if one in known]


def highest(sets: Sets, found: BitMap, size: int) -> list[int]:
    """The ids of those among some who spent most, the highest first."""
    touched, best = sets.view.touched, list[tuple[int, int]]()
    for read_rows, whom in ((sets.view.base, found - touched), (sets.view.fresh, found & touched)):
        if not whom:
            continue
        rows = read_rows("customers", ["customer", "spent"])
        customers = np.asarray(rows.column("customer").to_numpy(), dtype=np.int64)
        spent = np.asarray(rows.column("spent").fill_null(0).to_numpy(), dtype=np.int64)
        wanted = np.searchsorted(customers, np.asarray(whom.to_array(), dtype=np.int64))
        wanted = wanted[wanted < len(customers)]
        if len(wanted) > size:
            # whoever ties with the last stays in, so that ids decide between them
            least = np.partition(spent[wanted], len(wanted) - size)[len(wanted) - size]
            wanted = wanted[spent[wanted] >= least][: max(size * 100, 1000)]
        best += zip((-spent[wanted]).tolist(), customers[wanted].tolist(), strict=True)
    return [customer for _spent, customer in sorted(best)[:size]]


def explain(node: Node, customer: Customer, *, as_of: dt.date | None = None) -> Explanation:
    """Why a customer is found by a query, or is not, and what would change that."""
    words = words_for()
    return _asked(lambda sets: explained(node, customer.pk, sets, words), as_of)


def missing(node: Node, *, as_of: dt.date | None = None) -> dict[str, int]:
    """For each attribute that a query asks about, how many have no value of it; those that all have are left out."""
    names = dict.fromkeys(one.attribute for one in clauses(node) if isinstance(one, Ask | Anniversary))

    def answered(sets: Sets) -> dict[str, int]:
        seen, found = _seen(sets), dict[str, int]()
        for name in names:
            without = sets.of(Ask(name, Test(Operator.IS_NULL))).intersection_cardinality(seen)
            if without:
                found[name] = without
        return found

    return _asked(answered, as_of)


def reach(members: BitMap) -> dict[str, int]:
    """How many of some customers can be written to by each medium: they agreed, and there is an address or number."""

    def answered(sets: Sets) -> dict[str, int]:
        return {medium: sets.found(_reached(medium)).intersection_cardinality(members) for medium in MEDIA}

    return _asked(answered, None)


def everybody(*, as_of: dt.date | None = None) -> int:
    """How many customers there are to be seen."""
    return count(Everybody(), as_of=as_of)


def today() -> dt.date:
    """The day it is for the shop."""
    return dates.day_of(timezone.now(), shop.zone())


def check_day(as_of: dt.date, sets: Sets) -> None:
    """Refuse a day of which nothing is known."""
    now = today()
    if as_of > now:
        raise BadDay(_("%(day)s is still to come. Ask about today or an earlier day.") % {"day": as_of.isoformat()})
    if as_of == now:
        return
    first = _first_day(sets.view)
    if first is None or as_of < first:
        raise BadDay(
            _("On %(day)s there were no customers yet. The first day with one is %(first)s.")
            % {"day": as_of.isoformat(), "first": (first or now).isoformat()}
        )


def _found(node: Node, sets: Sets, engine: Engine) -> BitMap:
    return reference.members(node, sets) if engine == "reference" else sets.of(node)


def _asked(question: Callable[[Sets], Answer], as_of: dt.date | None, engine: Engine = "lake") -> Answer:
    """Ask the lake, as the house sees: what the reader may know of the answer is cut from it by the question."""
    reader = sight.current()

    def answered(seen: view.View) -> Answer:
        with sight.looking(reader):
            return question(_sets(seen, as_of))

    with running.limited():
        return view.asked(answered, engine="lake" if engine == "lake" else "records")


def _sets(seen: view.View, as_of: dt.date | None) -> Sets:
    now = today()
    known = shop.current()
    sets = Sets(
        view=seen,
        asked=Asked(
            today=as_of or now,
            zone=shop.zone(),
            exponent=money.exponent(known.currency),
            is_past=as_of is not None and as_of < now,
        ),
        in_group=grouped.in_group,
        rule_of=_rule_of,
        shelf=_shelf(seen),
    )
    if as_of is not None:
        check_day(as_of, sets)
    return sets


def _rule_of(group: Group) -> Node:
    """The query of a saved group. It may ask what its reader may not: they see who is in it, not why."""
    with sight.looking(sight.EVERYTHING):
        return read(group.query)


def _shelf(seen: view.View) -> Shelf | None:
    if seen.version is None:
        return None
    return Shelf(versions.folder() / str(seen.version), f"lake/{seen.version}", str(seen.version_stamp))


def _seen(sets: Sets) -> BitMap:
    """Everybody whom the reader sees."""
    reader = sight.current()
    if reader.sees_all:
        return sets.everyone
    key = ("seen", reader.key, sets.view.stamp)
    found = remembered.get(key)
    if found is None:
        found = BitMap(Customer.objects.order_by().values_list("pk", flat=True))
        remembered.put(key, found)
    return found & sets.everyone


def _first_day(seen: view.View) -> dt.date | None:
    moments = [
        pc.min(read_rows("customers", ["added"]).column("added")).as_py() for read_rows in (seen.base, seen.fresh)
    ]
    known = [one.replace(tzinfo=dt.UTC) for one in moments if one is not None]
    return dates.day_of(min(known), shop.zone()) if known else None


def _reached(medium: str) -> Statement:
    columns = {"customer", f"{medium}_consent", "email", "phone"}
    by = {"email": '"email" IS NOT NULL', "post": 'customer IN (SELECT customer FROM "addresses")'}
    where = by.get(medium, '"phone" IS NOT NULL')
    tables: Mapping[str, frozenset[str]] = {"customers": frozenset(columns)}
    if medium == "post":
        tables = {**tables, "addresses": frozenset({"customer"})}
    return Statement(
        sql=f'SELECT customer FROM "customers" WHERE "{medium}_consent" = $1 AND {where}',
        values=("agreed",),
        tables=tables,
    )
