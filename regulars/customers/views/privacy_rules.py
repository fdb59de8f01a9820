"""Retention rules, the register of consent, the record of processing, and what the owner says of them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.tabular_out import SafeWriter
from regulars.core.ui.toasts import toast
from regulars.customers.actions.privacy import change_privacy_settings, keep_sales_for
from regulars.customers.actions.retention import set_rule
from regulars.customers.privacy import laws, processing, queries, retention
from regulars.customers.privacy.facts import ConsentsExported
from regulars.customers.privacy.forms import BasesForm, WordsForm
from regulars.staff.access import requires
from regulars.timeline.actions import record

_WORDS = (
    *("controller", "officer", "representative", "authority", "measures", "default_law"),
    *("pipl_days", "child_age", "needs_separate_consent"),
)


@requires("privacy.view")
def rules(request: HttpRequest) -> HttpResponse:
    """The rules that run at night, and for how long sales are kept."""
    return _rules(request)


@requires("privacy.view")
def rule_preview(request: HttpRequest, key: str) -> HttpResponse:
    """Whom a rule would let go tonight, were it on."""
    rule = retention.of(key)
    if rule is None:
        raise Http404(_("There is no such rule."))
    setting = retention.setting_of(rule)
    context = {"setting": setting, "would": retention.would(setting)}
    return render(request, "customers/privacy/rule.html", context)


@requires("privacy.edit", recent=True)
@require_POST
def rule_set(request: HttpRequest, key: str) -> HttpResponse:
    """Turn a rule on or off, with its months."""
    months = request.POST.get("months", "")
    try:
        row = set_rule(key=key, is_on=request.POST.get("is_on") == "on", months=_whole(months))
    except Invalid as refusal:
        return _rules(request, problem=refusal.sentence, key=key)
    toast(request, _("The rule is on. It runs tonight.") if row.is_on else _("The rule is off."))
    return redirect("privacy:rules")


@requires("privacy.edit")
@require_POST
def period(request: HttpRequest) -> HttpResponse:
    """For how many years sales are kept in the shop's country, as the owner says."""
    years = request.POST.get("years", "")
    try:
        keep_sales_for(
            country=request.POST.get("country", shop.current().country),
            years=_whole(years),
            source=request.POST.get("source", ""),
        )
    except Invalid as refusal:
        return _rules(request, problem=refusal.sentence, key="period")
    toast(request, _("Kept for that long from now on."))
    return redirect("privacy:rules")


@requires("privacy.view")
def register(request: HttpRequest) -> HttpResponse:
    """Who agreed to what, in which words: counted."""
    context = {
        "register": queries.register(),
        "may_export": request.user.may("customers.export"),  # type: ignore[union-attr]
    }
    return render(request, "customers/privacy/register.html", context)


@requires("customers.export", recent=True)
@require_POST
def register_export(request: HttpRequest) -> StreamingHttpResponse:  # noqa: ARG001 — every view takes one
    """Every line of the consent ledger as a file."""
    record(ConsentsExported())

    def lines() -> Iterator[bytes]:
        for cells in queries.register_lines():
            text = io.StringIO(newline="")
            SafeWriter(text).writerow(cells)
            yield text.getvalue().encode()

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="consents-{shop.today().isoformat()}.csv"'
    return response


@requires("privacy.view")
def processed(request: HttpRequest) -> HttpResponse:
    """The record of processing, as it is true today."""
    context = {
        "record": processing.record(),
        "settings": [setting for setting in retention.set_now() if setting.is_on],
        "may_edit": request.user.may("shop.edit"),  # type: ignore[union-attr]
    }
    return render(request, "customers/privacy/processing.html", context)


@requires("shop.edit")
def words(request: HttpRequest) -> HttpResponse:
    """What only the owner can say: who answers for the data, on which bases, with which contracts."""
    own = laws.own_words()
    form = WordsForm(request.POST or None, initial={name: getattr(own, name) for name in _WORDS})
    bases = BasesForm(request.POST or None, purposes=processing.purposes(), recipients=processing.recipients())
    if request.method == "POST" and form.is_valid() and bases.is_valid():
        try:
            change_privacy_settings(**form.cleaned_data, **bases.said())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Saved."))
            return redirect("privacy:processing")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/privacy/words.html", {"form": form, "bases": bases}, status=status)


def _whole(text: str) -> int:
    """A number as it was typed. Raises Invalid."""
    if not (text.strip().isdecimal() and len(text.strip()) < 6):
        raise Invalid(_("Write a whole number."), fields={})
    return int(text)


def _rules(request: HttpRequest, *, problem: str = "", key: str = "") -> HttpResponse:
    country = shop.current().country
    context = {
        "settings": retention.set_now(),
        "period": laws.period(country),
        "periods": [laws.period(code) for code in sorted({*laws.PERIODS, country})] if "all" in request.GET else [],
        "problem": problem,
        "key": key,
        "may_edit": request.user.may("privacy.edit"),  # type: ignore[union-attr]
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "customers/privacy/rules.html", context, status=status)
