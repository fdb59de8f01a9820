"""What a program may push: the shapes of its JSON, strict, each with what it means for the API's reference."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema

from regulars.core.api.schemas import moment

_AMOUNT = r"^-?[0-9]{1,13}(\.[0-9]{1,6})?$"
_MOST_DIGITS = 14


def _amount(value: Any) -> Decimal:
    """12.50 as text; whole numbers are taken as well. A float is refused: it is not what somebody wrote down."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_MOST_DIGITS:
        return Decimal(value)
    text = value if isinstance(value, str) else ""
    whole, _dot, parts = text.removeprefix("-").partition(".")
    is_number = whole.isascii() and whole.isdigit() and (not _dot or (parts.isascii() and parts.isdigit()))
    if not is_number or len(whole) >= _MOST_DIGITS or len(parts) > 6:
        raise ValueError(_('This must be a decimal number as text, such as "12.50".'))
    return Decimal(text)


def _no_nul(value: Any) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise ValueError(_("Text may not hold NUL characters."))
    return value


Amount = Annotated[
    Decimal, BeforeValidator(_amount), WithJsonSchema({"type": "string", "pattern": _AMOUNT, "examples": ["12.50"]})
]
At = Annotated[
    dt.datetime,
    BeforeValidator(lambda value: value if isinstance(value, dt.datetime) else moment(value)),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-12T09:42:00Z"]}),
]
Name = Annotated[str, BeforeValidator(_no_nul), Field(min_length=1, max_length=120)]
Short = Annotated[str, BeforeValidator(_no_nul), Field(max_length=250)]
Long = Annotated[str, BeforeValidator(_no_nul), Field(max_length=5_000)]
Url = Annotated[str, BeforeValidator(_no_nul), Field(max_length=1_000)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
Tags = Annotated[list[Short], Field(max_length=100)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AddressShape(_Shape):
    """An address as somebody wrote it; `country` has two letters."""

    name: Short = ""
    company: Short = ""
    line1: Short = ""
    line2: Short = ""
    city: Short = ""
    region: Short = ""
    postcode: Short = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    phone: Short = ""


class ConsentShape(_Shape):
    """What somebody agreed to (true) or took back (false) on your side."""

    channel: Annotated[str, Field(max_length=20, examples=["email"])]
    is_given: bool
    at: At | None = None


class PersonShape(_Shape):
    """Somebody whom you know. Addresses join people over channels only where you have verified them."""

    email: Short = ""
    is_email_verified: bool = False
    phone: Short = ""
    is_phone_verified: bool = False
    given_name: Short = ""
    family_name: Short = ""
    name: Short = ""
    company: Short = ""
    language: Annotated[str, Field(max_length=16)] = ""
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = ""
    note: Long = ""
    tags: Tags = []
    since: At | None = None
    address: AddressShape | None = None
    consents: Annotated[list[ConsentShape], Field(max_length=20)] = []


class BuyerShape(PersonShape):
    """The buyer as the order names them. `id` is your number of them; without it they are a guest."""

    id: Annotated[str, BeforeValidator(_no_nul), Field(max_length=120)] = ""


class LineShape(_Shape):
    """A line. `unit_price` is before `discount`, which is the whole line's; `cost` is what one cost you."""

    id: Annotated[str, BeforeValidator(_no_nul), Field(max_length=120)] = ""
    sku: Short = ""
    title: Short = ""
    variant_title: Short = ""
    variant_id: Short = ""
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    unit_price: Amount = Decimal(0)
    discount: Amount = Decimal(0)
    tax: Amount = Decimal(0)
    cost: Amount | None = None


class PaymentShape(_Shape):
    """Money that came in, or went back."""

    id: Name
    method: Short = ""
    amount: Amount = Decimal(0)
    at: At | None = None
    state: Literal["pending", "authorised", "paid", "failed", "voided"] = "paid"
    is_refund: bool = False
    reference: Short = ""


class DiscountShape(_Shape):
    """A code that was used, and what it took off."""

    code: Name
    amount: Amount = Decimal(0)


class _Object(_Shape):
    id: Annotated[Name, Field(description="Your own number of it: the same one is the same thing, for ever.")]
    updated_at: Annotated[At, Field(description="When it became so. Of two states the later one stands.")]


class CustomerShape(_Object, PersonShape):
    """Somebody you know, an account or a guest."""

    type: Literal["customer"]


class OrderShape(_Object):
    """A sale, whole: what is left out is not there. `discount` is all that was taken off, by lines and by codes."""

    type: Literal["order"]
    number: Name
    placed_at: At
    currency: Currency
    status: Literal["draft", "open", "paid", "cancelled"] = "paid"
    fulfilment: Short = ""
    is_test: bool = False
    is_tax_included: bool = True
    lines: Annotated[list[LineShape], Field(max_length=5_000)] = []
    discount: Amount = Decimal(0)
    shipping: Amount = Decimal(0)
    tax: Amount = Decimal(0)
    total: Amount | None = None
    customer: BuyerShape | None = None
    billing_address: AddressShape | None = None
    delivery_address: AddressShape | None = None
    payments: Annotated[list[PaymentShape], Field(max_length=200)] = []
    discounts: Annotated[list[DiscountShape], Field(max_length=200)] = []
    payment_method: Short = ""
    note: Long = ""
    tags: Tags = []
    source: Short = ""
    campaign: Short = ""
    referrer: Url = ""


class ReturnShape(_Object):
    """What came back of an order, and what was paid back for it. Without lines it is money alone."""

    type: Literal["return"]
    order_id: Name
    at: At
    number: Short = ""
    state: Literal["requested", "received", "refunded", "exchanged", "refused"] = "refunded"
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    refund: Amount = Decimal(0)
    lines: Annotated[list[LineShape], Field(max_length=5_000)] = []
    reason: Short = ""
    exchange_order_id: Annotated[str, Field(max_length=120)] = ""


class VariantShape(_Shape):
    """One thing that can be bought of a product."""

    id: Name
    sku: Short = ""
    title: Short = ""
    barcode: Short = ""
    price: Amount | None = None
    cost: Amount | None = None
    is_active: bool = True


class ProductShape(_Object):
    """Something you sell, with all its variants."""

    type: Literal["product"]
    title: Name
    category: Short = ""
    brand: Short = ""
    tags: Tags = []
    image_url: Url = ""
    url: Url = ""
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    is_active: bool = True
    variants: Annotated[list[VariantShape], Field(max_length=2_000)] = []


class CheckoutShape(_Object):
    """A purchase that was begun; `completed_at` and `order_id` say that it became an order."""

    type: Literal["checkout"]
    started_at: At
    currency: Currency
    lines: Annotated[list[LineShape], Field(max_length=5_000)] = []
    total: Amount = Decimal(0)
    customer: BuyerShape | None = None
    recovery_url: Url = ""
    completed_at: At | None = None
    order_id: Annotated[str, Field(max_length=120)] = ""


class GoneShape(_Object):
    """You deleted something: it goes here, too."""

    type: Literal["deleted"]
    of: Literal["customer", "order", "return", "product", "checkout"]


AnyShape = CustomerShape | OrderShape | ReturnShape | ProductShape | CheckoutShape | GoneShape

DELIVERY: TypeAdapter[list[AnyShape]] = TypeAdapter(
    Annotated[list[Annotated[AnyShape, Field(discriminator="type")]], Field(min_length=1, max_length=500)]
)
