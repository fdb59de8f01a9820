"""Bring in a file of customers."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from django.db import connection, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.importing import Run
from regulars.core.tabular import Unreadable, open_table
from regulars.customers import search
from regulars.customers.facts import CustomersImported
from regulars.customers.importing.mapping import columns_of, dialled_in
from regulars.customers.importing.preparing import Batch, Plan, batches
from regulars.customers.importing.workers import batches_from_process, is_worth_a_process
from regulars.customers.importing.writing import Writer
from regulars.timeline.actions import record

_BATCHES_PER_COMMIT = 5  # the search index takes many rows in little more time than few, and in more memory


def import_customers(
    file: Path, *, run: Run, mapping: Mapping[str, str], channel_code: str = "", is_parallel: bool | None = None
) -> None:
    """Read a file and create or change the customers it tells of; `run` counts, and keeps what could not come in.

    1. Find the columns; refuse the file where none says who somebody is.
    2. Make the rows ready, batch by batch, in a second process where that is worth it.
    3. Write some batches in one transaction, and index them for search in the same one. So whatever happens, what is
       in is whole and can be found, and the same file can simply be imported again.
    4. A dry run does all of this but the indexing, in one transaction that is rolled back.

    Raises Unreadable where the file cannot be read, or not to its end: what stood before is in then.
    """
    table = open_table(file)
    run.rejects.header = table.header
    current = shop.current()
    columns = columns_of(table.header, mapping)
    country = dialled_in(table.header, columns, shop_country=current.country)
    plan = Plan(columns, country=country, time_zone=current.time_zone)
    if is_parallel is None:
        is_parallel = is_worth_a_process(file)
    found = batches_from_process(file, plan, language=get_language() or "en") if is_parallel else batches(table, plan)
    broken = ""
    with _rolled_back(run.is_dry_run), _in_little_memory():
        channel, told = channel_for(channel_code), BitMap64()
        while group := list(islice(found, 1)):
            with transaction.atomic():
                broken = _write(_chain(group, found), run, Writer(channel, told=told))
            gc.collect()
        _announce(run)
    if broken and run.is_dry_run:
        raise Unreadable(broken)
    if broken:
        raise Unreadable(
            _("%(reason)s The rows before that are in: %(created)s created, %(updated)s updated.")
            % {"reason": broken, "created": run.summary.created, "updated": run.summary.updated}
        )


def _chain(first: list[Batch], rest: Iterator[Batch]) -> Iterator[Batch]:
    yield from first
    yield from islice(rest, _BATCHES_PER_COMMIT - 1)


def _write(group: Iterable[Batch], run: Run, writer: Writer) -> str:
    """Write some batches and index them; what is wrong with the file, if it broke off."""
    broken = ""
    for batch in group:
        written = writer.write(batch.ready)
        refused = batch.rejects + [(*batch.sources[place], reason) for place, reason in written.rejects]
        for number, cells, reason in sorted(refused, key=lambda reject: reject[0]):
            run.reject(number, cells, reason)
        done = run.summary
        done.rows += batch.rows
        done.created, done.updated = done.created + written.created, done.updated + written.updated
        done.unchanged += written.unchanged
        run.progress()
        broken = broken or batch.broken
    if writer.texts and not run.is_dry_run:
        search.index_now(list(writer.texts), list(writer.texts.values()))
    return broken


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
def _rolled_back(is_dry_run: bool) -> Iterator[None]:
    """A transaction that leaves nothing behind, or no transaction at all."""
    if not is_dry_run:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


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
