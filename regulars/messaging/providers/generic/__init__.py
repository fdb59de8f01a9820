"""Any other service, by webhooks that we describe: signed JSON both ways (docs/develop/message-channels.md).

The signature is that of the Standard Webhooks, as our own deliveries have it: HMAC-SHA256 over id, moment and body.
"""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.channels.actions.connecting import new_key
from regulars.channels.connectors import protocol, signatures
from regulars.messaging.models.accounts import Way
from regulars.messaging.providers.base import (
    Away,
    Became,
    Call,
    Fetched,
    Knock,
    Link,
    NotGenuine,
    Option,
    Outgoing,
    Provider,
    Refused,
    Said,
    Sent,
    Steps,
    Told,
    Unreadable,
    json_of,
    patience,
    unlike,
)
from regulars.messaging.providers.reading import lines, name, number, parsed, place, size, text, thing, things

_MOST_FILES = 20
_RECEIPTS = frozenset({"accepted", "delivered", "read", "failed"})
_CHOICES = frozenset({"stop", "start"})


class Generic(Provider):
    """A service, or a program of the shop's own, that speaks our webhooks."""

    name = "generic"
    label = gettext_lazy("Another service (signed webhook)")
    ways = (Way.OTHER,)
    options = (
        Option("signing_key", gettext_lazy("Signing key"), is_secret=True, is_made=True),
        Option(
            "url",
            gettext_lazy("Where answers go"),
            gettext_lazy("An address that takes our signed posts. Empty: messages come in, and cannot be answered."),
            is_required=False,
        ),
    )
    guide = gettext_lazy(
        "Let the service, or a small program in between, post signed JSON to the address below. What it looks like "
        "stands in the documentation: “Adding a message channel”."
    )
    longest = 20_000
    largest_file = 10_000_000

    def new_secret(self, _option: str) -> str:
        """A key as the Standard Webhooks have it: `whsec_` and 32 bytes in base 64."""
        return new_key()

    def genuine(self, knock: Knock, link: Link) -> None:
        """Nothing, where the key signed it in the last five minutes. Raises NotGenuine."""
        key = link.secret("signing_key")
        try:
            if not key:
                raise NotGenuine(_("This account has no signing key."))
            signatures.check(protocol.Incoming(knock.headers, knock.body, knock.at), [key])
        except protocol.NotGenuine as refusal:
            raise NotGenuine(refusal.sentence) from refusal

    def read(self, knock: Knock, _link: Link) -> Sequence[Told]:
        """One message, or one receipt; or several of them under “events”. Raises Unreadable."""
        found = parsed(knock.body)
        events = things(found.get("events")) if "events" in found else [found]
        return [told for one in events if (told := _told(one, knock.at)) is not None]

    def send(self, outgoing: Outgoing, link: Link) -> Steps[Sent]:
        """Our message, signed; whatever it is answered, it has our id. Raises Refused."""
        body: dict[str, Any] = {
            "type": "message",
            "id": outgoing.id,
            "to": outgoing.to,
            "text": outgoing.text,
            "in_reply_to": outgoing.in_reply_to,
            "files": [
                {"name": file.name, "media_type": file.media_type, "data": b64encode(file.data).decode()}
                for file in outgoing.files
            ],
        }
        answer = yield replace(self._call(link, outgoing.id, body), is_telling=True)
        if 200 <= answer.status < 300:
            return Sent(number(json_of(answer).get("id")) or outgoing.id)
        said = text(json_of(answer).get("error"), 300)
        if answer.status in {400, 410, 422} and said:
            raise Refused(said, is_final=True, code=str(answer.status))
        if answer.status == 429:
            raise Refused(_("The service asks us to slow down."), is_final=False, again_in=patience(answer), code="429")
        raise unlike(answer, said)

    def fetch(self, file: Away, _link: Link) -> Steps[Fetched]:
        """A file from the address that came with the message. Raises Refused."""
        answer = yield Call(file.ref, "GET", at_most=self.largest_file)
        if answer.status != 200:
            raise unlike(answer)
        return Fetched(answer.body, file.media_type or answer.headers.get("content-type", ""), file.name)

    def check(self, link: Link) -> Steps[str]:
        """Whether the other side takes a signed question. Raises Refused."""
        if not link.option("url"):
            return _("It takes messages, and sends none.")
        answer = yield self._call(link, f"ping_{int(link.now.timestamp())}", {"type": "ping"})
        if not 200 <= answer.status < 300:
            raise unlike(answer)
        return ""

    def _call(self, link: Link, event: str, body: dict[str, Any]) -> Call:
        if not link.option("url"):
            raise Refused(_("This account has no address that answers go to."), is_final=True)
        packed = json.dumps(body, ensure_ascii=False).encode()
        signed = signatures.headers(link.secret("signing_key"), event, int(link.now.timestamp()), packed)
        return Call(link.option("url"), headers={"Content-Type": "application/json", **signed}, body=packed)


def _told(one: dict[str, Any], now: dt.datetime) -> Told | None:
    kind, key = text(one.get("type"), 40), number(one.get("id"))
    if not key:
        raise Unreadable(_("The field “%(name)s” is missing.") % {"name": "id"})
    if kind == "receipt":
        state = text(one.get("state"), 40)
        if state not in _RECEIPTS:
            raise Unreadable(_("The field “%(name)s” is missing.") % {"name": "state"})
        return Became(key, state, _at(one.get("at"), now), f"{key}/{state}"[:250], text(one.get("detail"), 500))
    if kind != "message":
        return None
    sender = name(one.get("from"), 254)
    if not sender:
        raise Unreadable(_("The field “%(name)s” is missing.") % {"name": "from"})
    spot = thing(one.get("location"))
    where, data = place(spot.get("latitude"), spot.get("longitude"), spot.get("name")) if spot else ("", {})
    choice = text(one.get("choice"), 10)
    return Said(
        provider_id=key,
        sender=sender,
        sender_name=name(one.get("name")),
        text=lines(text(one.get("text")), where),
        at=_at(one.get("at"), now),
        files=[_file(file) for file in things(one.get("files"))[:_MOST_FILES] if text(file.get("url"), 2_000)],
        in_reply_to=number(one.get("in_reply_to")),
        language=text(one.get("language"), 16),
        choice=choice if choice in _CHOICES else "",
        data=data,
    )


def _file(one: dict[str, Any]) -> Away:
    kind = text(one.get("media_type"), 100)
    return Away(text(one.get("url"), 2_000), name(one.get("name")), kind, size(one.get("size")))


def _at(value: Any, now: dt.datetime) -> dt.datetime:
    """A moment as RFC 3339 writes it; now where there is none, or one that is yet to come."""
    try:
        found = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or found.year < 2000:
        return now
    return min(found.astimezone(dt.UTC), now)


generic = Generic()
