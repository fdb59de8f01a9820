"""The page of settings where the shop sets up fields of its own."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers.actions.custom_fields import archive_field, change_field, create_field, move_field
from regulars.customers.forms.custom import FieldForm
from regulars.customers.models import CustomField, CustomValue
from regulars.staff.access import requires
from regulars.staff.queries import role_titles


@requires("customers.setup")
def fields(request: HttpRequest) -> HttpResponse:
    """The fields in their order, those that were put away, and a form for one more."""
    form = FieldForm(request.POST or None, initial={"type": CustomField.Type.TEXT})
    if request.method == "POST" and form.is_valid():
        try:
            made = create_field(**form.values())
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("“%(field)s” is a field now.") % {"field": made.label})
            return redirect("customers:fields")
    counts = dict(
        CustomValue.objects.order_by()
        .values_list("field")
        .annotate(count=Count("customer", distinct=True))
        .values_list("field", "count")
    )
    titles = role_titles()
    lines: list[dict[str, Any]] = [
        {"field": field, "count": counts.get(field.pk, 0), "roles": [titles.get(role, role) for role in field.seen_by]}
        for field in CustomField.objects.all()
    ]
    context: dict[str, Any] = {
        "form": form,
        "lines": [line for line in lines if not line["field"].is_archived],
        "archived": [line for line in lines if line["field"].is_archived],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/fields.html", context, status=status)


@requires("customers.setup")
def edit(request: HttpRequest, field_id: str) -> HttpResponse:
    """Change a field; its key stays."""
    field = _field_or_404(field_id)
    form = FieldForm(request.POST or None, initial=FieldForm.initial_of(field))
    if request.method == "POST" and form.is_valid():
        try:
            change_field(field, **form.values(field))
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect("customers:fields")
    context = {"form": form, "field": field, "count": CustomValue.objects.filter(field=field).count()}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/field.html", context, status=status)


@requires("customers.setup")
@require_POST
def move(request: HttpRequest, field_id: str) -> HttpResponse:
    """Up or down the list."""
    move_field(_field_or_404(field_id), by=-1 if request.POST.get("to") == "up" else 1)
    return redirect("customers:fields")


@requires("customers.setup")
@require_POST
def archive(request: HttpRequest, field_id: str) -> HttpResponse:
    """Put a field away; its values stay."""
    field = archive_field(_field_or_404(field_id))
    undo = reverse("customers:field-return", args=[field.public_id])
    toast(request, _("“%(field)s” is put away; its values stay.") % {"field": field.label}, undo=undo)
    return redirect("customers:fields")


@requires("customers.setup")
@require_POST
def bring_back(request: HttpRequest, field_id: str) -> HttpResponse:
    """Take a field out again, with its values."""
    field = archive_field(_field_or_404(field_id), is_archived=False)
    toast(request, _("“%(field)s” is back.") % {"field": field.label})
    return redirect("customers:fields")


def _field_or_404(field_id: str) -> CustomField:
    field = CustomField.objects.filter(pk=CustomField.pk_of(field_id) or 0).first()
    if field is None:
        raise Http404(_("There is no such field."))
    return field
