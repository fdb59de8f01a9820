"""XLSX written row by row, in constant memory: texts are texts, so that no cell is ever a formula."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO
from xml.sax.saxutils import escape

_ROWS = 1_048_576  # as many rows has a sheet; what is more goes on the next one
_TEXT = 32_767  # as many characters has a cell
_PIECE = 1 << 18
# What XML cannot hold is written _x001F_ in a workbook, and so is what looks like that already.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

Cell = str | int | float | Decimal | None


def workbook(heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, sheet: str) -> Iterator[bytes]:
    """The bytes of a workbook with these rows; numbers are numbers, everything else is text."""
    with tempfile.TemporaryFile() as spool:
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
            count = _sheets(archive, heads, iter(rows))
            _frame(archive, count, sheet)
        spool.seek(0)
        while piece := spool.read(_PIECE):
            yield piece


def _sheets(archive: zipfile.ZipFile, heads: Sequence[str], rows: Iterator[Sequence[Cell]]) -> int:
    """Write as many sheets as it takes; how many that were."""
    waiting = next(rows, None)
    number = 0
    while waiting is not None or number == 0:
        number += 1
        with archive.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as stream:
            stream.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            _row(stream, 1, heads)
            at = 1
            while waiting is not None and at < _ROWS:
                at += 1
                _row(stream, at, waiting)
                waiting = next(rows, None)
            stream.write(b"</sheetData></worksheet>")
    return number


def _row(stream: IO[bytes], number: int, cells: Sequence[Cell]) -> None:
    stream.write(f'<row r="{number}">{"".join(map(_cell, cells))}</row>'.encode())


def _cell(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<c/>"
    if isinstance(cell, int | float | Decimal):
        return f"<c><v>{cell}</v></c>"
    text = escape(_ILLEGAL.sub(lambda found: f"_x{ord(found[0]):04X}_", cell[:_TEXT]))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _frame(archive: zipfile.ZipFile, count: int, sheet: str) -> None:
    numbers = range(1, count + 1)
    names = [sheet if number == 1 else f"{sheet} {number}" for number in numbers]
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{kind}.worksheet+xml"/>'
        for number in numbers
    )
    archive.writestr(
        "[Content_Types].xml",
        f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>{parts}</Types>',
    )
    archive.writestr(
        "_rels/.rels",
        f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
    )
    sheets = "".join(
        f'<sheet name="{escape(name, {chr(34): "&quot;"})[:31]}" sheetId="{number}" r:id="rId{number}"/>'
        for number, name in zip(numbers, names, strict=True)
    )
    archive.writestr(
        "xl/workbook.xml",
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    archive.writestr(
        "xl/_rels/workbook.xml.rels", f'{_HEAD}<Relationships xmlns="{_RELATIONS}">{relations}</Relationships>'
    )
