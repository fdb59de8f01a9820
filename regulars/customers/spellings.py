"""The same name in other letters: Müller is typed Mueller as well, and O'Brien OBrien.

A name is found in both spellings whichever of them is kept: the search text has a line more for the few names that have
one, and a search tries both where what is typed has one. Guessing backwards, that every “ue” may be an “ü”, would find
Michal for Michael.
"""

from __future__ import annotations

import unicodedata

from regulars.core.text import fold

_WITH_E = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_SPELT_OUT = str.maketrans(_WITH_E | {letter.upper(): letters for letter, letters in _WITH_E.items()})
LETTERS = "".join(chr(code) for code in _SPELT_OUT)
APOSTROPHE = "'"  # every apostrophe of a text is folded to this one


def other_spellings(text: str) -> list[str]:
    """The folded text with its umlauts spelt out, without its apostrophes, and both; nothing where it has neither."""
    folded = fold(text)
    found: dict[str, None] = {}
    if not text.isascii():
        found[fold(unicodedata.normalize("NFC", text).translate(_SPELT_OUT))] = None
    for spelling in (folded, *found):
        found[spelling.replace(APOSTROPHE, "")] = None
    found.pop(folded, None)
    found.pop("", None)
    return list(found)
