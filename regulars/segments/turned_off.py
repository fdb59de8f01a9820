"""Lines that somebody turned off in the editor: they begin with two dashes, are left out, and are never saved.

What is left has to read well: the AND or OR that stood between a line and the next goes with it, and brackets that a
line opens or closes for others stay.
"""

from __future__ import annotations

import re

_OFF = re.compile(r"^[ \t]*--[^\n]*", re.MULTILINE)
_TEXT = re.compile(r"'(?:\\.|[^'\\\n])*'?")
_LEADING = re.compile(r"(^|\()(\s*)((?:AND|OR)\b)", re.IGNORECASE)
_TRAILING = re.compile(r"(\b(?:AND|OR)(?:\s+NOT)?|\bNOT)(\s*)(\)|$)", re.IGNORECASE)
_DOUBLE = re.compile(r"(\b(?:AND|OR)\b)(\s+(?:AND|OR)\b)", re.IGNORECASE)
_EMPTY = re.compile(r"(\b(?:MATCHES|IN)\s*)?(?:\bNOT\s*)?\(\s*\)", re.IGNORECASE)


def count(text: str) -> int:
    """How many lines are turned off."""
    return len(_OFF.findall(text))


def without(text: str) -> str:
    """The query that is left. What is taken out is blank, so that every other letter stays at its place."""
    found = _OFF.sub(lambda hit: _brackets(hit[0]), text)
    if found == text:
        return text
    # what stands in quotes is nobody's bracket
    bare = _TEXT.sub(lambda hit: "'" * len(hit[0]), found)
    while True:
        before = bare
        bare = _EMPTY.sub(lambda hit: hit[0] if hit[1] else _blank(hit[0]), bare)
        bare = _LEADING.sub(lambda hit: hit[1] + hit[2] + _blank(hit[3]), bare)
        bare = _TRAILING.sub(lambda hit: _blank(hit[1]) + hit[2] + hit[3], bare)
        bare = _DOUBLE.sub(lambda hit: _blank(hit[1]) + hit[2], bare)
        if bare == before:
            break
    return "".join(" " if new == " " else old for old, new in zip(found, bare, strict=True))


def blanked(text: str) -> str:
    """A text with blanks where lines are turned off, for whoever reads only a part of it."""
    return _OFF.sub(lambda hit: _blank(hit[0]), text)


def _brackets(line: str) -> str:
    """A line that is off, blank but for the brackets that others need: those it opens, with what they are joined by,
    and those it closes.
    """
    bare = _TEXT.sub(lambda hit: "'" * len(hit[0]), line.replace("--", "  ", 1))
    opened: list[int] = []
    closing: list[int] = []
    for place, letter in enumerate(bare):
        if letter == "(":
            opened.append(place)
        elif letter == ")" and opened:
            opened.pop()
        elif letter == ")":
            closing.append(place)
    kept = "".join(letter if place in closing else " " for place, letter in enumerate(line))
    if not opened:
        return kept
    # "AND NOT (a = 1" leaves "AND NOT (" for the lines below
    end = opened[-1] + 1
    return line.replace("--", "  ", 1)[:end] + kept[end:]


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
