"""The door of chats: the script for the shop's pages, and the address that it reads and writes at.

Pages of allowed origins may speak with it. It sets no cookie and asks for none: who somebody is, is their token, which
stands in the body of what they send and never in an address. What is sent is plain text, for which browsers ask nothing
beforehand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt

from regulars.core.errors import Invalid, Refusal
from regulars.inbox.chat import hearing, saying, showing, throttle, tokens
from regulars.inbox.models import Chat, ChatVisitor
from regulars.messaging.confirmations import language_for
from regulars.staff.access import public
from regulars.staff.policy import as_house

LIMIT = 64 * 1024
_ANYWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}


@public
@as_house
def script(request: HttpRequest, public_id: str) -> HttpResponse:
    """The one script that a page of the shop loads."""
    chat = _chat(public_id)
    text = showing.script_of(chat) if chat is not None else "// there is no such chat\n"
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'
    headers = {**_ANYWHERE, "ETag": etag, "Cache-Control": "public, max-age=300"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return HttpResponse(text, content_type="text/javascript; charset=utf-8", headers=headers)


@csrf_exempt  # no cookie says who it is: the token in the body does
@public
@as_house
def talk(request: HttpRequest, public_id: str) -> HttpResponse:
    """GET opens a chat: its words, and a token. POST says something, or without an id how that token's talk stands."""
    chat = _chat(public_id)
    origin = request.headers.get("Origin", "")
    with override(language_for(request.GET.get("lang", ""))):
        response = _answered(request, chat if chat is not None and chat.is_on else None, origin)
    if chat is not None and origin and _may_read(request, chat, origin):
        response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Vary"] = "Origin"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _answered(request: HttpRequest, chat: Chat | None, origin: str) -> HttpResponse:
    if chat is None:
        return _problem(_("There is no chat here, or it is switched off."), HTTPStatus.NOT_FOUND)
    if origin and not _may_read(request, chat, origin):
        return _problem(_("Pages of this address may not show the chat."), HTTPStatus.FORBIDDEN)
    try:
        if request.method != "POST":
            return _opened(request, chat)
        given = _body(request)
        digest = tokens.digest_of(chat, given.pop("token"))
        if not digest:
            return _problem(_("This chat has to be opened anew. Load the page again."), HTTPStatus.UNAUTHORIZED)
        if given["id"]:
            return _said(request, chat, digest, given)
        return _read(request, chat, digest)
    except throttle.TooFast as refusal:
        response = _problem(refusal.sentence, refusal.status)
        response.headers["Retry-After"] = str(refusal.seconds)
        return response
    except Invalid as refusal:
        return _problem(refusal.sentence, refusal.status, fields=sorted(refusal.fields))
    except Refusal as refusal:
        return _problem(refusal.sentence, refusal.status)


def _opened(request: HttpRequest, chat: Chat) -> HttpResponse:
    """All that an open chat says, and a token for who has none. It is written down nowhere."""
    throttle.count((throttle.NETWORK_ASKS, _network(request)))
    words = showing.words(chat, request.GET.get("lang", ""))
    return JsonResponse({**_talk(chat, None, is_seen=False), "token": tokens.issue(chat), "words": words})


def _read(request: HttpRequest, chat: Chat, digest: str) -> HttpResponse:
    throttle.count((throttle.NETWORK_ASKS, _network(request)), (throttle.ASKS, digest))
    return JsonResponse(_talk(chat, _visitor(digest), is_seen=request.GET.get("seen") == "1"))


def _said(request: HttpRequest, chat: Chat, digest: str, given: Mapping[str, str]) -> HttpResponse:
    network, visitor = _network(request), _visitor(digest)
    begins = [] if visitor is not None else [(throttle.NETWORK_BEGINS, network)]
    throttle.count((throttle.WRITES, digest), (throttle.NETWORK_WRITES, network), *begins)
    if visitor is not None and not given["text"] and given["email"]:
        saying.claim(visitor, email=given["email"])
    else:
        said = saying.Said(**given, language=language_for(request.GET.get("lang", "")))
        saying.say(chat, digest=digest, said=said)
    return JsonResponse(_talk(chat, _visitor(digest), is_seen=True))


def _network(request: HttpRequest) -> str:
    return throttle.network_of(str(request.META.get("REMOTE_ADDR", "")))


def _talk(chat: Chat, visitor: ChatVisitor | None, *, is_seen: bool) -> dict[str, Any]:
    posts = hearing.posts_of(visitor) if visitor is not None else []
    if visitor is not None and is_seen:
        hearing.seen(visitor, posts)
    return showing.talk_of(chat, visitor, posts, timezone.now())


def _visitor(digest: str) -> ChatVisitor | None:
    return ChatVisitor.objects.select_related("customer", "conversation").filter(digest=digest).first()


def _body(request: HttpRequest) -> dict[str, str]:
    """What was sent, as texts. Raises Invalid."""
    sentence = _("This is not what a chat sends.")
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not (length.isascii() and length.isdigit()) or int(length) > LIMIT:
        raise Invalid(sentence, fields={"body": [sentence]})
    try:
        given = json.loads(request.read(LIMIT) or b"{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Invalid(sentence, fields={"body": [sentence]})
    found = {name: given.get(name, "") for name in ("token", "id", "text", "name", "email", "page")}
    if not all(isinstance(value, str) for value in found.values()):
        raise Invalid(sentence, fields={"body": [sentence]})
    return found


def _may_read(request: HttpRequest, chat: Chat, origin: str) -> bool:
    """Whether pages of an origin may speak with it: those the shop named, and our own, for the preview."""
    own = f"{request.scheme}://{request.get_host()}"
    return origin in {*chat.origins, own, settings.PUBLIC_URL.rstrip("/")}


def _chat(public_id: str) -> Chat | None:
    rows = Chat.objects.select_related("channel", "team", "topic", "mailbox__account", "calendar")
    return rows.filter(pk=Chat.pk_of(public_id) or 0).first()


def _problem(sentence: str, status: int, **more: Any) -> HttpResponse:
    return JsonResponse({"problem": sentence, **more}, status=status)
