"""Settings > Chat: chats for the shop's pages, the line that puts one there, and how it looks."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.inbox.chat import setting_up
from regulars.inbox.forms.chat import ChatForm
from regulars.inbox.models import Chat
from regulars.staff.access import requires


@requires("inbox.setup")
@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """All chats, with how many people wrote in each."""
    chats = Chat.objects.select_related("channel").annotate(count=Count("visitors"))
    return render(request, "inbox/chat/list.html", {"chats": chats})


@requires("inbox.setup")
def chat(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """One chat, or a new one, with the line for the shop's page."""
    current = _chat(public_id) if public_id else None
    form = ChatForm(request.POST or None, chat=current)
    if request.method == "POST" and form.is_valid():
        try:
            kept = setting_up.save(chat=current, values=form.values())
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect("chats:chat", kept.public_id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context: dict[str, Any] = {"form": form, "chat": current, "snippet": _snippet(current) if current else ""}
    return render(request, "inbox/chat/form.html", context, status=status)


@requires("inbox.setup")
@require_POST
def switch(request: HttpRequest, public_id: str) -> HttpResponse:
    """Off the shop's pages, or on them again."""
    found = setting_up.switch(_chat(public_id))
    said = _("“%(name)s” is on.") if found.is_on else _("“%(name)s” is off: the shop’s pages show it no more.")
    toast(request, said % {"name": found.name})
    return redirect("chats:chat", public_id)


@requires("inbox.setup")
@require_safe
def preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """The chat as it stands on a page, in this one. What is written in it is a real inquiry."""
    return render(request, "inbox/chat/preview.html", {"chat": _chat(public_id)})


def _snippet(chat: Chat) -> str:
    address = settings.PUBLIC_URL.rstrip("/") + reverse("chats:chat-script", args=[chat.public_id])
    return f'<script async src="{address}"></script>'


def _chat(public_id: str) -> Chat:
    found = Chat.objects.filter(pk=Chat.pk_of(public_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such chat."))
    return found
