"""Messages and events of an official account, in words where they have none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from regulars.messaging.providers.base import Away, Became, Said, Told, Unreadable
from regulars.messaging.providers.reading import lines, moment, name, number, place, text

_TYPES = {"image": "image/jpeg", "voice": "", "video": "video/mp4", "shortvideo": "video/mp4"}
_CHOICES = {"unsubscribe": "stop", "subscribe": "start"}


def read(found: Mapping[str, str], now: dt.datetime) -> list[Told]:
    """What a message tells. Raises Unreadable."""
    sender, kind = text(found.get("FromUserName"), 100), text(found.get("MsgType"), 40)
    if not sender or not kind:
        missing = "MsgType" if sender else "FromUserName"
        raise Unreadable(_("The field “%(name)s” is missing.") % {"name": missing})
    at = moment(found.get("CreateTime"), now)
    if kind == "event":
        return _event(found, sender, at)
    key = number(found.get("MsgId")) or f"{sender}/{text(found.get('CreateTime'), 20)}"
    words, data = _words(found, kind)
    file = number(found.get("MediaId")) if kind in _TYPES else ""
    files = [Away(file, media_type=_TYPES[kind], name=_named(found, kind))] if file else []
    return [Said(key, sender, words, at, files=files, data={"kind": kind, **data})]


def _words(found: Mapping[str, str], kind: str) -> tuple[str, dict[str, Any]]:
    if kind == "text":
        return text(found.get("Content")), {}
    if kind == "location":
        return place(found.get("Location_X"), found.get("Location_Y"), found.get("Label"))
    if kind == "link":
        return lines(name(found.get("Title")), text(found.get("Description")), text(found.get("Url"), 2_000)), {}
    if kind == "voice":
        return text(found.get("Recognition")), {}
    if kind in _TYPES:
        return "", {}
    return _("They sent something that WeChat does not pass on (%(what)s).") % {"what": kind}, {}


def _named(found: Mapping[str, str], kind: str) -> str:
    endings = {"image": "jpg", "video": "mp4", "shortvideo": "mp4", "voice": text(found.get("Format"), 8) or "amr"}
    return f"{kind}.{endings[kind]}"


def _event(found: Mapping[str, str], sender: str, at: dt.datetime) -> list[Told]:
    event = text(found.get("Event"), 60)
    key = f"{sender}/{text(found.get('CreateTime'), 20)}/{event}"[:200]
    if event in _CHOICES:
        return [Said(key, sender, "", at, choice=_CHOICES[event], data={"is_notice": True})]
    if event == "TEMPLATESENDJOBFINISH":
        state = text(found.get("Status"), 200)
        kind = "delivered" if state == "success" else "failed"
        return [Became(number(found.get("MsgID")), kind, at, key, "" if kind == "delivered" else state)]
    return []
