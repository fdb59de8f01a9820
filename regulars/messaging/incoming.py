"""What people write to us over providers, and the socket by which a room above hears it.

incoming.hear(handler)          called with each message, once or again: its cause is the same each time
incoming.hear_mail(handler)     called with the raw bytes of each mail that a mail provider took in, once or again
incoming.heard_by(last_heard)   asked when somebody last wrote from an address, for services that count hours
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars.messaging.models import Account
from regulars.messaging.providers.base import Attached

_LONGEST_CAUSE = 120


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that came in. `provider_id` is what the service calls it, `in_reply_to` the one of ours it answers.

    `choice` is “stop” or “start” where it says that they want no more messages by this way, or want them again.
    `is_notice` says that nothing was written: somebody only stopped, or began to follow.
    """

    account_id: int
    way: str
    provider_id: str
    sender: str
    sender_name: str
    text: str
    files: Sequence[Attached]
    at: dt.datetime
    in_reply_to: str = ""
    language: str = ""
    choice: str = ""
    is_notice: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cause(self) -> str:
        """The same for each copy of it, whatever the report it came in."""
        cause = f"message {self.account_id} {self.provider_id}"
        if len(cause) <= _LONGEST_CAUSE:
            return cause
        return f"message {self.account_id} {hashlib.sha256(self.provider_id.encode()).hexdigest()}"


Handler = Callable[[Incoming], None]
LastHeard = Callable[[Account, str], dt.datetime | None]

MailHandler = Callable[[bytes, Account], None]

_handlers: list[Handler] = []
_mail_handlers: list[MailHandler] = []
_clocks: list[LastHeard] = []


def hear(handler: Handler) -> Handler:
    """Let a room above take in what people write. It must not mind hearing the same message twice."""
    _handlers.append(handler)
    return handler


def hear_mail(handler: MailHandler) -> MailHandler:
    """Let a room above take in whole mails. It must not mind hearing the same mail twice."""
    _mail_handlers.append(handler)
    return handler


def tell_mail(raw: bytes, account: Account) -> None:
    """Pass a mail on to all who hear. Raises whatever they raise: it will be told again."""
    for handler in _mail_handlers:
        handler(raw, account)


def heard_by(last_heard: LastHeard) -> LastHeard:
    """Let a room above say when somebody last wrote to an account from an address."""
    _clocks.append(last_heard)
    return last_heard


def tell(message: Incoming) -> None:
    """Pass a message on to all who hear. Raises whatever they raise: it will be told again."""
    for handler in _handlers:
        handler(message)


def last_heard(account: Account, address: str) -> dt.datetime | None:
    """When somebody last wrote to an account from this address; None where nobody knows of it."""
    found = [moment for clock in _clocks if (moment := clock(account, address)) is not None]
    return max(found, default=None)
