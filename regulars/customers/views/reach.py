"""E-mails and phones of a customer, and what the channels call them: add, change, put first, take away."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers import people
from regulars.customers.actions import (
    EmailTaken,
    ExternalIdTaken,
    add_contact_point,
    add_identity,
    change_contact_point,
    make_primary,
    remove_contact_point,
    remove_identity,
)
from regulars.customers.forms import ContactPointForm, IdentityForm, ShopForm
from regulars.customers.models import Customer, Identity
from regulars.customers.queries.contact_points import Point, contact_points
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires


@requires("customers.edit")
def new(request: HttpRequest, public_id: str) -> HttpResponse:
    """One more e-mail or phone."""
    customer = customer_or_404(public_id)
    kind = "phone" if request.GET.get("kind") == "phone" else "email"
    form = ContactPointForm(request.POST or None, initial={"kind": kind})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            point = add_contact_point(customer, kind=data["kind"], value=data["value"], label=data["label"])
            if data["is_do_not_contact"]:
                change_contact_point(customer, kind=point.kind, value=point.value, is_do_not_contact=True)
        except (Invalid, EmailTaken) as refused:
            _refuse(form, refused)
        else:
            toast(request, _("Saved."), undo=_address(customer, "contact-remove", point.kind, point.value))
            return _back(customer)
    return _form(request, customer, form, None)


@requires("customers.edit")
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change an e-mail or phone, its label, or whether to leave it alone."""
    customer = customer_or_404(public_id)
    point = _point_or_404(request, customer)
    initial = {
        "kind": point.kind,
        "value": point.value,
        "label": point.label,
        "is_do_not_contact": point.is_do_not_contact,
    }
    form = ContactPointForm({**request.POST.dict(), "kind": point.kind} if request.method == "POST" else None,
                            initial=initial)  # fmt: skip
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            change_contact_point(
                customer,
                kind=point.kind,
                value=point.value,
                to=data["value"],
                label=data["label"],
                is_do_not_contact=data["is_do_not_contact"],
            )
        except (Invalid, EmailTaken) as refused:
            _refuse(form, refused)
        else:
            toast(request, _("Saved."))
            return _back(customer)
    return _form(request, customer, form, point)


@requires("customers.edit")
def remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take an e-mail or phone away, with a way back."""
    customer = customer_or_404(public_id)
    if request.method == "POST":
        point = _point_or_404(request, customer)
        try:
            remove_contact_point(customer, kind=point.kind, value=point.value)
        except Invalid as refused:
            return _refused(request, customer, refused)
        more = {
            "label": point.label,
            "first": "1" if point.is_primary else "",
            "leave_alone": "1" if point.is_do_not_contact else "",
        }
        undo = _address(customer, "contact-return", point.kind, point.value, **more)
        toast(request, _("%(value)s is removed.") % {"value": point.value}, undo=undo)
    return _back(customer)


@requires("customers.edit")
def bring_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put back what was just taken away."""
    customer = customer_or_404(public_id)
    if request.method == "POST":
        asked = request.GET
        try:
            point = add_contact_point(
                customer,
                kind=asked.get("kind", ""),
                value=asked.get("value", ""),
                label=asked.get("label", ""),
                is_primary=bool(asked.get("first")),
            )
            if asked.get("leave_alone"):
                change_contact_point(customer, kind=point.kind, value=point.value, is_do_not_contact=True)
        except (Invalid, EmailTaken) as refused:
            return _refused(request, customer, refused)
        toast(request, _("Put back as it was."))
    return _back(customer)


@requires("customers.edit")
def put_first(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let an e-mail or phone be the one that is shown and written to."""
    customer = customer_or_404(public_id)
    if request.method == "POST":
        point = _point_or_404(request, customer)
        before = customer.email if point.is_email else customer.phone
        make_primary(customer, kind=point.kind, value=point.value)
        undo = _address(customer, "contact-first", point.kind, before) if before else ""
        toast(request, _("Saved."), undo=undo)
    return _back(customer)


@requires("customers.edit")
def new_identity(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say under which number a channel knows somebody."""
    customer = customer_or_404(public_id)
    form = IdentityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = add_identity(customer, channel=form.chosen, external_id=form.cleaned_data["external_id"])
        except ExternalIdTaken as taken:
            form.add_error("external_id", _with_link(taken.sentence, taken.customer))
        except Invalid as refused:
            form.refuse(refused)
        else:
            undo = reverse("customers:identity-remove", args=[customer.public_id, added.pk])
            toast(request, _("Saved."), undo=undo)
            return _back(customer)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/identity.html", {"customer": customer, "form": form}, status=status)


@requires("customers.edit")
def drop_identity(request: HttpRequest, public_id: str, identity_id: int) -> HttpResponse:
    """Forget what a channel calls somebody."""
    customer = customer_or_404(public_id)
    found = Identity.objects.filter(customer__in=people.records(customer), pk=identity_id)
    identity = found.select_related("channel", "customer").first()
    if identity is None:
        raise Http404(_("The channel has no such number for this customer. Perhaps it was removed."))
    if request.method == "POST":
        try:
            remove_identity(identity)
        except Invalid as refused:
            return _refused(request, customer, refused)
        toast(request, _("%(channel)s: the number is removed.") % {"channel": identity.channel.name})
    return _back(customer)


def _form(request: HttpRequest, customer: Customer, form: ShopForm, point: Point | None) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    context = {"customer": customer, "form": form, "point": point}
    return render(request, "customers/contact_point.html", context, status=status)


def _refused(request: HttpRequest, customer: Customer, refused: Invalid | EmailTaken) -> HttpResponse:
    """What could not be done, on a page of its own: no form stood there that could say it."""
    context = {"customer": customer, "sentence": refused.sentence}
    return render(request, "customers/refused.html", context, status=refused.status)


def _refuse(form: ShopForm, refused: Invalid | EmailTaken) -> None:
    if isinstance(refused, EmailTaken):
        form.add_error("value", _with_link(_("This e-mail belongs to another customer:"), refused.customer))
    else:
        form.refuse(refused)


def _with_link(sentence: str, other: Customer) -> str:
    return format_html('{} <a class="link" href="/customers/{}">{}</a>', sentence, other.public_id, other)


def _point_or_404(request: HttpRequest, customer: Customer) -> Point:
    asked = (request.GET.get("kind", ""), request.GET.get("value", ""))
    point = next((one for one in contact_points(customer) if (one.kind, one.value) == asked), None)
    if point is None:
        raise Http404(_("This customer does not have that e-mail or phone. Perhaps it was removed."))
    return point


def _address(customer: Customer, name: str, kind: str, value: str, **more: str) -> str:
    query = {"kind": kind, "value": value} | {key: word for key, word in more.items() if word}
    return f"{reverse(f'customers:{name}', args=[customer.public_id])}?{urlencode(query)}"


def _back(customer: Customer) -> HttpResponse:
    return redirect("customers:tab", customer.public_id, "profile")
