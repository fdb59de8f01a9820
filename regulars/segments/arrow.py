"""Arrow and DuckDB, loaded by the first question that needs them: a process that answers none spares their memory."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.compute as pc
else:

    class _Lazily:
        """A module that is imported when something of it is first used."""

        def __init__(self, name: str) -> None:
            self._name = name

        def __getattr__(self, name: str) -> Any:
            found = getattr(import_module(self._name), name)
            setattr(self, name, found)
            return found

    duckdb, pa, pc = _Lazily("duckdb"), _Lazily("pyarrow"), _Lazily("pyarrow.compute")

__all__ = ["duckdb", "pa", "pc"]
