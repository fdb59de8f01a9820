"""What a log never holds: addresses, numbers, tokens, passwords, and what people typed.

Logs are copied, mailed and kept by machines that nobody thinks of. They say what went wrong and where; whom it was
about stands in the database, behind its rules.
"""

from __future__ import annotations

import logging
import re
from types import TracebackType

_SECRETS = (
    (re.compile(r"\b(rg[a-z]_|AGE-SECRET-KEY-)[\w-]+"), r"\1…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), r"\1 …"),
    (
        re.compile(
            r"(?i)((?:password|passwd|secret|token|sessionid|csrftoken|api[_-]?key|authorization|cookie)[\"']?\s*[:=]\s*)"
            r"(?:\"[^\"]*\"|'[^']*'|[^\s,;&]+)"
        ),
        r"\1…",
    ),
    # a password in the address of a server
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@"), r"\1:…@"),
    (re.compile(r"[^\s@<>\"'(),;:=/]+(?:@|%40)[^\s@<>\"'(),;:/]+\.[^\s@<>\"'(),;:/]*\w"), "…@…"),
    # what was looked for or typed stands behind the question mark
    (re.compile(r"(/[^\s?\"']*)\?[^\s\"']+"), r"\1?…"),
    (re.compile(r"(?<![\w.:-])(?:\+|00)?\d(?:[ ()/.-]{0,2}\d){8,16}(?![\w:])"), "…"),
)
# PostgreSQL prints the row that broke a rule.
_DETAIL = re.compile(r"(?m)^(DETAIL|CONTEXT|HINT|STATEMENT|PARAMETERS):.*$")
_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|“[^”\n]*”|\((?=[^()\n]*,)[^()\n]*\)")
_LAST_LINE = re.compile(r"(?m)^((?:[A-Za-z_][\w.]*)(?:Error|Exception|Warning|Refused|Interrupt|\w*))(: .*)$")


def redact(text: str) -> str:
    """A line without what it should not hold."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return _DETAIL.sub(r"\1: …", text)


def redact_traceback(text: str) -> str:
    """A traceback: the way stays, and of messages goes whatever they quote, for that is what people sent."""
    return redact(_LAST_LINE.sub(lambda found: found[1] + _QUOTED.sub("…", found[2]), text))


class Redacting(logging.Formatter):
    """Writes log lines without people in them; every handler of the settings uses it."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler may have kept the traceback as it was
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — the library's name
        record.message = redact(record.message)
        return super().formatMessage(record)

    def formatException(  # noqa: N802
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return redact_traceback(super().formatException(ei))
