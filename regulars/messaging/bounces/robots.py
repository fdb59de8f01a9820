# ruff: noqa: E501 — a line is what servers say for one thing
"""Answers that nobody wrote: vacation notices and confirmations of receipt. They never say that a mail did not arrive."""

from __future__ import annotations

import re

from regulars.messaging.bounces.mime import Part, words

_HEADERS = (
    ("auto-submitted", re.compile(r"auto-replied", re.IGNORECASE)),
    ("x-autoreply", re.compile(r"\S")),
    ("x-autorespond", re.compile(r"\S")),
    ("x-autoresponder", re.compile(r"\S")),
    ("x-auto-reply", re.compile(r"\S")),
    ("x-autoreply-from", re.compile(r"\S")),
    ("x-mail-autoreply", re.compile(r"\S")),
    ("x-vacation", re.compile(r"\S")),
    ("x-apple-action", re.compile(r"vacation", re.IGNORECASE)),
    ("precedence", re.compile(r"auto[_-]reply", re.IGNORECASE)),
    ("x-precedence", re.compile(r"auto[_-]reply", re.IGNORECASE)),
    ("delivered-to", re.compile(r"\Aautoresponder\Z", re.IGNORECASE)),
    ("x-ms-exchange-inbox-rules-loop", re.compile(r"\S")),
    ("x-ms-exchange-generated-message-source", re.compile(r"oof|out of office|mailbox rules", re.IGNORECASE)),
    ("x-pm-autoreply", re.compile(r"\S")),
    ("x-zendesk-auto-responder", re.compile(r"\S")),
)
_SUBJECT = re.compile(
    r"\A\W*(?:(?:re|aw|sv|fwd?)\s*:\s*)?\W*(?:"
    r"auto(?:matic|matische|mated)?[ \-:]*(?:reply|response|responder|antwort|svar)|autoreply|autoresponse|out[ -]of[ -](?:the[ -])?office|"
    r"vacation(?: reply| message| notice)?\s*:|on vacation\b|away from (?:my|the) (?:office|mail|desk)|i am (?:currently )?(?:away|out of)|"
    r"abwesen(?:heit|d)|auto(?:matische)? ?antwort|r[ée]ponse automatique|absence du bureau|absent du bureau|respuesta autom[áa]tica|"
    r"fuera de (?:la )?oficina|risposta automatica|fuori sede|resposta autom[áa]tica|automatisch antwoord|afwezig|autosvar|automatiskt svar|frånvaro|"
    r"odpowiedź automatyczna|автоответ|自动回复|自動回覆|自動返信|자동 ?회신|不在|外出"
    r")",
    re.IGNORECASE,
)


def is_auto_reply(mail: Part) -> bool:
    """Whether a robot answers, by its headers (RFC 3834, and what programs used before), or by how its subject begins."""
    if any(pattern.search(value) for name, pattern in _HEADERS for value in _values(mail, name)):
        return True
    return bool(_SUBJECT.match(words(mail.get("subject")).strip()))


def _values(mail: Part, name: str) -> list[str]:
    return [value for one, value in mail.headers if one == name]
