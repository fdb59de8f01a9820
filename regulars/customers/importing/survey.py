"""What the whole of a column says: in which order its dates have day and month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice

from django.utils.translation import gettext as _

from regulars.core.dates import Order
from regulars.core.tabular import Finding, Line, Table, Unreadable
from regulars.customers.importing.repairs import DATES

MONTH_FIRST = frozenset({"US", "PH"})
_FIRST = 1_000


def date_orders(
    table: Table, columns: Mapping[str, int], *, country: str, chosen: str = ""
) -> tuple[dict[str, str], list[Finding]]:
    """The order of day and month of each column of dates, and what people have to know of it.

    A column whose first thousand rows hold dates that cannot be read in two ways is not looked at further; any other
    one is read to its end. Where nothing decides, the shop's country does, and it is said; `chosen` decides first.
    """
    places = {field: columns[field] for field in DATES if field in columns}
    if not places:
        return {}, []
    orders = {field: Order() for field in places}
    rows = iter(table.rows())
    with suppress(Unreadable):  # the import says it, and brings in what stands before
        _read(islice(rows, _FIRST), places, orders)
        if any(order.unclear or order.day_first or order.month_first for order in orders.values()):
            _read(rows, places, orders)
    usual = "mdy" if country in MONTH_FIRST else "dmy"
    found, findings = {}, []
    for field, order in orders.items():
        if order.unclear or order.day_first or order.month_first:
            found[field] = chosen or order.found or usual
            if sentence := _said(order, table.label(places[field]), found[field], is_chosen=bool(chosen)):
                findings.append(Finding("date_order", order.unclear, sentence))
    return found, findings


def _read(rows: Iterable[Line], places: Mapping[str, int], orders: Mapping[str, Order]) -> None:
    last = dict.fromkeys(places, "")
    for _number, cells, problem in rows:
        if problem:
            continue
        for field, place in places.items():
            cell = cells[place]
            if cell != last[field]:
                last[field] = cell
                orders[field].add(cell)


def _said(order: Order, label: str, found: str, *, is_chosen: bool) -> str:
    words = {"column": label, "example": order.example, "count": max(order.day_first, order.month_first)}
    if is_chosen:
        return ""
    if order.is_open and found == "dmy":
        return _("The dates of “%(column)s” can be read in two ways; %(example)s is read with the day first.") % words
    if order.is_open:
        return _("The dates of “%(column)s” can be read in two ways; %(example)s is read with the month first.") % words
    if not order.unclear:
        return ""
    if found == "dmy":
        return _("The dates of “%(column)s” have the day first: %(count)s of them can only be read so.") % words
    return _("The dates of “%(column)s” have the month first: %(count)s of them can only be read so.") % words
