"""Which languages articles are written in, which of them somebody reads, and which of ours the page around is in."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from regulars.core import shop
from regulars.messaging import library

NAMES: Final = dict(library.LANGUAGES)
"""The languages that texts can be written in, each called as its readers call it."""

_MOST_ASKED: Final = 10


def known(language: str) -> str:
    """The language of ours that a code means (zh-CN, zh_Hans and zh are zh-hans); empty where there is none."""
    asked = language.strip().lower().replace("_", "-")
    main = asked.partition("-")[0]
    return next((code for code in NAMES if code == asked or (main and code.partition("-")[0] == main)), "")


def asked_by(header: str) -> list[str]:
    """The languages of an Accept-Language header that we know, the most wanted first."""
    wanted = []
    for place, part in enumerate(header[:400].split(",")[:_MOST_ASKED]):
        code, _semicolon, quality = part.partition(";")
        try:
            weight = float(quality.partition("=")[2] or 1)
        except ValueError:
            weight = 0.0
        if (found := known(code)) and weight > 0:
            wanted.append((-weight, place, found))
    return list(dict.fromkeys(found for _weight, _place, found in sorted(wanted)))


def best(there: Collection[str], wanted: Iterable[str]) -> str:
    """The language a text is shown in: the first wanted one it has, else the shop's, else English, else any."""
    for language in (*wanted, known(shop.current().language), "en"):
        if language in there:
            return language
    return min(there, default="")


def page_language(language: str) -> str:
    """The language of the page around a text: Chinese for Chinese, English for the rest."""
    return "zh-hans" if language.startswith("zh") else "en"


def tag(language: str) -> str:
    """A language as pages say it: zh-hans is zh-Hans."""
    return "zh-Hans" if language == "zh-hans" else language
