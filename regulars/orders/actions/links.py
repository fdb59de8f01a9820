"""Payment links: pages where a customer can pay one order. Only a digest of the address is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.orders import normalise
from regulars.orders.link_facts import PaymentLinkMade, PaymentLinkRevoked
from regulars.orders.models import Order, Payment, PaymentLink, PaymentState, Status
from regulars.orders.paying import providers
from regulars.staff.policy import require_full_of, verb
from regulars.timeline.actions import record
from regulars.timeline.models import Entry

LASTS = dt.timedelta(days=14)
_PAYABLE = (Status.DRAFT, Status.OPEN)
_SECRET_BYTES = 24


class NothingToPay(Refusal):
    """There is nothing to pay for this order."""

    status: ClassVar[int] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "nothing-to-pay"


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A new link and its secret, which is known only here and now."""

    link: PaymentLink
    secret: str


@verb
def make_link(order: Order, *, provider: str = "", lasts: dt.timedelta = LASTS) -> MadeLink:
    """Make a page where this order can be paid; earlier links of it end. Raises NothingToPay, or Invalid.

    The page asks for what is still to pay now. A draft may have one: it becomes an order when it is paid.
    """
    now = Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order.pk)
    require_full_of(PaymentLink, ("amount_minor",))
    key = provider or next(iter(providers()))
    if key not in providers():
        raise normalise.invalid({"provider": [_("There is no such way to pay.")]})
    owed = still_to_pay(now)
    if owed <= 0:
        raise NothingToPay(_("There is nothing to pay for order %(number)s.") % {"number": now.number})
    PaymentLink.objects.filter(order=now, paid_at=None, is_revoked=False).update(is_revoked=True)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    link = PaymentLink.objects.create(
        order=now,
        provider=key,
        hash=_digest(secret),
        amount_minor=owed,
        currency=now.currency,
        ends_at=timezone.now() + lasts,
    )
    record(
        PaymentLinkMade(number=now.number, amount_minor=owed, currency=now.currency, ends_at=link.ends_at.isoformat()),
        customer=now.customer,
        subject=now,
    )
    return MadeLink(link, secret)


@verb
def revoke_link(link: PaymentLink) -> None:
    """Take a link back: its page says that it does not work any more. One that is over already stays as it is."""
    now = PaymentLink.objects.select_for_update(of=("self",)).select_related("order__customer").get(pk=link.pk)
    if now.is_revoked or now.paid_at is not None:
        return
    now.is_revoked = True
    now.save(update_fields=["is_revoked"])
    record(PaymentLinkRevoked(number=now.order.number), customer=now.order.customer, subject=now.order)


def link_of(secret: str) -> PaymentLink | None:
    """The link behind an address, with its order, customer and channel; None for an address that nobody made."""
    rows = PaymentLink.objects.select_related("order__customer__merged_into", "order__channel")
    return rows.filter(hash=_digest(secret)).first()


def note_opened(link: PaymentLink) -> None:
    """Remember when the page of a link was opened first; that is seen by the shop, and told to nobody."""
    if link.opened_at is None:
        PaymentLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now())


def end_paid(entry: Entry) -> None:
    """Let the links of an order that is paid end."""
    open_ones = PaymentLink.objects.filter(order_id=entry.subject_id or 0, paid_at=None, is_revoked=False)
    open_ones.update(paid_at=timezone.now())


def still_to_pay(order: Order) -> int:
    """What an order still asks of its customer: nothing where it is paid or cancelled, else total less payments."""
    if order.status not in _PAYABLE:
        return 0
    return max(order.total_minor - paid_in(order.payments.all()), 0)


def paid_in(payments: Iterable[Payment]) -> int:
    """What came in by these payments, less what went back."""
    paid = [payment for payment in payments if payment.state == PaymentState.PAID]
    return sum(-payment.amount_minor if payment.is_refund else payment.amount_minor for payment in paid)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
