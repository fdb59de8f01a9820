"""Text tables, line by line: quotes that embrace line ends, and every way in which a line can be broken."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from django.utils.translation import gettext as _

from regulars.core.tabular.table import CELL_LIMIT, Line, Unreadable
from regulars.core.tabular_out import restored

LINE_LIMIT = 1_000_000  # characters of one line, and of one record that quotes spread over several lines
RECORD_LINES = 1_000  # lines that one pair of quotes may embrace
_SHOWN = 1_000  # characters that are handed back of a line that is too long

# The reader's own limit is for the whole process; a record is never longer than ours, so it may as well be that.
csv.field_size_limit(max(csv.field_size_limit(), 2 * LINE_LIMIT))

_UNDECODED = re.compile("[\udc00-\udcff]")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a text table is written. `skips_space`: quotes may stand after a space behind the delimiter.

    `doubt` is another encoding that the bytes might be, where they hardly prefer one.
    """

    encoding: str
    delimiter: str
    skips_space: bool = False
    doubt: str = ""
    quote: str = '"'


def records(path: Path, dialect: Dialect) -> LineReader:
    """All records of a file, as an iterator that holds one record at a time."""

    def opened() -> TextIO:
        stream = path.open(encoding=dialect.encoding, errors="regulars.mark", newline="")
        stream._CHUNK_SIZE = 1 << 16  # type: ignore[attr-defined]  # 8 KiB, the default, costs a tenth of the speed
        return stream

    return LineReader(opened, dialect)


class LineReader:
    """Records of a text table. `width` is how many cells a record should have, once that is known."""

    def __init__(self, opened: Callable[[], TextIO], dialect: Dialect) -> None:
        self.width: int | None = None
        self._opened, self._dialect = opened, dialect

    def __iter__(self) -> Iterator[Line]:
        try:
            with self._opened() as stream:
                yield from self._records(_Lines(stream))
        except OSError as problem:
            raise Unreadable(
                _("The file breaks off: %(reason)s.") % {"reason": problem.strerror or problem}
            ) from problem

    def _records(self, lines: _Lines) -> Iterator[Line]:
        delimiter = self._dialect.delimiter
        quote = self._dialect.quote
        quoted = csv.reader(
            lines, delimiter=delimiter, strict=True, skipinitialspace=self._dialect.skips_space, quotechar=quote
        )
        take = lines.take
        while text := take():
            if quote in text:
                yield self._quoted(lines, quoted, text)
            elif len(text) >= LINE_LIMIT:
                yield _too_long(lines, text, delimiter)
            elif "\0" in text or (not text.isascii() and _UNDECODED.search(text)):
                yield _unusable(lines.number, [text], delimiter)
            else:
                # the way that nearly all lines take
                cells = text.rstrip("\r\n").split(delimiter)
                if "'" in text:
                    cells = self._restored(cells)
                if len(text) > CELL_LIMIT and any(len(cell) > CELL_LIMIT for cell in cells):
                    yield Line(lines.number, _cut(cells), _cell_too_long())
                else:
                    yield Line(lines.number, cells)

    @staticmethod
    def _restored(cells: list[str]) -> list[str]:
        # most apostrophes stand in the middle of a name
        return [restored(cell) if cell[:1] == "'" else cell for cell in cells]

    def _quoted(self, lines: _Lines, quoted: Iterator[list[str]], text: str) -> Line:
        """A record with quotes in it: one line, or several.

        1. The reader takes lines until its quotes are closed, at most RECORD_LINES and LINE_LIMIT characters.
        2. Where they never are, or text follows a closing quote, or the record so found has not the header's number
           of cells (a quote that was left open met one that opens another cell), only the first line is at fault:
           it is reported, and reading goes on with the next line. So one bad quote costs one line.
        """
        number = lines.number
        lines.begin(text)
        problem = ""
        try:
            cells = next(quoted)
        except StopIteration:
            # The reader answers so where it stood before its first character; an empty record cannot have a quote.
            cells = []
        except csv.Error as error:
            cells = []
            if "end of data" in str(error) or len(lines.taken) > 1:
                problem = _("A quotation mark is opened here and not closed.")
            else:
                problem = _("Text stands behind a closing quotation mark; write quotation marks inside a cell twice.")
        taken = lines.taken
        if len(text) >= LINE_LIMIT:
            return _too_long(lines, text, self._dialect.delimiter)
        if not problem and len(taken) > 1 and self.width is not None and len(cells) != self.width:
            problem = _("A quotation mark is opened here and not closed.")
        if problem:
            lines.give_back(taken[1:])
            return Line(number, _shown([text], self._dialect.delimiter), problem)
        whole = text if len(taken) == 1 else "".join(taken)
        if "\0" in whole or (not whole.isascii() and _UNDECODED.search(whole)):
            return _unusable(number, taken, self._dialect.delimiter)
        if len(whole) > CELL_LIMIT and any(len(cell) > CELL_LIMIT for cell in cells):
            return Line(number, _cut(cells), _cell_too_long())
        return Line(number, cells if "'" not in whole else self._restored(cells))


class _Lines:
    """Physical lines that can be given back. As an iterator it feeds one record to the csv reader."""

    def __init__(self, stream: TextIO) -> None:
        self.number = 0
        self.taken: list[str] = []
        self.size = 0
        self._readline = stream.readline
        self._waiting: deque[str] = deque()
        self._first = ""

    def take(self) -> str:
        """The next line with its end, or at most LINE_LIMIT characters of it; empty at the end of the file."""
        text = self._waiting.popleft() if self._waiting else self._readline(LINE_LIMIT)
        self.number += 1
        return text

    def begin(self, text: str) -> None:
        """A record begins with this line, already taken."""
        self._first, self.taken, self.size = text, [], 0

    def give_back(self, lines: list[str]) -> None:
        """Take these, the last taken, once more."""
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)

    def skip_rest(self) -> None:
        """Leave out what remains of a line of which LINE_LIMIT characters were taken."""
        while (rest := self._readline(LINE_LIMIT)) and not rest.endswith(("\n", "\r")):
            pass

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._first:
            text, self._first = self._first, ""
        elif len(self.taken) >= RECORD_LINES or self.size >= LINE_LIMIT or not (text := self.take()):
            raise StopIteration
        self.taken.append(text)
        self.size += len(text)
        return text


def _too_long(lines: _Lines, text: str, delimiter: str) -> Line:
    if not text.endswith(("\n", "\r")):
        lines.skip_rest()
    return Line(
        lines.number,
        _shown([text[:_SHOWN] + "…"], delimiter),
        _("The line is longer than %(limit)d characters.") % {"limit": LINE_LIMIT},
    )


def _unusable(number: int, parts: list[str], delimiter: str) -> Line:
    text = "".join(parts)
    if "\0" in text:
        return Line(number, _shown(parts, delimiter), _("The line contains a NUL character."))
    return Line(
        number,
        _shown(parts, delimiter),
        _("The line contains bytes that are no characters in the file's encoding (shown as \\x…)."),
    )


def _shown(parts: list[str], delimiter: str) -> list[str]:
    """The cells of a line that cannot be used, with what cannot be written made visible."""
    text = "".join(parts).rstrip("\r\n").replace("\0", "␀")
    text = _UNDECODED.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text)
    return _cut(text.split(delimiter))


def _cut(cells: list[str]) -> list[str]:
    return [cell if len(cell) <= CELL_LIMIT else cell[:_SHOWN] + "…" for cell in cells]


def _cell_too_long() -> str:
    return _("A cell is longer than %(limit)d characters.") % {"limit": CELL_LIMIT}


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Decode what cannot be decoded to marks, each of which holds its byte (PEP 383, for every encoding)."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("regulars.mark", _mark)


def sample_records(text: str, dialect: Dialect) -> LineReader:
    """The records of a piece of text, to try a dialect on it."""
    return LineReader(lambda: io.StringIO(text, newline=""), dialect)
