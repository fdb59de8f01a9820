"""The page of settings where the shop edits its categories."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers.actions import add_category, change_category, delete_category, move_category
from regulars.customers.forms import CategoryForm
from regulars.customers.models import Category, Customer
from regulars.customers.names import category_name
from regulars.customers.queries import ListRequest
from regulars.staff.access import requires


@requires("shop.edit")
def categories(request: HttpRequest) -> HttpResponse:
    """The list in its order, with how many are in each, and a form for one more."""
    form = CategoryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = add_category(**form.cleaned_data)
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("%(name)s is a category now.") % {"name": added.name})
            return redirect("customers:categories")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/categories.html", {"form": form, "lines": _lines()}, status=status)


@requires("shop.edit")
def edit(request: HttpRequest, category_id: str) -> HttpResponse:
    """Another name, another rule."""
    category = _category_or_404(category_id)
    form = CategoryForm(request.POST or None, initial={"name": category_name(category), "rule": category.rule})
    if request.method == "POST" and form.is_valid():
        name, rule = form.cleaned_data["name"], form.cleaned_data["rule"]
        try:
            # a name that was only read in another language is not another name
            change_category(category, name=None if name == category_name(category) else name, rule=rule)
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect("customers:categories")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    context = {"form": form, "category": category, "name": category_name(category)}
    return render(request, "customers/category.html", context, status=status)


@requires("shop.edit")
def move(request: HttpRequest, category_id: str) -> HttpResponse:
    """Up or down the list."""
    category = _category_or_404(category_id)
    if request.method == "POST":
        move_category(category, by=-1 if request.POST.get("to") == "up" else 1)
    return redirect("customers:categories")


@requires("shop.edit")
def remove(request: HttpRequest, category_id: str) -> HttpResponse:
    """Take a category off the list, and say where those who are in it go."""
    category = _category_or_404(category_id)
    others = [one for one in Category.objects.all() if one.pk != category.pk]
    if request.method == "POST":
        to = next((one for one in others if one.public_id == request.POST.get("to")), None)
        name = category_name(category)
        delete_category(category, to=to)
        toast(request, _("%(name)s is no category any more.") % {"name": name})
        return redirect("customers:categories")
    context = {
        "category": category,
        "name": category_name(category),
        "count": Customer.objects.filter(category=category).count(),
        "others": [(one.public_id, category_name(one)) for one in others],
    }
    return render(request, "customers/category_remove.html", context)


def _lines() -> list[dict[str, Any]]:
    counts = dict(
        Customer.objects.filter(category__isnull=False)
        .order_by()
        .values_list("category")
        .annotate(count=Count("pk"))
        .values_list("category", "count")
    )
    return [
        {
            "category": one,
            "name": category_name(one),
            "count": counts.get(one.pk, 0),
            **_rule(one),
        }
        for one in Category.objects.all()
    ]


def _rule(category: Category) -> dict[str, Any]:
    """A rule in the words of the list's chips; the reason where it cannot be read any more."""
    if not category.rule:
        return {"chips": [], "problem": ""}
    try:
        wanted = ListRequest.from_query(QueryDict(category.rule), language=get_language() or "en")
    except Invalid as refused:
        return {"chips": [], "problem": refused.sentence}
    return {"chips": wanted.chips(), "search": wanted.search, "problem": ""}


def _category_or_404(category_id: str) -> Category:
    category = Category.objects.filter(pk=Category.pk_of(category_id) or 0).first()
    if category is None:
        raise Http404(_("There is no such category. Perhaps it was removed."))
    return category
