"""What a provider is: a translator that knows the words of one service, and nothing of our tables or the network.

It is a module-level object in `messaging/providers/<name>/__init__.py`, named in `registry.py`. Where it has to ask the
service, it says what to ask and is told the answer:

    def send(self, outgoing, link):
        answer = yield Call("https://api.example.com/messages", body=…)
        return Sent(str(json_of(answer)["id"]))

So all of it can be tried without a network, and `transport.py` alone goes out (docs/develop/message-channels.md).
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.messaging.models.accounts import Way

Result = TypeVar("Result")


class NotGenuine(Refusal):
    """The signature is missing, wrong or too old. Nothing of the report is kept."""

    slug = "report-not-genuine"


class Unreadable(Refusal):
    """The body is not what the service's documents say; the sentence names what is missing."""


class Refused(Refusal):
    """The service did not take a message. A final refusal is not tried again; else after `again_in` seconds."""

    slug = "provider-refused"

    def __init__(self, sentence: str, *, is_final: bool, again_in: float = 0.0, code: str = "") -> None:
        super().__init__(sentence)
        self.is_final, self.again_in, self.code = is_final, again_in, code


class Unclear(Refused):
    """The line broke when a message may have been taken already: nobody can tell."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, is_final=False)


@dataclass(frozen=True, slots=True)
class Option:
    """A field of the form that connects an account.

    A secret one is sealed, and never shown again. One that `is_made` is a secret that we make: it is shown once, so
    that it can be entered at the service.
    """

    name: str
    label: Promise | str
    help: Promise | str = ""
    is_secret: bool = False
    is_made: bool = False
    is_required: bool = True
    default: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What a provider may know of one account: what its form asked for, with the secrets open."""

    account_id: int
    way: str
    address: str
    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    hook: str  # the address at which the service reaches us
    now: dt.datetime

    def option(self, name: str, default: str = "") -> str:
        """What was entered for an option; the default where nothing was."""
        return str(self.options.get(name) or default)

    def secret(self, name: str) -> str:
        """A secret; empty where there is none."""
        return str(self.secrets.get(name, ""))


@dataclass(frozen=True, slots=True)
class Knock:
    """A request at the door: names of headers in small letters, the query, the body as it came, and its address."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    urls: tuple[str, ...]  # as whom it may have been called: some services sign the address as well
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a service. By one that `is_telling` the message may be taken: what breaks off then is unclear."""

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    at_most: int = 1_000_000
    is_telling: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Steps = Generator[Call, Answer, Result]
"""What it takes to get a result from a service: each call is yielded, and its answer sent back."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes out with a message."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Template:
    """A text that the service has approved, by its name and language there, with what is filled in."""

    name: str
    language: str
    values: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that goes out. `id` is the same for each attempt."""

    id: str
    to: str
    text: str
    files: Sequence[Attached] = ()
    in_reply_to: str = ""
    template: Template | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message was taken. By `provider_id` the service names it in what it reports."""

    provider_id: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Away:
    """A file that came with a message and lies at the service; `ref` is how the provider finds it there."""

    ref: str
    name: str = ""
    media_type: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched."""

    data: bytes
    media_type: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message that came in, as the service tells it. `choice` is “stop” or “start” where the service says so."""

    provider_id: str
    sender: str
    text: str
    at: dt.datetime
    sender_name: str = ""
    files: Sequence[Away] = ()
    in_reply_to: str = ""
    language: str = ""
    choice: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a message of ours: accepted, delivered, read or failed."""

    provider_id: str
    kind: str
    at: dt.datetime
    event_id: str
    detail: str = ""
    is_hard: bool = False  # nobody is there, and writing again is of no use
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mailed:
    """A whole mail that a mail provider took in for us, as it came."""

    raw: bytes
    provider_id: str = ""


Told = Said | Became | Mailed


class Provider:
    """All that a provider does. What one says of itself stands in its class; the rest it has to write."""

    name: str
    label: Promise | str
    ways: Sequence[Way]
    options: Sequence[Option]
    guide: Promise | str  # where at the service the keys are found, and what to enter there
    longest: int  # how many characters a text may have
    window: dt.timedelta | None = None  # for how long after their last message people may be answered freely
    has_templates: bool = False  # whether a template that the service approved may go out at any time
    takes_files: bool = True
    largest_file: int = 10_000_000
    thanks: tuple[str, bytes] = ("text/plain", b"")  # how a report is answered: its type and body

    def new_secret(self, _option: str) -> str:
        """A secret of ours that the service takes: 32 letters and digits, where it has no wish of its own."""
        return secrets.token_hex(16)

    def challenge(self, _knock: Knock, _link: Link) -> str | None:
        """What to answer when the service asks whether this address is ours; None where the question is not genuine."""
        return None

    def genuine(self, knock: Knock, link: Link) -> None:
        """Nothing, where the service itself sent it. Raises NotGenuine."""
        raise NotImplementedError

    def read(self, knock: Knock, link: Link) -> Sequence[Told]:
        """All that a report tells, in its order; nothing where it is not for us. Raises Unreadable."""
        raise NotImplementedError

    def send(self, outgoing: Outgoing, link: Link) -> Steps[Sent]:
        """Hand a message over. Raises Refused."""
        raise NotImplementedError

    def fetch(self, file: Away, link: Link) -> Steps[Fetched]:
        """Fetch a file that came with a message. Raises Refused."""
        raise NotImplementedError

    def check(self, link: Link) -> Steps[str]:
        """Whether the keys are good, and whatever makes the service report to us; the account's name there."""
        raise NotImplementedError


def json_of(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty where it is none, as with the error pages of machines in between."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def patience(answer: Answer, default: float = 30.0) -> float:
    """For how many seconds a service asks us to wait."""
    try:
        return min(max(float(answer.headers.get("retry-after", "")), 1.0), 3_600.0)
    except ValueError:
        return default


def unlike(answer: Answer, what: str = "") -> Refused:
    """The refusal for an answer that no document tells of: final only where the service says that we are wrong."""
    is_final = 400 <= answer.status < 500 and answer.status not in {401, 403, 408, 425, 429}
    sentence = _("The service answered with status %(status)s.") % {"status": answer.status}
    if what:
        sentence = _("The service answered with status %(status)s: %(what)s") % {
            "status": answer.status,
            "what": what[:300],
        }
    return Refused(sentence, is_final=is_final, again_in=patience(answer), code=str(answer.status))
