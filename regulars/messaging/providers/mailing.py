"""Mail providers, through django-anymail: it knows how each of them takes a mail, signs its reports and tells events.

The library's own way out is not used: what it would ask is made into a `Call`, and goes through the one door that all
providers use. What it would verify and read of a report is asked of it with the report as it came.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from django.core.exceptions import SuspiciousOperation
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.messaging.models.accounts import Way
from regulars.messaging.providers.base import (
    Answer,
    Became,
    Call,
    Knock,
    Link,
    Mailed,
    NotGenuine,
    Option,
    Outgoing,
    Provider,
    Refused,
    Sent,
    Steps,
    Told,
    Unclear,
    Unreadable,
    unlike,
)

# What anymail calls it, and what it means here. What is not named tells nothing of a mail that left.
_KINDS: Final = {
    "delivered": "delivered",
    "bounced": "bounced",
    "rejected": "bounced",
    "failed": "failed",
    "complained": "complained",
    "opened": "opened",
    "clicked": "clicked",
    "deferred": "delayed",
}
_GONE: Final = frozenset({"bounced", "invalid"})


@dataclass(frozen=True, slots=True)
class Names:
    """What one provider is called in anymail, and by which words its options go there."""

    esp: str
    backend: str
    to_send: dict[str, str]
    to_hear: dict[str, str]
    is_inbound: Callable[[Knock], bool]


class MailProvider(Provider):
    """One of anymail's providers."""

    ways = (Way.EMAIL,)
    longest = 1_000_000
    largest_file = 10_000_000

    def __init__(self, name: str, label: str, options: Sequence[Option], guide: Any, names: Names) -> None:
        self.name, self.label, self.options, self.guide, self.names = name, label, options, guide, names

    def new_secret(self, _option: str) -> str:
        """A secret of ours that a provider sends along: a name and a password (HTTP basic)."""
        import secrets  # noqa: PLC0415 — when an account is connected

        return f"regulars:{secrets.token_urlsafe(24)}"

    def genuine(self, knock: Knock, link: Link) -> None:
        """Nothing, where the provider's signature or the password of ours is right. Raises NotGenuine."""
        if not all(link.secret(option) for option in self.names.to_hear.values()):
            raise NotGenuine(_("This account has no key for reports."))
        from anymail.exceptions import AnymailError  # noqa: PLC0415 — 1 MB that most processes never need

        request = _request(knock)
        try:
            self._view(knock, link).run_validators(request)
        except (SuspiciousOperation, AnymailError, KeyError, ValueError, UnicodeError) as wrong:
            raise NotGenuine(_("The signature is not right.")) from wrong

    def read(self, knock: Knock, link: Link) -> Sequence[Told]:
        """What a report tells: events of mails that left, or a mail that came in. Raises Unreadable."""
        from anymail.exceptions import AnymailError  # noqa: PLC0415

        try:
            events = self._view(knock, link).parse_events(_request(knock))
        except (AnymailError, SuspiciousOperation, KeyError, ValueError, TypeError, AttributeError) as wrong:
            raise Unreadable(_("The body is not what the provider's documents say.")) from wrong
        if self.names.is_inbound(knock):
            return [Mailed(one.message.as_bytes(), str(one.event_id or "")) for one in events if one.message]
        return [told for one in events if (told := _became(one, knock)) is not None]

    def send(self, outgoing: Outgoing, link: Link) -> Steps[Sent]:
        """A plain text, from the account's address. Raises Refused."""
        mail = EmailMultiAlternatives("", outgoing.text, link.address, [outgoing.to])
        return self.post(mail, link)

    def post(self, mail: EmailMultiAlternatives, link: Link) -> Steps[Sent]:
        """Hand a mail over, as the provider's documents say. Raises Refused, Unclear."""
        import requests  # noqa: PLC0415 — only to put the request together: `Call` goes out
        from anymail.exceptions import AnymailError  # noqa: PLC0415

        backend = import_string(self.names.backend)(**self._settings(link))
        try:
            payload = backend.build_message_payload(mail, backend.send_defaults)
            asked = payload.get_request_params(backend.api_url)
            asked.pop("timeout", None)
            ready = requests.Request(**asked).prepare()
        except (AnymailError, ValueError, TypeError) as wrong:
            raise Refused(_("This provider cannot send such a mail."), is_final=True) from wrong
        body = ready.body.encode() if isinstance(ready.body, str) else cast("bytes | None", ready.body)
        headers = {name: str(value) for name, value in ready.headers.items() if name.lower() != "content-length"}
        answer: Answer = yield Call(str(ready.url), str(ready.method), headers, body, is_telling=True)
        if answer.status in {400, 406, 422}:
            raise Refused(answer.body[:300].decode("utf-8", "replace"), is_final=True, code=str(answer.status))
        if not 200 <= answer.status < 300:
            raise unlike(answer)
        said = requests.Response()
        said.status_code, said._content = answer.status, answer.body
        try:
            statuses = backend.parse_recipient_status(said, payload, mail)
        except AnymailError as wrong:
            raise Unclear(_("The provider answered, and nobody can tell what.")) from wrong
        status = next(iter(statuses.values()))
        if status.status in {"invalid", "rejected", "failed"}:
            raise Refused(_("The provider does not send to this address."), is_final=True, code=str(status.status))
        return Sent(str(status.message_id or ""))

    def check(self, link: Link) -> Steps[str]:
        """Whether a key is there; only a mail can tell more. Raises Refused."""
        if not all(link.secret(option) or link.option(option) for option in self.names.to_send.values()):
            raise Refused(_("A key is missing."), is_final=True)
        return link.address
        yield Call("")  # a generator, like those of other providers

    def _settings(self, link: Link) -> dict[str, Any]:
        given = {name: link.secret(option) or link.option(option) for name, option in self.names.to_send.items()}
        api = {"api_url": link.option("api")} if link.option("api") else {}
        return {**given, **api}

    def _view(self, knock: Knock, link: Link) -> Any:
        sort = "Inbound" if self.names.is_inbound(knock) else "Tracking"
        path = f"anymail.webhooks.{self.names.esp.lower()}.{self.names.esp}{sort}WebhookView"
        given: dict[str, Any] = {name: link.secret(option) for name, option in self.names.to_hear.items()}
        view = import_string(path)
        return view(**given)


def _became(event: Any, knock: Knock) -> Became | None:
    kind = _KINDS.get(str(event.event_type))
    key = str(event.message_id or "")
    if kind is None or not key:
        return None
    at = event.timestamp or knock.at
    # where a provider names no event, what it says is its name
    name = str(event.event_id or hashlib.sha256(knock.body).hexdigest())
    reason = str(event.reject_reason or "")
    return Became(
        key,
        kind,
        at if at.tzinfo else at.replace(tzinfo=dt.UTC),
        f"{kind}/{name}"[:200],
        str(event.mta_response or event.description or "")[:500],
        is_hard=kind == "bounced" and str(event.event_type) == "bounced" and reason in _GONE,
        reason=reason[:40],
    )


def _request(knock: Knock) -> Any:
    from django.test import RequestFactory  # noqa: PLC0415 — a request as it was, which a job has not

    headers: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in knock.headers.items()}
    headers.pop("HTTP_CONTENT_TYPE", None)
    return RequestFactory().generic(
        "POST", "/", knock.body, content_type=knock.headers.get("content-type", "application/json"), **headers
    )


def _is_plain_json(knock: Knock) -> bool:
    return b'"RecordType"' not in knock.body


def _is_form(knock: Knock) -> bool:
    return not knock.headers.get("content-type", "").startswith("application/json")


_API = Option(
    "api",
    gettext_lazy("Address of the API"),
    gettext_lazy("Only where the provider names another one, for Europe say."),
    is_required=False,
)

postmark = MailProvider(
    "postmark",
    "Postmark",
    (
        Option("token", gettext_lazy("Server API token"), is_secret=True),
        Option("password", gettext_lazy("Name and password for reports"), is_secret=True, is_made=True),
        _API,
    ),
    gettext_lazy(
        "The token stands at Postmark under “API Tokens”. Enter the address below as a webhook there, with the name "
        "and password that are shown once, for delivery, bounces, spam complaints, opens and clicks; and for inbound "
        "mail, with the raw mail included."
    ),
    Names(
        "Postmark",
        "anymail.backends.postmark.EmailBackend",
        {"server_token": "token"},
        {"webhook_secret": "password"},
        _is_plain_json,
    ),
)
mailgun = MailProvider(
    "mailgun",
    "Mailgun",
    (
        Option("key", gettext_lazy("API key"), is_secret=True),
        Option("signing_key", gettext_lazy("Signing key of webhooks"), is_secret=True),
        Option("domain", gettext_lazy("Sending domain"), is_required=False),
        _API,
    ),
    gettext_lazy(
        "Both keys stand at Mailgun under “API Security”. Enter the address below as a webhook there for all events, "
        "and as the forward of a route whose address ends in “/mime” for inbound mail."
    ),
    Names(
        "Mailgun",
        "anymail.backends.mailgun.EmailBackend",
        {"api_key": "key", "sender_domain": "domain"},
        {"webhook_signing_key": "signing_key"},
        _is_form,
    ),
)

ALL: Final = (postmark, mailgun)
