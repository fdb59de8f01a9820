"""One conversation beside the list: what was said, who asks, and where the answer is written."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.core import live
from regulars.core.middleware.headers import CONTENT_SECURITY_POLICY
from regulars.customers import reads
from regulars.customers.places import language_name
from regulars.inbox import showing
from regulars.inbox.actions.answering import NoWayBack, way_back
from regulars.inbox.actions.drafts import see_mentions
from regulars.inbox.chat.hearing import email_of_visitor, tell_typing
from regulars.inbox.files import SHOWN
from regulars.inbox.following import reminding
from regulars.inbox.guessing import offering
from regulars.inbox.models import (
    By,
    Canned,
    Conversation,
    Deadline,
    Draft,
    Kind,
    Label,
    Priority,
    ThreadOffer,
    Topic,
)
from regulars.inbox.queries import macros, pages, signatures, thread
from regulars.inbox.queries.beside import beside, earlier
from regulars.inbox.queries.pages import InboxRequest
from regulars.inbox.views.listing import frame
from regulars.staff.access import requires

_HERE_SECONDS = 40.0
# the mail as it was sent stands in a frame of its own, which may do nothing
_WITH_FRAMES = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"


@requires("inbox.view")
@require_safe
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """The conversation in its place beside the list; for htmx the conversation alone."""
    conversation = conversation_or_404(public_id)
    if conversation.merged_into is not None:
        return redirect("inbox:page", conversation.merged_into.public_id)
    user: Any = request.user
    see_mentions(conversation, user=user)
    return shown(request, conversation)


def shown(
    request: HttpRequest, conversation: Conversation, *, status: int = HTTPStatus.OK, **said: Any
) -> HttpResponse:
    """The page; `said` is what was just refused, with the text that was not sent."""
    reads.opened([conversation.customer_id], "inquiry")
    asked = InboxRequest.from_query(request.GET)
    user: Any = request.user
    context = {**opened(request, conversation), **said, "asked": asked}
    if request.htmx and request.method == "GET":  # type: ignore[attr-defined]
        response = render(request, "inbox/_open.html", context)
    else:
        context = {**frame(request, asked), "page": pages.inbox_page(asked, user), **context}
        response = render(request, "inbox/page.html", context, status=status)
    response.headers["Content-Security-Policy"] = _WITH_FRAMES
    return response


@requires("inbox.view")
@require_safe
def posts(request: HttpRequest, public_id: str) -> HttpResponse:
    """The messages alone, for a page that is open and hears that something was said."""
    conversation = conversation_or_404(public_id)
    user: Any = request.user
    context = {
        "conversation": conversation,
        "thread": thread.thread_of(conversation),
        "beside": {"customer": conversation.customer.person},
        "shown_types": SHOWN,
        "may_edit": user.may("inbox.edit"),
        "offers": offers_of(conversation),
    }
    return render(request, "inbox/_posts.html", context)


@requires("inbox.view")
@require_POST
def here(request: HttpRequest, public_id: str) -> HttpResponse:
    """Somebody has it open: reads it, writes in it, or went."""
    conversation = conversation_or_404(public_id)
    state = request.POST.get("state", "")
    user: Any = request.user
    if state in {"reading", "writing", "gone"}:
        live.tell(topic_of(conversation), {"who": user.public_id, "name": user.name.split(" ")[0], "state": state})
    if state == "writing" and conversation.by == By.CHAT:
        tell_typing(conversation, user)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def opened(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """Everything the conversation and its rail are drawn from."""
    user: Any = request.user
    deadline = _deadline(conversation)
    stands = showing.burn_of(conversation, deadline, long=True)
    rail = beside(conversation, user)
    drafts = {one.is_note: one.text for one in Draft.objects.filter(conversation=conversation, user=user)}
    known = {
        "conversation": conversation,
        "conversation_icon": showing.ICONS.get(conversation.by, "circle-help"),
        "open_id": conversation.public_id,
        "thread": thread.thread_of(conversation),
        "beside": rail,
        "labels": list(conversation.labels.values_list("name", flat=True)),
        "burn": stands,
        "promise_words": _promise_words(deadline) if deadline else "",
        "here_now": _here_now(conversation, user),
        "shown_types": SHOWN,
        "may_edit": user.may("inbox.edit"),
        "sees_customers": user.may("customers.view"),
        "offers": offers_of(conversation),
        "guess": offering.guess_of(conversation),
    }
    if user.may("inbox.edit"):
        suggested = offering.answers_for(conversation, user)
        # by a link, where a page has no script
        chosen = next((one for one in suggested if one.id == request.GET.get("answer")), None)
        known |= {
            "colleagues": pages.colleagues(),
            "macros": macros.offered(),
            "follow_up": reminding.of(conversation),
            "canned_texts": list(Canned.objects.all()),
            "later": showing.LATER,
            "topics": list(Topic.objects.filter(is_archived=False)),
            "kinds": Kind.choices,
            "priorities": Priority.choices,
            "known_labels": list(Label.objects.values_list("name", flat=True)),
            "earlier": earlier(conversation),
            "recipients": recipients(conversation),
            "suggested": suggested,
            "canned_id": chosen.id if chosen else "",
            "draft": chosen.text if chosen else drafts.get(False, ""),
            "note_draft": drafts.get(True, ""),
            "signature": signatures.shown(conversation, user),
            "send_key": secrets.token_hex(12),
        }
    return known


def conversation_or_404(public_id: str) -> Conversation:
    """The conversation of a public id, as far as the reader may see it."""
    rows = Conversation.objects.select_related(
        "customer__category", "customer__merged_into__category", "assignee", "topic", "merged_into", "mailbox"
    )
    conversation = rows.filter(pk=Conversation.pk_of(public_id) or 0).first()
    if conversation is None:
        raise Http404(_("There is no such inquiry."))
    return conversation


def offers_of(conversation: Conversation) -> list[ThreadOffer]:
    """Other inquiries that its mails may belong to, which nobody decided yet."""
    rows = ThreadOffer.objects.filter(post__conversation=conversation, decided="", conversation__merged_into=None)
    return list(rows.exclude(conversation=conversation).select_related("conversation").order_by("-confidence")[:3])


def topic_of(conversation: Conversation) -> str:
    """Where what happens in it is told (core/live)."""
    return f"inbox.{conversation.public_id}"


def recipients(conversation: Conversation) -> str:
    """To whom an answer goes, and in which language they wrote."""
    try:
        to = way_back(conversation)[1]
    except NoWayBack:
        to = _("nobody yet")
    if conversation.by == By.CHAT:
        to = email_of_visitor(conversation)
        to = _("the chat, and %(email)s when they are gone") % {"email": to} if to else _("the chat")
    if not conversation.language:
        return _("to %(to)s") % {"to": to}
    return _("to %(to)s, in %(language)s") % {"to": to, "language": language_name(conversation.language)}


def _here_now(conversation: Conversation, user: Any) -> list[str]:
    """Who else has it open, as the page is drawn."""
    last = {one.data.get("who"): one.data for one in live.recent(topic_of(conversation), seconds=_HERE_SECONDS)}
    words = {"reading": _("%(who)s is reading"), "writing": _("%(who)s is writing")}
    return [
        words[said["state"]] % {"who": said["name"]}
        for who, said in last.items()
        if who and who != user.public_id and said.get("state") in words
    ]


def _deadline(conversation: Conversation) -> Deadline | None:
    return (
        Deadline.objects.filter(conversation=conversation, ended_at__isnull=True, due_at__isnull=False)
        .order_by("due_at")
        .first()
    )


def _promise_words(deadline: Deadline) -> str:
    said = {"time": showing.promised(deadline.minutes), "promise": deadline.promise_name}
    return _("%(time)s, working time (%(promise)s)") % said
