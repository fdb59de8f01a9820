# ruff: noqa: E501 — a line is what servers say for one thing
"""What mail servers say in plain words: qmail, Exim, Exchange, Domino, Courier and many more, by what they have in common.

All of them name an address at the beginning of a line, or behind “to” or “RCPT TO”, and put the refusal beside or below
it, before a copy of the mail. So no server is known here by its name, and those nobody has seen yet are read, too.
"""

from __future__ import annotations

import re

ADDRESS = re.compile(
    r"(?:\"[^\"\n@]{1,64}\"|[^\s<>()\[\],;:@\"'`|*]{1,100}(?:=[^\s<>()\[\],;:@\"'`|]{1,40})?)@[^\s<>()\[\],;:@\"'`|/=]{1,120}\.[^\W_]{2,24}(?![\w@])"
)
_MARKS = re.compile(
    r"^\W*(?:-{2,} ?(?:this is a copy of|below this line|the (?:header|body) of the original|unsent message|original message|message header|returned message"
    r"|the original|included is|message follows|begin(?:ning)? of)|original message (?:follows|headers)|message headers? (?:follows|:)|here is (?:a copy|your)"
    r"|the (?:original message|header of the original|following is a copy)|your (?:original )?message (?:follows|reads)|a copy of (?:your|the) (?:original )?message"
    r"|content-type: message/rfc822|[- ]*original message|----- header|reproduced below|the text of (?:your|the))",
    re.IGNORECASE,
)
_RECEIVED = re.compile(r"^(?:>\s*)?(?:Received: (?:from|by)|Return-Path: <)")
_AT_START = re.compile(r"^[\s>*\"'<\-\[(]*(?:(?:smtp|rfc822|mailto):)?", re.IGNORECASE)
_BEHIND = re.compile(
    r"(?:rcpt to|final-recipient|original-recipient|recipients?|receiver(?: address)?|addressee|intended for|undeliverable to|deliver(?:ed|y|ing)?(?: \w+){0,4} to"
    r"|sent to|send (?:it )?to|message to|mail to|e-?mail to|failed (?:for|to|address)|unknown(?: local)? (?:user|recipient|address)|user|mailbox|address(?:es)?|account|forwarded to|^\s*to"
    r"|reach|for|d'envoi|an|à|a|para)(?: rfc822;)?[\s:;=<\"'\[(]{1,6}$",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"contact|assistance|questions?|postmaster|please (?:send|write|call|reply)|help|support|abuse|report|from\b|sender|mailto:|https?:|visit|unsubscribe",
    re.IGNORECASE,
)
_HEAD_LINE = re.compile(
    r"^\s*(?:from|sender|reply-to|return-path|message-id|cc|subject|received|date)\s*:", re.IGNORECASE
)
_COMMAND = re.compile(
    r"(?:in reply to|after|response to|>>>|sent(?: <<<)?:?|\[)\s*(?:end of )?\b(RCPT|DATA|MAIL|EHLO|HELO|CONN|QUIT)\b|initial greeting|(pipelined)? ?end of (data)",
    re.IGNORECASE,
)
_LONGEST_LINE = 1_000
_MOST_LINES = 3_000


def without_the_copy(text: str) -> tuple[str, str]:
    """What the server says, and the copy of the mail that stands below it in the same text."""
    lines = text[:200_000].splitlines()[:_MOST_LINES]
    for number, line in enumerate(lines):
        if number > 1 and (_MARKS.match(line[:200]) or _RECEIVED.match(line[:200])):
            return "\n".join(lines[:number]), "\n".join(lines[number:])
    return "\n".join(lines), ""


def addresses(text: str, sender: str) -> list[tuple[str, str]]:
    """The addresses that were refused, each with what was said of it. `sender` is whose mail it was: not them."""
    lines = [line[:_LONGEST_LINE] for line in text.splitlines()]
    strong: list[tuple[int, str]] = []
    weak: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        if "@" not in line or _HEAD_LINE.match(line):
            continue
        begin = _AT_START.match(line)
        for found in ADDRESS.finditer(line):
            address = plain(found[0])
            if address == sender or _is_house(address):
                continue
            before = line[: found.start()]
            if begin and begin.end() == found.start():
                strong.append((number, address))
            elif _BEHIND.search(before[-60:]) and not _CONTACT.search(before[-60:]):
                weak.append((number, address))
    found_at = strong or weak
    seen: dict[str, int] = {}
    for number, address in found_at:
        seen.setdefault(address, number)
    starts = sorted(seen.values())
    told = []
    for address, number in seen.items():
        end = next((other for other in starts if other > number), len(lines))
        told.append((address, "\n".join(lines[number : min(end, number + 40)])))
    return told[:50]


def command_in(text: str) -> str:
    """After which of our commands the server said no: RCPT, DATA, MAIL, EHLO; empty where it is not told."""
    last = ""
    for found in _COMMAND.finditer(text[:20_000]):
        last = "DATA" if found[3] else (found[1] or "EHLO").upper()
    return last


def plain(address: str) -> str:
    """An address as it is compared: small, without brackets and what sentences put behind it."""
    return (
        address.strip().strip("<>").rstrip(".'\"").lower()
        if not address.startswith('"')
        else address.strip("<>").lower()
    )


def _is_house(address: str) -> bool:
    return address.partition("@")[0] in {"postmaster", "mailer-daemon", "abuse", "noreply", "no-reply", "mailmaster"}
