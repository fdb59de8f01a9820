"""The words of a text or a question: folded, without their endings; Chinese two characters at a time."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from regulars.core.text import fold

LONGEST: Final = 48  # bytes of a word in the index

_RUN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]+|[^\W_\u3400-\u9fff]+")
_IS_CHINESE: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_ENDINGS: Final = ("ing", "ies", "es", "ed", "s")
_SHORTEST: Final = 3
_EMPTY: Final = frozenset(
    ["a", "about", "an", "and", "any", "are", "at", "can", "could", "do", "does", "for", "from", "get", "have", "how",
     "i", "if", "in", "is", "it", "me", "my", "of", "on", "or", "please", "the", "there", "this", "to", "we", "what",
     "when", "where", "which", "who", "why", "will", "with", "you", "your",
     "das", "der", "die", "ein", "eine", "ich", "ist", "kann", "und", "wie", "wo"]
)  # fmt: skip
_CHINESE_EMPTY: Final = re.compile(
    "怎么样|怎么办|怎么|如何|什么时候|什么|请问|可以|能不能|我想|我要|你们|我们|哪里|哪儿|多少|[我你您的了吗呢吧啊请]"
)


def stem(word: str) -> str:
    """A Latin word without the usual endings of English, as long as enough of it is left."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def of_text(title: str, body: str) -> dict[bytes, int]:
    """The words of a text, and how much each says there: those of the title five times as much."""
    weights: Counter[str] = Counter()
    for word, count in Counter(_all(body)).items():
        weights[word] += min(count, 4)
    for word in set(_all(title)):
        weights[word] += 5
    return {_bytes(word): weight for word, weight in weights.items()}


def of_question(text: str) -> list[bytes]:
    """The words that somebody looks for, without those that say nothing, unless there are no others."""
    folded = fold(text[:200])
    wanted = [word for word in _all(_CHINESE_EMPTY.sub(" ", folded), is_question=True) if word not in _EMPTY]
    return list(dict.fromkeys(_bytes(word) for word in wanted or _all(folded, is_question=True)))[:12]


def is_chinese(word: bytes) -> bool:
    """Whether a word of the index is a piece of Chinese."""
    return bool(_IS_CHINESE.match(word.decode(errors="ignore")))


def _all(text: str, *, is_question: bool = False) -> list[str]:
    found = []
    for run in _RUN.findall(fold(text)):
        if not _IS_CHINESE.match(run):
            found.append(stem(run) if run not in _EMPTY else run)
        elif is_question:
            found += [run[place : place + 2] for place in range(len(run) - 1)] or [run]
        else:  # the last character alone, so that each one begins something
            found += [run[place : place + 2] for place in range(len(run))]
    return found


def _bytes(word: str) -> bytes:
    return word.encode()[:LONGEST].decode(errors="ignore").encode()
