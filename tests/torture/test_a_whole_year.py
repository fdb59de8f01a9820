"""Half a million lines of a real shop, packed, as its owners hand them out: nothing of it is lost on the way in."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
from pyarrow import csv, parquet

from regulars.core.tabular import open_table
from regulars.orders.importing.mapping import columns_of
from regulars.orders.importing.survey import survey

SOURCE = Path(__file__).resolve().parents[2] / "regulars" / "config" / "demo" / "data" / "online_retail.parquet"
# As counted by others in the same file (Online Retail, CC0 by way of the CRAN package onlineretail).
EXPECTED = {
    "rows": 541_909, "invoices": 25_900, "stock_codes": 4_070, "customers": 4_372, "countries": 38,
    "lines_without_customer": 135_080, "cancel_lines": 9_288, "exact_duplicate_lines": 5_268,
    "lines_qty_negative": 10_624, "lines_price_negative": 2,
}  # fmt: skip


@pytest.mark.slow
def test_every_line_of_a_year_is_read(tmp_path):
    path = tmp_path / "onlineretail.csv.zst"
    with pyarrow.output_stream(str(path), compression="zstd") as stream:
        csv.write_csv(parquet.read_table(SOURCE), stream)
    table = open_table(path)
    at = {name: place for place, name in enumerate(table.header)}
    lines, seen = 0, {name: set() for name in ("InvoiceNo", "StockCode", "CustomerID", "Country")}
    counts = dict.fromkeys(("lines_without_customer", "cancel_lines", "lines_qty_negative", "lines_price_negative"), 0)
    whole: set[tuple[str, ...]] = set()
    value = Decimal(0)
    for line in table.rows():
        assert not line.problem
        lines += 1
        cells = line.cells
        whole.add(tuple(cells))
        for name, found in seen.items():
            found.add(cells[at[name]])
        counts["lines_without_customer"] += not cells[at["CustomerID"]]
        counts["cancel_lines"] += cells[at["InvoiceNo"]].startswith("C")
        counts["lines_qty_negative"] += cells[at["Quantity"]].startswith("-")
        counts["lines_price_negative"] += cells[at["UnitPrice"]].startswith("-")
        value += int(cells[at["Quantity"]]) * Decimal(cells[at["UnitPrice"]])
    found = counts | {
        "rows": lines,
        "invoices": len(seen["InvoiceNo"]),
        "stock_codes": len(seen["StockCode"]),
        "customers": len(seen["CustomerID"] - {""}),
        "countries": len(seen["Country"]),
        "exact_duplicate_lines": lines - len(whole),
    }
    assert found == EXPECTED
    assert round(value, 3) == Decimal("9747747.934")
    assert columns_of(table.header, {})["number"] == at["InvoiceNo"]
    assert survey(table, columns_of(table.header, {})).rows == EXPECTED["rows"]
