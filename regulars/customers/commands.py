"""`regulars import customers FILE` and `regulars reindex`."""

from __future__ import annotations

import time
from pathlib import Path

import click
from django.utils.translation import gettext as _

from regulars.core import commands, importing
from regulars.customers import search
from regulars.customers.actions.importing import import_customers
from regulars.customers.models import ChangeSet
from regulars.timeline.actions import acting
from regulars.timeline.models import Source


@click.command(name="customers")
@importing.import_options
@click.option("--plan", "is_plan", is_flag=True, help="Write nothing; keep a plan of every row, to look at and apply.")
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
    is_plan: bool,
    as_json: bool,
) -> None:
    """Bring in customers from a text table or a workbook, packed or not.

    A row changes the customer it means: by the id in its channel, else by e-mail, else by name and phone; otherwise
    it is a new customer. Empty cells change nothing. Rows that cannot be used, and rows that contradict an earlier
    one of the same file, come back in a file, with the reasons, and can be imported again when they are mended.
    """
    chosen = importing.parse_map(mapping)
    if is_plan:
        reading = importing.reading_of(encoding=encoding, delimiter=delimiter, sheet=sheet)
        _plan(file, chosen, reading=reading, date_format=date_format, as_json=as_json)
        return
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


def _plan(file: Path, chosen: dict[str, str], *, reading: dict[str, str], date_format: str, as_json: bool) -> None:
    """Keep a plan of a file, and say what it comes to."""
    from regulars.customers.actions import imports

    with acting(None, Source.IMPORT):
        with file.open("rb") as stream:
            kept = imports.receive_file(name=file.name, chunks=iter(lambda: stream.read(1 << 20), b""))
        mapping = imports.guessed(kept, chosen, reading=reading)
        planned = imports.plan_import(kept, mapping=mapping, reading=reading, date_format=date_format, is_now=True)
    figures = imports.summary_of(planned) | {
        "not_imported": planned.params.get("not_imported", []),
        "findings": planned.file.repairs,
    }
    if as_json:
        lines = planned.changes.exclude(outcome__in=["new", "same"]).order_by("row")
        figures["lines"] = [
            {"row": line.row, "outcome": line.outcome, "who": line.label, "changes": line.fields, "why": line.reason}
            for line in lines
        ]
    sentences = [
        _("%(rows)s rows: %(new)s new, %(changed)s changed, %(possible)s perhaps known, %(same)s the same, "
          "%(refused)s refused.") % {name: f"{planned.counts.get(name, 0):,}" for name in
          ("rows", "new", "changed", "possible", "same", "refused")},
        *(finding["sentence"] for finding in planned.file.repairs),
        _("Apply it with: regulars import apply %(id)s") % {"id": planned.public_id},
    ]  # fmt: skip
    commands.report(figures, as_json=as_json, sentence="\n".join(sentences))


@click.command(name="list")
@commands.json_option
def list_command(*, as_json: bool) -> None:
    """List the imports of customers, newest first, with the ids by which they are applied and undone."""
    from regulars.customers.actions.imports import summary_of
    from regulars.customers.queries.imports import imports

    found = [summary_of(one) for one in imports()[0]]
    lines = [
        f"{one['id']}  {one['at'][:16].replace('T', ' ')}  {one['state']:9}  {one['file']}  "
        f"+{one['counts'].get('created', 0)} ~{one['counts'].get('updated', 0)}"
        for one in found
    ]
    commands.report({"imports": found}, as_json=as_json, sentence="\n".join(lines) or _("Nothing was imported yet."))


@click.command(name="apply")
@click.argument("change_set_id", metavar="ID")
@click.option("--only", metavar="KINDS", default="new,changed,possible", help="Which rows: new, changed, possible.")
@commands.json_option
def apply_command(*, change_set_id: str, only: str, as_json: bool) -> None:
    """Do what `regulars import customers FILE --plan` planned."""
    from regulars.customers.actions import imports

    with acting(None, Source.IMPORT):
        done = imports.apply_import(imports.find(change_set_id), kinds=only.split(","), is_now=True)
    _say(done, as_json=as_json)


@click.command(name="undo")
@click.argument("change_set_id", metavar="ID")
@commands.json_option
def undo_command(*, change_set_id: str, as_json: bool) -> None:
    """Take an import back: whom it changed is as before, whom it made is gone. What people changed since stays."""
    from regulars.customers.actions import imports
    from regulars.customers.actions.undoing import undo_import

    with acting(None, Source.IMPORT):
        done = undo_import(imports.find(change_set_id), is_now=True)
    _say(done, as_json=as_json)


def _say(done: ChangeSet, *, as_json: bool) -> None:
    from regulars.customers.actions.imports import summary_of

    counts = ", ".join(f"{name} {number:,}" for name, number in done.counts.items() if isinstance(number, int))
    commands.report(summary_of(done), as_json=as_json, sentence=f"{done.get_state_display()}: {counts}. {done.problem}")


@click.command(name="customers")
@click.option("--format", "wish", metavar="FORMAT", default="csv", help="csv, xlsx, jsonl or parquet.")
@click.option("--filter", "filters", metavar="FILTERS", default="", help="As in the address of the list: a.min=5&b=x.")
@click.option("--columns", "names", metavar="NAMES", default="", help="Columns of the list, by name, with commas.")
@click.option("--reason", default="", help="What the file is for; it is written down.")
@click.option("--output", type=click.Path(path_type=Path), default=None, help="Where to; else standard output.")
def export_command(*, wish: str, filters: str, names: str, reason: str, output: Path | None) -> None:
    """Write customers to a file: those that fit the filters of the list, with its columns."""
    import sys

    from django.http import QueryDict

    from regulars.customers import columns, exporting
    from regulars.customers.queries import ListRequest
    from regulars.staff.models import User
    from regulars.staff.roles import Role

    # whoever may start a program on the shop's machine may see everything
    owner = User.objects.filter(role=Role.OWNER).order_by("pk").first() or User(role=Role.OWNER)
    wanted = ListRequest.from_query(QueryDict(filters), reader=owner, language="en")
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    shown = columns.chosen(owner, chosen) if chosen else columns.usual(owner)
    with acting(None, Source.COMMAND):
        why = reason or _("Command line")
        stream = exporting.export(exporting.everybody(wanted), shown, wish=wish, reason=why, what=filters)
        if output is None:
            for piece in stream:
                sys.stdout.buffer.write(piece)
            return
        # made by its reader's account alone, as it holds what the shop knows
        output.touch(mode=0o600)
        with output.open("wb") as target:
            for piece in stream:
                target.write(piece)


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
