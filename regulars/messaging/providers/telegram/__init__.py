"""Telegram, by the Bot API: a webhook that carries a secret token, and methods called with the bot's token."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.messaging.models.accounts import Way
from regulars.messaging.providers.base import (
    Answer,
    Attached,
    Away,
    Call,
    Fetched,
    Knock,
    Link,
    NotGenuine,
    Option,
    Outgoing,
    Provider,
    Refused,
    Sent,
    Steps,
    Told,
    json_of,
    patience,
    unlike,
)
from regulars.messaging.providers.reading import multipart, size, text, thing
from regulars.messaging.providers.telegram.reports import read

_API = "https://api.telegram.org"
_HEARD = ["message", "edited_message", "callback_query", "my_chat_member"]


class Telegram(Provider):
    """One bot, to whom people write by themselves: no bot can begin a conversation."""

    name = "telegram"
    label = gettext_lazy("Telegram")
    ways = (Way.TELEGRAM,)
    options = (
        Option("bot_token", gettext_lazy("Token of the bot"), gettext_lazy("As BotFather gave it."), is_secret=True),
        Option("secret_token", gettext_lazy("Secret token"), is_secret=True, is_made=True),
        Option("api", gettext_lazy("Address of the API"), is_required=False, default=_API),
    )
    guide = gettext_lazy(
        "Make a bot with BotFather, and enter its token here. “Check it” tells Telegram where to report: there is "
        "nothing to enter at Telegram."
    )
    longest = 4096
    largest_file = 20_000_000

    def genuine(self, knock: Knock, link: Link) -> None:
        """Nothing, where the secret token comes along. Raises NotGenuine."""
        given, ours = knock.headers.get("x-telegram-bot-api-secret-token", ""), link.secret("secret_token")
        if not ours or not hmac.compare_digest(given.encode(errors="replace"), ours.encode()):
            raise NotGenuine(_("The secret token is not that of this account."))

    def read(self, knock: Knock, _link: Link) -> Sequence[Told]:
        """What somebody wrote to the bot in private. Raises Unreadable."""
        return read(knock.body, knock.at)

    def send(self, outgoing: Outgoing, link: Link) -> Steps[Sent]:
        """The text, then the files. Raises Refused."""
        parts: list[tuple[str, dict[str, Any], tuple[str, Attached] | None]] = []
        if outgoing.text:
            parts.append(("sendMessage", {"text": outgoing.text}, None))
        for file in outgoing.files:
            is_picture = file.media_type in {"image/jpeg", "image/png"} and len(file.data) <= 10_000_000
            field = "photo" if is_picture else "document"
            parts.append((f"send{field.capitalize()}", {}, (field, file)))
        first: Sent | None = None
        for count, (method, fields, file_of) in enumerate(parts):
            body: dict[str, Any] = {"chat_id": outgoing.to, **fields}
            if outgoing.in_reply_to and first is None:
                number = outgoing.in_reply_to.rpartition("/")[2]
                if number.isascii() and number.isdigit():
                    body["reply_parameters"] = {"message_id": int(number), "allow_sending_without_reply": True}
            try:
                call = _with_file(link, method, body, file_of) if file_of else _call(link, method, body)
                answer = yield replace(call, is_telling=True)
                found = thing(_result(answer))
            except Refused:
                if first is not None:  # what is at the customer's already must not go there again
                    return Sent(first.provider_id, {"missing": len(parts) - count})
                raise
            if first is None:
                first = Sent(f"{text(thing(found.get('chat')).get('id'), 40)}/{text(found.get('message_id'), 40)}")
        if first is None:
            raise Refused(_("There is nothing to send."), is_final=True)
        return first

    def fetch(self, file: Away, link: Link) -> Steps[Fetched]:
        """A file by its id: where it lies is asked for, which holds for an hour. Raises Refused."""
        answer = yield _call(link, "getFile", {"file_id": file.ref})
        path = text(thing(_result(answer)).get("file_path"), 1_000)
        if not path or ".." in path or path.startswith("/"):
            raise Refused(_("Telegram does not say where the file lies."), is_final=True)
        url = f"{link.option('api', _API).rstrip('/')}/file/bot{link.secret('bot_token')}/{path}"
        answer = yield Call(url, "GET", at_most=self.largest_file)
        if answer.status != 200:
            raise unlike(answer)
        return Fetched(answer.body, file.media_type, file.name or path.rpartition("/")[2])

    def check(self, link: Link) -> Steps[str]:
        """The bot's name; and Telegram is told where to report, and with which secret token. Raises Refused."""
        me = thing(_result((yield _call(link, "getMe", {}))))
        about = {"url": link.hook, "secret_token": link.secret("secret_token"), "allowed_updates": _HEARD}
        _result((yield _call(link, "setWebhook", about)))
        return f"@{text(me.get('username'), 100)}"


def _call(link: Link, method: str, body: dict[str, Any]) -> Call:
    return Call(_url(link, method), headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())


def _with_file(link: Link, method: str, body: dict[str, Any], file: tuple[str, Attached]) -> Call:
    fields = {key: value if isinstance(value, str) else json.dumps(value) for key, value in body.items()}
    kind, form = multipart(fields, [file])
    return Call(_url(link, method), headers={"Content-Type": kind}, body=form)


def _url(link: Link, method: str) -> str:
    return f"{link.option('api', _API).rstrip('/')}/bot{link.secret('bot_token')}/{method}"


def _result(answer: Answer) -> Any:
    """What a method gives. Raises Refused."""
    found = json_of(answer)
    if answer.status == 200 and found.get("ok") is True:
        return found.get("result")
    if "error_code" not in found:
        raise unlike(answer)
    code, said = size(found.get("error_code")), text(found.get("description"), 300)
    wait = size(thing(found.get("parameters")).get("retry_after"))
    is_blocked = code == 403
    waits = code in {401, 404, 409, 429} or code >= 500
    sentence = _("Telegram refused it: %(what)s (%(code)s)") % {"what": said, "code": code}
    if is_blocked:
        sentence = _("They stopped the bot, or never wrote to it: Telegram lets nothing through.")
    raise Refused(
        sentence, is_final=not waits, again_in=float(min(wait, 3_600)) if wait else patience(answer), code=str(code)
    )


telegram = Telegram()
