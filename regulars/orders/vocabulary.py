"""What can be asked of purchases: figures of a customer, and their orders, lines and returns one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.dates import WEEKDAYS
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from regulars.customers.places import countries
from regulars.orders.models import COUNTED, Order, Product, Status
from regulars.segments.language.words import Kind, Label, Total
from regulars.segments.vocabulary import declared, grades
from regulars.segments.vocabulary.building import attribute, channel_ids, channel_names, column, function, of_field
from regulars.segments.vocabulary.declared import Column, Figure, Gathered, Known, Rows

BOUGHT = _("What they bought")
_SPEND = ("spend",)
_PAYMENT = ("spend", "payment")
_SEE = "orders.view"
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_ORDERS = Figure(table="orders", total=Total.COUNT, moment="placed", where="is_counted")
_MOVED = Figure(table="movements", total=Total.SUM, moment="moved", column="amount")


def _statuses() -> Sequence[tuple[str, Label]]:
    return [(str(status), Status(status).label) for status in COUNTED]


def _methods() -> Sequence[tuple[str, Label]]:
    names = Order.objects.exclude(payment_method="").order_by("payment_method").values_list("payment_method", flat=True)
    return [(name, name) for name in names.distinct()]


def _weekdays() -> Sequence[tuple[str, Label]]:
    return list(zip(_DAYS, WEEKDAYS.values(), strict=True))


def _numbers_of_days() -> Mapping[str, int]:
    return {day: number for number, day in enumerate(_DAYS, start=1)}


def _categories() -> Sequence[tuple[str, Label]]:
    names = Product.objects.exclude(category="").order_by("category").values_list("category", flat=True).distinct()
    return [(name, name) for name in names]


def _brands() -> Sequence[tuple[str, Label]]:
    names = Product.objects.exclude(brand="").order_by("brand").values_list("brand", flat=True).distinct()
    return [(name, name) for name in names]


def _countries() -> Sequence[tuple[str, Label]]:
    return countries(get_language() or "en")


def _channel() -> Column:
    return column("channel", _("Sales channel"), Kind.CHOICE, "channel", values=channel_names, keys=channel_ids)


ATTRIBUTES: tuple[Known, ...] = (
    of_field("number_of_orders", section=BOUGHT, column="orders_count", as_of=_ORDERS),
    of_field(
        "amount_spent",
        section=BOUGHT,
        column="spent",
        as_of=_MOVED,
        about=_("What counted orders came to, less what was paid back."),
    ),
    attribute(
        "amount_refunded",
        _("Paid back"),
        Kind.MONEY,
        section=BOUGHT,
        column="refunded",
        as_of=Figure(table="returns", total=Total.SUM, moment="returned", column="amount", where="is_counted"),
        shows=_SPEND,
    ),
    attribute(
        "average_order_amount",
        _("Average order"),
        Kind.MONEY,
        section=BOUGHT,
        column="spent",
        divisor="orders_count",
        as_of=Figure(table="movements", total=Total.SUM, moment="moved", column="amount", divisor=_ORDERS),
        shows=_SPEND,
        about=_("The amount spent, divided by the number of orders; none without orders."),
    ),
    of_field(
        "first_order_date",
        section=BOUGHT,
        column="first_order",
        as_of=Figure(table="orders", total=Total.MINIMUM, moment="placed", column="placed", where="is_counted"),
    ),
    of_field(
        "last_order_date",
        section=BOUGHT,
        column="last_order",
        as_of=Figure(table="orders", total=Total.MAXIMUM, moment="placed", column="placed", where="is_counted"),
    ),
    attribute(
        "number_of_returns",
        _("Returns"),
        Kind.NUMBER,
        section=BOUGHT,
        figure=Figure(table="returns", total=Total.COUNT, moment="returned", where="is_counted"),
        permission=_SEE,
        shows=_SPEND,
        about=_("Those that were refunded or exchanged."),
    ),
    attribute(
        "days_between_orders",
        _("Days between orders"),
        Kind.DECIMAL,
        section=BOUGHT,
        column="usual_gap",
        shows=_SPEND,
        about=_("The usual distance: the median of the days from one order day to the next."),
    ),
    attribute(
        "profit_contribution",
        _("Profit contribution"),
        Kind.MONEY,
        section=BOUGHT,
        figure=Figure(table="lines", total=Total.SUM, moment="placed", column="profit", where="is_counted"),
        permission=_SEE,
        shows=_SPEND,
        about=_("Goods less their cost and what was paid back for them, where the cost is known."),
    ),
    attribute(
        "abandoned_checkout_date",
        _("Abandoned checkout"),
        Kind.MOMENT,
        section=BOUGHT,
        figure=Figure(table="checkouts", total=Total.MAXIMUM, moment="touched", column="touched", where="is_open"),
        permission=_SEE,
        about=_("The last step of the newest basket that became no order."),
    ),
    attribute(
        "favourite_products",
        _("Favourite products"),
        Kind.LIST,
        section=BOUGHT,
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
        permission=_SEE,
        shows=_SPEND,
        about=_("What they bought in two orders or more, by its name."),
    ),
    attribute(
        "favourite_categories",
        _("Favourite categories"),
        Kind.LIST,
        section=BOUGHT,
        values=_categories,
        gathered=Gathered(
            table="lines",
            moment="placed",
            where="is_counted",
            column="category",
            dimension="products",
            points="variant",
            each="ordr",
            least=2,
        ),
        permission=_SEE,
        shows=_SPEND,
        about=_("From which they bought in two orders or more."),
    ),
    attribute(
        "payment_methods",
        _("Ways they paid"),
        Kind.LIST,
        section=BOUGHT,
        values=_methods,
        gathered=Gathered(table="orders", moment="placed", where="is_counted", column="method"),
        permission=_SEE,
        shows=_PAYMENT,
    ),
    attribute(
        "purchase_frequency_band",
        _("How often they buy"),
        Kind.CHOICE,
        section=BOUGHT,
        values=grades.levels,
        graded=grades.FREQUENCY,
        shows=_SPEND,
        about=_("The upper, middle or lower third of the shop's customers, by the number of orders."),
    ),
    attribute(
        "spend_band",
        _("How much they spend"),
        Kind.CHOICE,
        section=BOUGHT,
        values=grades.levels,
        graded=grades.SPEND,
        shows=_SPEND,
        about=_("The upper, middle or lower third of the shop's customers, by the amount spent."),
    ),
    attribute(
        "rfm_group",
        _("RFM group"),
        Kind.CHOICE,
        section=BOUGHT,
        values=grades.rfm_groups,
        graded=grades.GROUPS,
        absent="PROSPECTS",
        shows=_SPEND,
        about=_("How recent, how often, how much, among the shop's customers; PROSPECTS never bought."),
    ),
)

FUNCTIONS: tuple[Rows, ...] = (
    function(
        "orders_placed",
        _("Placed orders"),
        column("date", _("Date"), Kind.MOMENT, "placed"),
        column("amount", _("Amount of one order"), Kind.MONEY, "total"),
        column("sum_amount", _("Amount of all"), Kind.MONEY, "total", total=Total.SUM),
        column("average_amount", _("Average amount"), Kind.MONEY, "total", total=Total.AVERAGE),
        column("count", _("How many"), Kind.NUMBER, total=Total.COUNT),
        _channel(),
        column(
            "payment_method",
            _("Paid by"),
            Kind.CHOICE,
            "method",
            values=_methods,
            is_open=True,
            shows=("payment",),
        ),
        column("discount_code", _("Discount code"), Kind.LIST, "codes"),
        column("country", _("Country"), Kind.CHOICE, "country", values=_countries, is_open=True),
        column("status", _("State"), Kind.CHOICE, "status", values=_statuses),
        column("first", _("Is their first"), Kind.YES_NO, "is_first"),
        column("tag", _("Tag of the order"), Kind.LIST, "tags", shows=("notes",)),
        column("source", _("Source"), Kind.TEXT, "source"),
        column("campaign", _("Campaign"), Kind.TEXT, "campaign"),
        column("weekday", _("Weekday"), Kind.CHOICE, "weekday", values=_weekdays, keys=_numbers_of_days),
        column("month", _("Month of the year"), Kind.NUMBER, "month"),
        column("hour", _("Hour of the day"), Kind.NUMBER, "hour"),
        section=BOUGHT,
        table="orders",
        moment="placed",
        where="is_counted",
        permission=_SEE,
        shows=_SPEND,
        about=_(
            "Orders that count: no drafts, no tests, none that were cancelled. Amounts are before refunds. "
            "Weekday, month (1 to 12) and hour (0 to 23) are those of the shop's time zone."
        ),
    ),
    function(
        "products_purchased",
        _("Bought products"),
        column("id", _("Product"), Kind.TEXT, "product_id", dimension="products"),
        column("sku", _("SKU"), Kind.TEXT, "sku"),
        column("name", _("Name of the product"), Kind.TEXT, "title", dimension="products", instead="title"),
        column("tag", _("Tag of the product"), Kind.LIST, "tags", dimension="products"),
        column(
            "category",
            _("Category of the product"),
            Kind.CHOICE,
            "category",
            dimension="products",
            values=_categories,
            is_open=True,
        ),
        column("brand", _("Brand"), Kind.CHOICE, "brand", dimension="products", values=_brands, is_open=True),
        column("variant", _("Variant"), Kind.TEXT, "variant_title", dimension="products"),
        column("date", _("Date"), Kind.MOMENT, "placed"),
        column("count", _("In how many orders"), Kind.NUMBER, "ordr", total=Total.COUNT, each=True),
        column("quantity", _("Pieces on one line"), Kind.NUMBER, "quantity"),
        column("sum_quantity", _("Pieces of all"), Kind.NUMBER, "quantity", total=Total.SUM),
        column("amount", _("Amount of one line"), Kind.MONEY, "amount"),
        column("sum_amount", _("Amount of all"), Kind.MONEY, "amount", total=Total.SUM),
        _channel(),
        column("returned", _("Something of it came back"), Kind.YES_NO, "is_returned"),
        section=BOUGHT,
        table="lines",
        moment="placed",
        where="is_counted",
        points={"products": "variant"},
        permission=_SEE,
        shows=_SPEND,
        about=_("Lines of orders that count."),
    ),
    function(
        "orders_returned",
        _("Sent something back"),
        column("date", _("Date"), Kind.MOMENT, "returned"),
        column("amount", _("Paid back at once"), Kind.MONEY, "amount"),
        column("sum_amount", _("Paid back altogether"), Kind.MONEY, "amount", total=Total.SUM),
        column("count", _("How many"), Kind.NUMBER, total=Total.COUNT),
        column("reason", _("Reason"), Kind.TEXT, "reason", shows=("notes",)),
        _channel(),
        section=BOUGHT,
        table="returns",
        moment="returned",
        where="is_counted",
        permission=_SEE,
        shows=_SPEND,
        about=_("Returns that were refunded or exchanged."),
    ),
)


def plug_in() -> None:
    """Put what can be asked of purchases into the vocabulary."""
    declared.add(*ATTRIBUTES, *FUNCTIONS)
