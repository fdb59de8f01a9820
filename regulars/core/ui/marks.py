"""Showing what was found: the part of a text that fits what somebody typed, whatever its accents and capitals."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from regulars.core.text import fold


def marked(text: str, typed: str) -> SafeString:
    """The text with the first place of every typed word in <mark>; unchanged where a word fits in another spelling."""
    folded: list[str] = []
    origin: list[int] = []
    for place, letter in enumerate(text):
        for part in fold(letter) or (" " if letter.isspace() else ""):
            folded.append(part)
            origin.append(place)
    line = "".join(folded)
    spans: list[tuple[int, int]] = []
    for word in fold(typed).split():
        start = line.find(word)
        if start >= 0:
            spans.append((origin[start], origin[start + len(word) - 1] + 1))
    pieces: list[SafeString] = []
    end = 0
    for start, stop in sorted(spans):
        if start < end:
            continue
        pieces += [format_html("{}", text[end:start]), format_html("<mark>{}</mark>", text[start:stop])]
        end = stop
    pieces.append(format_html("{}", text[end:]))
    return format_html_join("", "{}", ((piece,) for piece in pieces))
