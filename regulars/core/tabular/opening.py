"""open_table(): one door for every kind of file, told apart by what is in it."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

from django.utils.translation import gettext as _

from regulars.core.tabular import delimited, foreign, packed, sniffing, workbook
from regulars.core.tabular.encodings import encoding_name
from regulars.core.tabular.table import Finding, Table, Unreadable, find_header


def open_table(
    path: Path, *, delimiter: str | None = None, encoding: str | None = None, sheet: str | None = None
) -> Table:
    """Open a CSV, TSV, XLSX, XLS, XLSB or ODS file, packed or not; what is not told is found out from its content.

    Rows come in constant memory. What is wrong with one line is that line's `problem`; Unreadable is for the file.
    """
    try:
        kind = sniffing.kind_of(path)
        if kind is sniffing.Kind.ARCHIVE and workbook.is_workbook(path):
            make = workbook.foreign_make(path)
            if make:
                return foreign.open_foreign(path, kind=make, sheet=sheet)
            return workbook.open_sheet(path, sheet=sheet)
        if kind is sniffing.Kind.OLD_WORKBOOK:
            return foreign.open_foreign(path, kind="xls", sheet=sheet)
        if kind is not sniffing.Kind.TEXT:
            return _open_packed(path, delimiter=delimiter, encoding=encoding, sheet=sheet)
        if sheet is not None:
            raise Unreadable(_("The file is a plain table and has no sheets."))
        return _open_text(path, delimiter=delimiter, encoding=encoding)
    except (OSError, zipfile.BadZipFile) as problem:
        raise Unreadable(_("The file cannot be read: %(reason)s.") % {"reason": _reason(problem)}) from problem


def _open_text(path: Path, *, delimiter: str | None, encoding: str | None) -> Table:
    dialect = sniffing.dialect_of(path, delimiter=delimiter, encoding=encoding)
    header, line = find_header(delimited.records(path, dialect))
    return Table(
        header=header,
        header_line=line,
        format="tsv" if dialect.delimiter == "\t" else "csv",
        encoding=dialect.encoding,
        delimiter=dialect.delimiter,
        sheet="",
        open_records=lambda: delimited.records(path, dialect),
        may_be_short=False,
        findings=_findings(dialect),
    )


def _open_packed(path: Path, *, delimiter: str | None, encoding: str | None, sheet: str | None) -> Table:
    unpacked = packed.Unpacked(path)
    kind = sniffing.kind_of(unpacked.path)
    if kind is sniffing.Kind.PACKED or (kind is sniffing.Kind.ARCHIVE and not workbook.is_workbook(unpacked.path)):
        raise Unreadable(_("The file is packed twice. Unpack it, and try again."))
    table = open_table(unpacked.path, delimiter=delimiter, encoding=encoding, sheet=sheet)
    sentence = _("The file was packed; %(name)s in it is read.") % {"name": unpacked.name}
    return replace(table, kept=unpacked, findings=(Finding("packed", 1, sentence), *table.findings))


def _findings(dialect: delimited.Dialect) -> tuple[Finding, ...]:
    """How the text was read, where that was not plain."""
    if dialect.encoding == "utf-8-sig":
        return ()
    sentence = _("The file is read as %(encoding)s.")
    if dialect.doubt:
        sentence = _("The file is read as %(encoding)s; it might also be %(other)s. Look at the names below.")
    words = {"encoding": encoding_name(dialect.encoding), "other": encoding_name(dialect.doubt)}
    return (Finding("encoding", 1, sentence % words),)


def _reason(problem: Exception) -> str:
    return (getattr(problem, "strerror", "") or str(problem)).rstrip(".")
