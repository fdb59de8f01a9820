"""`regulars import orders FILE` and `regulars verify`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core import commands, importing
from regulars.core.dates import date_order
from regulars.core.errors import Invalid
from regulars.orders.actions.importing import import_orders
from regulars.orders.importing.recipe import read_recipe
from regulars.orders.queries.verification import Difference, differences
from regulars.timeline.actions import acting
from regulars.timeline.models import Source


@click.command(name="orders")
@importing.import_options
@click.option("--channel", "channel_code", metavar="CODE", default="", help="Where they were sold; else the web shop.")
@click.option("--currency", metavar="CODE", default="", help="Currency of rows that name none; else the shop's.")
@click.option("--rate", metavar="NUMBER", default="", help="The shop's currency for one of --currency.")
@click.option(
    "--date-format",
    metavar="ORDER",
    default="",
    help="DD/MM/YYYY or MM/DD/YYYY, where the file's dates do not tell.",
)
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="What the files of a folder are, and how they become orders; FILE is the folder then (docs/guide/import.md).",
)
def import_command(
    *,
    file: Path,
    mapping: str,
    channel_code: str,
    currency: str,
    rate: str,
    date_format: str,
    recipe: Path | None,
    encoding: str,
    delimiter: str,
    sheet: str,
    is_dry_run: bool,
    as_json: bool,
) -> None:
    """Bring in orders from a CSV, TSV or XLSX file that has one row for each line of an order.

    Rows of one number are one order, wherever they stand in the file; an order that is known already becomes what the
    file says. Negative quantities are a return under the same number (under NUMBER-R where the order has both), and
    it is looked for what they reverse. The customer is found by the channel's id, else by e-mail, and made where
    nobody is found; an order that names neither is a guest's.

    A row that cannot be used keeps its whole order out; all of them come back in a file, with the reasons, and can be
    imported again when they are mended. In the summary, rows and rejected count the file's rows; created, updated and
    unchanged count orders and returns.
    """
    chosen = importing.parse_map(mapping)
    day_order = date_order(date_format)
    with acting(None, Source.IMPORT), importing.importing("orders", file, is_dry_run=is_dry_run) as run:
        import_orders(
            file,
            run=run,
            mapping=chosen,
            channel_code=channel_code,
            currency=currency,
            rate=_rate(rate),
            date_format=day_order,
            recipe=read_recipe(recipe) if recipe else None,
            reading=importing.reading_of(encoding=encoding, delimiter=delimiter, sheet=sheet),
        )
    importing.report(run, as_json=as_json)


@click.command(name="verify")
@commands.json_option
def verify_command(*, as_json: bool) -> None:
    """Compute every total and every figure again from the orders, and report what differs (exit code 1)."""
    found = _told(differences(), as_json=as_json)
    sentence = (
        ngettext("%(n)s value differs from the orders.", "%(n)s values differ from the orders.", len(found))
        % {"n": f"{len(found):,}"}
        if found
        else _("Everything agrees with the orders.")
    )
    commands.report({"differences": len(found), "list": found}, as_json=as_json, sentence=sentence)
    if found:
        sys.exit(1)


def _told(found: Iterable[Difference], *, as_json: bool) -> list[dict[str, Any]]:
    """The differences as plain data; a person reads each at once."""
    listed = []
    for difference in found:
        if not as_json:
            click.echo(difference.sentence)
        listed.append(difference.figures())
    return listed


def _rate(text: str) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation as error:
        sentence = _("--rate is “%(text)s”; write a number, such as 0.86.") % {"text": text}
        raise Invalid(sentence, fields={}) from error
