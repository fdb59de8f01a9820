"""What an order and a return look like, coming in and going out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ConfigDict, Field, model_validator

from regulars.core import ids
from regulars.core.api import problems
from regulars.core.api.routes import Routes
from regulars.core.api.schemas import AmountText, CurrencyCode, In, Moment, MoneyIn, MoneyOut, Out, PublicId
from regulars.core.errors import Invalid
from regulars.core.money import Money, exponent
from regulars.orders.checks import MOST_QUANTITY, NUMBER_LENGTH, invalid
from regulars.orders.models import Order, OrderLine, Return, ReturnLine
from regulars.orders.normalise import (
    NOTE_LENGTH,
    PAID_BY_LENGTH,
    REASON_LENGTH,
    SKU_LENGTH,
    TITLE_LENGTH,
)

routes = Routes(tags=["Orders"])

problems.describe(
    "number-taken",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The channel already has this number"),
    text=gettext_lazy(
        "The number of an order is unique in its channel. Change the order that has it, or take another number."
    ),
)
problems.describe(
    "bad-cursor",
    status=HTTPStatus.BAD_REQUEST,
    title=gettext_lazy("The cursor cannot be read"),
    text=gettext_lazy("Take cursors from “next” and “previous” as they are. Begin again at the first page."),
)

State = Literal["draft", "open", "paid", "part_refunded", "refunded", "cancelled"]
Rate = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,8})?$",
        max_length=18,
        description="How many of the shop's base currency one of the order's currency was; needed where they differ.",
        examples=["0.85420000"],
    ),
]

_LINE_EXAMPLE: dict[str, Any] = {
    "sku": "85123A",
    "title": "White hanging heart",
    "quantity": 6,
    "unit_price": {"amount": "2.55", "currency": "GBP"},
}


class PriceIn(In):
    """The price of one; up to four decimals in every currency."""

    amount: AmountText
    currency: CurrencyCode


class LineIn(In):
    """One product: at least a SKU or a title."""

    model_config = ConfigDict(json_schema_extra={"example": _LINE_EXAMPLE})

    sku: Annotated[str, Field(max_length=SKU_LENGTH)] = ""
    title: Annotated[str, Field(max_length=TITLE_LENGTH)] = ""
    quantity: Annotated[int, Field(ge=1, le=MOST_QUANTITY)]
    unit_price: PriceIn


Lines = Annotated[list[LineIn], Field(min_length=1, max_length=1000)]


class OrderFields(In):
    """What an order may say of itself; every amount is in the order's currency."""

    is_test: Annotated[bool, Field(default_factory=bool, description="Counts nowhere.")]
    placed_at: Annotated[Moment, Field(default=None, description="When it was placed; now, unless said otherwise.")]
    rate: Annotated[Rate, Field(default_factory=str)]
    discount: Annotated[MoneyIn, Field(default=None)]
    shipping: Annotated[MoneyIn, Field(default=None)]
    tax: Annotated[MoneyIn, Field(default=None)]
    is_tax_included: Annotated[bool, Field(default_factory=bool, description="Whether the prices hold the tax.")]
    payment_method: Annotated[str, Field(default_factory=str, max_length=PAID_BY_LENGTH)]
    country: Annotated[
        str, Field(default_factory=str, pattern=r"^([A-Z]{2})?$", description="ISO 3166, where it went.")
    ]
    note: Annotated[str, Field(default_factory=str, max_length=NOTE_LENGTH)]
    customer: Annotated[PublicId | None, Field(default=None, description="The customer's id; null for a guest.")]
    status: Annotated[
        State,
        Field(default="paid", description="part_refunded and refunded come from returns; they cannot be set."),
    ]


class OrderIn(OrderFields):
    """A new order."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "number": "10482",
                "channel": "web",
                "customer": "cus_0q4n8c3x7m2rz",
                "placed_at": "2026-03-12T09:42:00Z",
                "currency": "GBP",
                "shipping": {"amount": "4.95", "currency": "GBP"},
                "payment_method": "PayPal",
                "country": "GB",
                "lines": [_LINE_EXAMPLE],
            }
        }
    )

    number: Annotated[str, Field(min_length=1, max_length=NUMBER_LENGTH, description="Unique in its channel.")]
    channel: Annotated[str, Field(min_length=1, max_length=40, description="The channel's code.")]
    currency: Annotated[CurrencyCode, Field(default=None, description="The shop's, unless said otherwise.")]
    lines: Lines


class OrderPatch(OrderFields):
    """Fields of an order to change; `lines`, where sent, take the place of all lines."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "cancelled", "note": "Ordered twice"}})

    number: Annotated[str, Field(default=None, min_length=1, max_length=NUMBER_LENGTH)]
    lines: Annotated[Lines, Field(default=None)]


class LineOut(Out):
    """One product of an order or a return."""

    position: int
    sku: str
    title: str
    quantity: int
    unit_price: MoneyOut
    total: MoneyOut


class OrderOut(Out):
    """An order. `total` is the lines less the discount, plus shipping, plus the tax where prices do not hold it."""

    id: PublicId
    version: int
    number: str
    channel: Annotated[str, Field(description="The channel's code.")]
    customer: Annotated[PublicId | None, Field(description="Null for a guest's order.")]
    status: State
    is_test: bool
    is_counted: Annotated[bool, Field(description="Whether purchase figures count it.")]
    placed_at: Moment
    currency: CurrencyCode
    rate: str
    discount: MoneyOut
    shipping: MoneyOut
    tax: MoneyOut
    is_tax_included: bool
    total: MoneyOut
    refunded: MoneyOut
    payment_method: str
    country: str
    note: str
    lines: list[LineOut]
    created_at: Moment
    updated_at: Moment


class OrdersOut(Out):
    """A page of orders; `next` and `previous` are the addresses of the pages beside it."""

    items: list[OrderOut]
    next: str | None
    previous: str | None


class ReturnIn(In):
    """What came back of an order: its lines, or an amount that was paid back, or both where that is another one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "number": "R-10482",
                "returned_at": "2026-03-20T14:05:00Z",
                "reason": "Arrived broken",
                "lines": [_LINE_EXAMPLE],
            }
        }
    )

    number: Annotated[str, Field(min_length=1, max_length=NUMBER_LENGTH, description="Unique in its channel.")]
    returned_at: Annotated[Moment, Field(default=None, description="Now, unless said otherwise.")]
    refund: Annotated[MoneyIn, Field(default=None, description="What was paid back; else the sum of the lines.")]
    reason: Annotated[str, Field(default_factory=str, max_length=REASON_LENGTH)]
    lines: Annotated[list[LineIn], Field(default_factory=list, max_length=1000)]

    @model_validator(mode="after")
    def has_something(self) -> ReturnIn:
        if not self.lines and "refund" not in self.model_fields_set:
            raise ValueError(_("Send lines, or the amount that was paid back."))
        return self


class ReturnOut(Out):
    """What came back, and what was paid for it; `order` is what it reverses, where that is known."""

    id: PublicId
    version: int
    number: str
    channel: Annotated[str, Field(description="The channel's code.")]
    customer: PublicId | None
    order: PublicId | None
    returned_at: Moment
    refund: MoneyOut
    reason: str
    lines: list[LineOut]
    created_at: Moment
    updated_at: Moment


class ReturnsOut(Out):
    """A page of returns."""

    items: list[ReturnOut]
    next: str | None
    previous: str | None


def order_out(order: Order) -> OrderOut:
    """An order as it goes out; its lines and channel are prefetched where there are many."""
    return OrderOut(
        id=order.public_id,
        version=order.version,
        number=order.number,
        channel=order.channel.code,
        customer=order.customer.person.public_id if order.customer else None,
        status=order.status,  # type: ignore[arg-type]
        is_test=order.is_test,
        is_counted=order.is_counted,
        placed_at=order.placed_at,
        currency=order.currency,
        rate=f"{order.rate.normalize():f}",
        discount=MoneyOut.of(order.discount),
        shipping=MoneyOut.of(order.shipping),
        tax=MoneyOut.of(order.tax),
        is_tax_included=order.is_tax_included,
        total=MoneyOut.of(order.total),
        refunded=MoneyOut.of(order.refunded),
        payment_method=order.payment_method,
        country=order.country,
        note=order.note,
        lines=[_line_out(line, order.currency) for line in order.lines.all()],
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


def return_out(returned: Return) -> ReturnOut:
    """A return as it goes out."""
    return ReturnOut(
        id=returned.public_id,
        version=returned.version,
        number=returned.number,
        channel=returned.channel.code,
        customer=returned.customer.person.public_id if returned.customer else None,
        order=ids.encode(Order.id_prefix, returned.order_id) if returned.order_id else None,
        returned_at=returned.returned_at,
        refund=MoneyOut.of(returned.refund),
        reason=returned.reason,
        lines=[_line_out(line, returned.currency) for line in returned.lines.all()],
        created_at=returned.created_at,
        updated_at=returned.updated_at,
    )


def money_values(sent: In, currency: str, names: tuple[str, ...]) -> dict[str, int]:
    """The amounts that were sent, as the verbs take them: `<name>_minor`. Raises Invalid."""
    values: dict[str, int] = {}
    reasons: dict[str, list[str]] = {}
    for name in names:
        if name not in sent.model_fields_set:
            continue
        given: MoneyIn = getattr(sent, name)
        try:
            money = given.money()
        except ValueError as error:
            reasons[name] = [str(error)]
            continue
        if money.currency != currency:
            reasons[name] = [_wrong_currency(money.currency, currency)]
        elif money.minor < 0:
            reasons[name] = [_("This must be zero or more.")]
        values[f"{name}_minor"] = money.minor
    if reasons:
        raise invalid(reasons)
    return values


def line_values(lines: list[LineIn], currency: str) -> list[dict[str, Any]]:
    """The lines as the verbs take them. Raises Invalid."""
    reasons = {
        f"lines.{place}.unit_price.currency": [_wrong_currency(line.unit_price.currency, currency)]
        for place, line in enumerate(lines)
        if line.unit_price.currency != currency
    }
    if reasons:
        raise invalid(reasons)
    return [
        {
            "sku": line.sku,
            "title": line.title,
            "quantity": line.quantity,
            "unit_price": Decimal(line.unit_price.amount),
        }
        for line in lines
    ]


@contextmanager
def in_our_names() -> Iterator[None]:
    """Let refusals of the verbs name amounts as the body does: `discount`, where the table has `discount_minor`."""
    try:
        yield
    except Invalid as refusal:
        fields = {name.removesuffix("_minor"): why for name, why in refusal.fields.items()}
        raise Invalid(refusal.sentence, fields=fields) from refusal


def _wrong_currency(sent: str, currency: str) -> str:
    return _("This is in %(sent)s; the order is in %(currency)s.") % {"sent": sent, "currency": currency}


def _line_out(line: OrderLine | ReturnLine, currency: str) -> LineOut:
    return LineOut(
        position=line.position,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        unit_price=MoneyOut(amount=_price(line.unit_price, currency), currency=currency),
        total=MoneyOut.of(Money(line.total_minor, currency)),
    )


def _price(price: Decimal, currency: str) -> str:
    """With the currency's decimals, or more where the price has them."""
    whole, _point, decimals = f"{price:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(exponent(currency), "0")
    return f"{whole}.{decimals}" if decimals else whole
