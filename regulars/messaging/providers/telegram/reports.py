"""Updates of the Bot API: what somebody wrote to the bot, in words where it has none."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from regulars.messaging.providers.base import Away, Said, Unreadable
from regulars.messaging.providers.reading import lines, moment, name, number, parsed, place, size, text, thing, things

_FILES = ("document", "voice", "audio", "video", "video_note", "animation", "sticker")
_NAMES = {"image/jpeg": "photo.jpg", "audio/ogg": "voice.ogg"}


def read(body: bytes, now: dt.datetime) -> list[Said]:
    """What an update tells; nothing where it is of a group, a channel or another bot. Raises Unreadable."""
    update = parsed(body)
    if "update_id" not in update:
        raise Unreadable(_("The field “%(name)s” is missing.") % {"name": "update_id"})
    if "callback_query" in update:
        pressed = thing(update["callback_query"])
        said = _said(
            {**thing(pressed.get("message")), "from": pressed.get("from")}, now, words=text(pressed.get("data"))
        )
        key = number(pressed.get("id"))
        return [_renamed(said, f"callback/{key}")] if said and key and said.text else []
    if "edited_message" in update:
        edited = thing(update["edited_message"])
        said = _said(edited, now)
        return [_renamed(said, f"{said.provider_id}/{text(edited.get('edit_date'), 20)}", is_edit=True)] if said else []
    if "my_chat_member" in update:
        return _joined(thing(update["my_chat_member"]), text(update["update_id"], 30), now)
    said = _said(thing(update.get("message")), now)
    return [said] if said else []


def _said(message: dict[str, Any], now: dt.datetime, *, words: str = "") -> Said | None:
    chat, who = thing(message.get("chat")), thing(message.get("from"))
    key, address = text(message.get("message_id"), 30), text(chat.get("id"), 30)
    if not key or not address or chat.get("type") != "private" or who.get("is_bot") is True:
        return None
    files = _files(message)
    found, data = _words(message)
    return Said(
        provider_id=f"{address}/{key}",
        sender=address,
        sender_name=name(f"{text(who.get('first_name'), 100)} {text(who.get('last_name'), 100)}"),
        text=words or found,
        files=files,
        at=moment(message.get("date"), now),
        in_reply_to=_answered(message, address),
        language=text(who.get("language_code"), 16),
        data={**({"user": user} if (user := text(who.get("username"), 64)) else {}), **data},
    )


def _words(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    said = text(message.get("text")) or text(message.get("caption"))
    venue = thing(message.get("venue"))
    spot = thing(venue.get("location")) or thing(message.get("location"))
    if spot:
        where, data = place(spot.get("latitude"), spot.get("longitude"), venue.get("title"), venue.get("address"))
        return lines(said, where), data
    card = thing(message.get("contact"))
    if card:
        called = f"{text(card.get('first_name'), 100)} {text(card.get('last_name'), 100)}".strip()
        return lines(said, f"{called} {text(card.get('phone_number'), 40)}".strip()), {}
    sticker = thing(message.get("sticker"))
    return said or text(sticker.get("emoji"), 20), {}


def _files(message: dict[str, Any]) -> list[Away]:
    photos = sorted(things(message.get("photo")), key=lambda one: size(one.get("width")))
    found = [photos[-1] | {"mime_type": "image/jpeg"}] if photos else []
    # an animation comes as a document as well, for older programs
    kinds = [kind for kind in _FILES if thing(message.get(kind))]
    found += [thing(message.get(kind)) for kind in kinds if not (kind == "document" and "animation" in kinds)]
    return [
        Away(
            ref=number(one.get("file_id")),
            name=name(one.get("file_name")) or _NAMES.get(text(one.get("mime_type"), 100), ""),
            media_type=text(one.get("mime_type"), 100).partition(";")[0],
            size=size(one.get("file_size")),
        )
        for one in found
        if number(one.get("file_id"))
    ]


def _answered(message: dict[str, Any], address: str) -> str:
    key = text(thing(message.get("reply_to_message")).get("message_id"), 30)
    return f"{address}/{key}" if key else ""


def _renamed(said: Said, key: str, *, is_edit: bool = False) -> Said:
    return Said(
        provider_id=key[:200],
        sender=said.sender,
        sender_name=said.sender_name,
        text=said.text,
        files=said.files,
        at=said.at,
        in_reply_to=said.provider_id if is_edit else said.in_reply_to,
        language=said.language,
        data={**said.data, **({"is_edit": True} if is_edit else {})},
    )


def _joined(change: dict[str, Any], key: str, now: dt.datetime) -> list[Said]:
    """Whoever stops the bot wants no more messages; who starts it again does."""
    chat = thing(change.get("chat"))
    state = thing(change.get("new_chat_member")).get("status")
    choice = {"kicked": "stop", "member": "start"}.get(state if isinstance(state, str) else "", "")
    address = text(chat.get("id"), 30)
    if not choice or not address or chat.get("type") != "private":
        return []
    at = moment(change.get("date"), now)
    return [Said(f"member/{key}", address, "", at, choice=choice, data={"is_notice": True})]
