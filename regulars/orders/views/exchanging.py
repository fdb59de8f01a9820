"""Exchanging: other goods for what comes back, picked as in a draft."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, NotAllowed, Refusal
from regulars.core.money import Money
from regulars.core.ui.toasts import toast
from regulars.orders.actions import exchange_return
from regulars.orders.forms.draft import DraftForm, DraftLine, variants_of
from regulars.orders.models import Return, Variant
from regulars.orders.queries.picking import find_variants
from regulars.orders.views.page import return_or_404
from regulars.staff.access import requires


@requires("orders.edit")
def exchange(request: HttpRequest, public_id: str) -> HttpResponse:
    """What somebody gets instead: nothing is written before “Exchange” is pressed."""
    back = return_or_404(public_id)
    if back.order is None:
        raise Http404(_("The order of this return is not known."))
    form = DraftForm.read(request.POST, currency=back.currency)
    focus = -1
    sent = request.POST
    if "add" in sent:
        for variant in variants_of([Variant.pk_of(sent["add"])]).values():
            form.lines.append(DraftLine.of_variant(variant, form.currency))
            focus = len(form.lines) - 1
    elif "remove" in sent and sent["remove"].isdecimal() and int(sent["remove"][:4]) < len(form.lines):
        form.lines.pop(int(sent["remove"][:4]))
    elif "exchange" in sent and form.is_whole:
        try:
            done = exchange_return(
                back,
                lines=[line.values() for line in form.lines],
                values={"discount_minor": sum(line.discount_minor for line in form.lines)},
                method=sent.get("method", "").strip(),
            )
        except NotAllowed:
            raise
        except Invalid as refusal:
            form.refuse(refusal.fields)
        except Refusal as refusal:
            form.problems["all"] = refusal.sentence
        else:
            said = _("%(number)s is exchanged for %(order)s.") % {"number": back.number, "order": done.order.number}
            if done.to_pay:
                said += " " + _("%(amount)s is still to pay.") % {"amount": done.to_pay.format(get_language() or "en")}
            toast(request, said)
            return redirect("orders:page", done.order.public_id)
    for line in form.lines:
        line.problems.clear()
    form.reckon()
    return _page(request, back, form, focus)


def _page(request: HttpRequest, back: Return, form: DraftForm, focus: int) -> HttpResponse:
    typed = request.POST.get("q", "").strip()
    context: dict[str, Any] = {
        "back": back,
        "form": form,
        "focus_line": focus,
        "typed": typed,
        "found": find_variants(typed) if "add" not in request.POST else [],
        "currency": form.currency,
        "difference": Money(form.goods.minor - back.refund_minor, form.currency),
        "less": Money(back.refund_minor - form.goods.minor, form.currency),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.problems else HTTPStatus.OK
    return render(request, "orders/exchange.html", context, status=status)
