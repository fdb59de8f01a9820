"""Answers and notes: written, kept as drafts, sent, taken back and sent again."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.inbox import showing
from regulars.inbox.actions import answering
from regulars.inbox.actions.drafts import keep_draft
from regulars.inbox.articles.offering import offered
from regulars.inbox.files import Incoming
from regulars.inbox.following import reminding
from regulars.inbox.models import Post, Status
from regulars.inbox.queries.canned import suggestions
from regulars.inbox.views.page import conversation_or_404, shown
from regulars.inbox.views.working import said_version
from regulars.staff.access import requires

# what a canned answer leaves standing where a value is not there
_GAP = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")


@requires("inbox.edit")
@require_POST
def answer(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send an answer or keep a note; what is refused stands in the form again, with its text."""
    user: Any = request.user
    conversation = conversation_or_404(public_id)
    text = request.POST.get("text", "").strip()
    is_note = request.POST.get("mode") == "note"
    try:
        if is_note:
            answering.note(conversation, author=user, text=text, files=_files(request))
            toast(request, _("The note is kept."))
            return redirect(f"{reverse('inbox:page', args=[public_id])}")
        return _sent(request, public_id, text)
    except Refusal as refusal:
        said = {"draft": text, "note_draft": text} if is_note else {"draft": text}
        crossed = {"crossed": refusal.sentence} if isinstance(refusal, answering.AnswersCross) else {}
        return shown(
            request,
            conversation_or_404(public_id),
            status=refusal.status,
            mode="note" if is_note else "answer",
            **said,
            **(crossed or {"refused": refusal.sentence}),
        )


def _sent(request: HttpRequest, public_id: str, text: str) -> HttpResponse:
    user: Any = request.user
    conversation = conversation_or_404(public_id)
    then = request.POST.get("then", Status.CLOSED)
    later, days = None, 0
    if then == "waiting-remind":
        then, days = Status.WAITING, _days(request)
    if gaps := _GAP.findall(text):
        sentence = _("A value is missing: %(what)s. Write it in its place, or take it out.") % {"what": ", ".join(gaps)}
        raise Invalid(sentence, fields={"text": [sentence]})
    if then == "waiting-later":
        then, later = Status.WAITING, showing.later_until(request.POST.get("after", ""))
        if later is None:
            raise Refusal(_("Say when it is sent: a moment that is still to come."))
    post = answering.answer(
        conversation,
        author=user,
        text=text,
        files=_files(request),
        after=later or timezone.now() + answering.UNDO,
        then=then if then in {Status.CLOSED, Status.WAITING, Status.OPEN} else Status.CLOSED,
        cause=f"page {request.POST.get('key', '')[:40]}" if request.POST.get("key") else None,
        seen=_seen(request),
        canned=request.POST.get("canned", "")[:40],
    )
    if days:
        reminding.remind(post.conversation, user=user, days=days)
    sentence = _("It is sent %(moment)s.") % {"moment": showing.by_when(later)} if later else _("Sent.")
    toast(request, sentence, undo=reverse("inbox:undo", args=[post.public_id]))
    return redirect("inbox:page", public_id)


@requires("inbox.edit")
@require_POST
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take an answer back that has not left; its text is the draft again."""
    post = _post_or_404(public_id)
    conversation = post.conversation
    try:
        answering.undo(post)
    except Refusal as refusal:
        return shown(request, conversation, status=refusal.status, refused=refusal.sentence)
    toast(request, _("Taken back. Your text stands in the form again."))
    return redirect("inbox:page", conversation.public_id)


@requires("inbox.edit")
@require_POST
def again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send an answer again that did not arrive."""
    user: Any = request.user
    post = _post_or_404(public_id)
    try:
        answering.send_again(post, author=user)
    except Refusal as refusal:
        return shown(request, post.conversation, status=refusal.status, refused=refusal.sentence)
    toast(request, _("It is sent again."))
    return redirect("inbox:page", post.conversation.public_id)


@requires("inbox.edit")
@require_POST
def draft(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep what is being written; nothing keeps nothing."""
    user: Any = request.user
    conversation = conversation_or_404(public_id)
    keep_draft(
        conversation,
        user=user,
        is_note=request.POST.get("mode") == "note",
        text=request.POST.get("text", "")[:100_000],
        seen_version=said_version(request) or conversation.version,
    )
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@requires("inbox.edit")
@require_safe
def canned(request: HttpRequest, public_id: str) -> HttpResponse:
    """What fits what was typed behind the `/`: canned answers, filled for this conversation, and articles."""
    user: Any = request.user
    conversation, typed = conversation_or_404(public_id), request.GET.get("q", "")[:80].replace("\0", "")
    found = suggestions(conversation, user, typed)
    return render(request, "inbox/_canned.html", {"found": found, "articles": offered(conversation, typed)})


def _files(request: HttpRequest) -> list[Incoming]:
    return [Incoming(one.name or "", one.content_type or "", one.read()) for one in request.FILES.getlist("files")]


def _days(request: HttpRequest) -> int:
    """After how many days without an answer somebody is reminded. Raises Invalid, before anything is sent."""
    said = request.POST.get("days", "")
    days = int(said) if said.isascii() and said.isdigit() and len(said) < 5 else 0
    if not 1 <= days <= reminding.LONGEST:
        sentence = _("Choose 1 to %(most)s days.") % {"most": reminding.LONGEST}
        raise Invalid(sentence, fields={"days": [sentence]})
    return days


def _seen(request: HttpRequest) -> int | None:
    said = request.POST.get("seen", "")
    return int(said) if said.isascii() and said.isdigit() else None


def _post_or_404(public_id: str) -> Post:
    rows: Any = Post.objects.select_related("conversation", "message")
    post: Post | None = rows.filter(pk=Post.pk_of(public_id) or 0).first()
    if post is None:
        raise Http404(_("There is no such message."))
    return post
