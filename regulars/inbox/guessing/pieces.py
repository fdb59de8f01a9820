"""What a text is told by: its words, pairs of words, and runs of two to five characters, in any script.

Numbers, addresses and links say nothing of the topic and much of the person: they are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

LONGEST: Final = 800
"""How much of a text is read: what somebody wants stands at its beginning."""

_ADDRESSES = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+")
_NUMBERS = re.compile(r"[^\W_]*\d[\d.,/:-]*\w*")
_WORD = re.compile(r"\w+")
_RUNS: Final = (2, 3, 4, 5)


def plain(text: str) -> str:
    """The text without what differs between two people who ask the same."""
    folded = unicodedata.normalize("NFKC", text[: 4 * LONGEST]).lower()
    return " ".join(_NUMBERS.sub("0", _ADDRESSES.sub(" ", folded)).split())[:LONGEST]


def words(text: str) -> Iterator[str]:
    """Each word of a plain text, words of one letter too, and each two that stand together."""
    last = ""
    for word in _WORD.findall(text):
        yield word
        if last:
            yield f"{last} {word}"
        last = word


def runs(text: str) -> Iterator[str]:
    """Each run of two to five characters inside a word, with the gaps around it; of Han text, inside a sentence."""
    for word in text.split():
        held = f" {word} "
        for size in _RUNS:
            yield held[:size]
            if size >= len(held):
                break
            for start in range(1, len(held) - size + 1):
                yield held[start : start + size]


BLOCKS: Final[tuple[Callable[[str], Iterator[str]], ...]] = (words, runs)
