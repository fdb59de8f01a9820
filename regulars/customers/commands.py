"""`regulars import customers FILE` and `regulars reindex`."""

from __future__ import annotations

import time
from pathlib import Path

import click
from django.utils.translation import gettext as _

from regulars.core import commands, importing
from regulars.customers import search
from regulars.customers.actions.importing import import_customers
from regulars.timeline.actions import acting
from regulars.timeline.models import Source


@click.command(name="customers")
@importing.import_options
@click.option(
    "--date-format",
    metavar="ORDER",
    default="",
    help="DD/MM/YYYY or MM/DD/YYYY, where the dates of the file can be read in two ways.",
)
@click.option(
    "--channel",
    "channel_code",
    metavar="CODE",
    default="",
    help="The channel whose ids the file has; else the web shop.",
)
def import_command(
    *,
    file: Path,
    mapping: str,
    channel_code: str,
    date_format: str,
    encoding: str,
    delimiter: str,
    sheet: str,
    is_dry_run: bool,
    as_json: bool,
) -> None:
    """Bring in customers from a text table or a workbook, packed or not.

    A row changes the customer it means: by the id in its channel, else by e-mail, else by name and phone; otherwise
    it is a new customer. Empty cells change nothing. Rows that cannot be used, and rows that contradict an earlier
    one of the same file, come back in a file, with the reasons, and can be imported again when they are mended.
    """
    chosen = importing.parse_map(mapping)
    with acting(None, Source.IMPORT), importing.importing("customers", file, is_dry_run=is_dry_run) as run:
        import_customers(
            file,
            run=run,
            mapping=chosen,
            channel_code=channel_code,
            reading=importing.reading_of(encoding=encoding, delimiter=delimiter, sheet=sheet),
            date_format=date_format,
        )
    importing.report(run, as_json=as_json)


@click.command(name="reindex")
@commands.json_option
def reindex_command(*, as_json: bool) -> None:
    """Build the search index of customers anew.

    Nobody has to: what changes is brought in by itself. It takes the leftovers of old names out, and mends an index
    after somebody wrote to the database past the product.
    """
    started = time.monotonic()
    count = search.reindex()
    seconds = round(time.monotonic() - started, 1)
    commands.report(
        {"customers": count, "seconds": seconds},
        as_json=as_json,
        sentence=_("%(count)s customers are in the search index, after %(seconds)s seconds.")
        % {"count": f"{count:,}", "seconds": seconds},
    )
