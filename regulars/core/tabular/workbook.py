"""XLSX: the workbook around a sheet: which sheets there are, what its shared texts and its number formats are."""

from __future__ import annotations

import mmap
import posixpath
import tempfile
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from regulars.core.tabular import archive as archives
from regulars.core.tabular.foreign import sheet_findings
from regulars.core.tabular.markup import pull, small_tree
from regulars.core.tabular.merged import Span, filled, merged_cells, merged_findings
from regulars.core.tabular.sheet import Format, SheetReader, formats_of, unescaped
from regulars.core.tabular.table import CELL_LIMIT, HEADER_WITHIN, Line, Table, Unreadable, find_header

_PART_LIMIT = 16 << 20  # the workbook's own small parts: sheet names, relations, styles


@dataclass(frozen=True, slots=True)
class Workbook:
    """Where a workbook keeps its things."""

    sheets: dict[str, str] = field(default_factory=dict)  # visible ones, by name
    hidden: tuple[str, ...] = ()
    shared_texts: str = ""
    styles: str = ""
    is_1904: bool = False


def is_workbook(path: Path) -> bool:
    """Whether an archive is a document of an office program, and not just something packed."""
    with archives.opened(path) as archive:
        names = archive.namelist()
    return any(name in _MARKS or name.startswith("xl/") for name in names)


def foreign_make(path: Path) -> str:
    """`ods` or `xlsb` for a workbook that another reader has to read, else nothing."""
    with archives.opened(path) as archive:
        names = set(archive.namelist())
        is_small = "mimetype" in names and archive.getinfo("mimetype").file_size < 100
        kind = archive.read("mimetype") if is_small else b""
    if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "ods"
    return "xlsb" if "xl/workbook.bin" in names else ""


_MARKS = {"[Content_Types].xml", "mimetype", "content.xml"}


def open_sheet(path: Path, *, sheet: str | None = None) -> Table:
    """A sheet of a workbook as a table: the one named, or the first visible one that is not empty."""
    with archives.opened(path) as archive:
        workbook = _read_workbook(archive)
        texts = SharedTexts(archive, workbook.shared_texts)
        formats = _read_formats(archive, workbook.styles)
    if sheet is not None and sheet not in workbook.sheets:
        raise Unreadable(
            _("The workbook has no sheet “%(sheet)s”; it has: %(sheets)s.")
            % {"sheet": sheet, "sheets": ", ".join(workbook.sheets)}
        )
    for name in [sheet] if sheet is not None else workbook.sheets:
        with archives.opened(path) as archive:
            spans = merged_cells(archive, workbook.sheets[name])
        records = SheetRecords(path, workbook, name, texts, formats, spans)
        first = list(islice(records, HEADER_WITHIN))
        if first:
            break
    else:
        raise Unreadable(_("The workbook is empty."))
    header, line = find_header(first, is_sheet=True, spanned=frozenset(span.top for span in spans if span.is_wide))
    return Table(
        header=header,
        header_line=line,
        format="xlsx",
        encoding="utf-8",
        delimiter="",
        sheet=name,
        open_records=lambda: records,
        may_be_short=True,
        sheets=tuple(workbook.sheets),
        findings=(
            *sheet_findings(name, list(workbook.sheets), list(workbook.hidden)),
            *merged_findings(spans, header_line=line),
        ),
    )


class SheetRecords:
    """The rows of one sheet, each reading of which opens the file anew."""

    def __init__(
        self,
        path: Path,
        workbook: Workbook,
        sheet: str,
        texts: SharedTexts,
        formats: list[Format],
        spans: list[Span],
    ) -> None:
        self.width: int | None = None
        self._spans = spans
        self._path, self._workbook, self._sheet, self._texts, self._formats = path, workbook, sheet, texts, formats

    def __iter__(self) -> Iterator[Line]:
        with archives.opened(self._path) as archive:
            stream = archives.part(archive, self._workbook.sheets[self._sheet])
            if stream is None:
                raise Unreadable(_("The workbook is damaged or cut off. Save it again, and try again."))
            with stream:
                lines = SheetReader(self._texts, self._formats, is_1904=self._workbook.is_1904).read(stream)
                yield from filled(lines, self._spans) if self._spans else lines


class SharedTexts:
    """The texts that cells of a workbook refer to by number.

    They can be most of the file, so they wait in a temporary file that is mapped into memory, where the system may
    drop and read again what is not in use; only their places are kept.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._places = array("Q", [0])
        self._map: mmap.mmap | bytes = b""
        stream = archives.part(archive, name) if name else None
        if stream is None:
            return
        with tempfile.TemporaryFile() as spool, stream:
            end = 0
            for text in _texts_in(stream):
                data = text.encode("utf-8", "surrogatepass")
                spool.write(data)
                end += len(data)
                self._places.append(end)
            spool.flush()
            if end:
                # the map outlives the file's name and handle, and ends with this object
                self._map = mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ)

    def __getitem__(self, number: int) -> str:
        """The text of that number; raises IndexError."""
        if number < 0:
            raise IndexError(number)
        start, end = self._places[number], self._places[number + 1]
        return self._map[start:end].decode("utf-8", "surrogatepass")


def _texts_in(stream: IO[bytes]) -> Iterator[str]:
    """Every shared text, its formatted pieces joined, without the reading aids of Japanese."""
    parts: list[str] = []
    size, depth_of_aid = 0, 0
    is_text = False
    for event, name, _attributes, text in pull(stream, {"si", "t", "rPh"}):
        if event == "text":
            if is_text and not depth_of_aid and size <= CELL_LIMIT:
                parts.append(text)
                size += len(text)
        elif name == "t":
            is_text = event == "start"
        elif name == "rPh":
            depth_of_aid += 1 if event == "start" else -1
        elif event == "end":
            yield unescaped("".join(parts))
            parts, size = [], 0


def _read_workbook(archive: zipfile.ZipFile) -> Workbook:
    names = set(archive.namelist())
    start = next(
        (target for _id, kind_of, target in _relations(archive, "") if kind_of == "officeDocument"), "xl/workbook.xml"
    )
    tree = _small_part(archive, start)
    if tree is None:
        raise Unreadable(_("This is an archive, but not a workbook. Unpack it, and try again."))
    if not tree.tag.endswith("workbook"):
        raise Unreadable(_("This is a document, but not a workbook. Save the table as CSV or XLSX, and try again."))
    targets: dict[str, str] = {}
    parts: dict[str, str] = {}
    for relation, kind_of, target in _relations(archive, start):
        targets[relation] = target
        parts.setdefault(kind_of, target)
    sheets: dict[str, str] = {}
    hidden: list[str] = []
    is_1904 = False
    # Extensions repeat names of the workbook itself further down; only what stands at its place counts.
    for element in [*tree, *tree.findall("sheets/sheet")]:
        if element.tag == "workbookPr":
            is_1904 = element.get("date1904", "0") in {"1", "true"}
        elif element.tag == "sheet":
            target = targets.get(element.get("id", ""), "")
            if element.get("state", "visible") != "visible":
                hidden.append(element.get("name", ""))
            elif target in names:
                sheets[element.get("name", "")] = target
    if not sheets:
        raise Unreadable(_("The workbook has no visible sheet."))
    return Workbook(
        sheets, tuple(dict.fromkeys(hidden)), parts.get("sharedStrings", ""), parts.get("styles", ""), is_1904
    )


def _relations(archive: zipfile.ZipFile, source: str) -> Iterator[tuple[str, str, str]]:
    """What a part refers to: id, kind (the last word of its type), and the part it means."""
    folder, name = posixpath.split(source)
    tree = _small_part(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    for element in tree.iter("Relationship") if tree is not None else ():
        target = element.get("Target", "")
        target = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        yield element.get("Id", ""), element.get("Type", "").rpartition("/")[2], target


def _read_formats(archive: zipfile.ZipFile, name: str) -> list[Format]:
    tree = _small_part(archive, name) if name else None
    return formats_of(tree) if tree is not None else []


def _small_part(archive: zipfile.ZipFile, name: str) -> Element | None:
    stream = archives.part(archive, name)
    if stream is None:
        return None
    with stream:
        return small_tree(stream, limit=_PART_LIMIT)
