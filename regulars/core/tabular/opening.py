"""open_table(): one door for every kind of file, told apart by what is in it."""

from __future__ import annotations

import zipfile
from pathlib import Path

from django.utils.translation import gettext as _

from regulars.core.tabular import delimited, sniffing, workbook
from regulars.core.tabular.table import Table, Unreadable, find_header


def open_table(
    path: Path, *, delimiter: str | None = None, encoding: str | None = None, sheet: str | None = None
) -> Table:
    """Open a CSV, TSV or XLSX file; what is not told is found out from its content. Raises Unreadable.

    Rows come in constant memory. What is wrong with one line is that line's `problem`; Unreadable is for the whole.
    """
    try:
        if sniffing.is_workbook(path):
            return workbook.open_sheet(path, sheet=sheet)
        if sheet is not None:
            raise Unreadable(_("The file is a plain table and has no sheets."))
        dialect = sniffing.dialect_of(path, delimiter=delimiter, encoding=encoding)
        header, line = find_header(delimited.records(path, dialect))
    except (OSError, zipfile.BadZipFile) as problem:
        raise Unreadable(_("The file cannot be read: %(reason)s.") % {"reason": _reason(problem)}) from problem
    return Table(
        header=header,
        header_line=line,
        format="tsv" if dialect.delimiter == "\t" else "csv",
        encoding=dialect.encoding,
        delimiter=dialect.delimiter,
        sheet="",
        open_records=lambda: delimited.records(path, dialect),
        may_be_short=False,
    )


def _reason(problem: Exception) -> str:
    return (getattr(problem, "strerror", "") or str(problem)).rstrip(".")
