"""Mails that tell what became of a mail of ours: bounces, delays, complaints, answers of robots.

`read` looks at the raw bytes alone: no database, no network. The standards come first (RFC 3464 and 3461 for delivery
reports, RFC 5965 for complaints), then what mail servers say in plain words. What a person wrote is none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a mail reports. `bounce` is the only one that says that a mail will never arrive."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELAYED = "delayed"
    AUTO_REPLY = "auto-reply"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class Recipient:
    """What a server says about one address. `is_hard`: nobody is there, and writing again is of no use.

    `address` is whom the last server meant, `original` whom we wrote to, where the report says so (ORCPT). `reason` is
    a word of `sayings.Reason`; `said` are the server's own words.
    """

    address: str
    status: str = ""
    reply_code: str = ""
    reason: str = ""
    is_hard: bool = False
    original: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class BounceReport:
    """A report, and by which ids the mail it is about is found again.

    `mail_id` is that mail's Message-ID, `envelope_id` what we gave the server for it (ENVID, RFC 3461), `headers` are
    its own headers with small names, as far as they came back.
    """

    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    mail_id: str = ""
    envelope_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()


def read(raw: bytes) -> BounceReport | None:
    """The report that a mail is; None for everything else. Any bytes will do; the time grows with their number."""
    from regulars.messaging.bounces import reading  # noqa: PLC0415 — the words of many servers, compiled on first use

    return reading.read(raw)


__all__ = ["BounceReport", "Kind", "Recipient", "read"]
