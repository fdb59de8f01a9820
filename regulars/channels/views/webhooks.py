"""Settings > Webhooks: other systems that are told what happens here, each message to them, and sending it again."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regulars.channels.models import Endpoint, PostingState
from regulars.channels.outgoing import messages, queries, signing, verbs
from regulars.channels.outgoing.forms import EndpointForm, SinceForm, sentence_of
from regulars.channels.outgoing.sending import send_test
from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.staff.access import requires
from regulars.timeline.facts import fact_class


@requires("webhooks.edit", recent=True)
@never_cache
def webhooks(request: HttpRequest) -> HttpResponse:
    """All addresses, and the form for a new one. The secret of a new one stands on the answer to its making alone."""
    user: Any = request.user
    form = EndpointForm(request.POST if request.method == "POST" else None, user=user)
    made, secret = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = verbs.add_endpoint(by=user, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        except Refusal as refusal:
            form.add_error(None, refusal.sentence)
        else:
            form = EndpointForm(user=user)
    context = {"lines": queries.lines(queries.all_endpoints()), "form": form, "made": made, "secret": secret}
    return render(request, "channels/webhooks.html", context, status=_status(form))


@requires("webhooks.edit")
@require_safe
def webhook(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """One address: how it goes, its messages by what became of them, and all that can be done with it."""
    return _page(request, _found(webhook_id))


@requires("webhooks.edit", recent=True)
@require_POST
def change(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Change where it goes, what it is called, and what it tells."""
    endpoint, user = _found(webhook_id), request.user
    form = EndpointForm(request.POST, user=user)  # type: ignore[arg-type]
    if form.is_valid():
        try:
            verbs.change_endpoint(endpoint, by=user, **form.cleaned_data)  # type: ignore[arg-type]
        except Invalid as refusal:
            form.refuse(refusal)
    if form.errors:
        return _page(request, endpoint, form=form)
    toast(request, _("Saved."))
    return redirect("webhook", webhook_id)


@requires("webhooks.edit")
@require_POST
def switch(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Tell it nothing for now, or go on where it stopped."""
    user: Any = request.user
    endpoint = verbs.change_endpoint(_found(webhook_id), by=user, is_on=bool(request.POST.get("is_on")))
    said = _("“%(name)s” is told again.") if endpoint.is_on else _("“%(name)s” is told nothing for now.")
    toast(request, said % {"name": endpoint.name})
    return redirect("webhook", webhook_id)


@requires("webhooks.edit", recent=True)
@require_POST
@never_cache
def rotate(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """A new secret, which stands on this answer alone."""
    user: Any = request.user
    endpoint, secret = verbs.rotate_secret(_found(webhook_id), by=user)
    return _page(request, endpoint, secret=secret)


@requires("webhooks.edit")
@require_POST
def try_it(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Send a message about nothing, and say what came of it."""
    endpoint = _found(webhook_id)
    try:
        outcome = send_test(endpoint_id=endpoint.pk)
    except Refusal as refusal:
        return _page(request, endpoint, tried={"is_taken": False, "problem": refusal.sentence, "status": None})
    return _page(request, endpoint, tried=outcome)


@requires("webhooks.edit", recent=True)
@require_POST
def remove(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Tell it nothing any more, and forget its messages."""
    endpoint = _found(webhook_id)
    verbs.remove_endpoint(endpoint)
    toast(request, _("“%(name)s” is removed.") % {"name": endpoint.name})
    return redirect("webhooks")


@requires("webhooks.edit")
@require_POST
def replay(request: HttpRequest, webhook_id: str) -> HttpResponse:
    """Send again: one message, all that were given up, or all from a day on."""
    endpoint = _found(webhook_id)
    if name := request.POST.get("message"):
        posting = queries.posting_of(endpoint, name)
        if posting is None:
            raise Http404(_("There is no such message."))
        verbs.replay_posting(posting)
        toast(request, _("It is sent again."))
    elif request.POST.get("what") == "since":
        form = SinceForm(request.POST)
        if not form.is_valid():
            return _page(request, endpoint, since=form)
        verbs.replay_since(endpoint, since=form.cleaned_data["since"])
        toast(request, _("All from that day on is sent again."))
    else:
        count = verbs.replay_given_up(endpoint)
        said = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", count)
        toast(request, said % {"count": count})
    return redirect("webhook", webhook_id)


def _page(
    request: HttpRequest,
    endpoint: Endpoint,
    *,
    form: EndpointForm | None = None,
    since: SinceForm | None = None,
    secret: str = "",
    tried: Any = None,
) -> HttpResponse:
    user: Any = request.user
    state = request.GET.get("state", "")
    state = state if state in PostingState.values else ""
    before = request.GET.get("before", "")
    found, following = queries.postings(
        endpoint,
        states=[state] if state else [],
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
    )
    (line,) = queries.lines([endpoint])
    context = {
        "line": line,
        "endpoint": endpoint,
        "form": form
        or EndpointForm(initial={"name": endpoint.name, "url": endpoint.url, "facts": endpoint.facts}, user=user),
        "since": since or SinceForm(),
        "secret": secret,
        "secrets": signing.living(endpoint)[1:],
        "tried": tried,
        "messages_sent": [
            {"row": row, "id": messages.id_of(endpoint, row.entry_id), "words": _words(row.fact)} for row in found
        ],
        "following": following,
        "state": state,
        "states": [("", _("All")), *PostingState.choices],
        "is_mine": endpoint.owner_id == user.pk,
    }
    bad = any(one is not None and one.errors for one in (form, since))
    is_part = bool(request.headers.get("HX-Request")) and not bad and request.method == "GET"
    template = "channels/_messages.html" if is_part else "channels/webhook.html"
    return render(request, template, context, status=HTTPStatus.UNPROCESSABLE_ENTITY if bad else HTTPStatus.OK)


def _words(name: str) -> str:
    fact = fact_class(name)
    return sentence_of(fact) if fact is not None else name


def _found(webhook_id: str) -> Endpoint:
    try:
        return Endpoint.objects.select_related("owner__definition").get(pk=Endpoint.pk_of(webhook_id) or 0)
    except Endpoint.DoesNotExist as missing:
        raise Http404(_("There is no such webhook.")) from missing


def _status(form: EndpointForm) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
