"""What was changed in a text that came from Shopify, in sentences."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from regulars.segments.language.scanning import Sort, scan

_FRAME = re.compile(r"^\s*FROM\s+\w+", re.IGNORECASE)
_SHOW = re.compile(r"\bSHOW\b(?P<names>.*?)\b(?:WHERE|ORDER\s+BY|GROUP\s+BY|LIMIT|$)", re.IGNORECASE | re.DOTALL)
_ORDER = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_OLDER = re.compile(r"\b\w+\s*\(\s*\w+\s*:", re.IGNORECASE)
_AGO = re.compile(r"\b\d+_(?:day|week|month|year)s?_ago\b", re.IGNORECASE)


def changes(text: str, canonical: str) -> list[str]:
    """What reading a text left out or wrote anew; nothing where it is as it was."""
    bare = re.sub(r"'(?:\\.|[^'\\])*'", "''", text)
    found = []
    if _FRAME.search(bare):
        found.append(_("The frame FROM … SHOW … WHERE was understood: only the condition is kept."))
    if _ORDER.search(bare):
        found.append(_("ORDER BY was left out: a group has no order, its list can be sorted."))
    if _OLDER.search(bare):
        found.append(_("The older spelling with brackets and colons was written anew with MATCHES."))
    if _AGO.search(bare):
        found.append(_("Dates such as 30_days_ago are written as -30d."))
    if not found and _words(bare) != _words(re.sub(r"'(?:\\.|[^'\\])*'", "''", canonical)):
        found.append(_("Spelling and brackets were tidied; it means the same."))
    return found


def _words(text: str) -> list[str]:
    return [token.text.casefold() for token in scan(text) if token.sort is not Sort.END]
