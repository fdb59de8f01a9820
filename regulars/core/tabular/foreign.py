"""Workbooks of other makes (.xls, .xlsb, .ods), read by python-calamine in a process of its own.

Calamine holds a sheet in memory as a whole, and was not written for files that mean harm. So a second process reads it,
with a limit to its memory, its time and what it writes, and leaves the rows in a nameless file; this process reads
them from there, row by row, as it reads everything else.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from regulars.core.tabular.table import (
    CELL_LIMIT,
    HEADER_WITHIN,
    Finding,
    Line,
    Table,
    Unreadable,
    find_header,
    letters_of,
)

_ROOT = Path(__file__).parents[3]
_MEMORY = 2 << 30
_SECONDS = 300
_SPOOL = 2 << 30
_LOCKED, _NO_SHEET, _EMPTY = 3, 4, 5
_ERRORS = frozenset({"#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!"})


def open_foreign(path: Path, *, kind: str, sheet: str | None = None) -> Table:
    """A sheet of such a workbook as a table: the one named, or the first visible one that is not empty."""
    records = SpooledRecords()
    code, found = records.fill([str(path.resolve()), sheet or ""])
    if code == _LOCKED:
        raise Unreadable(_("The workbook is protected by a password. Save it without one, and try again."))
    if code == _NO_SHEET:
        raise Unreadable(
            _("The workbook has no sheet “%(sheet)s”; it has: %(sheets)s.")
            % {"sheet": sheet, "sheets": ", ".join(found["sheets"])}
        )
    if code == _EMPTY:
        raise Unreadable(_("The workbook is empty."))
    if code:
        raise Unreadable(
            _("The workbook cannot be read: it is damaged, or too large for its kind. Save it as .xlsx or CSV.")
        )
    header, line = find_header(list(islice(records, HEADER_WITHIN)), is_sheet=True)
    return Table(
        header=header,
        header_line=line,
        format=kind,
        encoding="utf-8",
        delimiter="",
        sheet=found["sheet"],
        open_records=lambda: records,
        may_be_short=True,
        sheets=tuple(found["sheets"]),
        findings=sheet_findings(found["sheet"], found["sheets"], found["hidden"]),
    )


def sheet_findings(sheet: str, sheets: list[str], hidden: list[str]) -> tuple[Finding, ...]:
    """What people have to know of the sheets that are not read."""
    others = [name for name in sheets if name != sheet]
    findings = []
    if others:
        sentence = _("The sheet “%(sheet)s” is read; the workbook also has: %(others)s.")
        findings.append(Finding("sheets", len(others), sentence % {"sheet": sheet, "others": ", ".join(others)[:200]}))
    if hidden:
        sentence = _("Hidden sheets are not read: %(names)s.") % {"names": ", ".join(hidden)[:200]}
        findings.append(Finding("hidden_sheets", len(hidden), sentence))
    return tuple(findings)


class SpooledRecords:
    """The rows that the other process left, as often as they are asked for."""

    def __init__(self) -> None:
        self.width: int | None = None
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 — it lives as long as the table

    def __del__(self) -> None:
        self._spool.close()

    def fill(self, arguments: list[str]) -> tuple[int, dict[str, Any]]:
        """Let the other process write; its exit code, and what it says of the workbook."""
        command = [sys.executable, "-m", __spec__.name, *arguments]
        with subprocess.Popen(  # noqa: S603 — ourselves
            command, stdout=self._spool, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=_ROOT
        ) as process:
            try:
                code = process.wait(timeout=_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                code = 1
        self._spool.seek(0)
        said: dict[str, Any] = json.loads(self._spool.readline() or b"{}")
        return code, said

    def __iter__(self) -> Iterator[Line]:
        self._spool.seek(0)
        self._spool.readline()
        place = self._spool.tell()
        while True:
            self._spool.seek(place)
            pieces = self._spool.readlines(1 << 20)
            place = self._spool.tell()
            if not pieces:
                return
            for piece in pieces:
                number, cells = json.loads(piece)
                error = next((cell for cell in cells if cell in _ERRORS), "")
                sentence = _("Cell %(cell)s holds an error of the spreadsheet, %(error)s.")
                column = letters_of(cells.index(error)) if error else ""
                yield Line(number, cells, sentence % {"cell": f"{column}{number}", "error": error} if error else "")


def _convert(path: str, wanted: str) -> int:
    """The other process: write the sheets, then a row a line; answers the exit code."""
    import resource  # noqa: PLC0415 — not where this module is only imported

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_SPOOL, _SPOOL))
    import python_calamine  # noqa: PLC0415

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
    except python_calamine.PasswordError:
        return _LOCKED
    visible = [
        meta.name
        for meta in book.sheets_metadata
        if meta.visible == python_calamine.SheetVisibleEnum.Visible
        and meta.typ == python_calamine.SheetTypeEnum.WorkSheet
    ]
    found = {"sheets": visible, "hidden": [name for name in book.sheet_names if name not in visible], "sheet": wanted}
    if wanted and wanted not in visible:
        print(json.dumps(found))
        return _NO_SHEET
    for name in [wanted] if wanted else visible:
        rows = enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), 1)
        filled = ((number, [_as_text(cell) for cell in row]) for number, row in rows)
        lines = ([number, _trimmed(cells)] for number, cells in filled if any(cells))
        first = next(lines, None)
        if first is not None:
            print(json.dumps(found | {"sheet": name}))
            print(json.dumps(first))
            for line in lines:
                print(json.dumps(line))
            return 0
    print(json.dumps(found))
    return _EMPTY


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _as_text(value: Any) -> str:
    """A cell as sheet.py gives it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(value, ".15g")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    text = value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)
    return text[:CELL_LIMIT].replace("\0", "␀")


if __name__ == "__main__":
    sys.exit(_convert(sys.argv[1], sys.argv[2]))
