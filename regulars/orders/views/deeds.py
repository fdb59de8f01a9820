"""What is done with an order from its page. A refusal stands where it was asked, with all that was typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.core import shop
from regulars.core.amounts import minor_of
from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.money import Money
from regulars.core.ui.toasts import toast
from regulars.orders.actions import (
    add_payment,
    cancel_order,
    change_order,
    delete_order,
    duplicate_order,
    mark_paid,
    receive_goods,
    refund_order,
    refuse_return,
    request_return,
    settle_return,
    void_payment,
)
from regulars.orders.actions.choosing import left_of, paid_for
from regulars.orders.forms.draft import split
from regulars.orders.models import Fulfilment, Order, Payment, PaymentState, Status
from regulars.orders.views.page import order_or_404, return_or_404, shown
from regulars.staff.access import requires

_BEFORE = "orders.before"
_NOON = 12
_MOST_VERSION = 10


@requires("orders.edit")
@require_POST
def pay(request: HttpRequest, public_id: str) -> HttpResponse:
    """Book money that came in: all that is still to pay, or a part."""
    order = order_or_404(public_id)
    sent = request.POST

    def book() -> None:
        if "all" in sent:
            before = set(order.payments.values_list("pk", flat=True))
            paid = mark_paid(order, method=_text(sent, "method"), reference=_text(sent, "reference"), at=_day(sent))
            new = Payment.objects.filter(order=order).exclude(pk__in=before).first()
            toast(request, _("%(number)s is paid.") % {"number": paid.number}, undo=_void(new) if new else "")
            return
        payment = add_payment(
            order,
            amount_minor=_minor(sent, "amount", order.currency),
            method=_text(sent, "method"),
            reference=_text(sent, "reference"),
            at=_day(sent),
            state=PaymentState.PENDING if "expected" in sent else PaymentState.PAID,
        )
        said = _("%(amount)s is booked.") % {"amount": payment.amount.format(get_language() or "en")}
        toast(request, said, undo=_void(payment))

    return _done(request, order, "payment", book)


@requires("orders.edit")
@require_POST
def void(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a payment back that was booked by mistake."""
    payment = Payment.objects.select_related("order").filter(pk=Payment.pk_of(public_id) or 0).first()
    if payment is None:
        raise Http404(_("There is no such payment."))
    order = order_or_404(payment.order.public_id)

    def take_back() -> None:
        void_payment(payment)
        toast(request, _("The payment is taken back."))

    return _done(request, order, "payments", take_back)


@requires("orders.edit")
@require_POST
def send_back(request: HttpRequest, public_id: str) -> HttpResponse:
    """Note that lines come back, or pay for them at once."""
    order = order_or_404(public_id)
    sent = request.POST

    def note() -> None:
        lines = _chosen(order, sent)
        refund = _minor(sent, "amount", order.currency) if _text(sent, "amount") else None
        if "now" in sent:
            back = refund_order(
                order, lines=lines, refund_minor=refund, reason=_text(sent, "reason"), method=_text(sent, "method")
            )
            toast(request, _("%(amount)s went back.") % {"amount": back.refund.format(get_language() or "en")})
        else:
            back = request_return(order, lines=lines, refund_minor=refund, reason=_text(sent, "reason"))
            toast(request, _("Return %(number)s is noted.") % {"number": back.number})

    return _done(request, order, "return", note)


@requires("orders.edit")
@require_safe
def proposal(request: HttpRequest, public_id: str) -> HttpResponse:
    """What was paid for the pieces that are chosen: what is proposed to be paid back."""
    order = order_or_404(public_id)
    lines = {line.position: line for line in order.lines.all()}
    left = left_of(lines.values())
    amount = 0
    for position, line in lines.items():
        count = min(_count(request.GET, f"back-{position}"), left[line.pk])
        if count > 0:
            was = line.quantity - left[line.pk]
            amount += paid_for(order, line, was + count) - paid_for(order, line, was)
    most = max(order.total_minor - order.refunded_minor, 0)
    context = {"proposed": Money(min(amount, most), order.currency)}
    return render(request, "orders/_proposal.html", context)


@requires("orders.edit")
@require_POST
def step(request: HttpRequest, public_id: str, what: str) -> HttpResponse:
    """The next step of a return: it arrived, is paid back, or is refused."""
    back = return_or_404(public_id)
    if back.order is None:
        raise Http404(_("The order of this return is not known."))
    order = order_or_404(back.order.public_id)
    sent = request.POST

    def go() -> None:
        match what:
            case "received":
                receive_goods(back)
                toast(request, _("%(number)s has arrived.") % {"number": back.number})
            case "refund":
                amount = _minor(sent, "amount", back.currency) if _text(sent, "amount") else None
                settled = settle_return(back, refund_minor=amount, method=_text(sent, "method"))
                toast(request, _("%(amount)s went back.") % {"amount": settled.refund.format(get_language() or "en")})
            case "refuse":
                refuse_return(back, reason=_text(sent, "reason"))
                toast(request, _("Return %(number)s is refused.") % {"number": back.number})
            case _:
                raise Http404(_("There is no such step."))

    return _done(request, order, back.public_id, go)


@requires("orders.edit")
@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponse:
    """Call an order off, with the reason."""
    order = order_or_404(public_id)

    def call_off() -> None:
        cancel_order(order, reason=_text(request.POST, "reason"), version=_version(request.POST))
        toast(request, _("%(number)s is cancelled.") % {"number": order.number})

    return _done(request, order, "cancel", call_off)


@requires("orders.edit")
@require_POST
def copy(request: HttpRequest, public_id: str) -> HttpResponse:
    """The same once more, as a draft."""
    order = order_or_404(public_id)
    try:
        draft = duplicate_order(order)
    except Refusal as refusal:
        return _refused(request, order, "copy", refusal)
    toast(request, _("This is a copy of %(number)s.") % {"number": order.number})
    return redirect("orders:page", draft.public_id)


@requires("orders.delete")
@require_POST
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Delete an order that was a mistake; what was sold and fell through is cancelled instead."""
    order = order_or_404(public_id)
    if request.POST.get("sure") != order.number:
        reasons = {"sure": [_("Type the number of the order, so that it is the right one.")]}
        return _refused(request, order, "delete", Invalid(reasons["sure"][0], fields=reasons))
    try:
        delete_order(order, version=_version(request.POST))
    except Refusal as refusal:
        return _refused(request, order, "delete", refusal)
    toast(request, _("%(number)s is deleted.") % {"number": order.number})
    return redirect("orders:list")


@requires("orders.edit")
@require_POST
def write(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change the note, the tags, or how far the goods have come, where they stand."""
    order = order_or_404(public_id)
    sent = request.POST
    values: dict[str, Any] = {}
    before: dict[str, Any] = {}
    if "note" in sent:
        values["note"], before["note"] = sent["note"], order.note
    if "tags" in sent:
        values["tags"], before["tags"] = split(sent["tags"]), [tag.label for tag in order.tags.all()]
    if sent.get("fulfilment") in Fulfilment.values:
        values["fulfilment"], before["fulfilment"] = sent["fulfilment"], order.fulfilment

    def save() -> None:
        changed = change_order(order, values=values)
        if changed.version != order.version:
            undo = signing.dumps(before, salt=f"{_BEFORE}.{order.pk}", compress=True)
            toast(request, _("Saved."), undo=reverse("orders:back", args=[order.public_id, undo]))

    return _done(request, order, next(iter(values), "note"), save)


@requires("orders.edit")
@require_POST
def put_back(request: HttpRequest, public_id: str, before: str) -> HttpResponse:
    """Take back what `write` changed."""
    order = order_or_404(public_id)
    try:
        values: dict[str, Any] = signing.loads(before, salt=f"{_BEFORE}.{order.pk}")
    except signing.BadSignature as error:
        raise Http404(_("There is nothing to take back.")) from error
    return _done(request, order, "note", lambda: change_order(order, values=values))


def _done(request: HttpRequest, order: Order, section: str, do: Callable[[], Any]) -> HttpResponse:
    """Do it and go back to the page, or show the page with what was refused."""
    if order.status == Status.DRAFT and section not in {"payment", "note", "tags"}:
        raise Http404(_("This is a draft; make it an order first."))
    try:
        do()
    except Refusal as refusal:
        return _refused(request, order, section, refusal)
    return redirect("orders:page", order.public_id)


def _refused(request: HttpRequest, order: Order, section: str, refusal: Refusal) -> HttpResponse:
    if refusal.status == HTTPStatus.FORBIDDEN:
        raise refusal
    status = HTTPStatus.CONFLICT if isinstance(refusal, Stale) else HTTPStatus.UNPROCESSABLE_ENTITY
    asked = {"section": section, "problem": refusal.sentence, "typed": request.POST.dict()}
    return shown(request, order_or_404(order.public_id), more={"asked": asked}, status=status)


def _chosen(order: Order, sent: QueryDict) -> list[dict[str, int]]:
    """The pieces that come back: how many of which line."""
    counts = [(line.position, _count(sent, f"back-{line.position}")) for line in order.lines.all()]
    return [{"position": position, "quantity": count} for position, count in counts if count > 0]


def _count(sent: QueryDict, name: str) -> int:
    text = sent.get(name, "").strip()
    return int(text[:9]) if text.isascii() and text.isdigit() else 0


def _text(sent: QueryDict, name: str) -> str:
    return sent.get(name, "").strip()


def _minor(sent: QueryDict, name: str, currency: str) -> int:
    try:
        return minor_of(sent.get(name, ""), currency=currency)
    except ValueError as reason:
        raise Invalid(str(reason), fields={name: [str(reason)]}) from reason


def _day(sent: QueryDict) -> dt.datetime | None:
    """The day somebody chose, at noon in the shop; today is now."""
    text = sent.get("at", "")
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as error:
        sentence = _("“%(day)s” is not a day.") % {"day": text[:20]}
        raise Invalid(sentence, fields={"at": [sentence]}) from error
    return None if day == shop.today() else dt.datetime.combine(day, dt.time(_NOON), tzinfo=shop.zone())


def _version(sent: QueryDict) -> int | None:
    text = sent.get("version", "")
    return int(text) if text.isdecimal() and len(text) < _MOST_VERSION else None


def _void(payment: Payment) -> str:
    return reverse("orders:void", args=[payment.public_id])
