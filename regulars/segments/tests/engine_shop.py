"""A shop of sixty customers that exists in columns only, with a vocabulary that has one of each form."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pyarrow as pa

from regulars.core.text import fold
from regulars.segments.engine.drafting import Shapes
from regulars.segments.lake.rows import folded
from regulars.segments.language.words import Attribute, Function, Kind, Parameter, Total
from regulars.segments.vocabulary.declared import Column, Figure, Gathered, Graded, Known, Rows

ZONE = ZoneInfo("Europe/Berlin")
TODAY = dt.date(2026, 3, 12)
TEXTS, IDS, MOMENT = pa.list_(pa.string()), pa.list_(pa.int64()), pa.timestamp("us")

SCHEMAS = {
    "customers": pa.schema(
        [
            ("customer", pa.int64()),
            ("added", MOMENT),
            ("name", pa.string()),
            ("city", pa.string()),
            ("category", pa.int64()),
            ("is_guest", pa.bool_()),
            ("birth_date", pa.date32()),
            ("birthday", pa.int16()),
            ("tags", IDS),
            ("countries", TEXTS),
            ("email_consent", pa.string()),
            ("orders_count", pa.int32()),
            ("spent", pa.int64()),
            ("last_order", MOMENT),
            ("usual_gap", pa.float64()),
        ]
    ),
    "custom": pa.schema(
        [("customer", pa.int64()), ("field", pa.int64()), ("text", pa.string()), ("number", pa.float64())]
    ),
    "addresses": pa.schema([("customer", pa.int64()), ("latitude", pa.float64()), ("longitude", pa.float64())]),
    "orders": pa.schema(
        [
            ("customer", pa.int64()),
            ("ordr", pa.int64()),
            ("placed", MOMENT),
            ("is_counted", pa.bool_()),
            ("status", pa.string()),
            ("method", pa.string()),
            ("codes", TEXTS),
            ("total", pa.int64()),
        ]
    ),
    "lines": pa.schema(
        [
            ("customer", pa.int64()),
            ("ordr", pa.int64()),
            ("placed", MOMENT),
            ("is_counted", pa.bool_()),
            ("variant", pa.int64()),
            ("title", pa.string()),
            ("quantity", pa.int32()),
            ("amount", pa.int64()),
            ("is_returned", pa.bool_()),
        ]
    ),
    "events": pa.schema([("customer", pa.int64()), ("kind", pa.string()), ("happened", MOMENT)]),
    "products": pa.schema(
        [
            ("variant", pa.int64()),
            ("title", pa.string()),
            ("category", pa.string()),
            ("tags", TEXTS),
        ]
    ),
}
SHAPES = Shapes(schemas=SCHEMAS, keys={"products": "variant"})


def make(seed: int = 7, people: int = 60) -> dict[str, list[dict]]:
    """Its rows: with gaps, ties, month ends, leap days and the hours at which clocks are moved."""
    chance = random.Random(seed)
    days = [
        dt.date(2024, 2, 29),
        dt.date(2026, 3, 29),
        dt.date(2025, 10, 26),
        TODAY,
        dt.date(2026, 3, 11),
        dt.date(2026, 3, 13),
        dt.date(2025, 12, 31),
    ]

    def moment():
        day = (
            chance.choice(days) if chance.random() < 0.4 else dt.date(2024, 1, 1) + dt.timedelta(chance.randrange(800))
        )
        return dt.datetime.combine(day, dt.time(chance.choice([0, 1, 11, 22, 23]), chance.choice([0, 30, 59])))

    def maybe(value, share=0.8):
        return value if chance.random() < share else None

    rows = {name: [] for name in SCHEMAS}
    for variant in range(12):
        rows["products"].append(
            {
                "variant": variant,
                "title": maybe(f"Tee {variant % 4}"),
                "category": maybe(chance.choice(["Tee", "Kaffee", "Café"])),
                "tags": chance.sample(["Bio", "BIO", "neu", "Großes"], chance.randrange(3)),
            }
        )
    number = 0
    for customer in range(1, people + 1):
        born = maybe(
            chance.choice(
                [
                    dt.date(1996, 2, 29),
                    dt.date(1990, 3, 12),
                    dt.date(1990, 3, 13),
                    dt.date(2000, 2, 28),
                    dt.date(2026, 5, 1),
                    dt.date(1960, 12, 31),
                ]
            ),
            0.7,
        )
        orders = []
        for _ in range(chance.choice([0, 0, 1, 2, 3, 7])):
            number += 1
            order = {
                "customer": customer,
                "ordr": number,
                "placed": moment(),
                "is_counted": chance.random() < 0.8,
                "status": chance.choice(["paid", "open", "shipped"]),
                "method": maybe(chance.choice(["Visa", "visa", "PayPal"])),
                "codes": chance.sample(["SPRING", "vip10"], chance.randrange(3)),
                "total": chance.choice([0, 999, 1000, 1001, 5000, -250]),
            }
            orders.append(order)
            for _ in range(chance.choice([0, 1, 1, 2, 4])):
                rows["lines"].append(
                    {
                        **{key: order[key] for key in ("customer", "ordr", "placed", "is_counted")},
                        "variant": maybe(chance.randrange(14), 0.9),
                        "title": maybe(chance.choice(["tee 1", "Tee 1", "Sonst"])),
                        "quantity": chance.randrange(1, 5),
                        "amount": chance.choice([0, 333, 1000, 2500]),
                        "is_returned": chance.random() < 0.2,
                    }
                )
        rows["orders"] += orders
        counted = [order for order in orders if order["is_counted"]]
        rows["customers"].append(
            {
                "customer": customer,
                "added": maybe(moment(), 0.95),
                "name": maybe(
                    chance.choice(
                        ["Ångström", "angstrom", "O'Brien'); DROP TABLE customers; --", "李娜", "100% \\ Öl", "Zoë"]
                    )
                ),
                "city": maybe(chance.choice(["Köln", "Koln", "KÖLN"])),
                "category": maybe(chance.choice([1, 2, 3, 9])),
                "is_guest": chance.random() < 0.3,
                "birth_date": born,
                "birthday": born.month * 100 + born.day if born else maybe(229, 0.2),
                "tags": maybe(chance.sample([10, 11, 12, 99], chance.randrange(4))),
                "countries": chance.sample(["DE", "CH", "CN"], chance.randrange(3)),
                "email_consent": maybe(chance.choice(["agreed", "refused", "odd"]), 0.6),
                "orders_count": len(counted),
                "spent": sum(order["total"] for order in counted),
                "last_order": max((order["placed"] for order in counted), default=None),
                "usual_gap": maybe(chance.choice([0.1, 15.5, 30.0]), 0.5),
            }
        )
        for field, kept in (
            (1, {"text": "rot"}),
            (2, {"number": 3.0}),
            (3, {"number": 12.34}),
            (4, {"number": 1050.0}),
            (5, {"number": 1.0}),
            (6, {"number": float(dt.date(2024, 2, 29).toordinal())}),
            (7, {"text": "Blau"}),
        ):
            if chance.random() < 0.5:
                rows["custom"].append({"customer": customer, "field": field, "text": None, "number": None, **kept})
        for _ in range(chance.choice([0, 1, 1, 2])):
            place = chance.choice([(52.52, 13.4), (48.1, 11.6), (None, None), (-33.9, 151.2)])
            rows["addresses"].append({"customer": customer, "latitude": place[0], "longitude": place[1]})
        for _ in range(chance.choice([0, 2, 5])):
            rows["events"].append(
                {"customer": customer, "kind": chance.choice(["called", "wrote", "complained"]), "happened": moment()}
            )
    return rows


def columns(rows: dict[str, list[dict]]) -> dict[str, pa.Table]:
    """The same as the lake has it, with every text folded as well."""
    found = {}
    for name, schema in SCHEMAS.items():
        table = pa.Table.from_pylist(rows[name], schema=schema)
        for field in schema:
            if field.type in (pa.string(), TEXTS):
                table = table.append_column(f"{field.name}_folded", folded(table.column(field.name)))
        found[name] = table
    return found


def _known(name: str, kind: Kind, column: str = "", **more) -> Known:
    said = {key: more.pop(key) for key in ("values", "is_open") if key in more}
    return Known(attribute=Attribute(name=name, label=name, kind=kind, **said), section="", column=column, **more)


def _column(name: str, kind: Kind, column: str = "", total: Total | None = None, **more) -> Column:
    said = {key: more.pop(key) for key in ("values", "is_open") if key in more}
    return Column(parameter=Parameter(name=name, label=name, kind=kind, total=total, **said), column=column, **more)


def _rows(name: str, table: str, moment: str, *found: Column, **more) -> Rows:
    function = Function(name=name, label=name, parameters={one.parameter.name: one.parameter for one in found})
    return Rows(function=function, section="", table=table, moment=moment, columns=found, **more)


_WORDS = [("SUBSCRIBED", ""), ("UNSUBSCRIBED", ""), ("NOT_SUBSCRIBED", "")]
_SPENT = Figure(table="orders", total=Total.SUM, column="total", moment="placed", where="is_counted")
_COUNT = Figure(table="orders", total=Total.COUNT, moment="placed", where="is_counted")
_LAST = Figure(table="orders", total=Total.MAXIMUM, column="placed", moment="placed", where="is_counted")
_BANDS = {(0, 0): "LOW", (0, 1): "LOW", (1, 0): "MEDIUM", (1, 1): "HIGH", (2, 0): "HIGH", (2, 1): "HIGH"}
_GRADES = Graded(
    columns=("spent", "orders_count"), bounds=lambda: ((1000, 5000), (2,)), words=_BANDS, where="orders_count"
)

KNOWN = {
    one.attribute.name: one
    for one in (
        _known("name", Kind.TEXT, "name"),
        _known("city", Kind.TEXT, "city"),
        _known("added", Kind.MOMENT, "added"),
        _known(
            "category",
            Kind.CHOICE,
            "category",
            keys=lambda: {"Shop": 1, "Café": (2, 3), "Kantine": 3},
            values=lambda: [("Shop", ""), ("Café", ""), ("Kantine", "")],
        ),
        _known("is_guest", Kind.YES_NO, "is_guest"),
        _known("birth_date", Kind.DAY, "birth_date", birthday="birthday"),
        _known("age", Kind.NUMBER, "birth_date", is_age=True),
        _known("tags", Kind.LIST, "tags", keys=lambda: {"VIP": 10, "Großkunde": (11, 12), "vip": 12}, is_open=True),
        _known("countries", Kind.LIST, "countries", is_open=True),
        _known(
            "consent",
            Kind.CHOICE,
            "email_consent",
            keys=lambda: {"SUBSCRIBED": "agreed", "UNSUBSCRIBED": "refused"},
            absent="NOT_SUBSCRIBED",
            values=lambda: _WORDS,
        ),
        _known("amount_spent", Kind.MONEY, "spent", as_of=_SPENT),
        _known("number_of_orders", Kind.NUMBER, "orders_count", as_of=_COUNT),
        _known(
            "average",
            Kind.MONEY,
            "spent",
            divisor="orders_count",
            as_of=Figure(
                table="orders", total=Total.SUM, column="total", moment="placed", where="is_counted", divisor=_COUNT
            ),
        ),
        _known("last_order", Kind.MOMENT, "last_order", as_of=_LAST),
        _known("gap", Kind.DECIMAL, "usual_gap"),
        _known("worth", Kind.MONEY, figure=_SPENT),
        _known("latest", Kind.MOMENT, figure=_LAST),
        _known("colour", Kind.TEXT, "text", table="custom", only={"field": 1}),
        _known("children", Kind.NUMBER, "number", table="custom", only={"field": 2}),
        _known("shoe", Kind.DECIMAL, "number", table="custom", only={"field": 3}),
        _known("budget", Kind.MONEY, "number", table="custom", only={"field": 4}),
        _known("likes", Kind.YES_NO, "number", table="custom", only={"field": 5}),
        _known("wedding", Kind.DAY, "number", table="custom", only={"field": 6}),
        _known("colours", Kind.LIST, "text", table="custom", only={"field": 7}, is_open=True),
        _known(
            "favourites",
            Kind.LIST,
            gathered=Gathered(
                table="lines",
                moment="placed",
                where="is_counted",
                column="title",
                dimension="products",
                points="variant",
                instead="title",
                each="ordr",
                least=2,
            ),
            is_open=True,
        ),
        _known(
            "bought",
            Kind.LIST,
            gathered=Gathered(
                table="lines",
                moment="placed",
                where="is_counted",
                column="category",
                dimension="products",
                points="variant",
            ),
            is_open=True,
        ),
        _known("methods", Kind.LIST, gathered=Gathered(table="orders", moment="placed", column="method"), is_open=True),
        _known(
            "band",
            Kind.CHOICE,
            graded=_GRADES,
            absent="NONE",
            values=lambda: [(one, "") for one in ("LOW", "MEDIUM", "HIGH", "NONE")],
        ),
        _known("grade", Kind.CHOICE, graded=_GRADES, values=lambda: [(one, "") for one in ("LOW", "MEDIUM", "HIGH")]),
        _known("nothing", Kind.TEXT),
    )
}

FUNCTIONS = {
    one.function.name: one
    for one in (
        _rows(
            "orders",
            "orders",
            "placed",
            _column("date", Kind.MOMENT, "placed"),
            _column("amount", Kind.MONEY, "total"),
            _column("sum_amount", Kind.MONEY, "total", Total.SUM),
            _column("average_amount", Kind.MONEY, "total", Total.AVERAGE),
            _column("least", Kind.MONEY, "total", Total.MINIMUM),
            _column("latest", Kind.MOMENT, "placed", Total.MAXIMUM),
            _column("count", Kind.NUMBER, "", Total.COUNT),
            _column("status", Kind.CHOICE, "status", is_open=True),
            _column("method", Kind.TEXT, "method"),
            _column("code", Kind.LIST, "codes", is_open=True),
            where="is_counted",
        ),
        _rows(
            "products",
            "lines",
            "placed",
            _column("date", Kind.MOMENT, "placed"),
            _column("name", Kind.TEXT, "title", dimension="products", instead="title"),
            _column("category", Kind.TEXT, "category", dimension="products"),
            _column("tag", Kind.LIST, "tags", dimension="products", is_open=True),
            _column("variant", Kind.NUMBER, "variant"),
            _column("returned", Kind.YES_NO, "is_returned"),
            _column("quantity", Kind.NUMBER, "quantity"),
            _column("count", Kind.NUMBER, "ordr", Total.COUNT, each=True),
            _column("sum_quantity", Kind.NUMBER, "quantity", Total.SUM),
            _column("sum_amount", Kind.MONEY, "amount", Total.SUM),
            _column("average_amount", Kind.MONEY, "amount", Total.AVERAGE),
            where="is_counted",
            points={"products": "variant"},
        ),
        _rows(
            "events",
            "events",
            "happened",
            _column("kind", Kind.CHOICE, "kind", is_open=True),
            _column("date", Kind.MOMENT, "happened"),
            _column("count", Kind.NUMBER, "", Total.COUNT),
        ),
        _rows(
            "near",
            "addresses",
            "",
            _column("coordinates", Kind.PLACE),
            _column("distance_km", Kind.DECIMAL, distance="km"),
            _column("distance_mi", Kind.DECIMAL, distance="mi"),
        ),
    )
}

__all__ = ["FUNCTIONS", "KNOWN", "SHAPES", "TODAY", "ZONE", "columns", "fold", "make"]
