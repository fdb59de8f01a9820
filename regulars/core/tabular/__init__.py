"""Tables in files: CSV, TSV and XLSX read in constant memory, whatever their encoding, delimiter and line ends."""

from __future__ import annotations

from regulars.core.tabular.opening import open_table
from regulars.core.tabular.table import Line, Table, Unreadable

__all__ = ["Line", "Table", "Unreadable", "open_table"]
