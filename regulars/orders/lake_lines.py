"""Lines of orders as the lake has them: which product, at which amount in the base currency, with which profit.

Lines are read order by order, with what they need to know of their orders beside them, so that the database joins
nothing: the orders of a part are at hand already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.core import shop
from regulars.core.money import exponent
from regulars.orders.models import COUNTED, SETTLED, Variant
from regulars.segments.lake.reading import (
    EMPTY,
    KEY,
    MOMENT,
    ZERO,
    Columns,
    Ints,
    Kind,
    Mask,
    People,
    Singles,
    Source,
    among,
    fetch,
    flags,
    numbers,
    parts,
    read,
)
from regulars.segments.lake.tables import CUSTOMER

_STATES, _SETTLED = (", ".join(f"'{state.value}'" for state in states) for states in (COUNTED, SETTLED))
_UNKNOWN = pa.scalar(None, pa.int64())
LARGEST = 2**63 - 1
"""What a column of whole numbers can hold."""
IS_COUNTED = f"(o.status IN ({_STATES}) AND NOT o.is_test)"
IS_SETTLED = f"(r.state IN ({_SETTLED}))"

_SOLD = Source(  # what lines need to know of their orders
    columns={
        "placed": ("o.placed_at", Kind.MOMENT),
        "is_counted": (IS_COUNTED, Kind.FLAG),
        "channel": ("o.channel_id", Kind.WHOLE),
        "currency": ("o.currency", Kind.TEXT),
        "rate": ("o.rate", Kind.RATE),
        "refunded": ("o.refunded_base_minor", Kind.WHOLE),
    },
    tables="orders_order o",
    where="o.customer_id IS NOT NULL",
    whose="o.customer_id",
    key="o.id",
)
_LINES: Columns = {
    KEY: ("l.id", Kind.WHOLE),
    "ordr": ("l.order_id", Kind.WHOLE),
    "position": ("l.position", Kind.WHOLE),
    "variant": ("l.variant_id", Kind.WHOLE),
    "sku": ("l.sku", Kind.TEXT),
    "title": ("l.title", Kind.TEXT),
    "quantity": ("l.quantity", Kind.WHOLE),
    "total": ("l.total_minor", Kind.WHOLE),
    "cost": ("l.cost", Kind.PRICE),
}

LINES_SCHEMA = pa.schema(
    {
        CUSTOMER: pa.int64(), "ordr": pa.int64(), "placed": MOMENT, "is_counted": pa.bool_(), "variant": pa.int64(),
        "sku": pa.string(), "title": pa.string(), "quantity": pa.int32(), "amount": pa.int64(), "cost": pa.int64(),
        "channel": pa.int64(), "is_returned": pa.bool_(), "profit": pa.int64(),
    }
)  # fmt: skip


def batch(columns: dict[str, pa.Array], schema: pa.Schema) -> pa.RecordBatch:
    """Columns as a table of the lake has them, of those that are at hand."""
    return pa.RecordBatch.from_arrays([columns[field.name].cast(field.type) for field in schema], schema=schema)


def read_lines(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `lines`: what was bought, one row a line.

    The product is the line's variant, else the variant of that SKU. The cost is that of all pieces: the line's own,
    else the one that the catalogue has today. `profit` is the amount less the cost and what was paid back, and null
    where the cost is not known: of an order whose lines all have one, all that was paid back is taken off its first.
    """
    people, catalogue, base = People(customers), _Catalogue(), shop.current().currency
    back = None if customers is not None else _Back(None, base)
    for orders in read(_SOLD, people):
        keys = numbers(orders.column(KEY))
        if not len(keys):
            continue
        if customers is None:
            first, last = int(keys[0]), int(keys[-1])
            lines = fetch(_LINES, "FROM orders_orderline l WHERE l.order_id BETWEEN %s AND %s", [first, last])
        else:
            lines = among(_LINES, "orders_orderline l", "l.order_id = among.id", keys)
        places = np.minimum(np.searchsorted(keys, numbers(lines.column("ordr"))), len(keys) - 1)
        is_there = keys[places] == numbers(lines.column("ordr"))
        lines, places = lines.filter(flags(is_there)), places[is_there]
        known = back or _Back(numbers(lines.column(KEY)), base)
        yield _lines(lines, orders.take(pa.array(places)), catalogue, known, base)


def _lines(
    lines: pa.RecordBatch, orders: pa.RecordBatch, catalogue: _Catalogue, back: _Back, base: str
) -> pa.RecordBatch:
    """Lines, each with its order beside it."""
    pks, rates, currencies = numbers(lines.column(KEY)), numbers(orders.column("rate")), orders.column("currency")
    found = {name: orders.column(name) for name in (CUSTOMER, "placed", "is_counted", "channel")}
    found |= {name: lines.column(name) for name in ("ordr", "sku", "title", "quantity")}
    found["variant"] = catalogue.variants(lines)
    prices = catalogue.costs(lines.column("cost"), found["variant"], currencies)
    is_known = np.asarray(prices.is_valid())
    amounts = in_base(numbers(lines.column("total")), currencies, rates, base)
    costs = _costs(numbers(pc.fill_null(prices, ZERO)), numbers(lines.column("quantity")), currencies)
    costs = in_base(costs, currencies, rates, base)
    refunds = back.of(pks)
    found["amount"] = pa.array(amounts)
    found["cost"] = pa.array(costs, mask=~is_known)
    found["is_returned"] = flags(back.has(pks))
    less = _paid_back(lines, numbers(orders.column("refunded")), is_known, refunds)
    found["profit"] = pa.array(amounts - costs - less, mask=~is_known)
    return batch(found, LINES_SCHEMA)


def _paid_back(lines: pa.RecordBatch, refunded: Ints, is_known: Mask, refunds: Ints) -> Ints:
    """What is taken off each line: of an order whose lines all have a cost all of it, at its first; else its own."""
    keys = numbers(lines.column("ordr"))
    order = np.lexsort((numbers(lines.column(KEY)), numbers(lines.column("position")), keys))
    _orders, first, number_of, counts = np.unique(
        keys[order], return_index=True, return_inverse=True, return_counts=True
    )
    known = np.bincount(number_of, weights=is_known[order], minlength=len(counts))
    is_whole = np.empty(len(keys), dtype=np.bool_)
    is_whole[order] = (known == counts)[number_of]
    is_first = np.zeros(len(keys), dtype=np.bool_)
    is_first[order[first]] = True
    return np.where(is_whole, np.where(is_first, refunded, 0), refunds)


class _Catalogue:
    """The variants there are: by SKU the one known longest, and what each costs the shop."""

    def __init__(self) -> None:
        rows = list(Variant.objects.order_by("pk").values_list("pk", "sku", "cost", "currency"))
        self._by_sku: dict[str, int] = {}
        for pk, sku, _cost, _currency in rows:
            if sku:
                self._by_sku.setdefault(sku, pk)
        pks = np.array([row[0] for row in rows], dtype=np.int64)
        costs = [None if cost is None else int(cost.scaleb(4)) for _pk, _sku, cost, _currency in rows]
        self._costs = Singles(pks, pa.array(costs, pa.int64()))
        self._currencies = Singles(pks, pa.array([row[3] for row in rows], pa.string()))

    def variants(self, lines: pa.RecordBatch) -> pa.Array:
        """The variant of each line: the one it names, else the one of its SKU."""
        named = lines.column("variant")
        if not named.null_count or not self._by_sku:
            return named
        skus = lines.column("sku").dictionary_encode()
        of_sku = pa.array([self._by_sku.get(sku) for sku in skus.dictionary.to_pylist()], pa.int64())
        return pc.coalesce(named, of_sku.take(skus.indices))

    def costs(self, own: pa.Array, variants: pa.Array, currencies: pa.Array) -> pa.Array:
        """What one of each line cost, in ten-thousandths of the order's currency."""
        if not own.null_count:
            return own
        pks = numbers(pc.fill_null(variants, ZERO))
        theirs = self._currencies.of(pks)
        is_same = pc.or_(pc.equal(theirs, EMPTY), pc.equal(theirs, currencies))
        return pc.coalesce(own, pc.if_else(is_same, self._costs.of(pks), _UNKNOWN))


class _Back:
    """What came back, of some lines or of all, and was settled; amounts in the base currency."""

    def __init__(self, lines: Ints | None, base: str) -> None:
        columns: Columns = {
            KEY: ("b.id", Kind.WHOLE), "line": ("b.order_line_id", Kind.WHOLE), "total": ("b.total_minor", Kind.WHOLE),
            "currency": ("r.currency", Kind.TEXT), "rate": ("r.rate", Kind.RATE),
        }  # fmt: skip
        tables = "orders_returnline b CROSS JOIN orders_return r"
        where = f"r.id = b.parent_id AND {IS_SETTLED}"
        batches = (
            parts(columns, tables, f"b.order_line_id IS NOT NULL AND {where}")
            if lines is None
            else [among(columns, tables, f"b.order_line_id = among.id AND {where}", lines)]
        )
        schema = pa.schema({name: kind.type for name, (_expression, kind) in columns.items()})
        rows = pa.Table.from_batches(batches, schema=schema).combine_chunks()
        currencies = rows.column("currency").combine_chunks()
        amounts = in_base(numbers(rows.column("total")), currencies, numbers(rows.column("rate")), base)
        self._lines, number_of = np.unique(numbers(rows.column("line")), return_inverse=True)
        self._amounts = np.zeros(len(self._lines), dtype=np.int64)
        np.add.at(self._amounts, number_of, amounts)

    def has(self, lines: Ints) -> Mask:
        """Whether something of each line came back."""
        if not len(self._lines):
            return np.zeros(len(lines), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self._lines, lines), len(self._lines) - 1)
        found: Mask = self._lines[places] == lines
        return found

    def of(self, lines: Ints) -> Ints:
        """What was paid back for each line."""
        if not len(self._lines):
            return np.zeros(len(lines), dtype=np.int64)
        places = np.minimum(np.searchsorted(self._lines, lines), len(self._lines) - 1)
        return np.where(self._lines[places] == lines, self._amounts[places], 0)


def in_base(amounts: Ints, currencies: pa.Array, rates: Ints, base: str) -> Ints:
    """Amounts in the base currency, each rounded by itself as `Money.converted` does; rates in hundred-millionths."""
    found = amounts.copy()
    encoded = currencies.dictionary_encode()
    for code, currency in enumerate(encoded.dictionary.to_pylist()):
        if currency != base:
            these = encoded.indices.to_numpy() == code
            one = 10 ** (8 + exponent(currency) - exponent(base))
            found[these] = divided(amounts[these], rates[these], one)
    return found


def _costs(prices: Ints, quantities: Ints, currencies: pa.Array) -> Ints:
    """What all pieces of lines cost, in the smallest unit of their currency."""
    found = np.zeros(len(prices), dtype=np.int64)
    encoded = currencies.dictionary_encode()
    for code, currency in enumerate(encoded.dictionary.to_pylist()):
        these = encoded.indices.to_numpy() == code
        found[these] = divided(prices[these], quantities[these], 10 ** (4 - exponent(currency)))
    return found


def divided(first: Ints, second: Ints, by: int) -> Ints:
    """The product ÷ `by`, halves away from zero; exact, also where the product is too large for the processor.

    What no column can hold stands at the column's end: one absurd order (a rate typed with eight zeros too many) must
    not keep everybody's figures from being built.
    """
    if not len(first):
        return first
    if int(np.abs(first).max()) * int(np.abs(second).max()) < 2**61 and by < 2**60:
        product = first * second
        found: Ints = np.sign(product) * ((2 * np.abs(product) + by) // (2 * by))
        return found
    exact = [int(one) * int(other) for one, other in zip(first.tolist(), second.tolist(), strict=True)]
    signed = [(1 if one >= 0 else -1) * ((2 * abs(one) + by) // (2 * by)) for one in exact]
    return np.array([max(-LARGEST, min(LARGEST, one)) for one in signed], dtype=np.int64)
