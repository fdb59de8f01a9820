"""WhatsApp, by the Cloud API of Meta: messages over the Graph API, webhooks signed with the app's secret."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

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
from regulars.messaging.providers.reading import multipart, text
from regulars.messaging.providers.whatsapp.reports import read

_API = "https://graph.facebook.com/v23.0"
# https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes: what only waiting helps against
_LATER = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004, 133016})
_KEY = frozenset({0, 10, 190, *range(200, 300)})  # the token is too old, or may not do it: somebody has to mend that
_OUTSIDE = 131047
_KINDS = {"image/jpeg": "image", "image/png": "image", "video/mp4": "video", "video/3gpp": "video"}


class WhatsApp(Provider):
    """One phone number of a WhatsApp business account."""

    name = "whatsapp"
    label = gettext_lazy("WhatsApp (Cloud API)")
    ways = (Way.WHATSAPP,)
    options = (
        Option("phone_number_id", gettext_lazy("ID of the phone number"), gettext_lazy("In the app: WhatsApp, API.")),
        Option(
            "token", gettext_lazy("Access token"), gettext_lazy("Of a system user, so that it lasts."), is_secret=True
        ),
        Option("app_secret", gettext_lazy("App secret"), gettext_lazy("In the app: Settings, Basic."), is_secret=True),
        Option("verify_token", gettext_lazy("Verify token"), is_secret=True, is_made=True),
        Option("api", gettext_lazy("Address of the API"), is_required=False, default=_API),
    )
    guide = gettext_lazy(
        "In your app at developers.facebook.com, under WhatsApp, Configuration, enter the address and the verify token "
        "as the webhook, and subscribe to the field “messages”."
    )
    longest = 4096
    window = dt.timedelta(hours=24)
    has_templates = True
    largest_file = 16_000_000

    def challenge(self, knock: Knock, link: Link) -> str | None:
        """The number to answer with, where the verify token is ours."""
        given, ours = knock.query.get("hub.verify_token", ""), link.secret("verify_token")
        if knock.query.get("hub.mode") != "subscribe" or not ours:
            return None
        return knock.query.get("hub.challenge", "")[:200] if _same(given, ours) else None

    def genuine(self, knock: Knock, link: Link) -> None:
        """Nothing, where the app's secret signed the body. Raises NotGenuine."""
        secret = link.secret("app_secret")
        wanted = "sha256=" + hmac.new(secret.encode(), knock.body, hashlib.sha256).hexdigest()
        if not secret or not _same(knock.headers.get("x-hub-signature-256", ""), wanted):
            raise NotGenuine(_("The signature is not that of this account's key."))

    def read(self, knock: Knock, link: Link) -> list[Told]:
        """Messages and receipts of this number. Raises Unreadable."""
        return read(knock.body, link.option("phone_number_id"), knock.at)

    def send(self, outgoing: Outgoing, link: Link) -> Steps[Sent]:
        """The text, then the files; a template where one is given. Raises Refused."""
        if outgoing.template is not None:
            return (yield from self._post(_template(outgoing), outgoing, link))
        bodies: list[dict[str, Any]] = []
        if outgoing.text:
            bodies.append({"type": "text", "text": {"preview_url": False, "body": outgoing.text}})
        for file in outgoing.files:
            uploaded = yield from self._uploaded(file, link)
            bodies.append(uploaded)
        sent: list[Sent] = []
        for body in bodies:
            try:
                sent.append((yield from self._post(body, outgoing, link)))
            except Refused:
                if sent:  # what is at the customer's already must not go there again
                    return Sent(sent[0].provider_id, {"missing": len(bodies) - len(sent)})
                raise
        if not sent:
            raise Refused(_("There is nothing to send."), is_final=True)
        return sent[0]

    def fetch(self, file: Away, link: Link) -> Steps[Fetched]:
        """The file behind a media id: its address is asked for, which is good for five minutes. Raises Refused."""
        about = yield self._call(link, quote(file.ref, safe=""), method="GET")
        found = json_of(about)
        if about.status != 200:
            raise _refusal(about)
        url = text(found.get("url"), 4_000)
        if not url:
            raise unlike(about)
        answer = yield Call(url, "GET", _bearer(link), at_most=self.largest_file)
        if answer.status != 200:
            raise unlike(answer)
        return Fetched(answer.body, file.media_type or text(found.get("mime_type")), file.name)

    def check(self, link: Link) -> Steps[str]:
        """The number and the name that customers see. Raises Refused."""
        path = f"{quote(link.option('phone_number_id'), safe='')}?fields=display_phone_number,verified_name"
        answer = yield self._call(link, path, method="GET")
        if answer.status != 200:
            raise _refusal(answer)
        found = json_of(answer)
        return " ".join(filter(None, (text(found.get("verified_name"), 100), text(found.get("display_phone_number")))))

    def _uploaded(self, file: Attached, link: Link) -> Steps[dict[str, Any]]:
        kind, body = multipart({"messaging_product": "whatsapp", "type": file.media_type}, [("file", file)])
        path = f"{quote(link.option('phone_number_id'), safe='')}/media"
        answer = yield self._call(link, path, body=body, headers={"Content-Type": kind})
        if answer.status != 200:
            raise _refusal(answer)
        sort = _KINDS.get(file.media_type, "document")
        named = {"filename": file.name} if sort == "document" else {}
        return {"type": sort, sort: {"id": text(json_of(answer).get("id")), **named}}

    def _post(self, body: dict[str, Any], outgoing: Outgoing, link: Link) -> Steps[Sent]:
        whole = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": outgoing.to.lstrip("+"), **body}
        if outgoing.in_reply_to:
            whole["context"] = {"message_id": outgoing.in_reply_to}
        whole["biz_opaque_callback_data"] = outgoing.id
        path = f"{quote(link.option('phone_number_id'), safe='')}/messages"
        headers = {"Content-Type": "application/json"}
        call = self._call(link, path, body=json.dumps(whole).encode(), headers=headers)
        answer = yield replace(call, is_telling=True)
        if not 200 <= answer.status < 300:
            raise _refusal(answer)
        found = json_of(answer).get("messages")
        first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
        return Sent(text(first.get("id"), 200) or outgoing.id)

    def _call(
        self,
        link: Link,
        path: str,
        *,
        method: str = "POST",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Call:
        base = link.option("api", _API).rstrip("/")
        return Call(f"{base}/{path}", method, {**_bearer(link), **(headers or {})}, body)


def _template(outgoing: Outgoing) -> dict[str, Any]:
    template = outgoing.template
    assert template is not None  # noqa: S101 — asked for by whoever calls
    made: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    if template.values:
        values = [{"type": "text", "text": value} for value in template.values]
        made["components"] = [{"type": "body", "parameters": values}]
    return {"type": "template", "template": made}


def _refusal(answer: Answer) -> Refused:
    """What the error of the Graph API means for the message."""
    error = json_of(answer).get("error")
    if not isinstance(error, dict):
        return unlike(answer)
    code = error.get("code")
    code = code if isinstance(code, int) else -1
    details = error.get("error_data")
    said = text(details.get("details"), 300) if isinstance(details, dict) else ""
    said = said or text(error.get("message"), 300)
    if code == _OUTSIDE:
        sentence = _("More than 24 hours passed since their last message; WhatsApp takes an approved template only.")
        return Refused(sentence, is_final=True, code=str(code))
    sentence = _("WhatsApp refused it: %(what)s (%(code)s)") % {"what": said, "code": code}
    waits = code in _LATER or code in _KEY or answer.status in {401, 403, 429} or answer.status >= 500
    return Refused(sentence, is_final=not waits, again_in=patience(answer), code=str(code))


def _bearer(link: Link) -> dict[str, str]:
    return {"Authorization": f"Bearer {link.secret('token')}"}


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


whatsapp = WhatsApp()
