"""The list of products, and the page of one."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.errors import Invalid, Refusal
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.customers import reads
from regulars.orders.actions.products import add_product, change_product
from regulars.orders.models import Product
from regulars.orders.product_forms import ProductForm, read
from regulars.orders.queries import catalogue
from regulars.orders.queries.goods import bought_together
from regulars.orders.queries.lists import PAGE_SIZE
from regulars.staff.access import requires

_ROWS = 200


@requires("orders.view")
def listing(request: HttpRequest) -> HttpResponse:
    """The catalogue, narrowed by what the address says, with what was sold in twelve months as of last night."""
    asked = read(request.GET)
    rows = catalogue.products(asked.request) if not asked.problems else Product.objects.none()
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    sees_sales, currency = catalogue.sees_sales(), shop.current().currency
    lines: list[dict[str, Any]] = []
    for product in page:
        sales = getattr(product, "sales", None) if sees_sales else None
        variants = list(product.variants.all())
        lines.append(
            {
                "product": product,
                "variants": variants,
                "prices": catalogue.prices(variants),
                "sales": sales,
                "revenue": Money(sales.revenue_minor, currency) if sales and current().shows("spend") else None,
            }
        )
    context = {
        "asked": asked,
        "lines": lines,
        "page": page,
        "sees_sales": sees_sales,
        "sees_amounts": current().shows("spend"),
        "until": next((line["sales"].until for line in lines if line["sales"]), None),
        "next": _page(asked.query, page.next_page_number()) if page.has_next() else "",
        "previous": _page(asked.query, page.previous_page_number()) if page.has_previous() else "",
        "may_edit": request.user.may("orders.edit"),  # type: ignore[union-attr]
    }
    status = HTTPStatus.BAD_REQUEST if asked.problems else HTTPStatus.OK
    return render(request, "orders/products.html", context, status=status)


@requires("orders.view")
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One product: its variants, what was sold of it month by month, who bought it, and what goes with it."""
    product = _product(public_id)
    sees_sales = catalogue.sees_sales()
    people = catalogue.buyers(product) if sees_sales else []
    if people:
        reads.opened([customer.pk for customer, *_counts in people], "orders")
    months = catalogue.sold(product) if sees_sales else None
    context = {
        "product": product,
        "variants": list(product.variants.all()),
        "is_owned": bool(catalogue.owned([product.pk])),
        "sees_sales": sees_sales,
        "sees_amounts": current().shows("spend"),
        "sold": months,
        "bars": [
            {"month": one, "x": at * 34, "height": height, "y": 76 - height}
            for at, one in enumerate(months.months if months else [])
            for height in [max(1, round(70 * one.part))]
        ],
        "buyers": people,
        "together": bought_together(product.pk, most=5) if sees_sales else [],
        "may_edit": request.user.may("orders.edit"),  # type: ignore[union-attr]
        "may_see_customers": request.user.may("customers.view"),  # type: ignore[union-attr]
    }
    return render(request, "orders/product.html", context)


@requires("orders.view")
def rows(request: HttpRequest, public_id: str) -> HttpResponse:
    """The lines behind a number of a product's page: of twelve months, of one month, or what came back."""
    product = _product(public_id)
    if not catalogue.sees_sales():
        raise Http404(_("There is no such page."))
    month = _month(request.GET.get("month", ""))
    found = catalogue.sales_rows(product, month=month, is_returned=request.GET.get("show") == "returned")
    shown = Paginator(found, _ROWS).get_page(request.GET.get("page"))
    reads.opened([row["customer"].pk for row in shown if row["customer"]], "orders")
    query = urlencode({name: value for name, value in request.GET.items() if name != "page"})
    context = {
        "product": product,
        "page": shown,
        "month": month,
        "is_returned": request.GET.get("show") == "returned",
        "pieces": sum(row["quantity"] for row in found),
        "total": Money(sum((row["amount"].minor for row in found), 0), shop.current().currency),
        "next": _page(query, shown.next_page_number()) if shown.has_next() else "",
        "previous": _page(query, shown.previous_page_number()) if shown.has_previous() else "",
    }
    return render(request, "orders/product_rows.html", context)


@requires("orders.edit")
def new(request: HttpRequest) -> HttpResponse:
    """Add a product by hand."""
    form = ProductForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            product = add_product(
                channel=channel_for(form.cleaned_data["channel"]), values=form.values(), variants=form.variants()
            )
            return redirect("products:page", product.public_id)
        except Invalid as problem:
            _refuse(form, problem)
    return _form(request, form)


@requires("orders.edit")
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change a product that no shop system keeps; of one that a system keeps the page says where it is changed."""
    product = _product(public_id)
    if catalogue.owned([product.pk]):
        return redirect("products:page", product.public_id)
    form = ProductForm(request.POST if request.method == "POST" else None, product=product)
    if request.method == "POST" and form.is_valid():
        sent = request.POST.get("version", "")
        try:
            change_product(
                product,
                values=form.values(),
                variants=form.variants(),
                version=int(sent) if sent.isascii() and sent.isdigit() else None,
            )
            return redirect("products:page", product.public_id)
        except Refusal as problem:
            _refuse(form, problem)
    return _form(request, form)


def _form(request: HttpRequest, form: ProductForm) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    back = reverse("products:page", args=[form.product.public_id]) if form.product else reverse("products:list")
    context = {"form": form, "product": form.product, "back": back, "categories": catalogue.choices()["category"]}
    return render(request, "orders/product_form.html", context, status=status)


def _refuse(form: ProductForm, problem: Refusal) -> None:
    fields: dict[str, list[str]] = getattr(problem, "fields", {})
    for name, reasons in fields.items():
        for reason in reasons:
            form.add_error(name if name in form.fields else None, reason)
    if not fields:
        form.add_error(None, problem.sentence)


def _product(public_id: str) -> Product:
    found = (
        Product.objects.select_related("channel")
        .prefetch_related("variants")
        .filter(pk=Product.pk_of(public_id) or 0)
        .first()
    )
    if found is None:
        raise Http404(_("There is no such product. Perhaps it was deleted."))
    return found


def _month(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(f"{text}-01") if text else None
    except ValueError as error:
        raise Http404(_("There is no such page.")) from error


def _page(query: str, number: int) -> str:
    parts: list[Any] = [part for part in (query, f"page={number}") if part]
    return f"?{'&'.join(parts)}"
