"""The second opinion: every derived amount computed again, in plain Python, from what was entered.

Nothing here uses the code that writes the figures, so that one mistake cannot be in both. Memory stays small however
large the shop is: everything is read in order, one row at a time, and matched as two sorted lists are.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count, groupby, pairwise
from operator import itemgetter
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from regulars.core import ids, shop
from regulars.core.models import Row
from regulars.core.money import exponent
from regulars.customers.models import Customer
from regulars.orders.models import Order, Return

_READ_AT_ONCE = 5_000
_IS_COUNTED = frozenset({"open", "paid", "part_refunded", "refunded"})
_IS_SETTLED = frozenset({"refunded", "exchanged"})
_names = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A kept value that is not what the entries add up to. `what` is `customer`, `order` or `return`."""

    what: str
    id: str
    label: str
    field: str
    kept: Any
    computed: Any

    @property
    def sentence(self) -> str:
        """For the person who reads the list."""
        return _("%(what)s %(label)s (%(id)s): %(field)s is %(kept)s and should be %(computed)s.") % {
            "what": {"customer": _("Customer"), "order": _("Order"), "return": _("Return")}[self.what],
            "label": self.label,
            "id": self.id,
            "field": self.field,
            "kept": self.kept,
            "computed": self.computed,
        }

    def figures(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "what": self.what,
            "id": self.id,
            "label": self.label,
            "field": self.field,
            "kept": self.kept,
            "computed": self.computed,
        }


def differences() -> Iterator[Difference]:
    """Every difference between kept and computed, as of one moment, whoever writes meanwhile.

    1. Returns: line amounts, the refund in the base currency. Each refund that was paid back, in money or goods, is
       divided among the orders it belongs to.
    2. Orders: line amounts, totals, the base currency, refunded amounts and state.
    3. Customers: the figures of docs/definitions.md.
    """
    with _one_moment(), closing(sqlite3.connect("")) as parts:  # "" is a nameless file that goes with the connection
        parts.execute("CREATE TABLE part (order_id INTEGER, minor INTEGER, base INTEGER)")
        yield from _returns(parts)
        yield from _orders(parts)
        yield from _customers()


def _returns(parts: sqlite3.Connection) -> Iterator[Difference]:
    base = shop.current().currency
    lines = _Matching(
        _stream(
            "SELECT parent_id, order_id, quantity, unit_price, total_minor FROM orders_returnline ORDER BY parent_id"
        )
    )
    for pk, number, currency, rate, refund, refund_base, order_id, state in _stream(
        "SELECT id, number, currency, rate, refund_minor, refund_base_minor, order_id, state FROM orders_return "
        "ORDER BY id"
    ):
        share: dict[int | None, int] = {}
        for _parent, part_of, quantity, price, amount in lines.of(pk):
            computed = _amount(quantity, price, currency)
            # a line that was cut in two may carry the cent that rounding moved
            if abs(amount - computed) > 1:
                yield _difference(Return, pk, number, "lines.total_minor", amount, computed)
            share[part_of] = share.get(part_of, 0) + amount
        computed_base = _based(refund, currency, rate, base)
        if refund_base != computed_base:
            yield _difference(Return, pk, number, "refund_base_minor", refund_base, computed_base)
        if state in _IS_SETTLED:
            _divide(parts, share, order_id, refund, refund_base, (currency, rate, base))


def _divide(
    parts: sqlite3.Connection,
    share: dict[int | None, int],
    main: int | None,
    refund: int,
    refund_base: int,
    money: tuple[str, Any, str],
) -> None:
    """Write down which order bears how much of a refund: its lines, and the main one also what is beyond the lines."""
    beyond = refund - sum(share.values())
    loose = share.pop(None, 0)
    if main is not None:
        share[main] = share.get(main, 0) + beyond
    based = {order_id: _based(minor, *money) for order_id, minor in share.items()}
    if main is not None and not loose:
        based[main] += refund_base - sum(based.values())
    rows = [(order_id, minor, based[order_id]) for order_id, minor in share.items()]
    parts.executemany("INSERT INTO part VALUES (?, ?, ?)", rows)


def _orders(parts: sqlite3.Connection) -> Iterator[Difference]:
    base = shop.current().currency
    lines = _Matching(
        _stream("SELECT order_id, quantity, unit_price, total_minor FROM orders_orderline ORDER BY order_id")
    )
    refunds = _Matching(
        parts.execute("SELECT order_id, SUM(minor), SUM(base) FROM part GROUP BY order_id ORDER BY order_id")
    )
    for row in _stream(
        "SELECT id, number, status, currency, rate, discount_minor, shipping_minor, tax_minor, is_tax_included, "
        "total_minor, total_base_minor, refunded_minor, refunded_base_minor FROM orders_order ORDER BY id"
    ):
        pk, number, status, currency, rate, discount, shipping, tax, is_tax_included, total, total_base = row[:11]
        computed = shipping - discount + (0 if is_tax_included else tax)
        for _order, quantity, price, kept in lines.of(pk):
            amount = _amount(quantity, price, currency)
            if kept != amount:
                yield _difference(Order, pk, number, "lines.total_minor", kept, amount)
            computed += kept
        refunded, refunded_base = next(((minor, in_base) for _o, minor, in_base in refunds.of(pk)), (0, 0))
        wanted = {
            "total_minor": (total, computed),
            "total_base_minor": (total_base, _based(total, currency, rate, base)),
            "refunded_minor": (row[11], refunded),
            "refunded_base_minor": (row[12], refunded_base),
            "status": (status, _state(status, total, refunded)),
        }
        for field, (kept, right) in wanted.items():
            if kept != right:
                yield _difference(Order, pk, number, field, kept, right)


def _state(status: str, total: int, refunded: int) -> str:
    if status not in _IS_COUNTED:
        return status
    if not refunded:
        return "paid" if status in {"part_refunded", "refunded"} else status
    return "refunded" if refunded >= total else "part_refunded"


def _customers() -> Iterator[Difference]:
    zone = shop.zone()
    orders = _Matching(
        _stream(
            "SELECT customer_id, placed_at, total_base_minor, status, is_test FROM orders_order "
            "WHERE customer_id IS NOT NULL "
            # what was bought by a record counts for who it was merged into as well
            "UNION ALL SELECT c.merged_into_id, o.placed_at, o.total_base_minor, o.status, o.is_test "
            "FROM customers_customer c JOIN orders_order o ON o.customer_id = c.id "
            "WHERE c.merged_into_id IS NOT NULL ORDER BY 1, 2"
        )
    )
    returns = _Matching(
        _stream(
            "SELECT r.customer_id, r.refund_base_minor, r.state, o.status, o.is_test FROM orders_return r "
            "LEFT JOIN orders_order o ON o.id = r.order_id WHERE r.customer_id IS NOT NULL "
            "UNION ALL SELECT c.merged_into_id, r.refund_base_minor, r.state, o.status, o.is_test "
            "FROM customers_customer c JOIN orders_return r ON r.customer_id = c.id "
            "LEFT JOIN orders_order o ON o.id = r.order_id WHERE c.merged_into_id IS NOT NULL ORDER BY 1"
        )
    )
    fields = ("orders_count", "spent_minor", "refunded_minor", "first_order_at", "last_order_at", "usual_gap_days")
    for row in _stream(f"SELECT id, name, {', '.join(fields)} FROM customers_customer ORDER BY id"):  # noqa: S608
        pk, name = row[:2]
        counted = [(at, amount) for _c, at, amount, status, is_test in orders.of(pk) if _counts(status, is_test)]
        refunded = sum(
            amount
            for _c, amount, state, status, is_test in returns.of(pk)
            if state in _IS_SETTLED and (status is None or _counts(status, is_test))
        )
        moments = [_moment(at) for at, _amount_of in counted]
        days = sorted({at.astimezone(zone).date() for at in moments})
        gaps = [(later - earlier).days for earlier, later in pairwise(days)]
        computed = (
            len(counted),
            sum(amount for _at, amount in counted) - refunded,
            refunded,
            moments[0] if moments else None,
            moments[-1] if moments else None,
            float(median(gaps)) if gaps else None,
        )
        kept = (*row[2:5], *(_moment(at) if at else None for at in row[5:7]), row[7])
        for field, was, right in zip(fields, kept, computed, strict=True):
            if was != right:
                yield _difference(Customer, pk, name, field, was, right)


def _counts(status: str, is_test: Any) -> bool:
    return status in _IS_COUNTED and not is_test


def _amount(quantity: int, price: Any, currency: str) -> int:
    """Quantity × price in the smallest unit, halves up, in whole ten-thousandths (prices have four decimals)."""
    # a NUMERIC column of SQLite answers with a float; a price has too few digits to be lost in it
    steps: int = round(price * 10_000) * quantity * 10 ** exponent(currency)
    return (2 * steps + 10_000) // 20_000


def _based(minor: int, currency: str, rate: Any, base: str) -> int:
    if currency == base:
        return minor
    # hundred-millionths of the rate, as whole numbers; halves away from zero
    steps: int = abs(minor) * round(rate * 100_000_000) * 10 ** exponent(base)
    unit: int = 100_000_000 * 10 ** exponent(currency)
    return (1 if minor >= 0 else -1) * ((2 * steps + unit) // (2 * unit))


def _moment(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _difference(model: type[Row], pk: int, label: str, field: str, kept: Any, computed: Any) -> Difference:
    public_id = ids.encode(model.id_prefix, pk)
    what = model._meta.model_name or ""
    return Difference(what=what, id=public_id, label=label, field=field, kept=kept, computed=computed)


class _Matching:
    """Rows that begin with a rising key, handed out key by key to someone who asks in rising order."""

    def __init__(self, rows: Iterator[Sequence[Any]]) -> None:
        self._groups: Iterator[tuple[Any, Iterator[Any]]] = groupby(rows, key=itemgetter(0))
        self._key: int | None
        self._rows: Iterator[Any]
        self._key, self._rows = next(self._groups, (None, iter(())))

    def of(self, key: int) -> Iterator[Any]:
        """The rows of this key; those of smaller keys, which nobody asked for, are passed over."""
        while self._key is not None and self._key < key:
            self._key, self._rows = next(self._groups, (None, iter(())))
        return self._rows if self._key == key else iter(())


def _stream(sql: str) -> Iterator[Any]:
    """The rows of a query, a few thousand in memory at a time."""
    connection.ensure_connection()
    driver: Any = connection.connection
    if connection.vendor == "postgresql":
        with driver.cursor(name=f"verify_{next(_names)}") as cursor:
            cursor.itersize = _READ_AT_ONCE
            yield from cursor.execute(sql)
    else:
        with closing(driver.cursor()) as cursor:
            cursor.arraysize = _READ_AT_ONCE
            yield from cursor.execute(sql)


@contextmanager
def _one_moment() -> Iterator[None]:
    """All reads see the shop as it is now. Writers are not kept waiting, so it must not be IMMEDIATE on SQLite."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
