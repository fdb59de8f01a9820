"""Settings > Mailboxes: where mails are fetched, how that goes, and what was counted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regulars.core import quarantine
from regulars.core.background import overview
from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.inbox.actions.mailboxes import Tried, add_mailbox, change_mailbox, switch_mailbox, try_mailbox
from regulars.inbox.forms.mailboxes import MailboxForm
from regulars.inbox.mail.counting import count_mailbox
from regulars.inbox.mail.fetching import fetch_mailbox
from regulars.inbox.models import Mailbox
from regulars.inbox.queries.mails import days_of, in_quarantine, listed
from regulars.staff.access import requires


@requires("inbox.setup")
@require_safe
def mailboxes(request: HttpRequest) -> HttpResponse:
    """All mailboxes, with how each of them goes."""
    context = {"listed": listed(), "quarantined": in_quarantine()}
    is_part = request.headers.get("HX-Target") == "mailboxes"
    return render(request, "inbox/_mailboxes.html" if is_part else "inbox/mailboxes.html", context)


@requires("inbox.setup", recent=True)
@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """A new mailbox: tried first, as often as one likes, then joined."""
    form = MailboxForm(request.POST if request.method == "POST" else None)
    tried = None
    if request.method == "POST" and form.is_valid():
        if "try" in request.POST:
            tried = _tried(form, None)
        else:
            try:
                made = add_mailbox(form.settings())
            except Invalid as refusal:
                form.refuse(refusal)
            else:
                toast(request, _("“%(name)s” is joined. What is there is being fetched.") % {"name": made.name})
                return redirect("mailbox", made.public_id)
    return _form(request, form, None, tried)


@requires("inbox.setup")
@require_safe
def mailbox(request: HttpRequest, mailbox_id: str) -> HttpResponse:
    """One mailbox: its state, its mails, and the counts of the last thirty days."""
    found = mailbox_at(mailbox_id)
    one = next(one for one in listed() if one.mailbox.pk == found.pk)
    context = {
        "mailbox": found,
        "one": one,
        "days": days_of(found),
        "fetching": overview.running_of(fetch_mailbox),
        "is_held": quarantine.is_on(),
    }
    return render(request, "inbox/mailbox.html", context)


@requires("inbox.setup", recent=True)
@never_cache
def change(request: HttpRequest, mailbox_id: str) -> HttpResponse:
    """Other settings; what is wrong stays in the form."""
    found = mailbox_at(mailbox_id)
    form = MailboxForm(request.POST if request.method == "POST" else None, mailbox=found)
    tried = None
    if request.method == "POST" and form.is_valid():
        if "try" in request.POST:
            tried = _tried(form, found)
        else:
            try:
                change_mailbox(found, form.settings())
            except Invalid as refusal:
                form.refuse(refusal)
            else:
                toast(request, _("Saved."))
                return redirect("mailbox", mailbox_id)
    return _form(request, form, found, tried)


@requires("inbox.setup")
@require_POST
def switch(request: HttpRequest, mailbox_id: str) -> HttpResponse:
    """Turn it off, or on again."""
    found = switch_mailbox(mailbox_at(mailbox_id), is_on=bool(request.POST.get("is_on")))
    said = _("“%(name)s” is fetched again.") if found.is_on else _("“%(name)s” is off: nothing is fetched from there.")
    toast(request, said % {"name": found.name})
    return redirect("mailbox", mailbox_id)


@requires("inbox.setup")
@require_POST
def fetch(request: HttpRequest, mailbox_id: str) -> HttpResponse:
    """Look for new mails now, in the background."""
    fetch_mailbox.later(mailbox_id=mailbox_at(mailbox_id).pk)
    toast(request, _("It is fetched now."))
    return redirect("mailbox", mailbox_id)


@requires("inbox.setup")
@require_POST
def count(request: HttpRequest, mailbox_id: str) -> HttpResponse:
    """Compare the server with the ledger now, in the background."""
    count_mailbox.later(mailbox_id=mailbox_at(mailbox_id).pk)
    toast(request, _("It is counted now. Look again in a moment."))
    return redirect("mailbox", mailbox_id)


def mailbox_at(mailbox_id: str) -> Mailbox:
    """The mailbox of an address, or 404."""
    number = Mailbox.pk_of(mailbox_id)
    found = Mailbox.objects.select_related("account", "channel", "team").filter(pk=number).first() if number else None
    if found is None:
        raise Http404(_("There is no such mailbox."))
    return found


def _tried(form: MailboxForm, found: Mailbox | None) -> Tried:
    if quarantine.is_on():
        return Tried(
            problem=_("This shop was restored from a backup, and nothing leaves it until somebody releases it.")
        )
    return try_mailbox(form.settings(), found)


def _form(request: HttpRequest, form: MailboxForm, found: Mailbox | None, tried: Tried | None) -> HttpResponse:
    # what was typed as a secret is in the browser alone; the page that comes back asks for it again
    context: dict[str, Any] = {"form": form, "mailbox": found, "tried": tried}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "inbox/mailbox_form.html", context, status=status)
