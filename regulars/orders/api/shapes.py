"""What an order looks like, coming in and going out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.core import ids
from regulars.core.api.schemas import CurrencyCode, In, Moment, MoneyIn, MoneyOut, Out, PublicId
from regulars.core.errors import Invalid
from regulars.core.money import Money
from regulars.orders.api.amounts import PriceIn, money_values, price_out, wrong_currency
from regulars.orders.api.payment_shapes import PaymentIn, PaymentOut, payment_out
from regulars.orders.checks import MOST_QUANTITY, NUMBER_LENGTH, invalid
from regulars.orders.details import CODE_LENGTH, MOST_OF_EACH, TAG_LENGTH
from regulars.orders.models import Order, OrderLine, Payment, PaymentState, ReturnLine, Side, Variant
from regulars.orders.normalise import (
    CAMPAIGN_LENGTH,
    NOTE_LENGTH,
    PAID_BY_LENGTH,
    REFERRER_LENGTH,
    SKU_LENGTH,
    SOURCE_LENGTH,
    TITLE_LENGTH,
    VARIANT_LENGTH,
)

State = Literal["draft", "open", "paid", "part_refunded", "refunded", "cancelled"]
Sent = Literal["", "unfulfilled", "partial", "fulfilled", "delivered", "picked_up"]
Tag = Annotated[str, Field(min_length=1, max_length=TAG_LENGTH)]
Rate = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,8})?$",
        max_length=18,
        description="How many of the shop's base currency one of the order's currency was; needed where they differ.",
        examples=["0.85420000"],
    ),
]

LINE_EXAMPLE: dict[str, Any] = {
    "sku": "85123A",
    "title": "White hanging heart",
    "quantity": 6,
    "unit_price": {"amount": "2.55", "currency": "GBP"},
}


class LineIn(In):
    """One product: at least a SKU or a title."""

    model_config = ConfigDict(json_schema_extra={"example": LINE_EXAMPLE})

    sku: Annotated[str, Field(max_length=SKU_LENGTH)] = ""
    title: Annotated[str, Field(max_length=TITLE_LENGTH)] = ""
    quantity: Annotated[int, Field(ge=1, le=MOST_QUANTITY)]
    unit_price: PriceIn


class OrderLineIn(LineIn):
    """One product of an order: at least a SKU or a title; the rest is what is known of it besides."""

    variant: Annotated[PublicId, Field(default=None, description="What was bought, of the products here.")]
    variant_title: Annotated[str, Field(default=None, max_length=VARIANT_LENGTH, examples=["100 g"])]
    discount: Annotated[MoneyIn, Field(default=None, description="The line's part of the order's discount.")]
    tax: Annotated[MoneyIn, Field(default=None, description="The line's part of the order's tax.")]
    cost: Annotated[PriceIn, Field(default=None, description="What one of them cost the shop.")]


Lines = Annotated[list[OrderLineIn], Field(max_length=1000, description="A draft may have none.")]


class CodeIn(In):
    """A discount code that was used, and what it took off; that is part of the order's discount."""

    code: Annotated[str, Field(min_length=1, max_length=CODE_LENGTH, examples=["SPRING4"])]
    amount: Annotated[MoneyIn, Field(default=None)]


class OrderAddressIn(In):
    """An address as it was when somebody bought."""

    name: Annotated[str, Field(max_length=250)] = ""
    company: Annotated[str, Field(max_length=200)] = ""
    line1: Annotated[str, Field(max_length=200)] = ""
    line2: Annotated[str, Field(max_length=200)] = ""
    city: Annotated[str, Field(max_length=120)] = ""
    region: Annotated[str, Field(max_length=120)] = ""
    postcode: Annotated[str, Field(max_length=20)] = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$", description="ISO 3166, two letters.")] = ""
    phone: Annotated[str, Field(max_length=40)] = ""


class AddressesIn(In):
    """Where it goes, and whom the bill is for. One that is not sent stays; null takes it away."""

    delivery: Annotated[OrderAddressIn | None, Field(default=None)]
    billing: Annotated[OrderAddressIn | None, Field(default=None)]


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
    fulfilment: Annotated[Sent, Field(default="", description="How far the goods are; empty where nobody said.")]
    source: Annotated[
        str, Field(default_factory=str, max_length=SOURCE_LENGTH, description="Where the sale came from.")
    ]
    campaign: Annotated[str, Field(default_factory=str, max_length=CAMPAIGN_LENGTH)]
    referrer: Annotated[str, Field(default_factory=str, max_length=REFERRER_LENGTH)]
    tags: Annotated[
        list[Tag], Field(default_factory=list, max_length=MOST_OF_EACH, description="In place of all tags.")
    ]
    codes: Annotated[
        list[CodeIn], Field(default_factory=list, max_length=MOST_OF_EACH, description="In place of all codes.")
    ]
    addresses: Annotated[AddressesIn, Field(default=None)]
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
                "lines": [LINE_EXAMPLE],
            }
        }
    )

    number: Annotated[
        str,
        Field(
            default=None,
            min_length=1,
            max_length=NUMBER_LENGTH,
            description="Unique in its channel. Without one, the order gets the next of the channel's own.",
        ),
    ]
    channel: Annotated[str, Field(min_length=1, max_length=40, description="The channel's code.")]
    currency: Annotated[CurrencyCode, Field(default=None, description="The shop's, unless said otherwise.")]
    lines: Lines
    payments: Annotated[
        list[PaymentIn],
        Field(default_factory=list, max_length=MOST_OF_EACH, description="What was paid already, and how."),
    ]


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


class OrderLineOut(LineOut):
    """One product of an order, with what is known of it besides."""

    variant: Annotated[PublicId | None, Field(description="What was bought, of the products here.")]
    variant_title: str
    discount: MoneyOut
    tax: MoneyOut
    cost: Annotated[MoneyOut | None, Field(description="What one of them cost the shop; null where nobody knows.")]


class CodeOut(Out):
    """A discount code that was used, and what it took off."""

    code: str
    amount: MoneyOut


class OrderAddressOut(Out):
    """An address as it was when somebody bought."""

    name: str
    company: str
    line1: str
    line2: str
    city: str
    region: str
    postcode: str
    country: str
    phone: str


class OrderAddressesOut(Out):
    """Where it goes, and whom the bill is for; null where nobody said."""

    delivery: OrderAddressOut | None
    billing: OrderAddressOut | None


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
    fulfilment: Sent
    source: str
    campaign: str
    referrer: str
    tags: list[str]
    codes: list[CodeOut]
    addresses: OrderAddressesOut
    payments: list[PaymentOut]
    paid: Annotated[MoneyOut, Field(description="What its payments came to, less what went back; only what is there.")]
    lines: list[OrderLineOut]
    created_at: Moment
    updated_at: Moment


class OrdersOut(Out):
    """A page of orders; `next` and `previous` are the addresses of the pages beside it."""

    items: list[OrderOut]
    next: str | None
    previous: str | None


def order_out(order: Order) -> OrderOut:
    """An order as it goes out; its lines, channel and what hangs on it are prefetched where there are many."""
    payments = list(order.payments.all())
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
        fulfilment=order.fulfilment,  # type: ignore[arg-type]
        source=order.source,
        campaign=order.campaign,
        referrer=order.referrer,
        tags=[tag.label for tag in order.tags.all()],
        codes=[
            CodeOut(code=used.code, amount=MoneyOut.of(Money(used.amount_minor, order.currency)))
            for used in order.codes.all()
        ],
        addresses=_addresses_out(order),
        payments=[payment_out(payment, order) for payment in payments],
        paid=MoneyOut.of(Money(_paid(payments), order.currency)),
        lines=[_order_line_out(line, order.currency) for line in order.lines.all()],
        created_at=order.created_at,
        updated_at=order.updated_at,
    )


def line_values(lines: Sequence[LineIn], currency: str) -> list[dict[str, Any]]:
    """The lines as the verbs take them. Raises Invalid."""
    reasons: dict[str, list[str]] = {}
    values = []
    for place, line in enumerate(lines):
        found: dict[str, Any] = {name: getattr(line, name) for name in ("sku", "title", "quantity")}
        for name in ("unit_price", "cost"):
            price: PriceIn | None = getattr(line, name, None)
            if price is not None:
                found[name] = Decimal(price.amount)
                if price.currency != currency:
                    reasons[f"lines.{place}.{name}.currency"] = [wrong_currency(price.currency, currency)]
        if isinstance(line, OrderLineIn):
            found |= _more_of(line, place, currency, reasons)
        values.append(found)
    if reasons:
        raise invalid(reasons)
    return values


def _more_of(line: OrderLineIn, place: int, currency: str, reasons: dict[str, list[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if line.variant_title is not None:
        found["variant_title"] = line.variant_title
    try:
        found |= money_values(line, currency, ("discount", "tax"))
    except Invalid as refusal:
        reasons.update({f"lines.{place}.{name}": why for name, why in refusal.fields.items()})
    if line.variant is not None:
        variant = Variant.objects.filter(pk=Variant.pk_of(line.variant) or 0).first()
        if variant is None:
            reasons[f"lines.{place}.variant"] = [_("There is no variant with the id %(id)s.") % {"id": line.variant}]
        else:
            found["variant_id"] = variant.pk
    return found


def hanging_values(sent: OrderFields, currency: str) -> dict[str, Any]:
    """Tags, codes and addresses that were sent, as the verbs take them. Raises Invalid."""
    given = sent.given()
    values: dict[str, Any] = {}
    if "tags" in given:
        values["tags"] = sent.tags
    if "codes" in given:
        values["codes"] = []
        for place, code in enumerate(sent.codes):
            try:
                amount = money_values(code, currency, ("amount",))
            except Invalid as refusal:
                reasons = {f"codes.{place}.{name}": why for name, why in refusal.fields.items()}
                raise invalid(reasons) from refusal
            values["codes"].append({"code": code.code, **amount})
    if "addresses" in given:
        sides = sent.addresses.given()
        values["addresses"] = {side: address.model_dump() if address else None for side, address in sides.items()}
    return values


def line_out(line: OrderLine | ReturnLine, currency: str) -> LineOut:
    """A line as it goes out."""
    return LineOut(
        position=line.position,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        unit_price=price_out(line.unit_price, currency),
        total=MoneyOut.of(Money(line.total_minor, currency)),
    )


def _order_line_out(line: OrderLine, currency: str) -> OrderLineOut:
    return OrderLineOut(
        **dict(line_out(line, currency)),
        variant=ids.encode(Variant.id_prefix, line.variant_id) if line.variant_id else None,
        variant_title=line.variant_title,
        discount=MoneyOut.of(Money(line.discount_minor, currency)),
        tax=MoneyOut.of(Money(line.tax_minor, currency)),
        cost=None if line.cost is None else price_out(line.cost, currency),
    )


def _addresses_out(order: Order) -> OrderAddressesOut:
    known = {address.side: address for address in order.addresses.all()}
    return OrderAddressesOut(
        **{
            side: OrderAddressOut(**{name: getattr(known[side], name) for name in OrderAddressOut.model_fields})
            if side in known
            else None
            for side in Side.values
        }
    )


def _paid(payments: Sequence[Payment]) -> int:
    there = [payment for payment in payments if payment.state == PaymentState.PAID]
    return sum(-payment.amount_minor if payment.is_refund else payment.amount_minor for payment in there)
