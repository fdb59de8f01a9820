"""Make the demo shop's data file from the data set “Online Retail”.

    python tools/make_demo_parquet.py onlineretail.csv.zst regulars/config/demo/data/online_retail.parquet

The source is the CSV (plain, or packed with zstd) with the columns InvoiceNo, StockCode, Description, Quantity,
InvoiceDate, UnitPrice, CustomerID, Country, as the CRAN package `onlineretail` 0.1.2 has it. Nothing is left out,
joined, cleaned or put into another order: 541,909 lines go in, and the same 541,909 come out, exact duplicates,
cancellations, lines without a customer and odd prices included. The last step reads the new file back and compares
every value with the source.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
LIMIT = 4_000_000
CITATION = (
    "Chen, D., Sain, S. L., Guo, K. (2012). Data mining for the online retail industry: A case study of RFM "
    "model-based customer segmentation using data mining. Journal of Database Marketing and Customer Strategy "
    "Management 19(3), 197-208. doi:10.1057/dbm.2012.17. Data: Online Retail, doi:10.24432/C5BW33."
)


def main() -> None:
    """Convert, check, and say how large the result is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    table = typed(read_text(options.source))
    write(table, options.target)
    check(table, pq.read_table(options.target))
    size = options.target.stat().st_size
    if size > LIMIT:
        raise SystemExit(f"{options.target} has {size:,} bytes, more than {LIMIT:,}")
    print(f"{table.num_rows:,} lines, {size:,} bytes")


def read_text(source: Path) -> pa.Table:
    """Every cell as the text it is."""
    packed = "zstd" if source.suffix == ".zst" else None
    with pa.input_stream(str(source), compression=packed) as stream:
        return csv.read_csv(
            stream,
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=False
            ),
        ).select(COLUMNS)


def typed(text: pa.Table) -> pa.Table:
    """The same in types that pack well; an empty customer is null, all else has a value."""
    customer = text["CustomerID"]
    table = pa.table(
        {
            "InvoiceNo": text["InvoiceNo"],
            "StockCode": text["StockCode"],
            "Description": text["Description"],
            "Quantity": pc.cast(text["Quantity"], pa.int32()),
            "InvoiceDate": pc.strptime(text["InvoiceDate"], format="%Y-%m-%d %H:%M:%S", unit="s"),
            "UnitPrice": pc.cast(text["UnitPrice"], pa.decimal128(9, 3)),
            "CustomerID": pc.cast(pc.if_else(pc.equal(customer, ""), None, customer), pa.int32()),
            "Country": text["Country"],
        }
    )
    return table.replace_schema_metadata({"citation": CITATION})


def write(table: pa.Table, target: Path) -> None:
    """One row group, so that each column has one dictionary."""
    pq.write_table(
        table,
        target,
        row_group_size=table.num_rows,
        compression="zstd",
        compression_level=22,
        use_dictionary=["InvoiceNo", "StockCode", "Description", "UnitPrice", "CustomerID", "Country", "Quantity"],
        column_encoding={"InvoiceDate": "DELTA_BINARY_PACKED"},
        dictionary_pagesize_limit=1 << 24,
        data_page_size=1 << 24,
        write_statistics=False,
        store_schema=False,
    )


def check(table: pa.Table, read_back: pa.Table) -> None:
    """Stop unless every value of every line came back."""
    for name in COLUMNS:
        ours = read_back[name]
        if ours.type != table[name].type:
            ours = pc.cast(ours, table[name].type)
        if not ours.equals(table[name]):
            raise SystemExit(f"{name} did not come back as it was")


if __name__ == "__main__":
    main()
