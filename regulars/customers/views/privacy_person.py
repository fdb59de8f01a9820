"""What a person's rights come to: limits, the copy of their data, and erasing them."""

from __future__ import annotations

import json
import tempfile
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from regulars.core.background.overview import running, waiting
from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers import consents, people
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.erasing import NotErasable, begin_erasure
from regulars.customers.actions.privacy import lift_limit, limit_person, make_copy
from regulars.customers.models import ConsentRecord, Customer, Erasure, Limit, PrivacyRequest
from regulars.customers.privacy import certifying, permitting, queries
from regulars.customers.privacy.forms import ConsentOfItsOwnForm, LimitForm
from regulars.customers.privacy.previewing import preview
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires

_PURPOSES = (permitting.Purpose.MARKETING, permitting.Purpose.PROFILING, permitting.Purpose.DUPLICATES)


@requires("privacy.view")
def person(request: HttpRequest, public_id: str) -> HttpResponse:
    """What may be done with somebody's data, and what they asked for."""
    return _person(request, customer_or_404(public_id))


@requires("privacy.edit")
@require_POST
def limit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Set a limit on what may be done with somebody's data."""
    customer = customer_or_404(public_id)
    form = LimitForm(request.POST)
    if form.is_valid():
        try:
            limit_person(customer, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("It holds from now on."))
            return redirect("privacy:person", customer.public_id)
    return _person(request, customer, form=form)


@requires("privacy.edit")
@require_POST
def lift(request: HttpRequest, public_id: str, limit_id: int) -> HttpResponse:
    """A limit does not hold any more."""
    customer = customer_or_404(public_id)
    found = permitting.limits_of(customer).filter(pk=limit_id).first()
    if found is None:
        raise Http404(_("This limit does not hold any more."))
    try:
        lift_limit(found, reason=request.POST.get("reason", ""))
    except Invalid as refusal:
        return _person(request, customer, problem=refusal.sentence)
    toast(request, _("It does not hold any more."))
    return redirect("privacy:person", customer.public_id)


@requires("privacy.edit")
@require_POST
def consent(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write down a consent that is asked for by itself: sensitive data, sending abroad, a guardian's for a child."""
    customer = customer_or_404(public_id)
    form = ConsentOfItsOwnForm(request.POST)
    if form.is_valid():
        try:
            record_consent(customer, medium=permitting.ANY, source=ConsentRecord.Source.STAFF, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Written down."))
            return redirect("privacy:person", customer.public_id)
    return _person(request, customer, consent_form=form)


@requires("privacy.edit", recent=True)
@require_POST
def copy(request: HttpRequest, public_id: str) -> HttpResponse | FileResponse:
    """The copy of somebody's data, packed: made while one waits, and kept nowhere."""
    customer = customer_or_404(public_id)
    asked = PrivacyRequest.objects.filter(pk=PrivacyRequest.pk_of(request.POST.get("request", "")) or 0).first()
    # a file without a name, which is gone when it was sent
    stream = tempfile.TemporaryFile()  # noqa: SIM115 — the response closes it
    make_copy(customer, stream, request=asked)
    stream.seek(0)
    response = FileResponse(
        stream, as_attachment=True, filename=f"{customer.public_id}.zip", content_type="application/zip"
    )
    response["Cache-Control"] = "private, no-store"
    return response


@requires("privacy.edit", recent=True)
def erase(request: HttpRequest, public_id: str) -> HttpResponse:
    """What erasing somebody would do; and, when the word is typed, do it. It cannot be taken back."""
    customer = customer_or_404(public_id)
    asked = PrivacyRequest.objects.filter(
        pk=PrivacyRequest.pk_of(request.POST.get("request", "") or request.GET.get("request", "")) or 0,
        customer__in=people.records_with(customer),
    ).first()
    word = pgettext("the word to type before a person is erased", "erase")
    typed = request.POST.get("word", "")
    problem = ""
    if request.method == "POST":
        if typed.strip().casefold() != word.casefold():
            problem = _("Nothing was erased: the word is “%(word)s”.") % {"word": word}
        else:
            cause = Erasure.Cause.REQUEST if asked else Erasure.Cause.STAFF
            try:
                erasure = begin_erasure(customer, cause=cause, request=asked)
            except NotErasable as refusal:
                problem = refusal.sentence
            else:
                return redirect("privacy:erasure", erasure.public_id)
    context = {
        "customer": customer,
        "preview": preview(customer),
        "asked": asked,
        "word": word,
        "typed": typed,
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "customers/privacy/erase.html", context, status=status)


@requires("privacy.view")
def erasures(request: HttpRequest) -> HttpResponse:
    """Cases of erasing, the newest first; how each ended."""
    found = list(queries.erasures(before=_before(request))[: queries.PAGE + 1])
    context = {
        "erasures": found[: queries.PAGE],
        "before": found[queries.PAGE - 1].pk if len(found) > queries.PAGE else None,
    }
    return render(request, "customers/privacy/erasures.html", context)


@requires("privacy.view")
def erasure(request: HttpRequest, erasure_id: str) -> HttpResponse:
    """One case: how far it is, and its certificate."""
    case = _case(erasure_id)
    is_under_way = case.state in {Erasure.State.WAITING, Erasure.State.ERASED}
    job = next((one for one in (*running(), *waiting()) if one.arguments.get("erasure_id") == case.pk), None)
    context = {
        "case": case,
        "is_under_way": is_under_way,
        "job": job if is_under_way else None,
        "is_true": certifying.is_true(case) if case.signature else None,
        "certificate": case.certificate,
    }
    return render(request, "customers/privacy/erasure.html", context)


@requires("privacy.view")
def certificate(request: HttpRequest, erasure_id: str, form: str) -> HttpResponse:
    """The certificate of a case as a file: JSON for programs, a page for people and printers."""
    case = _case(erasure_id)
    if not case.signature or form not in {"json", "html"}:
        raise Http404(_("There is no certificate yet."))
    if form == "json":
        plain = {"certificate": case.certificate, "sha256": case.digest, "signature": case.signature}
        body = json.dumps(plain, ensure_ascii=False, indent=1)
        response = HttpResponse(body, content_type="application/json")
    else:
        context = {"case": case, "certificate": case.certificate}
        response = render(request, "customers/privacy/certificate.html", context)
    response["Content-Disposition"] = f'attachment; filename="{case.public_id}.{form}"'
    return response


@requires("privacy.view")
def limits(request: HttpRequest) -> HttpResponse:
    """Everybody with whose data something may not be done."""
    found = list(queries.limited(before=_before(request))[: queries.PAGE + 1])
    context = {
        "limits": found[: queries.PAGE],
        "before": found[queries.PAGE - 1].pk if len(found) > queries.PAGE else None,
    }
    return render(request, "customers/privacy/limits.html", context)


def _person(
    request: HttpRequest,
    customer: Customer,
    *,
    form: LimitForm | None = None,
    consent_form: ConsentOfItsOwnForm | None = None,
    problem: str = "",
) -> HttpResponse:
    records = people.records(customer)
    context: dict[str, Any] = {
        "customer": customer,
        "limits": list(permitting.limits_of(customer).select_related("set_by").order_by("pk")),
        "lifted": list(Limit.objects.filter(customer__in=records, lifted_at__isnull=False).order_by("-lifted_at")),
        "asked": list(PrivacyRequest.objects.filter(customer__in=records).order_by("-pk")),
        "may": [(purpose, permitting.may(customer, purpose)) for purpose in _PURPOSES],
        "is_child": permitting.is_child(customer),
        "form": form or LimitForm(),
        "consent_form": consent_form or ConsentOfItsOwnForm(),
        "own": [one for one in consents.history(records) if one.medium == permitting.ANY],
        "problem": problem,
        "may_edit": request.user.may("privacy.edit"),  # type: ignore[union-attr]
    }
    is_wrong = form is not None or consent_form is not None or bool(problem)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return render(request, "customers/privacy/person.html", context, status=status)


def _case(erasure_id: str) -> Erasure:
    found = Erasure.objects.select_related("made_by", "request").filter(pk=Erasure.pk_of(erasure_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such case."))
    return found


def _before(request: HttpRequest) -> int:
    text = request.GET.get("before", "")
    if text and not (text.isdecimal() and len(text) < 19):
        raise BadRequest
    return int(text or 0)
