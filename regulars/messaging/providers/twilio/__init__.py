"""SMS by Twilio: the Messages API, and webhooks signed over their address and all that they post."""

from __future__ import annotations

import datetime as dt
import hmac
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.messaging.models.accounts import Way
from regulars.messaging.providers.base import (
    Answer,
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
from regulars.messaging.providers.reading import number, size, text

_API = "https://api.twilio.com"
_MOST_FIELDS = 200
_MOST_FILES = 10
# https://www.twilio.com/docs/api/errors: a wrong key, a full queue, too many at once
_LATER = frozenset({14107, 20003, 20005, 20403, 20429, 20500, 20503, 30001, 30022, 63018})
_RECEIPTS = {
    "queued": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
}
_CHOICES = {"STOP": "stop", "START": "start"}


class Twilio(Provider):
    """One number of a Twilio account."""

    name = "twilio"
    label = gettext_lazy("SMS (Twilio)")
    ways = (Way.SMS,)
    options = (
        Option("account_sid", gettext_lazy("Account SID")),
        Option("auth_token", gettext_lazy("Auth token"), is_secret=True),
        Option(
            "messaging_service",
            gettext_lazy("Messaging service SID"),
            gettext_lazy("Empty: messages come from the number above."),
            is_required=False,
        ),
        Option("api", gettext_lazy("Address of the API"), is_required=False, default=_API),
    )
    guide = gettext_lazy(
        "In Twilio's console, at your number under Messaging, enter the address below for “A message comes in”, with "
        "HTTP POST. What becomes of our messages is reported to the same address by itself."
    )
    longest = 1600
    takes_files = False
    largest_file = 5_000_000
    thanks = ("text/xml", b"<Response/>")

    def genuine(self, knock: Knock, link: Link) -> None:
        """Nothing, where the auth token signed the address and the fields. Raises NotGenuine."""
        token, given = link.secret("auth_token"), knock.headers.get("x-twilio-signature", "").encode(errors="replace")
        try:
            fields = _fields(knock.body)
        except Unreadable as bad:
            raise NotGenuine(bad.sentence) from bad
        signed = [signature(token, url, fields) for address in knock.urls for url in _spellings(address)]
        if not token or not any(hmac.compare_digest(given, one.encode()) for one in signed):
            raise NotGenuine(_("The signature is not that of this account's key."))

    def read(self, knock: Knock, _link: Link) -> Sequence[Told]:
        """A message that came in, or what became of one of ours. Raises Unreadable."""
        found = dict(_fields(knock.body))
        key = number(found.get("MessageSid") or found.get("SmsSid") or found.get("SmsMessageSid"))
        if not key:
            raise Unreadable(_("The field “%(name)s” is missing.") % {"name": "MessageSid"})
        state = text(found.get("MessageStatus") or found.get("SmsStatus"), 40).lower()
        if state and state not in {"received", "receiving"}:
            return [_became(key, state, found, knock.at)] if state in _RECEIPTS else []
        sender = text(found.get("From"), 254).strip()
        if not sender:
            raise Unreadable(_("The field “%(name)s” is missing.") % {"name": "From"})
        files = [
            Away(url, media_type=text(found.get(f"MediaContentType{place}"), 100).partition(";")[0])
            for place in range(min(size(found.get("NumMedia")), _MOST_FILES))
            if (url := text(found.get(f"MediaUrl{place}"), 2_000))
        ]
        said = Said(
            provider_id=key,
            sender=sender,
            text=text(found.get("Body")),
            at=knock.at,
            files=files,
            choice=_CHOICES.get(text(found.get("OptOutType"), 20).upper(), ""),
            data={"segments": max(1, size(found.get("NumSegments")))},
        )
        return [said]

    def send(self, outgoing: Outgoing, link: Link) -> Steps[Sent]:
        """One SMS of several segments. Raises Refused."""
        if outgoing.files:
            raise Refused(_("A file cannot go by SMS. Send the text alone, or a link."), is_final=True)
        service = link.option("messaging_service")
        sender = {"MessagingServiceSid": service} if service else {"From": link.address}
        fields = {"To": outgoing.to, **sender, "Body": outgoing.text, "StatusCallback": link.hook}
        path = f"/2010-04-01/Accounts/{_sid(link)}/Messages.json"
        answer = yield Call(
            _base(link) + path,
            headers={**_basic(link), "Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(fields).encode(),
            is_telling=True,
        )
        found = json_of(answer)
        if not 200 <= answer.status < 300:
            raise _refusal(answer)
        key = number(found.get("sid"))
        if not key:
            raise unlike(answer)
        return Sent(key, {"segments": max(1, size(found.get("num_segments")))})

    def fetch(self, file: Away, link: Link) -> Steps[Fetched]:
        """A picture of an MMS; Twilio leads on to where it lies, which the keys are not shown to. Raises Refused."""
        if urlsplit(file.ref).netloc != urlsplit(_base(link)).netloc:
            raise Refused(_("The address of the file is not one of Twilio's."), is_final=True)
        answer = yield Call(file.ref, "GET", _basic(link), at_most=self.largest_file)
        if answer.status in {301, 302, 303, 307, 308}:
            answer = yield Call(answer.headers.get("location", ""), "GET", at_most=self.largest_file)
        if answer.status != 200:
            raise unlike(answer)
        return Fetched(answer.body, file.media_type or answer.headers.get("content-type", ""), file.name)

    def check(self, link: Link) -> Steps[str]:
        """The name of the account. Raises Refused."""
        answer = yield Call(f"{_base(link)}/2010-04-01/Accounts/{_sid(link)}.json", "GET", _basic(link))
        if answer.status != 200:
            raise _refusal(answer)
        found = json_of(answer)
        if text(found.get("status")) not in {"", "active"}:
            raise Refused(_("The account is not active at Twilio."), is_final=True)
        return text(found.get("friendly_name"), 100)


def signature(token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """The signature of what is posted to an address, as its header has it."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(token.encode(), signed.encode(errors="surrogateescape"), "sha1")).decode()


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        raise Unreadable(_("The body is not a form.")) from None


def _spellings(url: str) -> list[str]:
    """The address with its port and without: Twilio signs the one or the other."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    netlocs = dict.fromkeys([parts.netloc, host, f"{host}:{port}"])
    return [urlunsplit(parts._replace(netloc=netloc)) for netloc in netlocs]


def _became(key: str, state: str, found: dict[str, str], at: dt.datetime) -> Became:
    code = text(found.get("ErrorCode"), 20)
    detail = " ".join(filter(None, [text(found.get("ErrorMessage"), 400), f"({code})" if code else ""]))
    return Became(key, _RECEIPTS[state], at, f"{key}/{state}", detail)


def _refusal(answer: Answer) -> Refused:
    found = json_of(answer)
    code = size(found.get("code"))
    if not code:
        return unlike(answer)
    said = {"what": text(found.get("message"), 300), "code": code}
    waits = code in _LATER or answer.status in {401, 403, 429} or answer.status >= 500
    sentence = _("Twilio refused it: %(what)s (%(code)s)") % said
    return Refused(sentence, is_final=not waits, again_in=patience(answer), code=str(code))


def _base(link: Link) -> str:
    return link.option("api", _API).rstrip("/")


def _sid(link: Link) -> str:
    return quote(link.option("account_sid"), safe="")


def _basic(link: Link) -> dict[str, str]:
    pair = f"{link.option('account_sid')}:{link.secret('auth_token')}"
    return {"Authorization": "Basic " + b64encode(pair.encode()).decode()}


twilio = Twilio()
