"""Settings > Message services: WhatsApp, SMS and the like; connecting one, and what to enter there."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.messaging.connected import queries, verbs
from regulars.messaging.connected.forms import ServiceForm
from regulars.messaging.models import Account
from regulars.messaging.providers import transport
from regulars.messaging.providers.registry import provider_of, providers
from regulars.staff.access import requires


@requires("messages.setup")
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """All accounts at message services, and those that can be connected."""
    return render(request, "messaging/services.html", {"lines": queries.lines(), "services": providers()})


@requires("messages.setup", recent=True)
@never_cache
def connect(request: HttpRequest, provider: str) -> HttpResponse:
    """Connect an account. What we made for it stands on the answer to its making alone."""
    service = provider_of(provider)
    if service is None:
        raise Http404(_("There is no such message service."))
    form = ServiceForm(request.POST if request.method == "POST" else None, service=service)
    if request.method == "POST" and form.is_valid():
        try:
            account, made = verbs.connect(provider=service.name, **form.given())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _page(request, account, made=made, is_new=True)
    context = {"service": service, "form": form}
    return render(request, "messaging/service_new.html", context, status=_status(form))


@requires("messages.setup", recent=True)
@never_cache
def service(request: HttpRequest, account_id: str) -> HttpResponse:
    """One account: what to enter at the service, whether it works, what it reported. Posted to, it is changed."""
    found = _found(account_id)
    if request.method != "POST":
        return _page(request, found)
    form = _form(found, request.POST)
    if form.is_valid():
        try:
            verbs.change(found, **form.given())
        except Invalid as refusal:
            form.refuse(refusal)
    if form.errors:
        return _page(request, found, form=form)
    toast(request, _("Saved."))
    return redirect("messaging:service", account_id)


@requires("messages.setup")
@require_POST
def check(request: HttpRequest, account_id: str) -> HttpResponse:
    """Ask the service whether the keys are good."""
    found = _found(account_id)
    try:
        called = verbs.try_out(found)
    except Refusal as refusal:
        return _page(request, _found(account_id), problem=refusal.sentence)
    said = _("It works: %(name)s") % {"name": called} if called else _("It works.")
    toast(request, said)
    return redirect("messaging:service", account_id)


@requires("messages.setup", recent=True)
@require_POST
@never_cache
def renew(request: HttpRequest, account_id: str) -> HttpResponse:
    """New secrets of ours, which stand on this answer alone."""
    found, made = verbs.renew(_found(account_id))
    return _page(request, found, made=made)


@requires("messages.setup")
@require_POST
def switch(request: HttpRequest, account_id: str) -> HttpResponse:
    """Switch an account off, or on again; or make it the one that its way goes by."""
    found = _found(account_id)
    if request.POST.get("is_default"):
        verbs.make_default(found)
        toast(request, _("Saved."))
        return redirect("messaging:service", account_id)
    found = verbs.switch(found, is_on=bool(request.POST.get("is_on")))
    said = _("“%(name)s” is on.") if found.is_on else _("“%(name)s” is off: nothing comes in or goes out by it.")
    toast(request, said % {"name": found.name})
    return redirect("messaging:service", account_id)


@requires("messages.setup")
@require_POST
def again(request: HttpRequest, account_id: str) -> HttpResponse:
    """Read once more what was not understood."""
    count = verbs.read_again(_found(account_id))
    said = ngettext("%(count)s report is read again.", "%(count)s reports are read again.", count)
    toast(request, said % {"count": count})
    return redirect("messaging:service", account_id)


@requires("messages.setup", recent=True)
@require_POST
def remove(request: HttpRequest, account_id: str) -> HttpResponse:
    """Take an account off."""
    found = _found(account_id)
    verbs.remove(found)
    toast(request, _("“%(name)s” is taken off. Inquiries and messages stay.") % {"name": found.name})
    return redirect("messaging:services")


def _page(
    request: HttpRequest,
    account: Account,
    *,
    form: ServiceForm | None = None,
    made: dict[str, str] | None = None,
    is_new: bool = False,
    problem: str = "",
) -> HttpResponse:
    """The page of an account; what was made for it is shown when it was made just now, and never again."""
    found = provider_of(account.provider)
    labels = {option.name: option.label for option in found.options} if found else {}
    context: dict[str, Any] = {
        "account": account,
        "service": found,
        "hook": transport.hook_of(account) if found else "",
        "made": [(labels[name], name, value) for name, value in (made or {}).items()],
        "has_made": any(option.is_made for option in found.options) if found else False,
        "is_new": is_new,
        "problem": problem,
        "figures": queries.figures_of(account),
        "failed": queries.failed_of(account),
        "form": form or _form(account, None),
    }
    is_bad = bool(problem) or (form is not None and bool(form.errors))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.OK
    return render(request, "messaging/service.html", context, status=status)


def _form(account: Account, data: Any) -> ServiceForm:
    found = provider_of(account.provider)
    if found is None:
        raise Http404(_("There is no such message service."))
    initial = {"name": account.name, "address": account.address, "channel": account.channel_id}
    initial |= {f"option_{name}": value for name, value in account.options.items()}
    return ServiceForm(data, service=found, is_kept=True, initial=initial)


def _found(account_id: str) -> Account:
    account = queries.of_services().filter(pk=Account.pk_of(account_id) or 0).first()
    if account is None:
        raise Http404(_("There is no such account."))
    return account


def _status(form: Any) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
