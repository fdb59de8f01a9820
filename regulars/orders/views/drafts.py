"""A draft: one page with lines, search, amounts and addresses, kept while somebody writes, and made an order."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.channels.actions import channel_for
from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.sight import current
from regulars.core.ui.toasts import toast
from regulars.customers import presenting, reads
from regulars.customers.models import Customer
from regulars.customers.places import countries
from regulars.customers.queries import ListRequest, customer_page
from regulars.orders.actions import change_draft, delete_draft, duplicate_order, open_draft, place_draft
from regulars.orders.forms.draft import PLACE_FIELDS, DraftForm, DraftLine, customer_of, variants_of
from regulars.orders.models import Order, Status, Variant
from regulars.orders.queries.picking import find_variants
from regulars.staff.access import requires

NEEDED = ("spend", "notes", "address", "name", "phone")
_MOST_PEOPLE = 6
_REMOVED = "orders.removed-line"
_ACTS = ("update", "add", "add_free", "remove", "pick_customer", "nobody", "open", "copy", "delete")


@dataclass(slots=True)
class Work:
    """What one answer is made of: the draft, whose it is, what was typed, and where the focus goes."""

    order: Order | None
    customer: Customer | None
    form: DraftForm
    is_saved: bool = False
    is_stale: bool = False
    typed: str = ""
    typed_who: str = ""
    focus: str = ""
    focus_line: int = -1


@requires("orders.edit")
def new(request: HttpRequest) -> HttpResponse:
    """A new order, for the customer of the address where there is one; it is kept from its first line on.

    A draft of this customer that somebody has begun is opened again.
    """
    customer = customer_of(request.GET.get("customer", ""))
    if request.method == "POST":
        return _work(request, None)
    if customer is not None:
        begun = Order.objects.filter(customer=customer, status=Status.DRAFT).order_by("-pk").first()
        if begun is not None:
            return redirect("orders:page", begun.public_id)
        reads.opened([customer.pk], "order")
    form = DraftForm(currency=shop.current().currency)
    if customer is not None:
        form.take_addresses(presenting.addresses(customer))
    work = Work(None, customer, form, focus="search" if customer else "who")
    return _page(request, work)


def edit(request: HttpRequest, order: Order) -> HttpResponse:
    """The page of a draft, for those who may change orders and see them in full."""
    if request.method == "POST":
        return _work(request, order)
    lines = list(order.lines.all())
    work = Work(order, order.customer.person if order.customer else None, DraftForm.of(order, lines), focus="search")
    return _page(request, work)


def may_write(request: HttpRequest) -> bool:
    """Whether the editor is shown: amounts that are masked cannot be written."""
    return request.user.may("orders.edit") and all(current().shows(group) for group in NEEDED)  # type: ignore[union-attr]


@requires("orders.edit")
@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """What the search for a product finds."""
    typed = request.GET.get("q", "").strip()
    context = {"typed": typed, "found": find_variants(typed), "currency": shop.current().currency}
    return render(request, "orders/_found_products.html", context)


@requires("orders.edit")
@require_safe
def customers(request: HttpRequest) -> HttpResponse:
    """What the search for a customer finds: the search of the list, for those who see it."""
    typed = request.GET.get("who", "").strip()
    context = {"typed_who": typed, "found_customers": _people(request, typed)}
    return render(request, "orders/_found_people.html", context)


@requires("orders.edit")
@require_POST
def put_back(_request: HttpRequest, public_id: str, removed: str) -> HttpResponse:
    """Put a line that was removed back to where it stood."""
    order = Order.objects.filter(pk=Order.pk_of(public_id) or 0, status=Status.DRAFT).first()
    if order is None:
        raise Http404(_("There is no such draft. Perhaps it is an order now, or it was deleted."))
    try:
        place, sent = signing.loads(removed, salt=f"{_REMOVED}.{order.pk}")
    except signing.BadSignature as error:
        raise Http404(_("There is no such line.")) from error
    form = DraftForm.of(order, list(order.lines.all()))
    variant = variants_of([sent.pop("variant")])
    line = DraftLine(variant=next(iter(variant.values()), None), currency=order.currency, **sent)
    line.know()
    form.lines.insert(place, line)
    form.reckon()
    change_draft(order, values=form.values(), lines=[one.values() for one in form.lines])
    return redirect("orders:page", order.public_id)


def _work(request: HttpRequest, order: Order | None) -> HttpResponse:
    """Take what was sent, do what was pressed, keep it, and answer with as much of the page as that needs."""
    currency = order.currency if order else shop.current().currency
    pressed = next((name for name in _ACTS if name in request.POST), "")
    work = Work(order, customer_of(request.POST.get("customer", "")), DraftForm.read(request.POST, currency=currency))
    removed = _press(request, work, pressed)
    is_new = order is None
    _keep(request, work)
    if work.order is not None and work.is_saved:
        done = _finish(request, work, pressed)
        if done is not None:
            return done
        if removed is not None:
            toast(request, _("The line is removed."), undo=_undo(work.order, *removed))
    if request.htmx and not pressed:  # type: ignore[attr-defined]
        return render(request, "orders/_draft_live.html", _context(request, work))
    if request.htmx:  # type: ignore[attr-defined]
        answer = render(request, "orders/_draft.html", _context(request, work))
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#editor", "outerHTML"
        if is_new and work.order is not None:
            answer.headers["HX-Push-Url"] = reverse("orders:page", args=[work.order.public_id])
        return answer
    work.typed, work.typed_who = request.POST.get("q", "").strip(), request.POST.get("who", "").strip()
    searches = (work.typed or work.typed_who) and pressed == "update"
    if work.is_saved and work.order is not None and not searches and not work.form.problems:
        return redirect("orders:page", work.order.public_id)
    status = HTTPStatus.OK if not work.form.problems and work.form.is_whole else HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(request, work, status=status)


def _press(request: HttpRequest, work: Work, pressed: str) -> tuple[int, DraftLine] | None:
    """Do to the form what a button says; answers the line that was removed."""
    lines, sent = work.form.lines, request.POST.get(pressed, "")
    removed = None
    match pressed:
        case "add":
            variant = variants_of([Variant.pk_of(sent)])
            for one in variant.values():
                _add(work, DraftLine.of_variant(one, work.form.currency))
        case "add_free":
            lines.append(DraftLine(currency=work.form.currency))
            work.focus_line = len(lines) - 1
        case "remove" if sent.isdecimal() and int(sent[:4]) < len(lines):
            removed = int(sent[:4]), lines.pop(int(sent[:4]))
            work.focus = "search"
        case "pick_customer":
            work.customer = customer_of(sent)
            if work.customer is not None:
                work.form.take_addresses(presenting.addresses(work.customer))
            work.focus = "search"
        case "nobody":
            work.customer = None
        case _:
            return None
    for line in lines:
        line.problems.clear()
    work.form.problems.clear()
    work.form.reckon()
    if pressed == "add_free":
        # what nobody has written yet is not wrong
        lines[-1].problems.clear()
    return removed


def _add(work: Work, line: DraftLine) -> None:
    """A product that is there already, at the price it has in the shop, is one more of it."""
    for place, known in enumerate(work.form.lines):
        if known.variant == line.variant and known.price == line.price and known.quantity.strip().isdecimal():
            known.quantity = str(int(known.quantity) + 1)
            work.focus_line = place
            return
    work.form.lines.append(line)
    work.focus_line = len(work.form.lines) - 1


def _keep(request: HttpRequest, work: Work) -> None:
    """Write the draft, where it can be written: a new one from its first line on."""
    form = work.form
    lines = [line.values() for line in form.lines if line.sku or line.title or line.price]
    if not form.is_whole or (work.order is None and not lines):
        return
    values = {**form.values(), "currency": form.currency}
    try:
        if work.order is None:
            work.order = place_draft(
                values=values,
                lines=lines,
                customer=work.customer,
                channel=_channel(form.channel),
            )
        else:
            version = request.POST.get("version", "")
            work.order = change_draft(
                work.order,
                values={**form.values(), "customer": work.customer},
                lines=lines,
                version=int(version) if version.isdecimal() and len(version) < 10 else None,
            )
        work.is_saved = True
    except Stale as refusal:
        form.problems["all"], work.is_stale = refusal.sentence, True
    except Invalid as refusal:
        form.refuse(refusal.fields)
    except Refusal as refusal:
        form.problems["all"] = refusal.sentence


def _finish(request: HttpRequest, work: Work, pressed: str) -> HttpResponse | None:
    """What ends the work on a draft: it becomes an order, a link, a second draft, or nothing."""
    order = work.order
    if order is None:
        return None
    match pressed:
        case "open":
            try:
                opened = open_draft(order)
            except Refusal as refusal:
                work.form.problems["all"] = refusal.sentence
                return None
            toast(request, _("%(number)s is an order now.") % {"number": opened.number})
            return go(request, opened)
        case "copy":
            copy = duplicate_order(order)
            toast(request, _("This is a copy of %(number)s.") % {"number": order.number})
            return go(request, copy)
        case "delete":
            delete_draft(order)
            toast(request, _("The draft %(number)s is deleted.") % {"number": order.number})
            return _go(request, f"{reverse('orders:list')}?status=draft")
    return None


def go(request: HttpRequest, order: Order) -> HttpResponse:
    """On to the page of an order, whoever asked."""
    return _go(request, reverse("orders:page", args=[order.public_id]))


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        # with a trigger of its own, so that what is to be said waits for the next page (Toasts)
        headers = {"HX-Redirect": address, "HX-Trigger": "leaving"}
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=headers)
    return redirect(address)


def _undo(order: Order, place: int, line: DraftLine) -> str:
    names = ("sku", "title", "variant_title", "quantity", "price", "discount")
    sent = {name: getattr(line, name) for name in names} | {"variant": line.variant.pk if line.variant else None}
    removed = signing.dumps((place, sent), salt=f"{_REMOVED}.{order.pk}", compress=True)
    return reverse("orders:line-back", args=[order.public_id, removed])


def _page(request: HttpRequest, work: Work, *, status: int = HTTPStatus.OK) -> HttpResponse:
    return render(request, "orders/draft.html", _context(request, work), status=status)


def _context(request: HttpRequest, work: Work) -> dict[str, Any]:
    order = work.order
    language = get_language() or "en"
    if not work.form.channel:
        work.form.channel = work.customer.channel.code if work.customer and work.customer.channel else "web"
    return {
        "order": order,
        "form": work.form,
        "customer": work.customer,
        "address": reverse("orders:page", args=[order.public_id]) if order else reverse("orders:new"),
        "is_saved": work.is_saved,
        "is_stale": work.is_stale,
        "typed": work.typed,
        "found": find_variants(work.typed),
        "currency": work.form.currency,
        "typed_who": work.typed_who,
        "found_customers": _people(request, work.typed_who),
        "may_find": request.user.may("customers.view"),  # type: ignore[union-attr]
        "focus_line": work.focus_line,
        "focus_search": work.focus == "search",
        "focus_who": work.focus == "who",
        "channels": list(Channel.objects.all()),
        "countries": countries(language),
        "place_labels": _place_labels(),
        "links": list(order.payment_links.all())[::-1] if order else [],
        "may_edit": True,
    }


def _place_labels() -> list[tuple[str, str]]:
    labels = {
        "name": _("Recipient"),
        "company": _("Company"),
        "line1": _("Street and number"),
        "line2": _("Floor, flat, care of"),
        "postcode": _("Postcode"),
        "city": _("City"),
        "region": _("State or province"),
        "country": _("Country"),
        "phone": _("Phone at the door"),
    }
    return [(name, labels[name]) for name in PLACE_FIELDS]


def _channel(code: str) -> Channel:
    return Channel.objects.filter(code=code).first() or channel_for("web")


def _people(request: HttpRequest, typed: str) -> list[Customer]:
    if not typed or not request.user.may("customers.view"):  # type: ignore[union-attr]
        return []
    try:
        wanted = ListRequest.from_query(
            {"q": typed, "limit": str(_MOST_PEOPLE)}, language=get_language() or "en", reader=request.user
        )
    except Invalid:
        return []  # what is no search yet finds nobody and is no mistake
    found = customer_page(wanted).rows
    reads.listed(wanted, found, "order")
    return found
