"""A new inquiry that staff writes down: a call, somebody in the store, or a first mail of ours."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.customers.views.editing import customer_or_404
from regulars.inbox import showing
from regulars.inbox.actions import answering
from regulars.inbox.models.conversations import By
from regulars.inbox.people import UnknownSender, sender_of
from regulars.staff.access import requires

WAYS = (
    (By.PHONE, gettext_lazy("Call"), "phone"),
    (By.STORE, gettext_lazy("In the store"), "store"),
    (By.EMAIL, gettext_lazy("E-mail to a customer"), "mail"),
)
OUTCOMES = (
    ("answered", gettext_lazy("Answered on the phone")),
    ("open", gettext_lazy("We owe an answer")),
    ("later", gettext_lazy("We call back")),
    ("nobody", pgettext_lazy("a call", "Nobody was there")),
)
_FOUND = 6


@requires("inbox.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form, and what comes of it: a conversation with its first post."""
    said = request.POST if request.method == "POST" else request.GET
    form = {name: said.get(name, "") for name in ("who", "subject", "text", "minutes", "outcome", "follow")}
    form["by"] = said.get("by", "") if said.get("by", "") in {way[0] for way in WAYS} else By.PHONE
    customer = customer_or_404(said["customer"]) if said.get("customer") else None
    context: dict[str, Any] = {
        "form": form,
        "ways": WAYS,
        "outcomes": OUTCOMES,
        "customer": customer,
        "people": [] if customer else found(request, form["who"]),
    }
    if request.method == "POST":
        try:
            conversation = _written(request, form, customer)
        except Refusal as refusal:
            return render(request, "inbox/new.html", {**context, "refused": refusal.sentence}, status=refusal.status)
        toast(request, _("It is written down."))
        return redirect("inbox:page", conversation.public_id)
    return render(request, "inbox/new.html", context)


@requires("inbox.edit")
@require_safe
def who(request: HttpRequest) -> HttpResponse:
    """Who has this number, address or name: while it is typed."""
    typed = request.GET.get("who", "")[:200]
    return render(request, "inbox/_who.html", {"people": found(request, typed), "form": {"who": typed}})


def found(request: HttpRequest, typed: str) -> list[Customer]:
    """The customers that a number, an address or a name may mean."""
    if not typed.strip():
        return []
    try:
        asked = ListRequest.from_query(
            {"q": typed, "limit": str(_FOUND)}, language=get_language() or "en", reader=request.user
        )
    except Invalid:
        return []
    return list(customer_page(asked).rows)


def _written(request: HttpRequest, form: dict[str, str], customer: Customer | None) -> Any:
    user: Any = request.user
    if not form["text"].strip():
        sentence = _("Say what it was about.")
        raise Invalid(sentence, fields={"text": [sentence]})
    cause = f"written {secrets.token_hex(12)}"
    if customer is None:
        customer = _somebody(form)
    if form["by"] == By.EMAIL:
        return answering.begin(
            customer, author=user, subject=form["subject"], text=form["text"], cause=cause
        ).conversation
    minutes = int(form["minutes"]) if form["minutes"].isascii() and form["minutes"].isdigit() else 0
    outcome = form["outcome"] if form["outcome"] in dict(OUTCOMES) else "open"
    return answering.write_call(
        customer,
        author=user,
        by=form["by"],
        subject=form["subject"],
        text=form["text"],
        minutes=min(minutes, 600),
        outcome=outcome,
        follow_up=showing.later_until(form["follow"]) if form["follow"] else None,
        at=timezone.now(),
        cause=cause,
    ).conversation


def _somebody(form: dict[str, str]) -> Customer:
    """Whoever has the number or address that was typed; a guest where nobody has."""
    typed = form["who"].strip()
    way = "email" if "@" in typed else "phone"
    try:
        return sender_of(way, typed, "" if any(letter.isdigit() or letter == "@" for letter in typed) else typed)
    except UnknownSender as unknown:
        sentence = _("Say who it was: a number, an address, or somebody who is known.")
        raise Invalid(sentence, fields={"who": [sentence]}) from unknown
