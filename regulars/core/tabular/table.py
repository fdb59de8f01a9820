"""What an opened table is: a header, and lines that either fit it or say why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from statistics import median
from typing import ClassVar, NamedTuple, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core.errors import Refusal

CELL_LIMIT = 100_000  # characters; a spreadsheet holds 32,767
CELLS_LIMIT = 16_384  # columns of the largest spreadsheet
HEADER_WITHIN = 50  # lines that may stand above the header


class Unreadable(Refusal):
    """The file as a whole cannot be read as a table."""

    status: ClassVar[int] = HTTPStatus.UNPROCESSABLE_ENTITY
    slug: ClassVar[str] = "unreadable"


class Line(NamedTuple):
    """One row of a table. `number` is the line (or the spreadsheet row) a person finds it at.

    Without a `problem` there are exactly as many cells as the header has. With one, `cells` are what could be made out,
    so that they can be handed back; they are not to be used.
    """

    number: int
    cells: list[str]
    problem: str = ""


class Finding(NamedTuple):
    """What was chosen, mended or left out on the way, so that people can see it: what, how often, and in a sentence."""

    kind: str
    times: int
    sentence: str


class Records(Protocol):
    """An iterator over the rows of a source, header and titles included; `width` is told to it once it is known."""

    width: int | None

    def __iter__(self) -> Iterator[Line]: ...


@dataclass(frozen=True)
class Table:
    """An opened table. `rows()` may be called more than once; each call reads the file from its beginning.

    No name stands twice in the header: a second “email” is called “email (2)”. Columns without one have an empty name.
    """

    header: list[str]
    header_line: int
    format: str
    encoding: str
    delimiter: str
    sheet: str
    open_records: Callable[[], Records]
    may_be_short: bool
    sheets: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    kept: object = None
    """What has to live as long as the table: the file that a packed one was unpacked to."""

    def label(self, column: int) -> str:
        """What people call a column: its heading, or its letter as spreadsheets count."""
        return self.header[column] or _("Column %(letters)s") % {"letters": letters_of(column)}

    def sample(self, count: int) -> list[list[str]]:
        """The cells of the first usable rows; fewer where the file breaks off, which reading it will say."""
        found: list[list[str]] = []
        with suppress(Unreadable):
            found.extend(islice((line.cells for line in self.rows() if not line.problem), count))
        return found

    def rows(self) -> Iterator[Line]:
        """Every row below the header, blank ones left out; raises Unreadable where the file breaks off."""
        width, header_line, may_be_short = len(self.header), self.header_line, self.may_be_short
        # Names end where the last one stands; columns without a name on the right may be missing in a row.
        least = max((i for i, name in enumerate(self.header, 1) if name), default=0)
        records = self.open_records()
        for line in records:
            number, cells, problem = line
            if number <= header_line:
                continue
            records.width = width
            count = len(cells)
            if problem:
                yield line
            elif count == width:
                # any() over the cells is slower than joining them
                if "".join(cells).strip():
                    yield line
            elif not any(cell.strip() for cell in cells):
                continue
            elif count > width:
                if any(cell.strip() for cell in cells[width:]):
                    yield Line(number, cells, _counts(count, width))
                else:
                    yield Line(number, cells[:width])
            elif may_be_short or count >= least:
                yield Line(number, cells + [""] * (width - count))
            else:
                yield Line(number, cells, _counts(count, width))


def find_header(
    records: Iterable[Line], *, is_sheet: bool = False, spanned: frozenset[int] = frozenset()
) -> tuple[list[str], int]:
    """The header's names and its line number, among the first lines of a table.

    1. The usual number of filled cells of the first lines says how wide the table is.
    2. The first line that is at least half as wide, and names things, is the header; titles above it are narrower.
    3. A line of full width that holds numbers, dates or e-mail addresses is data: then the file has no header.
    4. Columns without a name that are used below belong to the table as well: in a sheet always, in a text table where
       the header has a cell for them (else a line has a delimiter too many).
    5. A line of `spanned` has cells over several columns: it groups the names that stand below it, if names do.
    """
    first = list(islice((line for line in records if any(cell.strip() for cell in line.cells)), HEADER_WITHIN))
    if not first:
        raise Unreadable(_("The file is empty."))
    usual = median(_filled(line) for line in first)
    for line, below in zip(first, [*first[1:], None], strict=True):
        filled = _filled(line)
        if line.number in spanned and below and _filled(below) > filled and _are_names(_texts(below)):
            continue
        if filled * 2 < usual or (filled < 2 <= usual):
            continue
        if line.problem:
            raise Unreadable(
                _("The header of the file cannot be read. Line %(number)d: %(problem)s")
                % {"number": line.number, "problem": line.problem}
            )
        # a second byte-order mark is no part of a name
        names = [" ".join(cell.replace("\ufeff", "").split()) for cell in line.cells]
        while names and not names[-1]:
            names.pop()
        if _are_names([name for name in names if name]):
            limit = CELLS_LIMIT if is_sheet else len(line.cells)
            used = max((_extent(later) for later in first if later.number > line.number), default=0)
            names += [""] * (min(used, limit) - len(names))
            return _told_apart(names), line.number
        if filled >= usual:
            break
    raise Unreadable(
        _(
            "The file has no header: line %(number)d should name the columns (such as name, e-mail, phone), "
            "but it holds data."
        )
        % {"number": first[0].number}
    )


def _texts(line: Line) -> list[str]:
    return [text for cell in line.cells if (text := cell.strip())]


def _extent(line: Line) -> int:
    """How many cells a line has up to the last filled one."""
    return max((place for place, cell in enumerate(line.cells, 1) if cell.strip()), default=0)


def _told_apart(names: list[str]) -> list[str]:
    """The same names, each different: a second “email” becomes “email (2)”."""
    taken = {name.casefold() for name in names}
    seen: set[str] = set()
    for place, name in enumerate(names):
        if name and name.casefold() in seen:
            number = 2
            while f"{name} ({number})".casefold() in taken:
                number += 1
            names[place] = f"{name} ({number})"
            taken.add(names[place].casefold())
        seen.add(name.casefold())
    return names


def letters_of(column: int) -> str:
    """What a spreadsheet calls a column: A for 0, AA for 26."""
    letters = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def _filled(line: Line) -> int:
    return sum(1 for cell in line.cells if cell.strip())


_NUMBER = re.compile(r"[-+(]?[\d\s.,:/%()+-]*\d[\d\s.,:/%()-]*(?:[TZ][\d:.Z+-]*)?")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def _are_names(cells: list[str]) -> bool:
    """Whether these can be the names of columns: no e-mail address, and not mostly numbers or dates."""
    if any(_EMAIL.fullmatch(cell) for cell in cells):
        return False
    return sum(1 for cell in cells if len(cell) < 40 and _NUMBER.fullmatch(cell)) * 2 < len(cells)


def _counts(count: int, width: int) -> str:
    return ngettext(
        "The line has %(count)d cell, the header has %(width)d.",
        "The line has %(count)d cells, the header has %(width)d.",
        count,
    ) % {"count": count, "width": width}
