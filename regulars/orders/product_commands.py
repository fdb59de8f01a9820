"""`regulars import products FILE`."""

from __future__ import annotations

from pathlib import Path

import click

from regulars.core import importing
from regulars.orders.actions.product_import import import_products
from regulars.timeline.actions import acting
from regulars.timeline.models import Source


@click.command(name="products")
@importing.import_options
@click.option("--channel", "channel_code", metavar="CODE", default="", help="Where they are sold; else the web shop.")
def import_products_command(
    *,
    file: Path,
    mapping: str,
    channel_code: str,
    encoding: str,
    delimiter: str,
    sheet: str,
    is_dry_run: bool,
    as_json: bool,
) -> None:
    """Bring in products from a CSV, TSV or XLSX file: Shopify's export of products, or any table of them.

    Rows of one handle are one product, and each is a variant of it; without handles the titles say what belongs
    together. The same file again changes what changed. Order lines of their SKUs are joined to them at once.
    """
    chosen = importing.parse_map(mapping)
    with acting(None, Source.IMPORT), importing.importing("products", file, is_dry_run=is_dry_run) as run:
        import_products(
            file,
            run=run,
            mapping=chosen,
            channel_code=channel_code,
            reading=importing.reading_of(encoding=encoding, delimiter=delimiter, sheet=sheet),
        )
    importing.report(run, as_json=as_json)
