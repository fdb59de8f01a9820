"""The contact form that customers see: its page, the word of thanks, and the script that puts it into a shop's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from regulars.core.context import THEMES
from regulars.inbox.contact import embedding, expecting, setting_up, taking, throttling, tickets
from regulars.inbox.forms.contact import TRAP, SendingForm
from regulars.inbox.models import ContactForm, Post, Status
from regulars.staff.access import public
from regulars.staff.policy import as_house
from regulars.timeline.actions import acting
from regulars.timeline.models import Source

_SALT: Final = "inbox.contact.thanks"
_THANKED_FOR: Final = 24 * 3600
_LARGEST: Final = 200 << 20  # bytes of all that is sent: more is not even read


class _Quota(FileUploadHandler):
    """Takes no more of the files than may be sent at all: what is beyond it is not kept, and the words still are."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.left = settings.ATTACHMENT_SIZE
        self.is_over = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002 — as Django calls it
        self.left -= len(raw_data)
        if self.left < 0:
            self.is_over = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:  # noqa: ARG002 — as Django calls it
        return None


def _worded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """In the language that the page around it has, or the browser asks for."""

    @wraps(view)
    def shown(request: HttpRequest, **named: str) -> HttpResponse:
        with override(_language(request) or get_language()):
            return view(request, **named)

    return shown


@public
@csrf_exempt  # a frame on somebody else's page gets no cookie: the signed ticket stands in for it
@_worded
@as_house
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """The form; sent, it is an inquiry, and the next page says what happens now. What is wrong is said in the form."""
    form = _form(public_id)
    if form is None:
        return _gone(request)
    if request.method == "POST":
        return _send(request, form)
    return _page(request, form, {"form": SendingForm(contact_form=form), "ticket": tickets.issue(form)})


@public
@require_safe
@_worded
@as_house
def thanks(request: HttpRequest, public_id: str, token: str) -> HttpResponse:
    """What happens now. A word of thanks without a time is all that an old or broken address gets."""
    form = _form(public_id, is_on=False)
    if form is None:
        return _gone(request)
    try:
        key = Post.pk_of(signing.loads(token, salt=_SALT, max_age=_THANKED_FOR))
    except signing.BadSignature:
        key = None
    rows = Post.objects.select_related("conversation")
    post = rows.filter(pk=key or 0, data__form=form.public_id).first()
    waits = post is not None and post.conversation.status not in {Status.SPAM, Status.CLOSED}
    context = {
        "thanks": setting_up.words(form, "thanks", get_language() or "en"),
        "by": expecting.answer_by(post.conversation) if post is not None and waits else "",
        "is_confirmed": expecting.is_confirmed(),
        "again": _address("contact:contact-page", request, form.public_id),
    }
    return _page(request, form, context, template="inbox/contact/thanks.html")


@public
@require_safe
@as_house
def script(request: HttpRequest, public_id: str) -> HttpResponse:  # noqa: ARG001
    """The one small script that a shop's page loads: it puts the form there in a frame, as tall as what is in it."""
    form = _form(public_id)
    text = embedding.script(form) if form is not None and form.origins else embedding.NOTHING
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _send(request: HttpRequest, form: ContactForm) -> HttpResponse:
    typed = _typed(request)
    if typed is None:
        sentence = _("This is more than can be sent at once. Please go back, and send smaller files.")
        return _gone(
            request, title=_("That was too much"), sentence=sentence, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        )
    data, files, is_too_large = typed
    filled = SendingForm(data, files, contact_form=form, is_too_large=is_too_large)
    ticket = tickets.read(form, data.get("ticket", ""))
    if not filled.is_valid():
        return _again(request, form, filled, ticket)
    sent = filled.sent(get_language() or "en")
    known = taking.taken(ticket.cause) if ticket is not None else None
    if known is not None:
        if known.data.get("sent") == sent.digest:
            return _thanked(request, form, known)
        return _again(
            request,
            form,
            filled,
            None,
            said=_(
                "Your first message has arrived. This one is different: send it too, if it is meant as another message."
            ),
            status=HTTPStatus.CONFLICT,
        )
    if ticket is None or ticket.is_late:
        said = _("This page was open for a long time. Please look over it, and send it once more.")
        return _again(request, form, filled, None, said=said)
    if ticket.is_early:
        said = _("That was very quick. Please look over it, and send it once more.")
        return _again(request, form, filled, ticket, said=said)
    try:
        throttling.count(request.META.get("REMOTE_ADDR", ""), form)
    except throttling.Paused:
        said = _("Too much was sent in a short time. Nothing is lost: please send it again in a few minutes.")
        return _again(request, form, filled, ticket, said=said, status=HTTPStatus.TOO_MANY_REQUESTS)
    with acting(None, Source.PAGE):  # a colleague who tries it is a customer for once
        post = taking.take(form, sent, cause=ticket.cause)
    if post.data.get("sent") != sent.digest:  # another one with the same ticket was faster
        return _again(
            request,
            form,
            filled,
            None,
            said=_(
                "Your first message has arrived. This one is different: send it too, if it is meant as another message."
            ),
            status=HTTPStatus.CONFLICT,
        )
    return _thanked(request, form, post)


def _typed(request: HttpRequest) -> tuple[QueryDict, Any, bool] | None:
    """What was sent, its files as far as they may be; None where it is more than anything that can be read."""
    said = str(request.META.get("CONTENT_LENGTH") or "")
    if said.isdecimal() and int(said[:20]) > _LARGEST:
        return None
    quota = _Quota(request)
    request.upload_handlers.insert(0, quota)
    try:
        return request.POST, request.FILES, quota.is_over
    except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
        return None


def _again(
    request: HttpRequest,
    form: ContactForm,
    filled: SendingForm,
    ticket: tickets.Ticket | None,
    *,
    said: str = "",
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    """The form as it was filled in, with what is wrong; its ticket stays while it is good."""
    filled.show_again()
    is_kept = ticket is not None and not ticket.is_late
    context = {
        "form": filled,
        "said": said,
        "had_files": bool(request.FILES),
        "ticket": request.POST["ticket"] if is_kept else tickets.issue(form),
    }
    return _page(request, form, context, status=status)


def _thanked(request: HttpRequest, form: ContactForm, post: Post) -> HttpResponse:
    token = signing.dumps(post.public_id, salt=_SALT)
    response = HttpResponseRedirect(_address("contact:contact-thanks", request, form.public_id, token))
    response.status_code = HTTPStatus.SEE_OTHER
    return _framed(response, form)


def _page(
    request: HttpRequest,
    form: ContactForm,
    context: Mapping[str, Any],
    *,
    template: str = "inbox/contact/page.html",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    language = get_language() or "en"
    known = {
        "contact_form": form,
        "title": setting_up.words(form, "title", language),
        "intro": setting_up.words(form, "intro", language),
        "trap": TRAP,
        "is_framed": request.GET.get("frame") == "1",
        "action": _address("contact:contact-page", request, form.public_id),
        "html_lang": "zh-Hans" if language == "zh-hans" else language,
        "theme": _theme(request),
    }
    return _framed(render(request, template, {**known, **context}, status=status), form)


def _gone(request: HttpRequest, *, title: str = "", sentence: str = "", status: int = 0) -> HttpResponse:
    context = {
        "title": title or _("There is no form here"),
        "sentence": sentence or _("This form is not in use any more. Please write to the shop another way."),
    }
    response = render(request, "inbox/contact/gone.html", context, status=status or HTTPStatus.NOT_FOUND)
    return _framed(response, None)


def _framed(response: HttpResponse, form: ContactForm | None) -> HttpResponse:
    """Say who may show it in a frame: nobody but the sites that the shop named."""
    response.headers["Content-Security-Policy"] = embedding.policy(form)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    # browsers that know the policy go by it; the older header cannot name a site, and would forbid them all
    response.xframe_options_exempt = bool(form and form.origins)
    return response


def _form(public_id: str, *, is_on: bool = True) -> ContactForm | None:
    rows = ContactForm.objects.select_related("topic", "team", "channel")
    form = rows.filter(pk=ContactForm.pk_of(public_id) or 0).first()
    return None if form is None or (is_on and not form.is_on) else form


def _language(request: HttpRequest) -> str:
    asked = request.GET.get("lang", "").lower()
    main = asked.partition("-")[0]
    return next((code for code, _label in settings.LANGUAGES if main and code.partition("-")[0] == main), "")


def _theme(request: HttpRequest) -> str:
    asked = request.GET.get("theme", "")
    return asked if asked in THEMES else ""


def _address(name: str, request: HttpRequest, *args: str) -> str:
    """An address of ours with what the page around it asked for: its language, its theme, and that it is a frame."""
    query = QueryDict(mutable=True)
    if _language(request):
        query["lang"] = _language(request)
    if _theme(request):
        query["theme"] = _theme(request)
    if request.GET.get("frame") == "1":
        query["frame"] = "1"
    return reverse(name, args=args) + (f"?{query.urlencode()}" if query else "")
