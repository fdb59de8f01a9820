"""Create and change a customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from regulars.core import ids, shop
from regulars.core.errors import Invalid, Stale
from regulars.core.ui.toasts import toast
from regulars.customers.actions import (
    EmailTaken,
    change_customer,
    create_customer,
)
from regulars.customers.forms import AddressForm, CustomerForm, ShopForm, base_of, merged
from regulars.customers.models import Customer
from regulars.customers.normalise import normalise_address
from regulars.staff.access import requires
from regulars.staff.models import User
from regulars.timeline.queries import customer_entries

_A_MINUTE = dt.timedelta(minutes=1)


@requires("customers.edit")
def new(request: HttpRequest) -> HttpResponse:
    """A new customer, with a first address if there is one."""
    form = CustomerForm(request.POST or None, initial={"kind": "person", "status": "active"})
    address = AddressForm(request.POST or None, prefix="address", initial={"country": shop.current().country})
    if request.method == "POST" and form.is_valid() and (address.is_blank or address.is_valid()):
        customer = _create(form, address)
        if customer is not None:
            toast(request, _("%(name)s is a customer now.") % {"name": customer})
            return redirect("customers:page", customer.public_id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/new.html", {"form": form, "address": address}, status=status)


@requires("customers.edit")
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a profile. When somebody else was faster, both values are shown, and a person picks."""
    customer = customer_or_404(public_id)
    initial = CustomerForm.initial_of(customer)
    if request.method != "POST":
        context = {"customer": customer, "form": CustomerForm(initial=initial), "base": base_of(initial)}
        return render(request, "customers/edit.html", context)
    data = request.POST.copy()
    for name in data.getlist("clash"):
        # a clash that nobody decided stays as it is in the database
        data.setdefault(name, initial.get(name, ""))
    form = CustomerForm(data, initial=initial)
    version = _version(request)
    if form.is_valid():
        try:
            with told_by(form):
                changed = change_customer(customer, values=form.values(), version=version)
        except Stale:
            return _clash(request, customer_or_404(public_id))
        except (Invalid, EmailTaken):
            pass
        else:
            return _saved(request, changed, version)
    elif version != customer.version:
        return _clash(request, customer)
    context = {"customer": customer, "form": form, "base": request.POST.get("base", ""), "read_version": version}
    return render(request, "customers/edit.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@requires("customers.edit")
def undo(request: HttpRequest, public_id: str, entry_id: int) -> HttpResponse:
    """Put back what one change of the profile replaced, as long as nobody changed these fields again."""
    customer = customer_or_404(public_id)
    if request.method != "POST":
        return redirect("customers:page", public_id)
    entry = customer.entries.filter(pk=entry_id, name="customer.changed").first()
    if entry is None:
        raise Http404
    changes = entry.data.get("changes") or {}
    if not changes or any(_as_kept(getattr(customer, name, None)) != now for name, (_was, now) in changes.items()):
        toast(request, _("This cannot be put back: the profile was changed again since."))
        return redirect("customers:page", public_id)
    values = {name: was for name, (was, _now) in changes.items()}
    if values.get("looked_after_by"):
        values["looked_after_by"] = User.objects.filter(pk=ids.decode("usr", values["looked_after_by"]) or 0).first()
    change_customer(customer, values=values, version=customer.version)
    toast(request, _("Put back as it was."))
    return redirect("customers:page", public_id)


def customer_or_404(public_id: str) -> Customer:
    """The customer of a public id, with what every page says about them."""
    pk = Customer.pk_of(public_id)
    customer = Customer.objects.select_related("channel", "looked_after_by").filter(pk=pk or 0).first()
    if customer is None:
        raise Http404(_("There is no such customer. Perhaps it was deleted."))
    return customer


@contextmanager
def told_by(form: ShopForm) -> Iterator[None]:
    """Show what an action refuses at the fields of the form; the refusal goes on to the view."""
    try:
        yield
    except EmailTaken as taken:
        other = taken.customer
        form.add_error(
            "email",
            format_html(
                '{} <a class="link" href="/customers/{}">{}</a>',
                _("This e-mail belongs to another customer:"),
                other.public_id,
                other,
            ),
        )
        raise
    except Invalid as invalid:
        form.refuse(invalid)
        raise


def _create(form: CustomerForm, address: AddressForm) -> Customer | None:
    """Customer and address together or not at all; None when one of them was refused."""
    place = None
    try:
        if not address.is_blank:
            place = address.values()
            with told_by(address):
                # so that a bad postcode is said at the address, not somewhere in the profile
                normalise_address(place, country=shop.current().country)
        with told_by(form):
            return create_customer(values=form.values(), address=place)
    except (Invalid, EmailTaken):
        return None


def _saved(request: HttpRequest, customer: Customer, version: int) -> HttpResponse:
    """Back to the page, with a toast that offers the way back when something changed."""
    if customer.version != version:
        entry = next(iter(customer_entries(customer.pk, names=("customer.changed",), limit=1)), None)
        undo = reverse("customers:undo", args=[customer.public_id, entry.pk]) if entry else ""
        toast(request, _("Saved."), undo=undo)
    return redirect("customers:page", customer.public_id)


def _clash(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Somebody else changed the profile since the form was opened."""
    values, clashes, theirs_only = merged(request.POST, form_class=CustomerForm, now=CustomerForm.initial_of(customer))
    newest = next(iter(customer_entries(customer.pk, names=("customer.changed",), limit=1)), None)
    context = {
        "customer": customer,
        "form": CustomerForm(initial=values),
        "clashes": {clash.name: clash for clash in clashes},
        "theirs_only": theirs_only,
        "newest": newest,
        "is_just_now": newest is not None and timezone.now() - newest.recorded_at < _A_MINUTE,
        "base": base_of(CustomerForm.initial_of(customer)),
    }
    return render(request, "customers/edit.html", context, status=HTTPStatus.CONFLICT)


def _as_kept(value: object) -> object:
    """A value of the profile as an entry of the timeline keeps it."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return getattr(value, "public_id", value)


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
