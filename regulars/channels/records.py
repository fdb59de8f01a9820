"""What connectors make of a platform's objects: neutral records, the same whoever sent them.

A record is the whole state of one object at one moment, never a difference, so that records can come twice, late and
in any order: of two states the one with the later `version` stands (models.Mirror). Amounts are decimals in `currency`
as the platform wrote them; texts are as they came, and are checked by those who take the record in.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The state of one object of a channel. `external_id` is the channel's own name for it, `version` the moment."""

    kind: ClassVar[str]

    external_id: str
    version: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRecord:
    """An address as somebody wrote it."""

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""  # two letters
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody agreed to or took back, on the platform: `channel` is email, sms …; None where nobody asked."""

    channel: str
    is_given: bool | None
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRecord(Record):
    """Somebody the platform knows, an account or a guest whom it gave a number.

    An address counts for finding the same person on another channel only where the platform has verified it.
    """

    kind: ClassVar[str] = "customer"

    email: str = ""
    is_email_verified: bool = False
    phone: str = ""
    is_phone_verified: bool = False
    given_name: str = ""
    family_name: str = ""
    name: str = ""
    company: str = ""
    language: str = ""
    country: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    since: dt.datetime | None = None
    address: AddressRecord | None = None
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRecord:
    """A line of an order. `unit_price` is before the line's `discount`; `variant_id` is the channel's own."""

    external_id: str = ""
    sku: str = ""
    title: str = ""
    variant_title: str = ""
    variant_id: str = ""
    quantity: int = 1
    unit_price: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    cost: Decimal | None = None  # of one


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecord:
    """Money that came in, or went back (`is_refund`). `state` is one of orders' PaymentState."""

    external_id: str
    method: str = ""
    amount: Decimal = Decimal(0)
    at: dt.datetime | None = None
    state: str = "paid"
    is_refund: bool = False
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountRecord:
    """A code that was used, and what it took off."""

    code: str
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord(Record):
    """A sale. `status` is one of orders' states without the refunded ones, which follow from the returns.

    `discount` is all that was taken off, by lines and codes. `total` is what the platform says it came to: where that
    is not what the parts come to, the order is taken in and the difference is listed. `who` is the buyer as the order
    names them, where the platform does not send customers themselves.
    """

    kind: ClassVar[str] = "order"

    number: str
    placed_at: dt.datetime
    currency: str
    rate: Decimal | None = None
    status: str = "paid"
    fulfilment: str = ""
    is_test: bool = False
    is_tax_included: bool = True
    lines: tuple[LineRecord, ...] = ()
    discount: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    total: Decimal | None = None
    who: CustomerRecord | None = None
    billing: AddressRecord | None = None
    delivery: AddressRecord | None = None
    payments: tuple[PaymentRecord, ...] = ()
    returns: tuple[ReturnRecord, ...] = ()
    discounts: tuple[DiscountRecord, ...] = ()
    payment_method: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    source: str = ""
    campaign: str = ""
    referrer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRecord(Record):
    """What came back of an order, and what was paid back for it; without lines it is money alone.

    `state` is one of orders' ReturnState. A platform may send it by itself or inside its order: it is the same one.
    """

    kind: ClassVar[str] = "return"

    order_id: str
    at: dt.datetime
    number: str = ""
    state: str = "refunded"
    currency: str = ""
    refund: Decimal = Decimal(0)
    lines: tuple[LineRecord, ...] = ()
    reason: str = ""
    exchange_order_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRecord:
    """One thing that can be bought of a product."""

    external_id: str
    sku: str = ""
    title: str = ""
    barcode: str = ""
    price: Decimal | None = None
    cost: Decimal | None = None
    is_active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRecord(Record):
    """Something the shop sells, with its variants; what is not among them any more is switched off."""

    kind: ClassVar[str] = "product"

    title: str
    category: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    image_url: str = ""
    url: str = ""
    currency: str = ""
    is_active: bool = True
    variants: tuple[VariantRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRecord(Record):
    """A purchase that was begun; `completed_at` says that it became an order, `order_id` which."""

    kind: ClassVar[str] = "checkout"

    started_at: dt.datetime
    currency: str
    lines: tuple[LineRecord, ...] = ()
    total: Decimal = Decimal(0)
    who: CustomerRecord | None = None
    recovery_url: str = ""
    completed_at: dt.datetime | None = None
    order_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRecord(Record):
    """Somebody asked the platform for their right, and it passes that on: `wants` is copy or erasure."""

    kind: ClassVar[str] = "privacy"

    wants: str
    customer_id: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The object was deleted on the platform at `version`; `of` is its kind."""

    of: str
    external_id: str
    version: dt.datetime


AnyRecord = CustomerRecord | OrderRecord | ReturnRecord | ProductRecord | CheckoutRecord | PrivacyRecord | Gone
