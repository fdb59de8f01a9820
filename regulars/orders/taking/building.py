"""From a channel's record of an order to an order that can be written, with the amounts the platform says.

What cannot be kept is made to fit where that loses nothing that counts (a title that is too long), and is a reason to
leave the order out with a sentence where it would make wrong money.

The parts of an order have to come to its total. Where they do not, the total is the platform's:

1. Where they differ by just the tax, the prices do or do not include it, whatever the record says.
2. What the customer paid beyond the parts is a charge, and stands with the shipping.
3. What they paid less is a reduction, and stands with the discount.

More than rounding can explain is said in a remark and in a fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.channels.records import AddressRecord, LineRecord, OrderRecord, PaymentRecord, ReturnRecord
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.money import Money, is_known
from regulars.core.text import clean_lines
from regulars.customers.taking.saying import country_of, cut
from regulars.orders import checks, details, normalise
from regulars.orders.actions.drafts import NewOrder, NewReturn, new_order, new_return
from regulars.orders.models import Fulfilment, Order, PaymentState, Side, Status
from regulars.orders.taking.variants import Variants

_LATEST = 20_000
_ADDRESS = {
    **dict.fromkeys(("name",), 250),
    **dict.fromkeys(("company", "line1", "line2"), 200),
    **dict.fromkeys(("city", "region"), 120),
    "postcode": 20,
    "phone": 40,
}


@dataclass(frozen=True, slots=True)
class Balanced:
    """How an order's parts were brought to the platform's total: what the shipping and the discount got on top."""

    total_minor: int
    shipping_minor: int = 0
    discount_minor: int = 0


@dataclass(slots=True)
class Built:
    """An order that can be written, and what there is to say of how its total came about."""

    order: NewOrder
    balanced: Balanced | None = None

    @property
    def remark(self) -> str:
        """What is to be known of it, for people."""
        if self.balanced is None:
            return ""
        off = Money(self.balanced.discount_minor or self.balanced.shipping_minor, self.order.currency)
        sentence = (
            _("The parts of this order come to %(amount)s more than its total; the rest is kept as discount.")
            if self.balanced.discount_minor
            else _("The parts of this order come to %(amount)s less than its total; the rest is kept as shipping.")
        )
        return sentence % {"amount": str(off)}


class Rates:
    """What currencies are worth: what a record says, what an order had before, or the last rate there was."""

    def __init__(self) -> None:
        self._base = shop.current().currency
        self._latest: dict[str, Decimal | None] = {}

    def of(self, currency: str, said: Decimal | None, known: Decimal | None = None) -> Decimal:
        """The rate to the shop's currency. Raises Invalid where nobody ever said one."""
        if not is_known(currency):
            raise checks.invalid({"currency": [_("“%(value)s” is not a currency.") % {"value": currency[:20]}]})
        if currency == self._base:
            return Decimal(1)
        if said is not None and said > 0:
            return checks.rate_of(said)
        if known is not None:
            return known
        if currency not in self._latest:
            latest = Order.objects.filter(pk__in=Order.objects.order_by("-placed_at").values("pk")[:_LATEST])
            found = latest.filter(currency=currency).order_by("-placed_at", "-pk").values_list("rate", flat=True)
            self._latest[currency] = found.first()
        rate = self._latest[currency]
        if rate is None:
            raise checks.invalid(
                {
                    "rate": [
                        _(
                            "The amounts are in %(currency)s and the shop counts in %(base)s, and no order here has a "
                            "rate yet. Enter one order in %(currency)s with its rate, then take this in again."
                        )
                        % {"currency": currency, "base": self._base}
                    ]
                }
            )
        return rate


def build_order(
    record: OrderRecord,
    *,
    number: str,
    channel: Channel,
    customer_id: int | None,
    variants: Variants,
    rates: Rates,
    known_rate: Decimal | None = None,
) -> Built:
    """The order a record tells of. Raises Invalid."""
    currency = record.currency.strip().upper()
    rate = rates.of(currency, record.rate, known_rate)
    is_draft = record.status == Status.DRAFT
    lines = [_line(line, currency, variants) for line in record.lines if line.quantity and line.unit_price >= 0]
    if not lines and not is_draft:
        raise checks.invalid({"lines": [_("This order has no lines. It can come in when it has some.")]})
    values = _values(record, currency)
    values |= {"number": number, "currency": currency, "rate": rate}
    total = None if record.total is None or record.total < 0 or not lines else _minor(record.total, currency)
    order: NewOrder | None = None
    with suppress(_TooMuchOff):
        order = _as_said(values, lines, channel, customer_id)
    balanced = None
    if order is None or total not in {None, order.total_minor}:
        parts = sum(piece.total_minor for piece in normalise.pieces(lines, currency=currency))
        balanced = _balance(values, parts, total, len(lines))
        order = new_order(values=values, lines=lines, channel_id=channel.pk, customer_id=customer_id)
    return Built(order, balanced)


class _TooMuchOff(Exception):  # noqa: N818 — an answer
    """More is taken off than there is; the total says what it comes to."""


def _as_said(
    values: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], channel: Channel, customer_id: int | None
) -> NewOrder:
    """The order as its parts are, which is most of them. Raises Invalid, or _TooMuchOff."""
    try:
        return new_order(values=values, lines=lines, channel_id=channel.pk, customer_id=customer_id)
    except Invalid as refused:
        if refused.fields.keys() == {"discount_minor"}:
            raise _TooMuchOff from refused
        raise


def build_return(
    record: ReturnRecord, *, number: str, channel: Channel, order: Order | None, exchange_id: int | None, rates: Rates
) -> NewReturn:
    """The return a record tells of. Raises Invalid."""
    currency = (record.currency or (order.currency if order else "")).strip().upper()
    is_same = order is not None and order.currency == currency
    rate = rates.of(currency, None, order.rate if order and is_same else None)
    lines = [_came_back(line) for line in record.lines if line.quantity]
    values = {
        "number": number,
        "returned_at": record.at,
        "currency": currency,
        "rate": rate,
        "refund_minor": _minor(abs(record.refund), currency),
        "reason": cut(record.reason, normalise.REASON_LENGTH),
        "state": record.state,
        "exchange_id": exchange_id,
    }
    return new_return(
        values=values,
        lines=lines,
        channel_id=channel.pk,
        customer_id=order.customer_id if order else None,
        order_id=order.pk if order else None,
    )


def _values(record: OrderRecord, currency: str) -> dict[str, Any]:
    """All of an order but its number, its money's worth and its lines."""
    addresses = {Side.DELIVERY.value: _address(record.delivery), Side.BILLING.value: _address(record.billing)}
    places = [one["country"] for one in addresses.values() if one]
    places += [country_of(record.who.country)] if record.who else []
    payments = {one.external_id or str(place): one for place, one in enumerate(record.payments)}
    # a line below zero is a reduction, however the platform books it
    reduced = sum((abs(line.unit_price * line.quantity) for line in record.lines if line.unit_price < 0), Decimal(0))
    return {
        "status": Status.PAID.value if record.status in _REFUNDED else record.status,
        "is_test": record.is_test,
        "placed_at": record.placed_at,
        "discount_minor": _minor(abs(record.discount) + reduced, currency),
        "shipping_minor": _minor(max(record.shipping, Decimal(0)), currency),
        "tax_minor": _minor(max(record.tax, Decimal(0)), currency),
        "is_tax_included": record.is_tax_included,
        "payment_method": cut(record.payment_method, normalise.PAID_BY_LENGTH),
        "country": next((place for place in places if place), ""),
        "note": clean_lines(record.note.replace("\0", ""), limit=10**9)[: normalise.NOTE_LENGTH].rstrip(),
        "fulfilment": record.fulfilment if record.fulfilment in _FULFILMENTS else "",
        "source": cut(record.source, normalise.SOURCE_LENGTH),
        "campaign": cut(record.campaign, normalise.CAMPAIGN_LENGTH),
        "referrer": cut(record.referrer, normalise.REFERRER_LENGTH),
        "tags": [cut(tag, details.TAG_LENGTH) for tag in record.tags[: details.MOST_OF_EACH]],
        "codes": [
            {"code": cut(one.code, details.CODE_LENGTH), "amount_minor": _minor(abs(one.amount), currency)}
            for one in record.discounts[: details.MOST_OF_EACH]
        ],
        "addresses": addresses,
        "payments": [_payment(one, currency) for one in list(payments.values())[: details.MOST_OF_EACH]],
    }


def _balance(values: dict[str, Any], parts: int, total: int | None, lines: int) -> Balanced | None:
    """Bring the parts to the platform's total; answers how, where rounding does not explain it."""
    if total is None:
        return None
    tax = values["tax_minor"]
    without_tax = parts - values["discount_minor"] + values["shipping_minor"]
    rest = total - without_tax - (0 if values["is_tax_included"] else tax)
    if tax and rest == (tax if values["is_tax_included"] else -tax):
        values["is_tax_included"] = not values["is_tax_included"]
        rest = 0
    more, less = max(rest, 0), max(-rest, 0)
    values["shipping_minor"] += more
    values["discount_minor"] += less
    return None if abs(rest) <= lines + 1 else Balanced(total, shipping_minor=more, discount_minor=less)


def _line(line: LineRecord, currency: str, variants: Variants) -> dict[str, Any]:
    return {
        **_goods(line),
        "variant_id": variants.of(line),
        "variant_title": cut(line.variant_title, normalise.VARIANT_LENGTH),
        "discount_minor": _minor(abs(line.discount), currency),
        "tax_minor": _minor(max(line.tax, Decimal(0)), currency),
        "cost": line.cost if line.cost is not None and line.cost >= 0 else None,
    }


def _came_back(line: LineRecord) -> dict[str, Any]:
    return {**_goods(line), "quantity": abs(line.quantity)}


def _goods(line: LineRecord) -> dict[str, Any]:
    sku = cut(line.sku, normalise.SKU_LENGTH)
    title = cut(line.title or line.variant_title, normalise.TITLE_LENGTH)
    return {
        "sku": sku,
        "title": title or ("" if sku else cut(line.external_id or line.variant_id, normalise.TITLE_LENGTH) or "—"),
        "quantity": line.quantity,
        "unit_price": line.unit_price,
    }


def _address(address: AddressRecord | None) -> dict[str, str] | None:
    if address is None:
        return None
    texts = {name: cut(getattr(address, name), limit) for name, limit in _ADDRESS.items()}
    return {**texts, "country": country_of(address.country)}


def _payment(one: PaymentRecord, currency: str) -> Mapping[str, Any]:
    return {
        "external_id": cut(one.external_id, details.REFERENCE_LENGTH),
        "method": cut(one.method, details.METHOD_LENGTH),
        "amount_minor": _minor(abs(one.amount), currency),
        "at": one.at,
        "state": one.state if one.state in _PAYMENT_STATES else PaymentState.PENDING.value,
        "is_refund": one.is_refund,
        "reference": cut(one.reference, details.REFERENCE_LENGTH),
    }


def _minor(amount: Decimal, currency: str) -> int:
    return Money.of(amount, currency).minor if amount else 0


_REFUNDED = {Status.PART_REFUNDED.value, Status.REFUNDED.value}
_FULFILMENTS, _PAYMENT_STATES = frozenset(Fulfilment.values), frozenset(PaymentState.values)
