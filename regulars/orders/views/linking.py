"""Making a payment link, which is shown once, and taking it back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST

from regulars.core import shop
from regulars.core.sight import current
from regulars.core.ui.toasts import toast
from regulars.orders.actions.links import make_link, revoke_link
from regulars.orders.models import Order, PaymentLink
from regulars.orders.views.paying import language_for
from regulars.staff.access import requires


@requires("orders.edit")
@require_POST
def make(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new payment link of an order. Its address is on this answer and nowhere else."""
    order = Order.objects.select_related("customer__merged_into").filter(pk=Order.pk_of(public_id) or 0).first()
    if order is None:
        raise Http404(_("There is no such order. Perhaps it was deleted."))
    made = make_link(order)
    address = settings.PUBLIC_URL + reverse("pay", args=[made.secret])
    context = {"order": order, "link": made.link, "address": address, "mail": _mail(order, address)}
    return render(request, "orders/link.html", context)


@requires("orders.edit")
@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a payment link back."""
    rows = PaymentLink.objects.select_related("order").filter(pk=PaymentLink.pk_of(public_id) or 0)
    link = rows.first()
    if link is None:
        raise Http404(_("There is no such payment link."))
    revoke_link(link)
    toast(request, _("The payment link does not work any more."))
    return redirect("orders:page", link.order.public_id)


def _mail(order: Order, address: str) -> dict[str, Any] | None:
    """A mail in the customer's language, prepared for the mail program; None where there is nobody to write to."""
    customer = order.customer.person if order.customer else None
    if customer is None or not customer.email or not current().shows("email"):
        return None
    language = language_for(customer)
    with override(language):
        names = {"shop": shop.current().name, "number": order.number, "name": customer.name}
        subject = _("Your order %(number)s at %(shop)s") % names
        body = _(
            "Hello %(name)s,\n\nhere you see what your order comes to, and how to pay it:\n%(address)s\n\n%(shop)s"
        ) % {**names, "address": address}
    href = f"mailto:{quote(customer.email, safe='@')}?subject={quote(subject)}&body={quote(body)}"
    return {"to": customer.email, "href": href}
