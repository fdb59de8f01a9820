"""`regulars duplicates find [FILE]`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from regulars.customers.duplicates.table import Table


@click.command(name="find")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")
def find_command(*, file: Path | None, as_json: bool) -> None:
    """Find records that mean the same person: among the customers, or in a FILE of people.

    Each line is a pair of records that are one person, with the probability and the evidence. Nothing is changed. The
    columns of a file are found by their headings; the first id-like column names the rows, else their number does.
    """
    # the matching is loaded only by who needs it
    from regulars.customers.duplicates.finding import find
    from regulars.customers.duplicates.printing import as_line, as_row, pairs_of

    table, name_of = _of_file(file) if file else _of_customers()
    found = find(table)
    count = 0
    for left, right, probability, pieces in pairs_of(table, found):
        count += 1
        click.echo((as_line if as_json else as_row)(name_of(left), name_of(right), probability, pieces))
    click.echo(
        _("%(pairs)s pairs of %(rows)s records are one person; %(compared)s pairs were compared.")
        % {"pairs": f"{count:,}", "rows": f"{len(table):,}", "compared": f"{found.compared:,}"},
        err=True,
    )


def _of_file(file: Path) -> tuple[Table, Callable[[int], str]]:
    from regulars.core.tabular import open_table
    from regulars.customers.duplicates import reading

    rows = reading.read(open_table(file))
    if rows.unread:
        click.echo(_("%(count)s rows could not be read and were left out.") % {"count": rows.unread}, err=True)
    return rows.table, rows.names.__getitem__


def _of_customers() -> tuple[Table, Callable[[int], str]]:
    from regulars.core.ids import encode
    from regulars.customers.duplicates import base

    table, ids = base.read()
    return table, lambda row: encode("cus", ids[row])
