"""What a receipt says: which line of the consent ledger allowed a message, in words that a timeline can keep."""

from __future__ import annotations

from regulars.messaging.models import Message


def line_of(message: Message) -> str:
    """The line that allowed it: “email marketing, agreed 2026-03-04, confirmation”; empty where none had to."""
    line = message.consent
    if line is None:
        return ""
    return f"{line.medium} {line.purpose}, {line.state} {line.at:%Y-%m-%d}, {line.source}"
