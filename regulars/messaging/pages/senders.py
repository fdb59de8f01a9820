"""Settings > Senders: the mail servers that mail goes out through, and what the DNS says of their domains."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.messaging import accounts, published, signing
from regulars.messaging import senders as verbs
from regulars.messaging.accounts import SMTP
from regulars.messaging.connected.verbs import make_default, switch
from regulars.messaging.models import Account, SigningKey, Way
from regulars.messaging.pages.forms import SenderForm
from regulars.messaging.transports import Refused
from regulars.staff.access import requires


@requires("messages.setup")
@require_safe
def senders(request: HttpRequest) -> HttpResponse:
    """All mail servers, the one of the settings, and the domains they send from."""
    rows = list(Account.objects.filter(way=Way.EMAIL, provider=SMTP).select_related("channel"))
    keys = {key.domain: key for key in SigningKey.objects.all()}
    domains = sorted(
        {accounts.domain(row) for row in rows} | ({accounts.domain(None)} if accounts.has_mail_server() else set())
    )
    context = {
        "rows": rows,
        "has_server": accounts.has_mail_server(),
        "can_mail": accounts.can_mail(),
        "server": settings.EMAIL_HOST,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "is_server_default": accounts.default(Way.EMAIL) is None,
        "domains": [(domain, keys.get(domain)) for domain in domains],
    }
    return render(request, "messaging/senders.html", context)


@requires("messages.setup", recent=True)
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """A new mail server."""
    form = SenderForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            row = verbs.add(**form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Saved. Check now whether it works."))
            return redirect("messaging:sender", row.public_id)
    return render(request, "messaging/sender_new.html", {"form": form}, status=_status(form))


@requires("messages.setup", recent=True)
@never_cache
def sender(request: HttpRequest, account_id: str) -> HttpResponse:
    """One mail server. Posted to, it is changed."""
    row = _found(account_id)
    if request.method != "POST":
        return _page(request, row)
    form = SenderForm(request.POST, is_kept=bool(row.secrets))
    if form.is_valid():
        try:
            verbs.change(row, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
    if form.errors:
        return _page(request, row, form=form)
    toast(request, _("Saved."))
    return redirect("messaging:sender", account_id)


@requires("messages.setup")
@require_POST
def act(request: HttpRequest, account_id: str) -> HttpResponse:
    """Check it, make it the default, switch it on or off, or take it off."""
    row = _found(account_id)
    what = request.POST.get("what", "")
    if what == "check":
        try:
            said = verbs.try_out(row)
        except Refused as refusal:
            return _page(request, _found(account_id), problem=refusal.sentence)
        toast(request, _("It works. The server can: %(what)s") % {"what": said or "SMTP"})
    elif what == "default":
        make_default(row)
        toast(request, _("Mail goes out through “%(name)s” from now on.") % {"name": row.name})
    elif what in {"on", "off"}:
        switch(row, is_on=what == "on")
        toast(request, _("Saved."))
    elif what == "remove":
        verbs.remove(row)
        toast(request, _("“%(name)s” is removed.") % {"name": row.name})
        return redirect("messaging:senders")
    return redirect("messaging:sender", account_id)


@requires("messages.setup")
def domain(request: HttpRequest, name: str) -> HttpResponse:
    """What signs the mail of a domain, and what its DNS says. It is asked when somebody presses the button."""
    if name not in _domains():
        raise Http404(_("No sender has this domain."))
    key = SigningKey.objects.filter(domain=name).first()
    lines = None
    if request.method == "POST":
        what = request.POST.get("what", "")
        if what == "make":
            key = signing.make_key(name)
        elif what in {"on", "off"} and key is not None:
            signing.turn(key, is_on=what == "on")
            toast(request, _("Saved."))
            return redirect("messaging:domain", name)
        elif what == "look":
            lines = published.of(name, key)
    context = {"domain": name, "key": key, "record": signing.record_of(key) if key else None, "lines": lines}
    return render(request, "messaging/domain.html", context)


def _domains() -> set[str]:
    rows = Account.objects.filter(way=Way.EMAIL)
    return {accounts.domain(row) for row in rows} | {accounts.domain(None)}


def _found(account_id: str) -> Account:
    row = Account.objects.filter(provider=SMTP, pk=Account.pk_of(account_id) or 0).first()
    if row is None:
        raise Http404(_("There is no such sender."))
    return row


def _page(request: HttpRequest, row: Account, *, form: SenderForm | None = None, problem: str = "") -> HttpResponse:
    kept = {key: row.options.get(key, "") for key in ("host", "port", "security", "user", "return_to")}
    initial: dict[str, Any] = {"name": row.name, "address": row.address, "channel": row.channel_id, **kept}
    shown = form or SenderForm(initial=initial, is_kept=bool(row.secrets))
    context = {"account": row, "form": shown, "problem": problem, "domain": accounts.domain(row)}
    status = HTTPStatus.BAD_GATEWAY if problem else _status(shown)
    return render(request, "messaging/sender.html", context, status=status)


def _status(form: SenderForm) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
