"""How well the visible part of a reply is told from quotations and signatures, beside the libraries for Python.

`REPLIES` names a folder with the collections of crisp-oss/email-reply-parser, alfonsrv/mail-parser-reply and
github/email_reply_parser (all MIT); without it there is nothing to measure. `bench/replies.json` says which lines (of
those that are not empty) a person wrote. “Answers of the source” are mails that begin with the same five lines, which
the source's own tests expect. The other answers were read by eye, beginning with what ours had found: they say what was
meant, and flatter ours. The rules were made with all of these mails in view; none was kept back.

A mail counts as right if exactly the author's lines are found. Closings and names may be there or not, and so may
quotations between inline answers, because the libraries differ in what they mean to show. Libraries that are not
installed are left out.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.result import Options, Result, median_seconds

_ANSWERS = Path(__file__).with_suffix(".json")
_CLOSING = re.compile(
    r"(?i)\W*(?:best |kind |warm |many )?(?:regards|thanks|cheers|sincerely|mvh|kh|hilsen|med venlig hilsen|pozdrawiam"
    r"|z powazaniem|thank you)\W*$|-\s?\w+|/\w+$"
)
_LANGUAGES = ["en", "de", "fr", "it", "ja", "pl", "nl", "da", "sv", "es", "cs", "zh", "david", "ko"]
_TEXT = "I have a question about order 4806, which came without the cup that I paid for.\n" * 12_500


def measure(options: Options) -> Iterator[Result]:  # noqa: ARG001 — the collections have the size they have
    """Ours beside the best of the others; then how long a million letters take."""
    from regulars.inbox.reading.replies import split

    folder = os.environ.get("REPLIES")
    others = _others()
    for source, name in (("source", "answers of the source"), ("eye", "answers read by eye")):
        chosen = _mails(Path(folder), source) if folder else {}
        if not chosen:
            continue
        ours = _right(chosen, lambda text: split(text).visible)
        scores = {other: _right(chosen, parse) for other, parse in others.items()}
        best = max(scores, key=lambda one: scores[one], default="")
        yield Result(
            f"right, {name}",
            len(chosen),
            "%",
            100 * ours,
            baseline=100 * scores[best] if best else None,
            baseline_name=best,
            note=", ".join(f"{other} {100 * score:.1f} %" for other, score in scores.items()),
        )
    spent = time.process_time()
    seconds = median_seconds(lambda: split(_TEXT), times=3)
    spent = (time.process_time() - spent) / 3
    yield Result("a million letters", len(_TEXT), "ms", 1000 * min(seconds, spent), 100.0, baseline_name="asked for")


def _mails(folder: Path, source: str) -> dict[str, tuple[str, list[str]]]:
    """Every mail that has an answer: its text, and the lines that its author wrote."""
    answers = json.loads(_ANSWERS.read_text(encoding="utf-8"))[source]
    found = {}
    for key, ranges in answers.items():
        text = (folder / key).read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
        lines = _lines(text)
        found[key] = (text, [line for begin, end in ranges for line in lines[begin:end]])
    return found


def _right(mails: dict[str, tuple[str, list[str]]], parse: Callable[[str], str]) -> float:
    return sum(_is_right(parse(text), lines, text) for text, lines in mails.values()) / len(mails)


def _is_right(found: str, wanted: list[str], text: str) -> bool:
    """Whether exactly the author's lines were found, but for what may be there or not."""
    free = _may_be(wanted, text)
    got = [line for line in _lines(found) if line not in free]
    return got == [line for line in wanted if line not in free]


def _may_be(wanted: list[str], text: str) -> set[str]:
    """Closings with the names below them; and between inline answers what they answer."""
    free: set[str] = set()
    closing = next((number for number, line in enumerate(wanted) if number and _CLOSING.match(line)), None)
    if closing is not None:
        free |= set(wanted[closing:])
    everything = _lines(text)
    places = [number for number, line in enumerate(everything) if line in wanted]
    between = everything[places[0] : places[-1] + 1] if places else []
    quoted = {line for line in everything if line.startswith(">") or line.endswith("wrote:")}
    is_inline = any(line.startswith(">") for line in [*between, *everything[: places[0] if places else 0]])
    return free | (quoted if is_inline else set())


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.split("\n") if line.strip()]


def _others() -> dict[str, Callable[[str], str]]:
    """The libraries that are here."""
    found: dict[str, Callable[[str], str]] = {}
    try:
        from mailparser_reply import EmailReplyParser
        from mailparser_reply.constants import MAIL_LANGUAGES

        known = [one for one in _LANGUAGES if one in MAIL_LANGUAGES]
        found["mail-parser-reply"] = lambda text: EmailReplyParser(languages=known).parse_reply(text) or ""
    except ImportError:
        pass
    try:
        from email_reply_parser import EmailReplyParser as Parser

        found["email-reply-parser"] = lambda text: Parser.parse_reply(text) or ""
    except ImportError:
        pass
    try:
        import quotequail

        def unquoted(text: str) -> str:
            return "\n".join(part for is_shown, part in quotequail.quote(text) if is_shown)

        found["quotequail"] = unquoted
    except ImportError:
        pass
    return found
