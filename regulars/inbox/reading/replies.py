"""What somebody wrote, apart from what they quoted and signed with."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.inbox.reading.html import Line


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail's text in three parts."""

    visible: str
    quoted: str = ""
    signature: str = ""


def split(text: str) -> Reply:
    """The parts of a text."""
    return Reply(text)


def split_lines(lines: list[Line]) -> Reply:
    """The parts of a page's text, whose own marks say what is quoted."""
    return split("\n".join(line.plain for line in lines))
