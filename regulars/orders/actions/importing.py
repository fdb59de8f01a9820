"""Bring in a file of orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from django.utils.translation import ngettext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.importing import Run, rolled_back
from regulars.core.tabular import Finding, Line, Table, open_table
from regulars.orders import normalise
from regulars.orders.actions.numbers import index_noted_numbers
from regulars.orders.facts import OrdersImported
from regulars.orders.importing.building import Builder, Plan, Sale
from regulars.orders.importing.groups import Aside, Group, grouped, in_batches, rank_of
from regulars.orders.importing.joining import Joined
from regulars.orders.importing.mapping import columns_of, left_out
from regulars.orders.importing.recipe import Recipe
from regulars.orders.importing.survey import survey
from regulars.orders.importing.values import order_number
from regulars.orders.importing.writing import Writer
from regulars.timeline.actions import record

_ROWS_AT_ONCE = 20_000
_RETURN_ROWS_AT_ONCE = 2_000


def import_orders(
    file: Path,
    *,
    run: Run,
    mapping: Mapping[str, str],
    channel_code: str = "",
    currency: str = "",
    rate: Decimal | None = None,
    date_format: str = "",
    reading: Mapping[str, str] | None = None,
    recipe: Recipe | None = None,
) -> None:
    """Read a file of order lines, and write the orders and returns it tells of; `run` counts them, and keeps the rest.

    1. Read the file once to see what its dates and amounts mean, and whether it can be read to its end: a file that
       breaks off changes nothing.
    2. Read it again, order by order. Orders whose rows are scattered wait till the end, when they are whole.
    3. Write some thousand rows in one transaction: customers, orders, figures. Whatever happens, what is in is whole,
       and the same file can simply be imported again.
    4. Then the returns, by their moments, whatever the order of the file: what they reverse is all there by then.

    With a `recipe`, `file` is the folder of its files, and what is not said here is as the recipe says.

    Raises Unreadable or Invalid where the file as a whole cannot be used.
    """
    if recipe is not None:
        with Joined(file, recipe) as joined:
            said = {"channel_code": channel_code or recipe.channel, "currency": currency or recipe.currency}
            columns = columns_of(joined.header, {**joined.mapping, **mapping}, is_all=True)
            _import(joined.table, columns, run=run, rate=rate, date_format=date_format, **said)
            run.summary.findings += [finding._asdict() for finding in joined.findings()]
        return
    table = open_table(file, **(reading or {}))
    columns = columns_of(table.header, mapping)
    _import(table, columns, run=run, channel_code=channel_code, currency=currency, rate=rate, date_format=date_format)


def _import(
    table: Table,
    columns: Mapping[str, int],
    *,
    run: Run,
    channel_code: str,
    currency: str,
    rate: Decimal | None,
    date_format: str,
) -> None:
    run.rejects.header = table.header
    run.summary.not_imported = left_out(table, columns)
    run.summary.findings = [finding._asdict() for finding in table.findings]
    found = survey(table, columns, date_format=date_format)
    options = {"currency": currency or shop.current().currency, **({} if rate is None else {"rate": rate})}
    given = normalise.order_values(options)
    with rolled_back(run.is_dry_run), closing(Aside()) as scattered, closing(Aside()) as later:
        channel = channel_for(channel_code)
        plan = Plan(
            columns=columns,
            survey=found,
            zone=shop.zone(),
            currency=given["currency"],
            rate=given.get("rate"),
            channel_id=channel.pk,
        )
        builder, writer, number_at = Builder(plan), Writer(channel, run), columns["number"]

        def number_of(line: Line) -> str:
            return order_number(line.cells[number_at]) if number_at < len(line.cells) else ""

        groups = grouped(run.watched(table.rows()), number_of=number_of, scattered=found.scattered, aside=scattered)
        for batch in in_batches(groups, size=_ROWS_AT_ONCE, weight=_rows):
            sales = [sale for group in batch if (sale := _built(builder, writer, group))]
            for sale in writer.write_orders(sales):
                if sale.returned:
                    later.put(_number(sale), sale.rows, rank=rank_of(sale.returned.returned_at))
            run.progress()
        for batch in in_batches(later.groups(), size=_RETURN_ROWS_AT_ONCE, weight=_rows):
            writer.write_returns([builder.build(number, lines) for number, lines in batch])
            run.progress()
        index_noted_numbers(at_least=1)
        run.summary.findings += [finding._asdict() for finding in _nothings(builder.nothings)]
        _announce(run)


def _built(builder: Builder, writer: Writer, group: Group) -> Sale | None:
    """What a group is; its rejected rows are given back at once."""
    sale = builder.build(*group)
    for line, reason in sale.rejects:
        writer.reject([line], reason)
    return sale if sale.order or sale.returned else None


def _nothings(count: int) -> Iterator[Finding]:
    """That rows were left out of their orders, because they say none of something for nothing."""
    if count:
        sentence = ngettext(
            "%(n)s row with quantity 0 and amount 0 was left out of its order.",
            "%(n)s rows with quantity 0 and amount 0 were left out of their orders.",
            count,
        )
        yield Finding("nothing", count, sentence % {"n": f"{count:,}"})


def _number(sale: Sale) -> str:
    return sale.order.number if sale.order else sale.returned.number if sale.returned else ""


def _rows(group: Group) -> int:
    return len(group[1])


def _announce(run: Run) -> None:
    done = run.summary
    if done.rows:
        record(
            OrdersImported(
                file=run.file.name, rows=done.rows, created=done.created, updated=done.updated, rejected=done.rejected
            )
        )
