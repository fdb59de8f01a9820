"""A vocabulary for tests of the language: every kind, every way a declaration can say where a value stands."""

from __future__ import annotations

from regulars.segments.language.words import Attribute, Function, Kind, Parameter, Total, Words
from regulars.segments.vocabulary.declared import Column, Figure, Gathered, Graded, Known, Rows

_MEDIA = (("email", "E-mail"), ("sms", "SMS"))
_STATES = (("SUBSCRIBED", "Agreed"), ("UNSUBSCRIBED", "Refused"), ("NOT_SUBSCRIBED", "Never asked"))
_BANDS = (("HIGH", "High"), ("MEDIUM", "Middle"), ("LOW", "Low"))
_COUNTED = Figure(table="orders", total=Total.COUNT, moment="placed", where="is_counted")


def _known(name, label, kind, *, values=None, is_open=False, aliases=(), **more):
    attribute = Attribute(
        name=name, label=label, kind=kind, values=values and (lambda: values), is_open=is_open, aliases=aliases
    )
    return Known(attribute=attribute, section="", **({"column": name} | more))


def _column(name, label, kind, column="", *, total=None, values=None, is_open=False, **more):
    parameter = Parameter(
        name=name, label=label, kind=kind, total=total, values=values and (lambda: values), is_open=is_open
    )
    return Column(parameter=parameter, column=column, **more)


def _function(name, label, *columns, moment, **more):
    parameters = {one.parameter.name: one.parameter for one in columns}
    function = Function(name=name, label=label, parameters=parameters, is_dated=bool(moment))
    return Rows(function=function, section="", columns=columns, moment=moment, **more)


KNOWN = {
    one.attribute.name: one
    for one in (
        _known("name", "Name", Kind.TEXT),
        _known("email", "E-mail", Kind.TEXT),
        _known("category", "Category", Kind.CHOICE, values=(("Tea", "Tea"), ("Café", "Café")), is_open=True),
        _known("number_of_orders", "Orders", Kind.NUMBER, column="orders_count", as_of=_COUNTED),
        _known("days_between_orders", "Days between orders", Kind.DECIMAL, column="usual_gap"),
        _known(
            "amount_spent",
            "Spent",
            Kind.MONEY,
            column="spent",
            as_of=Figure(table="orders", total=Total.SUM, moment="placed", column="total", where="is_counted"),
        ),
        _known("average_order_amount", "Average order", Kind.MONEY, column="spent", divisor="orders_count"),
        _known(
            "last_order_date",
            "Last order",
            Kind.MOMENT,
            column="last_order",
            as_of=Figure(table="orders", total=Total.MAXIMUM, moment="placed", column="placed", where="is_counted"),
        ),
        _known("customer_added_date", "Customer since", Kind.MOMENT, column="added"),
        _known("birth_date", "Date of birth", Kind.DAY, birthday="birthday"),
        _known("age", "Age", Kind.NUMBER, column="birth_date", is_age=True),
        _known("is_guest", "Guest", Kind.YES_NO),
        _known(
            "email_subscription_status",
            "E-mail consent",
            Kind.CHOICE,
            values=_STATES,
            column="email_consent",
            keys=lambda: {"SUBSCRIBED": "agreed", "UNSUBSCRIBED": "refused"},
            absent="NOT_SUBSCRIBED",
        ),
        _known(
            "customer_tags",
            "Tags",
            Kind.LIST,
            values=(("VIP", "VIP"), ("Tea", "Tea")),
            column="tags",
            keys=lambda: {"VIP": (1, 2), "Tea": 3, "café": 4},
            aliases=("tags",),
        ),
        _known(
            "customer_countries",
            "Countries",
            Kind.LIST,
            values=(("DE", "Germany"), ("AT", "Austria")),
            column="countries",
        ),
        _known(
            "favourite_products",
            "Favourite products",
            Kind.LIST,
            column="",
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
        ),
        _known(
            "spend_band",
            "How much they spend",
            Kind.CHOICE,
            values=_BANDS,
            column="",
            graded=Graded(
                columns=("spent",),
                bounds=lambda: [[1999, 5000]],
                words={(0,): "LOW", (1,): "MEDIUM", (2,): "HIGH"},
                where="orders_count",
            ),
        ),
        _known(
            "metafields.custom.shoe_size", "Shoe size", Kind.DECIMAL, column="number", table="custom", only={"field": 7}
        ),
        _known(
            "metafields.custom.wedding", "Wedding day", Kind.DAY, column="number", table="custom", only={"field": 8}
        ),
        _known(
            "metafields.custom.media",
            "Media",
            Kind.LIST,
            values=_MEDIA,
            column="text",
            table="custom",
            only={"field": 9},
        ),
    )
}
FUNCTIONS = {
    one.function.name: one
    for one in (
        _function(
            "orders_placed",
            "Placed orders",
            _column("date", "Date", Kind.MOMENT, "placed"),
            _column("amount", "Amount of one order", Kind.MONEY, "total"),
            _column("sum_amount", "Amount of all", Kind.MONEY, "total", total=Total.SUM),
            _column("average_amount", "Average amount", Kind.MONEY, "total", total=Total.AVERAGE),
            _column("least_amount", "Least amount", Kind.MONEY, "total", total=Total.MINIMUM),
            _column("last_date", "Last date", Kind.MOMENT, "placed", total=Total.MAXIMUM),
            _column("count", "How many", Kind.NUMBER, total=Total.COUNT),
            _column("discount_code", "Discount code", Kind.LIST, "codes"),
            _column("first", "Is their first", Kind.YES_NO, "is_first"),
            table="orders",
            moment="placed",
            where="is_counted",
        ),
        _function(
            "products_purchased",
            "Bought products",
            _column("name", "Name of the product", Kind.TEXT, "title", dimension="products", instead="title"),
            _column("tag", "Tag of the product", Kind.LIST, "tags", dimension="products"),
            _column("date", "Date", Kind.MOMENT, "placed"),
            _column("count", "In how many orders", Kind.NUMBER, "ordr", total=Total.COUNT, each=True),
            _column("quantity", "Pieces on one line", Kind.NUMBER, "quantity"),
            _column("sum_quantity", "Pieces of all", Kind.NUMBER, "quantity", total=Total.SUM),
            table="lines",
            moment="placed",
            where="is_counted",
            points={"products": "variant"},
        ),
        _function(
            "messages",
            "Got messages",
            _column("channel", "Channel", Kind.CHOICE, "medium", values=_MEDIA),
            _column("date", "Date", Kind.MOMENT, "sent"),
            _column("count", "How many", Kind.NUMBER, total=Total.COUNT),
            table="messages",
            moment="sent",
        ),
        _function(
            "customer_within_distance",
            "Lives near a place",
            _column("coordinates", "Place", Kind.PLACE),
            _column("distance_km", "Kilometres", Kind.DECIMAL, distance="km"),
            _column("distance_mi", "Miles", Kind.DECIMAL, distance="mi"),
            table="addresses",
            moment="",
        ),
    )
}
GROUPS = ("VIP", "Regular", "O'Hara's friends")


def words() -> Words:
    """All of it, and three saved groups."""
    return Words(
        attributes={name: one.attribute for name, one in KNOWN.items()},
        functions={name: one.function for name, one in FUNCTIONS.items()},
        groups=GROUPS,
    )
