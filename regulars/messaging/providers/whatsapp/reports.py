"""Webhooks of the Cloud API: messages of every kind, in words where they have none, and what became of ours."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from regulars.messaging.providers.base import Away, Became, Said, Told, Unreadable
from regulars.messaging.providers.reading import lines, moment, name, number, parsed, place, size, text, thing, things

_FILES = ("image", "video", "audio", "document", "sticker")
_RECEIPTS = {"sent": "accepted", "delivered": "delivered", "read": "read", "failed": "failed"}


def read(body: bytes, phone_number_id: str, now: dt.datetime) -> list[Told]:
    """All that is told of this number; one webhook may serve several. Raises Unreadable.

    A message to another number is not forgotten: it stays among what was not understood, until that one is connected.
    """
    found = parsed(body)
    if found.get("object") != "whatsapp_business_account":
        raise Unreadable(_("This is not a report of a WhatsApp business account."))
    told: list[Told] = []
    strangers: list[str] = []
    for entry in things(found.get("entry")):
        for change in things(entry.get("changes")):
            value = thing(change.get("value"))
            number_of = text(thing(value.get("metadata")).get("phone_number_id"))
            if change.get("field") != "messages":
                continue
            if number_of != phone_number_id:
                strangers += [number_of] if things(value.get("messages")) else []
                continue
            names = {
                text(one.get("wa_id")): name(thing(one.get("profile")).get("name"))
                for one in things(value.get("contacts"))
            }
            told += [said for one in things(value.get("messages")) if (said := _message(one, names, now))]
            told += [became for one in things(value.get("statuses")) if (became := _status(one, now))]
    if strangers and not told:
        raise Unreadable(
            _("This is a message to another number (ID %(number)s). Give that one a webhook of its own.")
            % {"number": strangers[0][:40]}
        )
    return told


def _message(one: dict[str, Any], names: dict[str, str], now: dt.datetime) -> Said | None:
    sender, kind, key = text(one.get("from"), 40), text(one.get("type"), 40), number(one.get("id"))
    if not sender or not key:
        return None
    words, files, data = _content(one, kind)
    context = thing(one.get("context"))
    if kind == "reaction":
        context = {"id": thing(one.get("reaction")).get("message_id")}
    return Said(
        provider_id=key,
        sender="+" + sender.lstrip("+"),
        sender_name=names.get(sender, ""),
        text=words,
        files=files,
        at=moment(one.get("timestamp"), now),
        in_reply_to=number(context.get("id")),
        data={"kind": kind, **data},
    )


def _content(one: dict[str, Any], kind: str) -> tuple[str, list[Away], dict[str, Any]]:
    """The words of a message, its files, and what is kept beside them."""
    value = thing(one.get(kind))
    if kind == "text":
        return text(value.get("body")), [], {}
    if kind in _FILES:
        file = Away(
            ref=number(value.get("id")),
            name=name(value.get("filename")),
            media_type=text(value.get("mime_type"), 100).partition(";")[0],
            size=size(value.get("file_size")),
        )
        return text(value.get("caption")), [file] if file.ref else [], {}
    if kind == "location":
        words, data = place(value.get("latitude"), value.get("longitude"), value.get("name"), value.get("address"))
        return words, [], data
    if kind == "button":
        return text(value.get("text")), [], {}
    if kind == "interactive":
        reply = thing(value.get(text(value.get("type"), 40)))
        return text(reply.get("title")) or text(reply.get("body")), [], {}
    if kind == "reaction":
        return text(value.get("emoji")), [], {"is_reaction": True}
    if kind == "contacts":
        return lines(*(_contact(card) for card in things(one.get("contacts")))), [], {}
    if kind == "order":
        return lines(text(value.get("text")), *(_wanted(item) for item in things(value.get("product_items")))), [], {}
    if kind == "system":
        return text(value.get("body")), [], {"is_notice": True}
    said = [lines(text(error.get("title")), text(error.get("message"))) for error in things(one.get("errors"))]
    return (
        _("They sent something that WhatsApp does not pass on (%(what)s).") % {"what": said[0] if said else kind},
        [],
        {},
    )


def _contact(card: dict[str, Any]) -> str:
    called = name(thing(card.get("name")).get("formatted_name"))
    ways = [text(one.get("phone"), 40) for one in things(card.get("phones"))]
    ways += [text(one.get("email"), 254) for one in things(card.get("emails"))]
    return " ".join(filter(None, [called, *ways]))


def _wanted(item: dict[str, Any]) -> str:
    count, called = text(item.get("quantity"), 20), text(item.get("product_retailer_id"), 100)
    return f"{count} × {called}: {text(item.get('item_price'), 20)} {text(item.get('currency'), 3)}"


def _status(one: dict[str, Any], now: dt.datetime) -> Became | None:
    key, state = number(one.get("id")), text(one.get("status"), 40)
    if not key or state not in _RECEIPTS:
        return None
    errors = things(one.get("errors"))
    detail = ""
    if errors:
        first = errors[0]
        said = (
            text(thing(first.get("error_data")).get("details"))
            or text(first.get("message"))
            or text(first.get("title"))
        )
        detail = f"{said} ({text(first.get('code'), 20)})"[:500]
    return Became(key, _RECEIPTS[state], moment(one.get("timestamp"), now), f"{key}/{state}"[:250], detail)
