"""Create and change a customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from regulars.core import ids, shop
from regulars.core.errors import Invalid, Stale
from regulars.core.sight import current
from regulars.core.ui.toasts import toast
from regulars.core.walls import sees
from regulars.customers import sections
from regulars.customers.actions import EmailTaken, change_customer, create_customer
from regulars.customers.actions.addresses import checked_address
from regulars.customers.actions.suggesting import suggest_duplicates
from regulars.customers.forms import AddressForm, CustomerForm, ShopForm, as_text, base_of, merged
from regulars.customers.models import Category, Customer
from regulars.customers.people import gather
from regulars.customers.presenting import own_profile
from regulars.customers.sections import Filled
from regulars.staff.access import requires
from regulars.staff.models import User
from regulars.timeline.queries import customer_entries

_A_MINUTE = dt.timedelta(minutes=1)
TOLD = ("channel", "looked_after_by", "category", "organisation", "household")
_POINTERS: dict[str, Any] = {"looked_after_by": User, "category": Category, "organisation": Customer}


@requires("customers.edit")
def new(request: HttpRequest) -> HttpResponse:
    """A new customer, with a first address if there is one."""
    initial = {"kind": "person", "status": "active"}
    company = Customer.objects.filter(pk=Customer.pk_of(request.GET.get("organisation", "")) or 0).first()
    if company is not None and request.method != "POST":
        initial["organisation"] = str(company)
    form = CustomerForm(request.POST or None, initial=initial, is_new=True)
    address = AddressForm(request.POST or None, prefix="address", initial={"country": shop.current().country})
    more = sections.of(request, None)
    is_valid = request.method == "POST" and form.is_valid() and (address.is_blank or address.is_valid())
    if is_valid and _are_valid(more):
        customer = _create(form, address, more)
        if customer is not None:
            alike = [pair.left if pair.right_id == customer.pk else pair.right for pair in suggest_duplicates(customer)]
            if alike:
                names = {"name": customer, "other": alike[0]}
                toast(request, _("%(name)s is a customer now. Possibly the same as %(other)s.") % names)
            else:
                toast(request, _("%(name)s is a customer now.") % {"name": customer})
            return redirect("customers:page", customer.public_id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    context = {"form": form, "address": address, "sections": more, "first_bad": _first_bad(form, address, *more)}
    return render(request, "customers/new.html", context, status=status)


@requires("customers.edit")
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a profile. When somebody else was faster, both values are shown, and a person picks."""
    customer = customer_or_404(public_id)
    initial = CustomerForm.initial_of(customer)
    more = sections.of(request, customer)
    if request.method != "POST":
        form = CustomerForm(initial=initial)
        context = {"customer": customer, "form": form, "base": base_of(initial), "sections": more}
        return render(request, "customers/edit.html", context)
    data = request.POST.copy()
    for name in data.getlist("clash"):
        # a clash that nobody decided stays as it is in the database
        data.setdefault(name, as_text(initial.get(name, "")))
    form = CustomerForm(data, initial=initial)
    version = _version(request)
    if form.is_valid() and _are_valid(more):
        try:
            with transaction.atomic():
                with told_by(form):
                    changed = change_customer(customer, values=_written(form, customer), version=version)
                _save_all(more, changed)
        except Stale:
            return _clash(request, customer_or_404(public_id), more)
        except (Invalid, EmailTaken):
            pass
        else:
            return _saved(request, changed, version)
    elif version != customer.version:
        return _clash(request, customer, more)
    context = {
        "customer": customer,
        "form": form,
        "sections": more,
        "base": request.POST.get("base", ""),
        "read_version": version,
        "first_bad": _first_bad(form, *more),
    }
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
    for name, model in _POINTERS.items():
        if values.get(name):
            values[name] = model.objects.filter(pk=ids.decode(model.id_prefix, values[name]) or 0).first()
    change_customer(customer, values=values, version=customer.version)
    toast(request, _("Put back as it was."))
    return redirect("customers:page", public_id)


def customer_or_404(public_id: str) -> Customer:
    """The customer of a public id, with what every page says about them; of a merged record, whom it is now."""
    pk = Customer.pk_of(public_id)
    known = Customer.objects.select_related(*TOLD)
    customer = known.filter(pk=pk or 0).first() or known.filter(records=pk or 0).first()
    if customer is None:
        raise Http404(_("There is no such customer. Perhaps it was deleted."))
    return gather(customer)


@contextmanager
def told_by(form: ShopForm) -> Iterator[None]:
    """Show what an action refuses at the fields of the form; the refusal goes on to the view."""
    try:
        yield
    except EmailTaken as taken:
        other = taken.customer
        if not sees(other, current()):
            form.add_error("email", taken.sentence)
            raise
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


def _create(form: CustomerForm, address: AddressForm, more: Sequence[Filled]) -> Customer | None:
    """Customer, address and sections together or not at all; None when one of them was refused."""
    place = None
    try:
        if not address.is_blank:
            place = address.values()
            with told_by(address):
                # so that a bad postcode is said at the address, not somewhere in the profile
                place = checked_address(place, is_strict=address.is_strict)
        with transaction.atomic():
            with told_by(form):
                customer = create_customer(values=form.values(), address=place)
            _save_all(more, customer)
            return customer
    except (Invalid, EmailTaken):
        return None


def _written(form: CustomerForm, customer: Customer) -> dict[str, Any]:
    """What the form says. Of a customer of several records only what was changed: the rest is another record's word."""
    values = form.values()
    if own_profile(customer) is None:
        return values
    return {name: value for name, value in values.items() if name in form.changed_data}


def _are_valid(more: Sequence[Filled]) -> bool:
    """Whether all sections can be read; each of them is asked, so that each shows its errors."""
    answers = [section.is_valid() for section in more]
    return all(answers)


def _save_all(more: Sequence[Filled], customer: Customer) -> None:
    for section in more:
        try:
            section.save(customer)
        except Invalid as refused:
            section.refuse(refused)
            raise


def _first_bad(*forms: Filled | ShopForm) -> str:
    """The id of the first field with an error, form after form."""
    return next((bad for form in forms if (bad := form.first_bad())), "")


def _saved(request: HttpRequest, customer: Customer, version: int) -> HttpResponse:
    """Back to the page, with a toast that offers the way back when something changed."""
    if customer.version != version:
        suggest_duplicates(customer)
        entry = next(iter(customer_entries(customer.pk, names=("customer.changed",), limit=1)), None)
        undo = reverse("customers:undo", args=[customer.public_id, entry.pk]) if entry else ""
        toast(request, _("Saved."), undo=undo)
    return redirect("customers:page", customer.public_id)


def _clash(request: HttpRequest, customer: Customer, more: Sequence[Filled]) -> HttpResponse:
    """Somebody else changed the profile since the form was opened."""
    now = CustomerForm.initial_of(customer)
    values, clashes, theirs_only = merged(request.POST, form=CustomerForm(), now=now)
    newest = next(iter(customer_entries(customer.pk, names=("customer.changed",), limit=1)), None)
    context = {
        "customer": customer,
        "form": CustomerForm(initial=values, clashes={clash.name: clash for clash in clashes}),
        "sections": more,
        "clashes": clashes,
        "theirs_only": theirs_only,
        "newest": newest,
        "is_just_now": newest is not None and timezone.now() - newest.recorded_at < _A_MINUTE,
        "base": base_of(now),
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
