"""Records in words, for the page of a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from regulars.channels.records import (
    CheckoutRecord,
    CustomerRecord,
    Gone,
    OrderRecord,
    ProductRecord,
    ReturnRecord,
)
from regulars.core.money import Money, is_known


@dataclass(frozen=True, slots=True)
class Said:
    """What a record tells, in one sentence, and the details under it."""

    sentence: str
    details: tuple[tuple[str, str], ...] = ()


def in_words(record: Any) -> Said:
    """What a record tells. Of a kind that this page does not know, its kind and its number."""
    match record:
        case OrderRecord():
            return _order(record)
        case CustomerRecord():
            return Said(
                _("Customer %(id)s: %(name)s") % {"id": record.external_id, "name": _named(record)}, _who(record)
            )
        case ReturnRecord():
            said = _("Return of order %(order)s: %(amount)s paid back")
            return Said(said % {"order": record.order_id, "amount": _money(record.refund, record.currency)})
        case ProductRecord():
            count = len(record.variants)
            said = ngettext(
                "Product %(id)s: %(title)s, %(count)s variant", "Product %(id)s: %(title)s, %(count)s variants", count
            )
            return Said(said % {"id": record.external_id, "title": record.title, "count": count})
        case CheckoutRecord():
            said = _("Checkout %(id)s over %(amount)s")
            return Said(said % {"id": record.external_id, "amount": _money(record.total, record.currency)})
        case Gone():
            return Said(_("Deleted there: %(kind)s %(id)s") % {"kind": record.of, "id": record.external_id})
    return Said(f"{getattr(record, 'kind', '')} {getattr(record, 'external_id', '')}".strip())


def _order(record: OrderRecord) -> Said:
    details = [
        (f"{line.quantity} × {line.title or line.sku}", _money(line.unit_price * line.quantity, record.currency))
        for line in record.lines
    ]
    if record.discount:
        details.append((_("Discount"), _money(-record.discount, record.currency)))
    if record.shipping:
        details.append((_("Shipping"), _money(record.shipping, record.currency)))
    details += [
        (
            _("Paid back") if payment.is_refund else _("Paid"),
            f"{_money(payment.amount, record.currency)} {payment.method}",
        )
        for payment in record.payments
    ]
    if record.who is not None:
        details += _who(record.who)
    said = _("Order %(number)s over %(amount)s, %(status)s")
    amount = _money(record.total, record.currency) if record.total is not None else "–"
    return Said(said % {"number": record.number, "amount": amount, "status": record.status}, tuple(details))


def _who(record: CustomerRecord) -> tuple[tuple[str, str], ...]:
    known = ((_("Name"), _named(record)), (_("E-mail"), record.email), (_("Phone"), record.phone))
    return tuple((label, value) for label, value in known if value)


def _named(record: CustomerRecord) -> str:
    parts = (record.given_name, record.family_name)
    return record.name or " ".join(filter(None, parts)) or record.company or record.email


def _money(amount: Decimal, currency: str) -> str:
    return Money.of(amount, currency).format(get_language() or "en") if is_known(currency) else f"{amount} {currency}"
