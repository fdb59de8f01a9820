"""Addresses of a customer: add, change, remove, and which one parcels and invoices go to."""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers import presenting
from regulars.customers.actions import remove_address, save_address
from regulars.customers.forms import AddressForm
from regulars.customers.models import Address, Customer
from regulars.customers.people import records
from regulars.customers.views.editing import customer_or_404, told_by
from regulars.staff.access import requires


@requires("customers.edit")
def new(request: HttpRequest, public_id: str) -> HttpResponse:
    """One more address; the first one is for parcels and invoices alike."""
    customer = customer_or_404(public_id)
    is_first = not Address.objects.filter(customer__in=records(customer)).exists()
    initial = {
        "name": customer.name,
        "country": customer.country or shop.current().country,
        "is_default_shipping": is_first,
        "is_default_billing": is_first,
    }
    return _form(request, customer, None, initial)


@requires("customers.edit")
def edit(request: HttpRequest, public_id: str, address_id: str) -> HttpResponse:
    """Change an address."""
    customer = customer_or_404(public_id)
    address = _address_or_404(customer, address_id)
    return _form(request, customer, address, AddressForm.initial_of(address))


@requires("customers.edit")
def remove(request: HttpRequest, public_id: str, address_id: str) -> HttpResponse:
    """Take an address away. Orders that went there keep their own copy of what matters: the country."""
    customer = customer_or_404(public_id)
    address = _address_or_404(customer, address_id)
    if request.method != "POST":
        return render(request, "customers/address_remove.html", {"customer": customer, "address": address})
    remove_address(address)
    toast(request, _("The address is removed."))
    return redirect("customers:tab", public_id, "profile")


@requires("customers.edit")
def make_default(request: HttpRequest, public_id: str, address_id: str) -> HttpResponse:
    """Send parcels, or invoices, to this address from now on."""
    customer = customer_or_404(public_id)
    address = _address_or_404(customer, address_id)
    if request.method == "POST" and request.POST.get("for") in {"shipping", "billing"}:
        values = {**AddressForm.initial_of(address), f"is_default_{request.POST['for']}": True}
        save_address(customer, values=values, address=address)
        toast(request, _("Saved."))
    return redirect("customers:tab", public_id, "profile")


@requires("customers.edit")
@require_POST
def fields(request: HttpRequest) -> HttpResponse:
    """The fields of the country that was just chosen, with what is written so far."""
    prefix = request.POST.get("prefix") or None
    typed = AddressForm(request.POST, prefix=prefix).typed()
    return render(request, "customers/_place_fields.html", {"form": AddressForm(prefix=prefix, initial=typed)})


def _form(
    request: HttpRequest, customer: Customer, address: Address | None, initial: dict[str, object]
) -> HttpResponse:
    form = AddressForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            with told_by(form):
                save_address(customer, values=form.values(), address=address, is_strict=form.is_strict)
        except Invalid:
            pass
        else:
            toast(request, _("Saved."))
            return redirect("customers:tab", customer.public_id, "profile")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    context = {"customer": customer, "address": address, "form": form}
    return render(request, "customers/address.html", context, status=status)


def _address_or_404(customer: Customer, address_id: str) -> Address:
    pk = Address.pk_of(address_id)
    address = next((one for one in presenting.addresses(customer) if one.pk == pk), None)
    if address is None:
        raise Http404(_("There is no such address. Perhaps it was removed."))
    return address
