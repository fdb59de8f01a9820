"""What a chat says on the shop's pages: its words in the visitor's language, and what was said."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from regulars.core import live, shop
from regulars.inbox.chat import here
from regulars.inbox.chat.saying import LONGEST, cause_of, going_on, topic_of
from regulars.inbox.models import Chat, ChatVisitor, Post, PostKind
from regulars.messaging.confirmations import language_for

LANGUAGES = ("en", "zh-hans")
_LIGHT = 0.179  # above this luminance black is easier to read than white


def script_of(chat: Chat) -> str:
    """The script that pages of the shop load; of a chat that is off it does nothing."""
    if not chat.is_on:
        return "// this chat is switched off\n"
    known: dict[str, Any] = {"id": chat.public_id, "colour": chat.colour, "ink": ink_on(chat.colour), "side": chat.side}
    known["words"] = {language: _button(language) for language in LANGUAGES}
    return _script().replace("/* chat */", json.dumps(known, ensure_ascii=True).replace("<", "\\u003c"))


def words(chat: Chat, language: str) -> dict[str, str]:
    """All that the open chat says, in a language of ours."""
    chosen = language_for(language)
    greeting = chat.greeting.get(chosen) or next(iter(chat.greeting.values()), "")
    with override(chosen):
        return {
            "title": shop.current().name,
            "greeting": greeting or _("Hello! How can we help?"),
            "close": _("Close the chat"),
            "message": _("Your message"),
            "send": _("Send"),
            "name": _("Your name, if you like"),
            "email": _("Your e-mail, for our answer"),
            "kept": _("Thank you. We answer here, and by mail when you are gone."),
            "here": _("Somebody is here."),
            "away": _("Nobody is here just now."),
            "due": _("You will hear from us by %(time)s.") % {"time": "{time}"},
            "leave": _("Leave your e-mail and we answer there as well."),
            "waits": _("Not sent yet. It is sent as soon as there is a connection."),
            "you": _("You"),
            "log": _("What was said"),
            "typing": _("%(who)s is writing …") % {"who": "{who}"},
        }


def talk_of(chat: Chat, visitor: ChatVisitor | None, posts: Sequence[Post], now: dt.datetime) -> dict[str, Any]:
    """How the talk stands, as the script draws it."""
    current = going_on(visitor) if visitor is not None else None
    due = here.due(chat, current, now)
    is_here = here.is_here(chat, now)
    found: dict[str, Any] = {
        "posts": [_said(chat, visitor, post) for post in posts] if visitor is not None else [],
        "here": is_here,
        "due": due.isoformat() if due is not None else None,
        "asks": {
            "name": chat.asks_name == Chat.Asked.OPTIONAL or (chat.asks_name == Chat.Asked.AWAY and not is_here),
            "email": chat.asks_email == Chat.Asked.OPTIONAL or (chat.asks_email == Chat.Asked.AWAY and not is_here),
        },
        "hasEmail": bool(visitor is not None and visitor.email),
        "most": LONGEST,
    }
    if visitor is not None:
        found["ticket"] = live.ticket([topic_of(visitor.digest)])
        found["mark"] = live.mark()
    return found


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > _LIGHT else "#ffffff"


def _said(chat: Chat, visitor: ChatVisitor, post: Post) -> dict[str, Any]:
    is_own = post.kind == PostKind.IN
    found = {"key": post.public_id, "own": is_own, "at": post.at.isoformat(), "text": post.text}
    if is_own:
        found["id"] = (post.cause or "").removeprefix(cause_of(visitor.digest, ""))
    else:
        has_name = chat.shows_names and post.author is not None
        found["who"] = post.author.name.split(" ")[0] if has_name and post.author else shop.current().name
    return found


def _button(language: str) -> str:
    with override(language):
        return _("Chat with us")


@cache
def _script() -> str:
    """The script as it is written, without what only its readers need."""
    lines = (Path(__file__).parent / "data" / "chat.js").read_text(encoding="utf-8").splitlines()
    bare = [line.strip() for line in lines]
    return "\n".join(line for line in bare if line and not line.startswith("//")) + "\n"
