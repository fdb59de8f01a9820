"""The finder behind the palette (⌘K): customers, orders, places and commands for a few typed letters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.core import menu
from regulars.core.errors import Invalid
from regulars.core.sight import current
from regulars.core.text import fold
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.inbox.queries.pages import found_shortly
from regulars.orders.models import Order
from regulars.orders.panels import small_rhythms
from regulars.orders.queries.finding import orders_of_number
from regulars.segments.models import Group as Segment
from regulars.segments.queries.seeing import seen
from regulars.staff.access import SIGNED_IN, requires

_CUSTOMERS, _ORDERS, _ORDERS_ALONE, _SEGMENTS, _INQUIRIES = 6, 4, 10, 4, 4
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Found:
    """One line of the palette: `acts_on` is what Tab asks about; `form` is sent instead of following the link."""

    label: str
    url: str
    icon: str = ""
    template: str = "config/_found_line.html"
    hint: str = ""
    key: str = ""
    acts_on: str = ""
    form: str = ""
    subject: Any = None


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading."""

    label: str
    lines: list[Found] = field(default_factory=list)


@require_safe
@requires(SIGNED_IN)
def find(request: HttpRequest) -> HttpResponse:
    """A fragment for the palette, or a page of its own where there is no script."""
    typed = request.GET.get("q", "")[:_LONGEST].strip()
    acts_on = request.GET.get("with", "")
    is_fragment = bool(request.htmx)  # type: ignore[attr-defined]
    groups = _acts(request.user, acts_on) if acts_on else _found(request.user, typed)
    if not is_fragment:
        # the theme and sign-out lines work through forms of the shell, which need the palette's script
        groups = [Group(group.label, [line for line in group.lines if not line.form]) for group in groups]
    context = {
        "typed": typed.lstrip("#>").strip(),
        "asked": typed,
        "groups": [group for group in groups if group.lines],
    }
    return render(request, "config/_found.html" if is_fragment else "config/find.html", context)


def _found(user: Any, typed: str) -> list[Group]:
    if typed.startswith(">"):
        return [Group(_("Commands"), _commands(user, typed[1:].strip()))]
    if typed.startswith("#"):
        return [Group(_("Orders"), _orders(user, typed[1:].strip(), most=_ORDERS_ALONE))]
    groups = []
    if typed:
        groups.append(Group(_("Customers"), _customers(user, typed)))
        if any(letter.isdigit() for letter in typed):
            groups.append(Group(_("Orders"), _orders(user, typed, most=_ORDERS)))
        groups.append(Group(_("Inquiries"), _inquiries(user, typed)))
        groups.append(Group(_("Groups"), _segments(user, typed)))
    groups += [Group(_("Do"), _commands(user, typed)), Group(_("Go to"), _places(user, typed))]
    return groups


def _customers(user: Any, typed: str) -> list[Found]:
    if not user.may("customers.view"):
        return []
    try:
        best = {"sort": "-amount_spent"} if current().shows("spend") else {}
        asked = ListRequest.from_query(
            {"q": typed, "limit": str(_CUSTOMERS)} | best, language=get_language() or "en", reader=user
        )
        rows = customer_page(asked).rows
        reads.listed(asked, rows, "palette")
    except Invalid:
        return []  # what is no search yet, two quotes say, finds nobody and is no mistake
    rhythms = small_rhythms(rows) if user.may("orders.view") else {}
    return [
        Found(
            label=str(customer),
            url=reverse("customers:page", args=[customer.public_id]),
            template="config/_found_customer.html",
            acts_on=customer.public_id,
            subject={"customer": customer, "rhythm": rhythms.get(customer.pk)},
        )
        for customer in rows
    ]


def _orders(user: Any, typed: str, *, most: int) -> list[Found]:
    if not user.may("orders.view") or not typed:
        return []
    return [
        Found(
            label=order.number,
            url=reverse("orders:page", args=[order.public_id]),
            template="config/_found_order.html",
            acts_on=order.public_id,
            subject=order,
        )
        for order in orders_of_number(typed, most=most)
    ]


def _inquiries(user: Any, typed: str) -> list[Found]:
    """Inquiries by their number, or by what was said in them."""
    if not user.may("inbox.view"):
        return []
    return [
        Found(
            label=f"{one.customer.person}: {one.subject or one}",
            url=reverse("inbox:page", args=[one.public_id]),
            icon="inbox",
            hint=str(one.get_status_display()),
        )
        for one in found_shortly(typed, _INQUIRIES)
    ]


def _segments(user: Any, typed: str) -> list[Found]:
    """Saved groups by a part of their name."""
    wanted = fold(typed.replace("\0", " "))
    if not user.may("segments.view") or not wanted:
        return []
    rows = Segment.objects.filter(key__contains=wanted, archived_at__isnull=True)[:_SEGMENTS]
    return [
        Found(label=group.name, url=reverse("segments:page", args=[group.public_id]), icon="shapes")
        for group in seen(rows, user)
    ]


def _places(user: Any, typed: str) -> list[Found]:
    pages = [*menu.places(user), *menu.settings_pages(user)]
    return [
        Found(label=str(place.label), url=place.url, icon=place.icon, key=f"g {place.key}" if place.key else "")
        for place in pages
        if _fits(str(place.label), typed)
    ]


def _commands(user: Any, typed: str) -> list[Found]:
    known = [
        Found(label=str(command.label), url=command.url, icon=command.icon, key=command.key)
        for command in menu.commands(user)
    ]
    look = reverse("staff:look")
    known += [
        Found(label=_("Light theme"), url=look, icon="sun", form="look-light"),
        Found(label=_("Dark theme"), url=look, icon="moon", form="look-dark"),
        Found(label=pgettext("theme", "Theme of the computer"), url=look, icon="sun-moon", form="look-auto"),
        Found(label=_("Sign out"), url=reverse("staff:sign-out"), icon="log-out", form="sign-out"),
    ]
    if not typed:  # the usual things to do; the rest shows when it is asked for
        known = [one for one in known if not one.form]
    return [one for one in known if _fits(one.label, typed)]


def _acts(user: Any, public_id: str) -> list[Group]:
    """What can be done with one row of the palette."""
    if (pk := Customer.pk_of(public_id)) is not None and user.may("customers.view"):
        customer = Customer.objects.filter(pk=pk).first()
        if customer:
            reads.opened([customer.pk], "palette")
        return [Group(str(customer), _acts_on_customer(user, customer))] if customer else []
    if (pk := Order.pk_of(public_id)) is not None and user.may("orders.view"):
        order = Order.objects.select_related("customer__merged_into").filter(pk=pk).first()
        return [Group(order.number, _acts_on_order(user, order))] if order else []
    return []


def _acts_on_customer(user: Any, customer: Customer) -> list[Found]:
    here = [customer.public_id]
    lines = [Found(label=_("Open"), url=reverse("customers:page", args=here), icon="user-round")]
    if user.may("orders.view"):
        purchases = reverse("customers:tab", args=[customer.public_id, "purchases"])
        lines.append(Found(label=_("Purchases"), url=purchases, icon="receipt"))
    if user.may("customers.edit"):
        lines.append(Found(label=_("Edit"), url=reverse("customers:edit", args=here), icon="pencil", key="e"))
        lines.append(Found(label=_("Add an address"), url=reverse("customers:address-new", args=here), icon="map-pin"))
    sight = current()
    if customer.email and sight.shows("email"):
        lines.append(Found(label=customer.email, url=f"mailto:{customer.email}", icon="mail"))
    if customer.phone and sight.shows("phone"):
        lines.append(Found(label=customer.phone, url=f"tel:{customer.phone}", icon="phone"))
    return lines


def _acts_on_order(user: Any, order: Order) -> list[Found]:
    lines = [Found(label=_("Open"), url=reverse("orders:page", args=[order.public_id]), icon="receipt")]
    if order.customer is not None and user.may("customers.view"):
        page = reverse("customers:page", args=[order.customer.person.public_id])
        lines.append(Found(label=str(order.customer.person), url=page, icon="user-round"))
    return lines


def _fits(label: str, typed: str) -> bool:
    """Whether every typed word begins a word of the label, or stands inside one where it is long enough to mean it."""
    folded = fold(label)
    words = folded.split()
    return all(
        any(word.startswith(term) for word in words) or ((len(term) > 2 or not term.isascii()) and term in folded)
        for term in fold(typed).split()
    )
