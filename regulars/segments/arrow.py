"""Arrow and DuckDB, loaded by the first question that needs them: a process that answers none spares their memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.core.lazily import Lazily

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.compute as pc
else:
    duckdb, pa, pc = Lazily("duckdb"), Lazily("pyarrow"), Lazily("pyarrow.compute")

__all__ = ["duckdb", "pa", "pc"]
