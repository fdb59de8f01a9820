"""Settings > Mailboxes > Mails: the ledger, what was not understood, and what to do with it."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Refusal
from regulars.core.sealing import Damaged
from regulars.core.ui.toasts import toast
from regulars.inbox.actions.mails import ask_for_whole, make_inquiry, mark_as_spam, read_again
from regulars.inbox.mail import raw
from regulars.inbox.mail.facts import MailRead
from regulars.inbox.models import Arrival, Mailbox, Outcome, Post
from regulars.inbox.queries.mails import mails as ledger
from regulars.inbox.queries.mails import page_of
from regulars.staff.access import requires
from regulars.staff.policy import current
from regulars.timeline.actions import note_read

_SHOWN = 100_000


@requires("inbox.setup")
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """The ledger, by what became of the mails and by mailbox."""
    outcome, mailbox_id = request.GET.get("outcome", ""), request.GET.get("mailbox", "")
    box = Mailbox.objects.filter(pk=Mailbox.pk_of(mailbox_id) or 0).first() if mailbox_id else None
    before = request.GET.get("before", "")
    rows, following = page_of(ledger(outcome=outcome, mailbox=box), before=int(before) if _is_number(before) else None)
    chosen = {"outcome": outcome, "mailbox": box.public_id if box else ""}
    context = {
        "rows": rows,
        "following": following,
        "outcome": outcome if outcome in Outcome.values else "",
        "outcomes": Outcome.choices,
        "mailbox": box,
        "mailboxes": list(Mailbox.objects.all()),
        "kept": urlencode({name: value for name, value in chosen.items() if value}),
    }
    return render(request, "inbox/mails.html", context)


@requires("inbox.setup")
@require_safe
@never_cache
def mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail of the ledger. What it says is shown to who sees all customers in full, and that is written down."""
    return _page(request, mail_at(mail_id))


@requires("inbox.setup")
@require_safe
@never_cache
def download(request: HttpRequest, mail_id: str) -> HttpResponseBase:  # noqa: ARG001 — every view takes it
    """A mail as it came, as a file that no browser opens."""
    found = mail_at(mail_id)
    if not current().is_open or found.is_erased:
        raise Http404(_("There is no such mail."))
    try:
        content = raw.opened(found)
    except (FileNotFoundError, Damaged):
        raise Http404(_("What it said is not kept any more.")) from None
    note_read(MailRead(mail=found.public_id), customer_id=found.customer_id, subject=found)
    return FileResponse(
        content, as_attachment=True, filename=f"{found.public_id}.eml", content_type="application/octet-stream"
    )


@requires("inbox.setup")
@require_POST
def act(request: HttpRequest, mail_id: str) -> HttpResponse:
    """Read it again, make an inquiry of it, say that it is spam, or fetch it whole."""
    found, deed = mail_at(mail_id), request.POST.get("deed", "")
    try:
        if deed == "inquiry":
            post = make_inquiry(found)
            toast(request, _("It is in the inbox now."))
            return redirect("inbox:page", post.conversation.public_id)
        if deed == "spam":
            mark_as_spam(found)
            toast(request, _("It is spam. What comes from there again is so, too."))
        elif deed == "whole":
            ask_for_whole(found)
            toast(request, _("It is fetched now. Look again in a moment."))
        else:
            read_again(Arrival.objects.filter(pk=found.pk))
            toast(request, _("It is read again. Look again in a moment."))
    except Refusal as refusal:
        return _page(request, found, problem=refusal.sentence)
    return redirect("mail", mail_id)


@requires("inbox.setup")
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Read again all that was not understood, of one mailbox or of all."""
    box = Mailbox.objects.filter(pk=Mailbox.pk_of(request.POST.get("mailbox", "")) or 0).first()
    count = read_again(ledger(outcome=Outcome.QUARANTINE, mailbox=box))
    said = ngettext("%(count)s mail is read again.", "%(count)s mails are read again.", count)
    toast(request, said % {"count": count})
    return redirect(f"{reverse('mails')}?outcome={Outcome.QUARANTINE}")


def mail_at(mail_id: str) -> Arrival:
    """The mail of an address, or 404."""
    number = Arrival.pk_of(mail_id)
    rows = Arrival.objects.select_related("mailbox", "account")
    found = rows.filter(pk=number).first() if number else None
    if found is None:
        raise Http404(_("There is no such mail."))
    return found


def _page(request: HttpRequest, found: Arrival, *, problem: str = "") -> HttpResponse:
    user: Any = request.user
    post = Post.objects.filter(arrival=found).select_related("conversation").first()
    before = None
    if found.outcome == Outcome.COPY:
        before = Arrival.objects.filter(pk=Arrival.pk_of(found.reason) or 0).first()
    context: dict[str, Any] = {
        "mail": found,
        "post": post if user.may("inbox.view") else None,
        "before": before,
        "is_shown": current().is_open,
        "problem": problem,
        "may_inquire": post is None and not found.is_erased and found.outcome != Outcome.COPY,
        "may_read": found.outcome in {Outcome.QUARANTINE, Outcome.AUTO, Outcome.BOUNCE} and not found.is_partial,
    }
    if current().is_open and not found.is_erased:
        note_read(MailRead(mail=found.public_id), customer_id=found.customer_id, subject=found)
        context |= _opened(found)
    return render(request, "inbox/mail.html", context, status=409 if problem else 200)


def _opened(found: Arrival) -> dict[str, Any]:
    """Its headers and its text as they came; nothing of it is made up as a page."""
    try:
        with raw.opened(found) as file:
            data = file.read(_SHOWN + 1)
    except (FileNotFoundError, Damaged):
        return {"gone": _("What it said is not kept any more.")}
    text = data[:_SHOWN].decode("utf-8", "replace").replace("\r\n", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    head, _blank, body = text.partition("\n\n")
    return {"headers": head, "body": body, "is_cut": len(data) > _SHOWN}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
