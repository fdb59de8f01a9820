"""The cells of a sheet as text: as a person reads them, but with dates as ISO and numbers as plain digits."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import IO, Protocol
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from regulars.core.tabular.markup import damaged, feed, new_parser
from regulars.core.tabular.table import CELL_LIMIT, CELLS_LIMIT, Line, letters_of


class FormatKind(Enum):
    """What a number format makes of a number."""

    NUMBER = 0
    DATE = 1
    TIME = 2
    DURATION = 3


_FORMULA_SHOWN = 8_192  # the longest formula that a spreadsheet takes
_FORMULA_PIECES = 64

# A format of zeros alone pads with zeros: its width.
Format = FormatKind | int


class Texts(Protocol):
    """Shared texts by number."""

    def __getitem__(self, number: int) -> str: ...


class SheetReader:
    """Reads the XML of a sheet row by row. Handlers run for every tag of a sheet, so they are kept few and short."""

    def __init__(self, texts: Texts, formats: list[Format], *, is_1904: bool) -> None:
        self._texts, self._formats = texts, formats
        self._epoch = dt.datetime(1904, 1, 1) if is_1904 else dt.datetime(1899, 12, 30)  # noqa: DTZ001 — a sheet has no zone
        self._columns: dict[str, int] = {}
        self._lines: list[Line] = []
        self._row = 0
        self._cells: list[str] = []
        self._column = -1
        self._problem = ""
        self._value: list[str] = []
        self._size = 0
        self._cell: dict[str, str] = {}
        self._is_value = self._has_formula = self._is_in_formula = self._is_aid = False
        self._formula: list[str] = []

    def read(self, stream: IO[bytes]) -> Iterator[Line]:
        """Every row that has cells, numbered as the spreadsheet numbers it."""
        parser = new_parser()
        starts, ends = self._handlers()
        names: dict[str, str] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            try:
                short = names[name]
            except KeyError:
                short = names[name] = name.rpartition("}")[2]
            if short in starts:
                starts[short](attributes)

        def end(name: str) -> None:
            short = names[name]
            if short in ends:
                ends[short]()

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = self._text
        for _fed in feed(parser, stream):
            lines, self._lines = self._lines, []
            yield from lines

    def _handlers(self) -> tuple[dict[str, Callable[[dict[str, str]], None]], dict[str, Callable[[], None]]]:
        return {
            "c": self._start_cell,
            "v": self._start_value,
            "t": self._start_value,
            "f": self._start_formula,
            "rPh": self._start_aid,
            "row": self._start_row,
        }, {
            "c": self._end_cell,
            "v": self._end_value,
            "t": self._end_value,
            "f": self._end_formula,
            "rPh": self._end_aid,
            "row": self._end_row,
        }

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._cells, self._column, self._problem = [], -1, ""
        number = attributes.get("r", "")
        self._row = int(number) if number.isdecimal() else self._row + 1

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._cell = attributes
        self._value, self._size = [], 0
        self._has_formula = False
        reference = attributes.get("r")
        if reference:
            letters = reference.rstrip("0123456789")
            column = self._columns.get(letters)
            self._column = self._place(letters) if column is None else column
        else:
            self._column += 1
        if self._column >= CELLS_LIMIT:
            raise damaged()

    def _start_value(self, _attributes: dict[str, str]) -> None:
        self._is_value = not self._is_aid

    def _start_formula(self, _attributes: dict[str, str]) -> None:
        self._has_formula = self._is_in_formula = True
        self._formula = []

    def _end_formula(self) -> None:
        self._is_in_formula = False

    def _start_aid(self, _attributes: dict[str, str]) -> None:
        self._is_aid = True

    def _text(self, text: str) -> None:
        if self._is_value and self._size <= CELL_LIMIT:
            self._value.append(text)
            self._size += len(text)
        elif self._is_in_formula and len(self._formula) < _FORMULA_PIECES:
            self._formula.append(text)

    def _end_value(self) -> None:
        self._is_value = False

    def _end_aid(self) -> None:
        self._is_aid = False

    def _end_cell(self) -> None:
        value = "".join(self._value)
        if value:
            text = self._read_cell(value)
        elif self._has_formula and self._cell.get("t") != "str":
            self._spoil(
                _("Cell %(cell)s holds a formula without a result; open the file in a spreadsheet and save it.")
            )
            # so that it stands in the file that goes back
            text = "=" + "".join(self._formula)[:_FORMULA_SHOWN]
        else:
            return
        cells = self._cells
        missing = self._column - len(cells)
        if missing > 0:
            cells.extend([""] * missing)
        if missing >= 0:
            cells.append(text)
        else:
            cells[self._column] = text

    def _end_row(self) -> None:
        if self._cells or self._problem:
            self._lines.append(Line(self._row, self._cells, self._problem))

    def _read_cell(self, value: str) -> str:
        """The text of a cell that holds `value`."""
        kind = self._cell.get("t", "n")
        if kind == "n":
            return self._number(value)
        if kind == "s":
            try:
                text = self._texts[int(value)]
            except (IndexError, ValueError) as problem:
                raise damaged() from problem
        elif kind in {"str", "inlineStr"}:
            text = unescaped(value)
        elif kind == "b":
            return "true" if value == "1" else "false"
        elif kind == "d":
            return value.replace("T", " ").removesuffix(" 00:00:00")
        elif kind == "e":
            self._spoil(_("Cell %(cell)s holds an error of the spreadsheet, %(error)s."), error=value)
            return value
        else:
            raise damaged()
        if len(text) > CELL_LIMIT:
            self._spoil(_("Cell %(cell)s is longer than %(limit)d characters."), limit=CELL_LIMIT)
            return text[:1000] + "…"
        if "\0" in text:
            self._spoil(_("Cell %(cell)s contains a NUL character."))
            return text.replace("\0", "␀")
        return text

    def _number(self, value: str) -> str:
        style = self._cell.get("s", "0")
        kind: Format = FormatKind.NUMBER
        if style != "0":
            index = int(style) if style.isdecimal() else 0
            if index < len(self._formats):
                kind = self._formats[index]
        if kind is FormatKind.NUMBER:
            if value.isdecimal():
                return value
            return _plain(value)
        if isinstance(kind, int):
            plain = _plain(value)
            return plain.zfill(kind) if plain.isdecimal() else plain
        try:
            return self._moment(float(value), kind)
        except (ValueError, OverflowError):
            return _plain(value)

    def _moment(self, serial: float, kind: FormatKind) -> str:
        """A day as the sheet counts it. Day 60 of the older epoch never was; days before it are one off."""
        seconds = round(serial * 86_400)
        if kind is FormatKind.DURATION or (kind is FormatKind.TIME and 0 <= seconds < 86_400):
            hours, rest = divmod(seconds, 3600)
            return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
        if seconds < 61 * 86_400 and self._epoch.year == 1899:
            seconds += 86_400
        moment = self._epoch + dt.timedelta(seconds=seconds)
        return moment.isoformat(" ") if seconds % 86_400 else moment.date().isoformat()

    def _spoil(self, sentence: str, **words: object) -> None:
        """The row cannot be used; the first reason is said."""
        if not self._problem:
            self._problem = sentence % {"cell": f"{letters_of(self._column)}{self._row}", **words}

    def _place(self, letters: str) -> int:
        number = 0
        for letter in letters.upper():
            if not "A" <= letter <= "Z" or len(letters) > 3:
                raise damaged()
            number = number * 26 + ord(letter) - 64
        self._columns[letters] = number - 1
        return number - 1


def _plain(value: str) -> str:
    """A number without exponent, without “.0”, and without the noise of its binary form."""
    try:
        number = float(value)
    except ValueError:
        return value
    if number != number or number in (float("inf"), float("-inf")):
        return value
    if number.is_integer():
        # a spreadsheet keeps 15 digits; what it made of a longer one must not look like all of it
        return str(int(number)) if abs(number) < 1e15 else format(number, ".15G")
    text = repr(number)
    return format(number, ".15f").rstrip("0") if "e" in text else text


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def unescaped(text: str) -> str:
    """What XML cannot hold is written _x000D_ in a workbook."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


# The formats that every spreadsheet knows by number; 27 to 36 and 50 to 58 are dates in East Asia.
_BUILT_IN: dict[int, Format] = {
    **dict.fromkeys((14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 55), 57, 58), FormatKind.DATE),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), FormatKind.TIME),
    46: FormatKind.DURATION,
}
_NOT_OF_THE_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)


def formats_of(styles: Element) -> list[Format]:
    """What each style of cells makes of a number, in the order cells refer to them."""
    own: dict[int, Format] = {}
    for element in styles.iter("numFmt"):
        if (name := element.get("numFmtId", "")).isdecimal():
            own[int(name)] = _kind_of(element.get("formatCode", ""))
    formats: list[Format] = []
    for styles_of_cells in styles.iter("cellXfs"):
        for element in styles_of_cells.iter("xf"):
            name = element.get("numFmtId", "")
            number = int(name) if name.isdecimal() else 0
            formats.append(own.get(number, _BUILT_IN.get(number, FormatKind.NUMBER)))
    return formats


def _kind_of(code: str) -> Format:
    code = _NOT_OF_THE_FORMAT.sub("", code.partition(";")[0]).lower()
    if "[h" in code or "[m" in code or "[s" in code:
        return FormatKind.DURATION
    if re.search(r"[dy年月日]|e(?![+-])|\bm{3,}", code):
        return FormatKind.DATE
    if re.search(r"[hs时時]", code):
        return FormatKind.TIME
    if re.fullmatch(r"0{2,}", code):
        return len(code)
    return FormatKind.DATE if "m" in code else FormatKind.NUMBER
