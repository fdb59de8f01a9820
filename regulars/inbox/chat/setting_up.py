"""Chats are set up, changed, switched off and on. None is removed: inquiries came by it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean, clean_lines
from regulars.inbox.facts import InboxSettingChanged
from regulars.inbox.models import Chat
from regulars.staff.policy import verb
from regulars.timeline.actions import record

LONGEST_GREETING: Final = 400
MOST_ORIGINS: Final = 20
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


@verb
def save(*, chat: Chat | None = None, values: Mapping[str, Any]) -> Chat:
    """Add a chat, or change one; `values` are its columns. Raises Invalid."""
    row = chat or Chat()
    given = {**values, "name": _name(values["name"], row), "origins": origins(values["origins"])}
    given["greeting"] = {language: _greeting(text) for language, text in values["greeting"].items() if text.strip()}
    given["colour"] = str(values["colour"]).lower()
    if not _COLOUR.fullmatch(given["colour"]):
        raise _refused("colour", _("A colour is written like #1f4e4a."))
    for name, value in given.items():
        setattr(row, name, value)
    row.version += 0 if chat is None else 1
    row.save()
    record(InboxSettingChanged(what="chat", deed="added" if chat is None else "changed", called=row.name), subject=row)
    return row


def set_up_usual(name: str, greeting: Mapping[str, str]) -> Chat:
    """The chat of a shop that has none yet: it may stand on no page until somebody names one."""
    known = Chat.objects.first()
    return known or save(values={"name": name, "greeting": greeting, "colour": "#1f4e4a", "origins": ()})


@verb
def switch(chat: Chat) -> Chat:
    """Take it off the shop's pages, or put it back."""
    row = Chat.objects.select_for_update().get(pk=chat.pk)
    row.is_on = not row.is_on
    row.version += 1
    row.save(update_fields=["is_on", "version", "updated_at"])
    deed = "switched on" if row.is_on else "switched off"
    record(InboxSettingChanged(what="chat", deed=deed, called=row.name), subject=row)
    return row


def origins(addresses: Sequence[str]) -> list[str]:
    """Addresses of sites as browsers name them: https://shop.example, without a path. Raises Invalid."""
    found = []
    for address in addresses:
        text = address.strip()
        if not text:
            continue
        try:
            parts = urlsplit(text if "://" in text else f"https://{text}")
            host = (parts.hostname or "").encode("idna").decode()
            port = parts.port
        except (ValueError, UnicodeError):
            host, port = "", None
        if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[a-z0-9.-]+", host):
            raise _refused("origins", _("“%(address)s” is not the address of a site.") % {"address": text[:100]})
        usual = {"http": 80, "https": 443}[parts.scheme]
        found.append(f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else ""))
    if len(found) > MOST_ORIGINS:
        raise _refused("origins", _("Name at most %(most)s addresses.") % {"most": MOST_ORIGINS})
    return list(dict.fromkeys(found))


def _name(name: str, row: Chat) -> str:
    try:
        kept = clean(name, limit=80)
    except BadText as problem:
        raise _refused("name", str(problem)) from problem
    if not kept:
        raise _refused("name", _("Give it a name."))
    if Chat.objects.filter(name=kept).exclude(pk=row.pk).exists():
        raise _refused("name", _("Another chat has this name already."))
    return kept


def _greeting(text: str) -> str:
    try:
        return clean_lines(text, limit=LONGEST_GREETING)
    except BadText as problem:
        raise _refused("greeting", str(problem)) from problem


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
