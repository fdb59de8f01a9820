"""The next version of the lake from the one before: without the customers touched since, and with their rows now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyroaring import BitMap

from regulars.core import sight
from regulars.core.background import progress
from regulars.segments.arrow import pa
from regulars.segments.lake import building, following, rows, versions
from regulars.segments.lake.building import Say
from regulars.segments.lake.following import Followed
from regulars.segments.lake.tables import CUSTOMER, Table, tables
from regulars.segments.lake.versions import PEOPLE, Draft, Made, Version


@dataclass(frozen=True, slots=True)
class Since:
    """Who was touched since a version; those of them who are listed; and those of it who are gone for good."""

    touched: BitMap
    listed: BitMap
    gone: BitMap


def since(version: Version) -> Since:
    """What happened since a version, as the records say it now."""
    with sight.looking(sight.EVERYTHING):
        _followed, found = following.look(Followed(version.entry_id))
        touched, gone = BitMap(found.customers), BitMap(found.gone)
        if found.has_vanished:
            people = BitMap(rows.numbers(versions.read(version, PEOPLE, CUSTOMER)))
            gone |= people - BitMap(following.existing())
        return Since(touched | gone, BitMap(found.listed), gone)


def refresh(version: Version, *, say: Say = progress) -> Version:
    """Publish the version that follows this one; the caller is alone. What is cut short leaves the old one.

    Raises columns.Unreadable where the old one cannot be read: then it has to be built anew.
    """
    with sight.looking(sight.EVERYTHING):
        # what the old one has seen for certain stays seen
        entry_id = max(version.entry_id, following.settled(patience=building.PATIENCE))
        found = since(version)
        draft = Draft()
        try:
            people = rows.numbers(versions.read(version, PEOPLE, CUSTOMER))
            now = (BitMap(people) - found.touched) | found.listed
            draft.write(PEOPLE, [Made((CUSTOMER,), lambda: (pa.array(now.to_array(), pa.int64()),))])
            known = tables()
            total, done = sum(len(rows.full_schema(table)) for table in known.values()), 0
            for table in known.values():
                _refresh_table(draft, version, table, found, lambda more, done=done: say(done + more, total))  # type: ignore[misc]
                done += len(rows.full_schema(table))
            say(total, total)
            # nobody keeps somebody who is gone, not in an older version either
            return draft.publish(entry_id=entry_id, is_full=False, keeps_before=not found.gone)
        finally:
            draft.drop()
            # a worker lives long, and the next version is not soon
            pa.default_memory_pool().release_unused()


def _refresh_table(draft: Draft, version: Version, table: Table, found: Since, say: Callable[[int], None]) -> None:
    fresh = rows.full_schema(table).empty_table()
    if found.listed:
        fresh = rows.read_rows(table, found.listed.to_array().tolist())
    old = rows.numbers(versions.read(version, table.name, CUSTOMER))
    order = rows.replacing(old, rows.numbers(fresh.column(CUSTOMER)), found.touched)
    made = [
        _made(name, versions.opening(version, table.name, name), fresh.column(name), order)
        for name in fresh.column_names
    ]
    draft.write(table.name, made, say)


def _made(name: str, read_old: Callable[[], pa.ChunkedArray], fresh: pa.ChunkedArray, order: pa.Array) -> Made:
    return Made((name,), lambda: (rows.replaced(read_old(), fresh, order),))
