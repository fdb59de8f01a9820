"""The tables of the lake about what was bought, sent back and left in the basket, and the products that lines name.

What counts is said in docs/definitions.md. Amounts are in the base currency: those that are summed up as they stand
with orders and returns, those of lines at their order's rate, each rounded by itself, as the tab of purchases does.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Count, Max, Sum

from regulars.core import ids, shop
from regulars.orders.lake_lines import IS_COUNTED, IS_SETTLED, LINES_SCHEMA, batch, in_base, read_lines
from regulars.orders.models import Product, Variant
from regulars.segments.lake.reading import (
    KEY,
    MOMENT,
    TEXTS,
    ZERO,
    Columns,
    Ints,
    Kind,
    Lists,
    Mask,
    People,
    Source,
    among,
    fetch,
    flags,
    numbers,
    parts,
    read,
)
from regulars.segments.lake.tables import CUSTOMER, Dimension, Table

_RETURN_COUNTS = f"({IS_SETTLED} AND (o.id IS NULL OR {IS_COUNTED}))"

_ORDERS = Source(
    columns={
        "placed": ("o.placed_at", Kind.MOMENT),
        "is_counted": (IS_COUNTED, Kind.FLAG),
        "status": ("o.status", Kind.TEXT),
        "channel": ("o.channel_id", Kind.WHOLE),
        "method": ("o.payment_method", Kind.TEXT),
        "country": ("o.country", Kind.TEXT),
        "source": ("o.source", Kind.TEXT),
        "campaign": ("o.campaign", Kind.TEXT),
        "total": ("o.total_base_minor", Kind.WHOLE),
        "refunded": ("o.refunded_base_minor", Kind.WHOLE),
    },
    tables="orders_order o",
    where="o.customer_id IS NOT NULL",
    whose="o.customer_id",
    key="o.id",
)
_RETURNS = Source(
    columns={
        "returned": ("r.returned_at", Kind.MOMENT),
        "is_settled": (IS_SETTLED, Kind.FLAG),
        "is_counted": (_RETURN_COUNTS, Kind.FLAG),
        "state": ("r.state", Kind.TEXT),
        "amount": ("r.refund_base_minor", Kind.WHOLE),
        "reason": ("r.reason", Kind.TEXT),
        "channel": ("r.channel_id", Kind.WHOLE),
        "ordr": ("r.order_id", Kind.WHOLE),
    },
    tables="orders_return r LEFT JOIN orders_order o ON o.id = r.order_id",
    where="r.customer_id IS NOT NULL",
    whose="r.customer_id",
    key="r.id",
)
_BOUGHT = Source(
    columns={"moved": ("o.placed_at", Kind.MOMENT), "amount": ("o.total_base_minor", Kind.WHOLE)},
    tables="orders_order o",
    where=f"o.customer_id IS NOT NULL AND {IS_COUNTED}",
    whose="o.customer_id",
    key="o.id",
)
_PAID_BACK = Source(
    columns={"moved": ("r.returned_at", Kind.MOMENT), "amount": ("-r.refund_base_minor", Kind.WHOLE)},
    tables=_RETURNS.tables,
    where=f"r.customer_id IS NOT NULL AND {_RETURN_COUNTS}",
    whose="r.customer_id",
    key="r.id",
)
_CHECKOUTS = Source(
    columns={
        "touched": ("k.touched_at", Kind.MOMENT),
        "is_open": ("(k.completed_at IS NULL)", Kind.FLAG),
        "total": ("k.total_minor", Kind.WHOLE),
        "currency": ("k.currency", Kind.TEXT),
        "its_currency": ("o.currency", Kind.TEXT),
        "rate": ("o.rate", Kind.RATE),
    },
    tables="orders_checkout k LEFT JOIN orders_order o ON o.id = k.order_id",
    where="k.customer_id IS NOT NULL",
    whose="k.customer_id",
    key="k.id",
)
_ORDERS_SCHEMA = pa.schema(
    {
        CUSTOMER: pa.int64(), "ordr": pa.int64(), "placed": MOMENT, "is_counted": pa.bool_(), "is_first": pa.bool_(),
        "status": pa.string(), "channel": pa.int64(), "method": pa.string(), "codes": TEXTS, "tags": TEXTS,
        "country": pa.string(), "source": pa.string(), "campaign": pa.string(), "total": pa.int64(),
        "refunded": pa.int64(), "weekday": pa.int16(), "month": pa.int16(), "hour": pa.int16(),
    }
)  # fmt: skip
_RETURNS_SCHEMA = pa.schema(
    {CUSTOMER: pa.int64(), **{name: kind.type for name, (_e, kind) in _RETURNS.columns.items()}}
)
_MOVEMENTS_SCHEMA = pa.schema({CUSTOMER: pa.int64(), "moved": MOMENT, "amount": pa.int64()})
_CHECKOUTS_SCHEMA = pa.schema({CUSTOMER: pa.int64(), "touched": MOMENT, "is_open": pa.bool_(), "amount": pa.int64()})
_PRODUCTS_SCHEMA = pa.schema(
    {
        "variant": pa.int64(), "product": pa.int64(), "product_id": pa.string(), "title": pa.string(),
        "variant_title": pa.string(), "category": pa.string(), "brand": pa.string(), "tags": TEXTS,
    }
)  # fmt: skip


def read_orders(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `orders`: every order of somebody, those that do not count as well."""
    people = People(customers)
    first, codes, tags = _FirstOrders(people), None, None
    if customers is None:
        codes, tags = _hanging("orders_orderdiscount", "code"), _hanging("orders_ordertag", "label")
    for rows in read(_ORDERS, people):
        orders = numbers(rows.column(KEY))
        found = {name: rows.column(name) for name in rows.schema.names}
        found["ordr"] = rows.column(KEY)
        found["is_first"] = flags(first.among(rows))
        found["codes"] = (codes or _hanging("orders_orderdiscount", "code", orders)).of(orders)
        found["tags"] = (tags or _hanging("orders_ordertag", "label", orders)).of(orders)
        found |= _by_the_clock(rows.column("placed"), shop.zone().key)
        yield batch(found, _ORDERS_SCHEMA)


def _by_the_clock(moments: pa.Array, zone: str) -> dict[str, pa.Array]:
    """What the clock and the calendar of the shop said: the weekday (1 is Monday), the month, the hour."""
    local = pc.local_timestamp(pc.assume_timezone(moments, "UTC").cast(pa.timestamp("us", zone)))
    found = {"weekday": pc.day_of_week(local, week_start=1, count_from_zero=False)}
    found |= {"month": pc.month(local), "hour": pc.hour(local)}
    return {name: column.cast(pa.int16()) for name, column in found.items()}


class _FirstOrders:
    """Which orders are the first counted one of their customer; asked with all of their orders, in the order of ids."""

    def __init__(self, people: People) -> None:
        columns: Columns = {"id": ("c.id", Kind.WHOLE), "first": ("c.first_order_at", Kind.MOMENT)}
        where = "c.is_listed AND c.first_order_at IS NOT NULL"
        if people.customers is None:
            rows = fetch(columns, f"FROM customers_customer c WHERE {where}")
        else:
            wanted = np.asarray(people.customers, dtype=np.int64)
            rows = among(columns, "customers_customer c", f"c.id = among.id AND {where}", wanted)
        customers = numbers(rows.column("id"))
        order = np.argsort(customers)
        self._customers = customers[order]
        self._moments = numbers(rows.column("first").cast(pa.int64()))[order]
        self._is_found = np.zeros(len(customers), dtype=np.bool_)

    def among(self, rows: pa.RecordBatch) -> Mask:
        """Which of some orders they are."""
        found = np.zeros(len(rows), dtype=np.bool_)
        if not len(self._customers):
            return found
        customers = numbers(rows.column(CUSTOMER))
        places = np.minimum(np.searchsorted(self._customers, customers), len(self._customers) - 1)
        candidates = np.flatnonzero(
            (self._customers[places] == customers)
            & (self._moments[places] == numbers(rows.column("placed").cast(pa.int64())))
            & np.asarray(rows.column("is_counted"), dtype=np.bool_)
            & ~self._is_found[places]
        )
        _places, earliest = np.unique(places[candidates], return_index=True)
        found[candidates[earliest]] = True
        self._is_found[places[found]] = True
        return found


def _hanging(table: str, column: str, orders: Ints | None = None) -> Lists:
    """The words that hang on orders: on some, or on all."""
    columns: Columns = {
        KEY: ("h.id", Kind.WHOLE), "ordr": ("h.order_id", Kind.WHOLE), "word": (f"h.{column}", Kind.TEXT)
    }  # fmt: skip
    tables = f"{table} h"
    batches = parts(columns, tables) if orders is None else [among(columns, tables, "h.order_id = among.id", orders)]
    schema = pa.schema({name: kind.type for name, (_expression, kind) in columns.items()})
    rows = pa.Table.from_batches(batches, schema=schema)
    return Lists(numbers(rows.column("ordr")), rows.column("word"))


def read_returns(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `returns`: what came back, or is to. It lowers what was spent where it is counted."""
    for rows in read(_RETURNS, People(customers)):
        yield batch({name: rows.column(name) for name in rows.schema.names}, _RETURNS_SCHEMA)


def read_movements(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `movements`: counted orders, and what was paid back below zero. They add up to what somebody spent."""
    people = People(customers)
    for source in (_BOUGHT, _PAID_BACK):
        for rows in read(source, people):
            yield batch({name: rows.column(name) for name in rows.schema.names}, _MOVEMENTS_SCHEMA)


def read_checkouts(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `checkouts`. One in another currency has an amount where its order says the rate."""
    base = shop.current().currency
    for rows in read(_CHECKOUTS, People(customers)):
        currencies = rows.column("currency")
        found = {name: rows.column(name) for name in rows.schema.names}
        is_known = pc.or_(
            pc.equal(currencies, base), pc.fill_null(pc.equal(currencies, rows.column("its_currency")), False)
        )
        rates = numbers(pc.fill_null(rows.column("rate"), ZERO))
        amounts = in_base(numbers(rows.column("total")), currencies, rates, base)
        found["amount"] = pa.array(amounts, mask=~np.asarray(is_known))
        yield batch(found, _CHECKOUTS_SCHEMA)


def read_products() -> pa.Table:
    """The dimension `products`: every variant with what the catalogue says of its product."""
    rows: list[Any] = list(
        Variant.objects.order_by("pk").values_list(
            *("pk", "product_id", "product__title", "title", "product__category", "product__brand", "product__tags")
        )
    )
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _name in _PRODUCTS_SCHEMA.names[1:]]
    variants, products, *texts, tags = columns
    public = [ids.encode(Product.id_prefix, pk) for pk in products]
    words = [[str(tag) for tag in found or ()] for found in tags]
    filled = [[text or None for text in column] for column in texts]
    return pa.table([variants, products, public, *filled, words], schema=_PRODUCTS_SCHEMA)


def _stamp() -> Hashable:
    """Every change of a product or variant raises its version, or their number, or the newest key."""
    said = {"count": Count("pk"), "last": Max("pk"), "versions": Sum("version"), "at": Max("updated_at")}
    return tuple(tuple(model._default_manager.aggregate(**said).values()) for model in (Product, Variant))


TABLES = (
    Table(
        name="orders",
        schema=lambda: _ORDERS_SCHEMA,
        read=read_orders,
        texts=lambda: ("method", "codes", "tags", "source", "campaign"),
    ),
    Table(name="lines", schema=lambda: LINES_SCHEMA, read=read_lines, texts=lambda: ("sku", "title")),
    Table(name="returns", schema=lambda: _RETURNS_SCHEMA, read=read_returns, texts=lambda: ("reason",)),
    Table(name="movements", schema=lambda: _MOVEMENTS_SCHEMA, read=read_movements),
    Table(name="checkouts", schema=lambda: _CHECKOUTS_SCHEMA, read=read_checkouts),
)
PRODUCTS = Dimension(name="products", key="variant", schema=_PRODUCTS_SCHEMA, read=read_products, stamp=_stamp)
ALL = (*TABLES, PRODUCTS)
