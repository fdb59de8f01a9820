"""What a refusal means: one of a few reasons, from the server's words, its codes and when it said them.

Words come before codes, because servers choose their codes at random and their words with care; but a word that may
mean two things asks the code. Hard are only those where nobody is there to read: an unknown person or place, somebody
who moved, a place that takes no mail. A full mailbox, a block list, a policy may be otherwise tomorrow.
"""

from __future__ import annotations

import re

from regulars.messaging.bounces.sayings import WORDS, Reason

HARD = frozenset({Reason.UNKNOWN_USER, Reason.UNKNOWN_HOST, Reason.MOVED, Reason.TAKES_NO_MAIL})

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,2}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?:^|(?<=[\s:;<(\[\"'#=|]))([45][0-7]\d)(?=[\s:;,)\-#<]|$)")


# Words that are said with anything. A line that broke is not among them: no code makes that hard.
_VAGUE = frozenset({Reason.POLICY, Reason.SYSTEM, Reason.CONTENT, Reason.MAILER})

# RFC 3463 and its registry; by the last two numbers, for a 4 says only that it was tried for long.
_BY_STATUS: dict[str, Reason] = {
    "1.0": Reason.UNKNOWN_USER, "1.1": Reason.UNKNOWN_USER, "1.2": Reason.UNKNOWN_HOST, "1.3": Reason.UNKNOWN_USER,
    "1.4": Reason.FILTERED, "1.5": Reason.OTHER, "1.6": Reason.MOVED, "1.7": Reason.SENDER, "1.8": Reason.SENDER,
    "1.9": Reason.UNKNOWN_USER, "1.10": Reason.TAKES_NO_MAIL, "2.0": Reason.FILTERED, "2.1": Reason.SUSPENDED,
    "2.2": Reason.FULL, "2.3": Reason.TOO_LARGE, "2.4": Reason.FILTERED, "3.0": Reason.SYSTEM, "3.1": Reason.FULL,
    "3.2": Reason.SYSTEM, "3.3": Reason.SYSTEM, "3.4": Reason.TOO_LARGE, "3.5": Reason.SYSTEM, "4.0": Reason.NETWORK,
    "4.1": Reason.EXPIRED, "4.2": Reason.NETWORK, "4.3": Reason.SYSTEM, "4.4": Reason.UNKNOWN_HOST,
    "4.5": Reason.TOO_MANY, "4.6": Reason.NETWORK, "4.7": Reason.EXPIRED, "4.8": Reason.NETWORK,
    "4.310": Reason.UNKNOWN_HOST, "4.312": Reason.NETWORK, "4.316": Reason.EXPIRED, "5.3": Reason.TOO_MANY,
    "7.0": Reason.POLICY, "7.1": Reason.POLICY, "7.13": Reason.SUSPENDED, "7.27": Reason.SENDER,
}  # fmt: skip
_BY_CLASS = {
    "1": Reason.OTHER, "2": Reason.FILTERED, "3": Reason.SYSTEM, "4": Reason.NETWORK,
    "5": Reason.PROTOCOL, "6": Reason.CONTENT, "7": Reason.POLICY,
}  # fmt: skip


def codes_in(said: str) -> tuple[str, str]:
    """The reply code and the enhanced status in the words of a server, each empty where it says none."""
    status = _STATUS.search(said)
    code = _CODE.search(_STATUS.sub(" ", said))
    return (code[1] if code else "", status[1] if status and status[1][0] in "45" else "")


def reason_for(said: str, *, status: str = "", code: str = "", command: str = "", is_program: bool = False) -> Reason:
    """Why a mail was refused. `said` are the server's words, `command` after which of ours it said them.

    `is_program`: not a mail server spoke but a program that it started, whose words are about anything.
    """
    if is_program:
        return Reason.MAILER
    said = " ".join(said.split())[:3_000]
    by_words = next((reason for reason, pattern in WORDS if pattern.search(said)), Reason.OTHER)
    by_status = _of_status(status)
    if by_words is Reason.POLICY and status[1:] in {".1.1", ".1.2", ".1.3", ".1.6", ".1.10"}:
        return by_status
    if by_words is Reason.UNKNOWN_USER:
        return _unknown_user(status, command, said)
    if by_words in {Reason.MOVED, Reason.UNKNOWN_HOST} and status.startswith("4") and status[2:] != "1.1":
        return Reason.NETWORK
    if by_words is Reason.OTHER or (by_words in _VAGUE and by_status not in {Reason.OTHER, Reason.NETWORK}):
        return _softened(by_status, status, code) if by_words is Reason.OTHER or by_status in HARD else by_words
    return by_words


def _of_status(status: str) -> Reason:
    tail = status[2:]
    return _BY_STATUS.get(tail) or _BY_CLASS.get(tail[:1], Reason.OTHER)


def _softened(reason: Reason, status: str, code: str) -> Reason:
    """A bare code of the fourth class never means that somebody is gone."""
    if reason in HARD and (status.startswith("4") or (not status and code.startswith("4"))):
        return Reason.NETWORK
    if reason is Reason.OTHER and code in {"550", "551", "553"} and not status:
        return Reason.FILTERED
    return reason


def _unknown_user(status: str, command: str, said: str) -> Reason:
    """“Unknown” is only believed before the content was seen: filters say it, too, to be left in peace."""
    tail = status[2:]
    if tail in {"1.0", "1.1", "1.3", "1.6", "1.9", "1.10"}:
        return Reason.UNKNOWN_USER
    if re.search(r"(?:doesn'?t|does not) have an? \S+ account", said, re.IGNORECASE):
        return Reason.UNKNOWN_USER
    if re.search(r"unverified|verification (?:is )?in progress|temporar|try again|later", said, re.IGNORECASE):
        return Reason.SYSTEM
    if tail.startswith(("2.0", "2.4", "7.")) and command != "RCPT":
        return Reason.FILTERED
    if command == "DATA":
        return Reason.FILTERED
    return Reason.UNKNOWN_USER
