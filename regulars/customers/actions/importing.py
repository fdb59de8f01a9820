"""Bring in a file of customers."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count, islice
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.dates import date_order
from regulars.core.importing import Run, rolled_back
from regulars.core.tabular import Finding, Table, Unreadable, open_table
from regulars.customers import customfields, search
from regulars.customers.facts import CustomersImported
from regulars.customers.grams import BLOCK
from regulars.customers.importing.extras import Extras
from regulars.customers.importing.keeping import Choice, Journal, KeepingWriter
from regulars.customers.importing.mapping import dialled_in, map_columns
from regulars.customers.importing.preparing import BATCH_ROWS, Batch, Plan, batches
from regulars.customers.importing.repairs import Repairs
from regulars.customers.importing.survey import date_orders
from regulars.customers.importing.workers import batches_from_process, is_worth_a_process
from regulars.customers.models import ChangeSet
from regulars.staff.models import User
from regulars.timeline.actions import record, who_acts

_BATCHES_PER_COMMIT = BLOCK // BATCH_ROWS + 2
_COMMITS_PER_COLLECTION = 4
_BATCHES_BESIDE_PEOPLE = 2


def import_customers(
    file: Path,
    *,
    run: Run,
    mapping: Mapping[str, str],
    channel_code: str = "",
    is_parallel: bool | None = None,
    reading: Mapping[str, str] | None = None,
    date_format: str = "",
    change_set: ChangeSet | None = None,
    choice: Choice | None = None,
) -> None:
    """Read a file and create or change the customers it tells of; `run` counts, and keeps what could not come in.

    1. Find the columns; refuse the file where none says who somebody is, and say what is left out of it.
    2. Make the rows ready, batch by batch, in a second process where that is worth it.
    3. Write some batches in one transaction, and index them for search in the same one. So whatever happens, what is
       in is whole and can be found, and the same file can simply be imported again.
    4. A dry run does all of this but the indexing, in one transaction that is rolled back.
    5. All of it is one change set, by which it can be taken back. `change_set` is one that was planned, and `choice`
       what of the plan is to be done.

    Raises Unreadable where the file cannot be read, or not to its end: what stood before is in then.
    """
    table = open_table(file, **(reading or {}))
    run.rejects.header = table.header
    plan, run.summary.not_imported, findings = plan_of(
        table, mapping, reading=reading or {}, date_format=date_format, is_whole=choice is not None
    )
    repairs = Repairs()
    if is_parallel is None:
        is_parallel = is_worth_a_process(file)
    found = batches_from_process(file, plan, language=get_language() or "en") if is_parallel else batches(table, plan)
    broken, is_stopped = "", False
    with rolled_back(run.is_dry_run), _in_little_memory(), _kept_if_broken_off(run) as kept:
        channel, told = channel_for(channel_code), BitMap64()
        journal = Journal(change_set or begin(file.name, source=who_acts().source))
        kept.append(journal)
        extras = Extras(plan.columns, country=plan.country, date_orders=plan.date_orders or {})
        for commits in count(1):
            first = next(found, None)
            if first is None:
                break
            if run.is_stopped():
                is_stopped = True
                break
            with transaction.atomic():
                writer = KeepingWriter(channel, journal, extras=extras or None, choice=choice, told=told)
                # somebody may wait at a page for the database, and for Stop
                some = islice(chain([first], found), _BATCHES_BESIDE_PEOPLE if choice else _BATCHES_PER_COMMIT)
                broken = _write(some, run, writer, repairs)
            if commits % _COMMITS_PER_COLLECTION == 0:
                gc.collect()
        run.summary.findings = [
            finding._asdict() for finding in (*table.findings, *findings, *repairs.findings(), *extras.findings())
        ]
        _announce(run)
        finish(journal, run, problem=broken, is_stopped=is_stopped)
    if broken and run.is_dry_run:
        raise Unreadable(broken)
    if broken:
        raise Unreadable(
            _("%(reason)s The rows before that are in: %(created)s created, %(updated)s updated.")
            % {"reason": broken, "created": run.summary.created, "updated": run.summary.updated}
        )


def plan_of(
    table: Table,
    mapping: Mapping[str, str],
    *,
    reading: Mapping[str, str],
    date_format: str = "",
    is_whole: bool = False,
) -> tuple[Plan, list[str], list[Finding]]:
    """How a table is to be read: the plan, the headings that are not imported, and what is to be said of the dates.

    With `is_whole` nothing is guessed: `mapping` says all there is to say.
    """
    current = shop.current()
    own = {one.name: one.label for one in customfields.of_who_acts()}
    mapped = map_columns(table, mapping, country=current.country, own_fields=own, is_whole=is_whole)
    orders, findings = date_orders(table, mapped.columns, country=current.country, chosen=date_order(date_format))
    plan = Plan(
        mapped.columns,
        country=dialled_in(table.header, mapped.columns, shop_country=current.country),
        time_zone=current.time_zone,
        date_orders=orders,
        reading=reading,
    )
    return plan, mapped.left_out(table), findings


def _write(found: Iterator[Batch], run: Run, writer: KeepingWriter, repairs: Repairs) -> str:
    """Write some batches and index them; what is wrong with the file, if it broke off.

    The search index is kept by blocks of customers. A transaction that ends where a block does writes nearly every
    piece of it once, and reads none.
    """
    broken = ""
    for batch in found:
        batch, written = writer.take(batch)
        refused = batch.rejects + [(*batch.sources[place], reason) for place, reason in written.rejects]
        for number, cells, reason in sorted(refused, key=lambda reject: reject[0]):
            run.reject(number, cells, reason)
        done = run.summary
        done.rows += batch.rows
        done.created, done.updated = done.created + written.created, done.updated + written.updated
        done.unchanged += written.unchanged
        run.progress()
        repairs.add(batch.repairs)
        broken = broken or batch.broken
        if writer.has_filled_a_block:
            break
    if not run.is_dry_run:
        search.index_written(grams=writer.grams, known=writer.columns, texts=writer.texts)
    return broken


def begin(name: str, *, source: str) -> ChangeSet:
    """The change set of an import that begins now, without a plan."""
    return ChangeSet.objects.create(
        action="import",
        title=name[:250],
        state=ChangeSet.State.APPLYING,
        made_by=User.objects.filter(pk=who_acts().user_id or 0).first(),
        source=source,
        started_at=timezone.now(),
    )


@contextmanager
def _kept_if_broken_off(run: Run) -> Iterator[list[Journal]]:
    """What is in when an import is interrupted can be taken back as well."""
    journals: list[Journal] = []
    try:
        yield journals
    except BaseException:
        for journal in journals if not run.is_dry_run else ():
            finish(journal, run, problem=_("It was interrupted."))
        raise


def finish(journal: Journal, run: Run, *, problem: str = "", is_stopped: bool = False) -> None:
    """Write down how an import ended. It can be taken back for ever."""
    kept, summary = journal.change_set, run.summary
    if kept.state == ChangeSet.State.APPLYING and not kept.counts and not summary.created + summary.updated:
        kept.delete()  # nothing was planned and nothing was done: there is nothing to look at, and nothing to undo
        return
    summary.change_set = kept.public_id
    now = timezone.now()
    states = ChangeSet.State
    kept.state = states.FAILED if problem else states.STOPPED if is_stopped else states.APPLIED
    kept.problem, kept.applied_at, kept.updated_at, kept.undo_until = problem, now, now, None
    kept.params = {
        **kept.params,
        "tags_made": sorted({*kept.params.get("tags_made", ()), *journal.tags_made}),
        "rejects_file": "" if run.rejects.is_empty else run.rejects.path.name,
        "not_imported": summary.not_imported,
        "findings": summary.findings,
    }
    kept.counts = {
        **kept.counts,
        "rows": summary.rows,
        "created": summary.created,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "rejected": summary.rejected,
        "left_out": journal.left_out,
    }
    kept.done = summary.rows
    kept.save()


def _announce(run: Run) -> None:
    done = run.summary
    if done.rows:
        record(
            CustomersImported(
                file=run.file.name,
                rows=done.rows,
                created=done.created,
                updated=done.updated,
                rejected=done.rejected,
            )
        )


@contextmanager
def _in_little_memory() -> Iterator[None]:
    """What serves a web process well costs an import time and memory.

    No search for cycles among the values of a batch: they have none, and it would take as long as writing them. And no
    mapping of the database file, whose pages would count as ours.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    mapped = _map_database(0)
    try:
        yield
    finally:
        _map_database(mapped)
        if was_enabled:
            gc.enable()


def _map_database(size: int) -> int:
    """Let SQLite map that many bytes of its file; how many it was before. PostgreSQL's memory is its own business."""
    if connection.vendor != "sqlite":
        return 0
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA mmap_size").fetchone()
        cursor.execute(f"PRAGMA mmap_size = {size:d}")
    return int(before[0]) if before else 0
