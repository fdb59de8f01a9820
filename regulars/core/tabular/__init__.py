"""Tables in files: text tables and workbooks read in constant memory, whatever their encoding and delimiter."""

from __future__ import annotations

from regulars.core.tabular.opening import open_table
from regulars.core.tabular.table import Finding, Line, Table, Unreadable

__all__ = ["Finding", "Line", "Table", "Unreadable", "open_table"]
