"""Orders of Vendure, and baskets that are not ordered yet.

When something is cancelled, Vendure takes it out of the order: quantities and total become smaller, and what was paid
back stands beside as a refund. Here a sale stays what was paid for, and a return says what came back; so where more was
paid than the order comes to by now, the quantities from before count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from regulars.channels.connectors.protocol import Link
from regulars.channels.connectors.reading import (
    Json,
    amount,
    child,
    children,
    identity,
    moment,
    surely,
    text,
    whole,
    words,
)
from regulars.channels.connectors.vendure.amounts import precision
from regulars.channels.connectors.vendure.moments import version
from regulars.channels.connectors.vendure.people import address, customer
from regulars.channels.connectors.vendure.products import of_variant
from regulars.channels.records import (
    AnyRecord,
    CheckoutRecord,
    CustomerRecord,
    DiscountRecord,
    Gone,
    LineRecord,
    OrderRecord,
    PaymentRecord,
    ReturnRecord,
)

_PAYMENT = {"Created": "pending", "Authorized": "authorised", "Settled": "paid", "Cancelled": "voided"}
_REFUND = {"Pending": "requested", "Settled": "refunded"}
_REFUND_MONEY = {"Pending": "pending", "Settled": "paid"}
_SENT = {"Shipped", "Delivered"}
_CANCELLED_SHIPPING = "CANCEL_ORDER"


def records_of(found: Json, at: dt.datetime | None, link: Link) -> Sequence[AnyRecord]:
    """The sale, and the basket that became it; a basket alone where nothing is ordered yet. Raises Unreadable."""
    if text(found, "type") == "Seller":
        return ()  # a part of a marketplace's order, which comes as a whole, too
    sale = _Sale(found, at)
    if moment(found, "orderPlacedAt") is None:
        # a draft is being written by the shop's own people
        return () if text(found, "state") == "Draft" else sale.basket(link)
    return [sale.order(), *sale.basket(link)]


class _Sale:
    """One order while it is read."""

    def __init__(self, found: Json, at: dt.datetime | None) -> None:
        self.found = found
        self.key = identity(found)
        self.version = version(found, at)
        self.precision = precision(found)
        self.currency = text(found, "currencyCode")
        self.parts = _sorted(children(found, "lines"))
        self.payments = _sorted(children(found, "payments"))
        self.paid = sum((self.money(one, "amount") for one in self.payments if _is_settled(one)), Decimal(0))
        self.now = self.money(found, "totalWithTax")
        self.is_reduced = self.paid > self.now
        self.total = max(self.paid, self.now)

    @property
    def refunds(self) -> list[Json]:
        return _sorted([refund for payment in self.payments for refund in children(payment, "refunds")])

    def money(self, of: Json, name: str) -> Decimal:
        return amount(of, name).scaleb(-self.precision)

    def who(self) -> CustomerRecord | None:
        buyer = child(self.found, "customer")
        return customer(buyer, self.version) if buyer else None

    def basket(self, link: Link) -> Sequence[AnyRecord]:
        placed = moment(self.found, "orderPlacedAt")
        who = self.who()
        if who is None or not who.email:
            return ()  # nobody could be reminded of it
        if placed is None and (text(self.found, "state") == "Cancelled" or not self.parts):
            return [Gone(of="checkout", external_id=self.key, version=self.version)]
        address = str(link.options.get("recovery_address") or "")
        return [
            CheckoutRecord(
                external_id=self.key,
                version=self.version,
                started_at=surely(moment(self.found, "createdAt"), "createdAt"),
                currency=self.currency,
                lines=self.lines(),
                total=self.total,
                who=who,
                recovery_url=address.replace("{code}", text(self.found, "code")) if placed is None else "",
                completed_at=placed,
                order_id=self.key if placed else "",
            )
        ]

    def order(self) -> OrderRecord:
        found = self.found
        lines, shipping = self.lines(), self.shipping()
        parts = sum((one.unit_price * one.quantity for one in lines), Decimal(0)) + shipping
        # what was taken off is what is missing; a cent that rounding added stands as a line
        if parts < self.total:
            lines = (*lines, LineRecord(title=_("Rounding"), unit_price=self.total - parts))
        return OrderRecord(
            external_id=self.key,
            version=self.version,
            number=text(found, "code") or self.key,
            placed_at=surely(moment(found, "orderPlacedAt"), "orderPlacedAt"),
            currency=self.currency,
            status=self.status(),
            fulfilment=self.fulfilment(),
            lines=lines,
            discount=max(parts - self.total, Decimal(0)),
            shipping=shipping,
            tax=self.tax(),
            total=self.total,
            who=self.who(),
            billing=address(child(found, "billingAddress")),
            delivery=address(child(found, "shippingAddress")),
            payments=self.payment_records(),
            returns=tuple(self.returned(one) for one in self.refunds),
            discounts=self.codes(),
            payment_method=next((text(one, "method") for one in self.payments if _is_settled(one)), ""),
        )

    def status(self) -> str:
        if text(self.found, "state") == "Cancelled" and not self.paid:
            return "cancelled"  # who paid and got everything back is a sale and its return
        return "paid" if self.paid >= self.now else "open"

    def fulfilment(self) -> str:
        wanted = sum(whole(line, "quantity") for line in self.parts)
        states = [one for one in children(self.found, "fulfillments") if text(one, "state") in _SENT]
        sent = sum(whole(line, "quantity") for one in states for line in children(one, "lines"))
        if not wanted:
            return ""
        if not sent:
            return "unfulfilled"
        if sent < wanted:
            return "partial"
        return "delivered" if all(text(one, "state") == "Delivered" for one in states) else "fulfilled"

    def quantity(self, line: Json) -> int:
        """How many were sold: by now, or before something was cancelled that has been paid."""
        now = whole(line, "quantity")
        if not self.is_reduced:
            return now
        added = sum(
            max(whole(change, "quantity"), 0)
            for one in children(self.found, "modifications")
            for change in children(one, "lines")
            if text(change, "orderLineId") == text(line, "id")
        )
        return max(now, whole(line, "orderPlacedQuantity") + added)

    def lines(self) -> tuple[LineRecord, ...]:
        sold = [(line, self.quantity(line)) for line in self.parts]
        extras = tuple(
            LineRecord(
                external_id=f"surcharge {identity(one)}",
                sku=text(one, "sku"),
                title=text(one, "description"),
                unit_price=self.money(one, "priceWithTax"),
                tax=self.money(one, "priceWithTax") - self.money(one, "price"),
            )
            for one in _sorted(children(self.found, "surcharges"))
            if self.money(one, "priceWithTax") > 0  # what takes off is part of the discount
        )
        return tuple(self.line(line, quantity) for line, quantity in sold if quantity) + extras

    def line(self, line: Json, quantity: int) -> LineRecord:
        variant = child(line, "productVariant")
        title = text(child(variant, "product"), "name")
        price = self.money(line, "unitPriceWithTax")
        if quantity == whole(line, "quantity"):
            taken_off = price * quantity - self.money(line, "proratedLinePriceWithTax")
        else:
            taken_off = (price - self.money(line, "proratedUnitPriceWithTax")) * quantity
        return LineRecord(
            external_id=identity(line),
            sku=text(variant, "sku"),
            title=title or text(variant, "name"),
            variant_title=of_variant(text(variant, "name"), title),
            variant_id=text(variant, "id"),
            quantity=quantity,
            unit_price=price,
            discount=max(taken_off, Decimal(0)),
            tax=self.tax_of_one(line) * quantity,
        )

    def tax_of_one(self, line: Json) -> Decimal:
        return self.money(line, "proratedUnitPriceWithTax") - self.money(line, "proratedUnitPrice")

    def shipping(self) -> Decimal:
        if not self.is_reduced:
            return self.money(self.found, "shippingWithTax")
        return sum(
            (
                self.money(one, "priceWithTax")
                + sum(
                    self.money(less, "amountWithTax")
                    for less in children(one, "discounts")
                    if text(less, "adjustmentSource") != _CANCELLED_SHIPPING
                )
                for one in children(self.found, "shippingLines")
            ),
            Decimal(0),
        )

    def tax(self) -> Decimal:
        if not self.is_reduced:
            return self.now - self.money(self.found, "total")
        sold = self.parts
        return sum((self.tax_of_one(line) * self.quantity(line) for line in sold), Decimal(0))

    def codes(self) -> tuple[DiscountRecord, ...]:
        promotions = {text(one, "id"): text(one, "couponCode") for one in children(self.found, "promotions")}
        taken: dict[str, Decimal] = dict.fromkeys(words(self.found, "couponCodes"), Decimal(0))
        for one in children(self.found, "discounts"):
            code = promotions.get(text(one, "adjustmentSource").rpartition(":")[2], "")
            if code in taken:
                taken[code] -= self.money(one, "amountWithTax")
        return tuple(DiscountRecord(code=code, amount=taken[code]) for code in taken)

    def payment_records(self) -> tuple[PaymentRecord, ...]:
        came = [
            PaymentRecord(
                external_id=identity(one),
                method=text(one, "method"),
                amount=self.money(one, "amount"),
                at=moment(one, "createdAt"),
                state=_PAYMENT.get(text(one, "state"), "failed"),
                reference=text(one, "transactionId"),
            )
            for one in self.payments
        ]
        went = [
            PaymentRecord(
                external_id=f"refund {identity(one)}",
                method=text(one, "method"),
                amount=self.money(one, "total"),
                at=moment(one, "createdAt"),
                state=_REFUND_MONEY.get(text(one, "state"), "failed"),
                is_refund=True,
                reference=text(one, "transactionId"),
            )
            for one in self.refunds
        ]
        return (*came, *went)

    def returned(self, refund: Json) -> ReturnRecord:
        sold = {text(line, "id"): line for line in self.parts}
        lines = [
            (sold[text(one, "orderLineId")], whole(one, "quantity"))
            for one in children(refund, "lines")
            if text(one, "orderLineId") in sold
        ]
        return ReturnRecord(
            external_id=identity(refund),
            version=self.version,
            order_id=self.key,
            at=surely(moment(refund, "createdAt"), "createdAt"),
            state=_REFUND.get(text(refund, "state"), "refused"),
            currency=self.currency,
            refund=self.money(refund, "total"),
            lines=tuple(self.line(line, quantity) for line, quantity in lines if quantity > 0),
            reason=text(refund, "reason"),
        )


def _sorted(parts: Sequence[Json]) -> list[Json]:
    """In the order in which they came to be: plugin and API list them in orders of their own."""
    return sorted(parts, key=lambda one: (text(one, "createdAt"), len(text(one, "id")), text(one, "id")))


def _is_settled(one: Json) -> bool:
    return text(one, "state") == "Settled"
