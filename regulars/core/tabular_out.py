"""CSV that a spreadsheet opens without running anything in it, and that we read back as it was."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import TextIO

_SIGNS = "=+\\-@＝＋－＠﹦﹢﹣﹫−"
# A spreadsheet takes a cell for a formula by its first character, some after leaving out spaces, quotes and what cannot
# be seen; a tab or a line end in front shifts the formula into the next cell.
_STARTS_FORMULA = re.compile(
    rf"'*(?:[\t\r\n]|[\s\"“”„'\u00ad\u200b-\u200f\u2060\ufeff]*[{_SIGNS}]|DDE\s*\()", re.IGNORECASE
)
_PLAIN = re.compile(r"[-+](?:\d[\d .,]*%?)?")
_SUSPECTS = frozenset(
    "=+-@＝＋－＠﹦﹢﹣﹫−'\"“”„\t\r\n \u00a0\u3000\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeffDd"
)


class SafeWriter:
    """A CSV writer whose cells are never formulas: one apostrophe goes before what could be taken for one.

    Plain numbers (-12.50) and phone numbers (+49 30 1234) stay as they are. `restored` takes the apostrophe off again,
    and open_table() does so with every text table. Give it a stream of utf-8-sig, by which spreadsheets know UTF-8.
    """

    def __init__(self, stream: TextIO, *, delimiter: str = ",") -> None:
        self._writer = csv.writer(stream, delimiter=delimiter)

    def writerow(self, cells: Sequence[object]) -> None:
        """Write one row; None is an empty cell."""
        self._writer.writerow([neutral("" if cell is None else str(cell)) for cell in cells])

    def writerows(self, rows: Iterable[Sequence[object]]) -> None:
        """Write many rows."""
        for row in rows:
            self.writerow(row)


def neutral(text: str) -> str:
    """The text as a cell that is no formula."""
    if text[:1] in _SUSPECTS and _STARTS_FORMULA.match(text) and not _PLAIN.fullmatch(text):
        return f"'{text}"
    return text


def restored(text: str) -> str:
    """What `neutral` was given."""
    return text[1:] if text.startswith("'") and _STARTS_FORMULA.match(text, 1) else text
