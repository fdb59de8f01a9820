"""What this process knows of the touched customers: who they are, and their rows as they are now, kept in increments.

A State is one moment and never changes; the Store leads from one to the next. Inside a transaction a state is made for
the asker alone, because what was read there may be rolled back.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from django.db import connection
from pyroaring import BitMap

from regulars.core import sight
from regulars.segments.arrow import pa
from regulars.segments.lake import following, rows, versions
from regulars.segments.lake.following import Followed, Rewound
from regulars.segments.lake.tables import CUSTOMER, tables
from regulars.segments.lake.versions import PEOPLE, Version

_NUMBERS: Final = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Fresh:
    """The rows of touched customers in one table, and who was touched since they were read."""

    rows: pa.Table
    pending: BitMap


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A moment: the version, who is in it, whom something happened to since, who of those is listed.

    Without a version nobody is in it, and everybody was touched. States of one `line` came out of each other, each
    with a higher `number`; one that is not `shared` was made inside a transaction.
    """

    version: Version | None
    meaning: str
    line: int
    base: BitMap
    followed: Followed
    touched: BitMap
    listed: BitMap
    fresh: Mapping[str, Fresh]
    number: int
    is_shared: bool = False

    @property
    def everyone(self) -> BitMap:
        """Every customer who is listed."""
        return (self.base - self.touched) | self.listed


class Store:
    """The states of one version after another, or (of no version) of the records alone."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._state: State | None = None

    def now(self, version: Version | None) -> State:
        """The state at this moment. Raises Unreadable where the version cannot be opened."""
        with sight.looking(sight.EVERYTHING):
            if connection.in_atomic_block:
                return _advanced(_fitting(self._state, version))
            with self._lock:
                self._state = replace(_advanced(_fitting(self._state, version)), is_shared=True)
                return self._state

    def fresh(self, state: State, name: str) -> pa.Table:
        """The rows of the touched customers of a state, as they are now."""
        with sight.looking(sight.EVERYTHING):
            if connection.in_atomic_block or not state.is_shared:
                return _read(name, state)
            with self._lock:
                current = self._state
                if current is None or current.line != state.line:
                    return _read(name, state)
                found = _read(name, current)
                self._state = replace(current, fresh={**current.fresh, name: Fresh(found, BitMap())})
                return found if current.number == state.number else rows.only(found, state.touched)

    def forget(self) -> None:
        """Let everything go; the next question begins anew."""
        with self._lock:
            self._state = None


def _fitting(state: State | None, version: Version | None) -> State:
    """The state that is known, where it is one of this version; else the first one."""
    if state is not None and state.meaning == versions.meaning():
        known = state.version
        if (known and known.token) == (version and version.token):
            return state
    return _begun(version)


def _begun(version: Version | None) -> State:
    """The first state: what a version says, or everybody there is."""
    number = next(_NUMBERS)
    if version is not None:
        followed, everybody = Followed(version.entry_id), BitMap()
        base = BitMap(rows.numbers(versions.read(version, PEOPLE, CUSTOMER)))
    else:
        followed, base = Followed(following.settled()), BitMap()
        everybody = BitMap(following.listed())
    return State(
        version=version,
        meaning=versions.meaning(),
        line=number,
        base=base,
        followed=followed,
        touched=everybody,
        listed=everybody,
        fresh={},
        number=number,
    )


def _advanced(state: State) -> State:
    """The state as it is now."""
    try:
        followed, found = following.look(state.followed)
    except Rewound:
        return _advanced(_begun(state.version))
    new = BitMap(found.customers)
    if found.has_vanished:
        new |= (state.base | state.touched) - BitMap(following.existing())
    if not new:
        return replace(state, followed=followed)
    return replace(
        state,
        followed=followed,
        touched=state.touched | new,
        listed=(state.listed - new) | BitMap(found.listed),
        fresh={name: Fresh(kept.rows, kept.pending | new) for name, kept in state.fresh.items()},
        number=next(_NUMBERS),
    )


def _read(name: str, state: State) -> pa.Table:
    """The rows of a state's touched customers: those that are kept, and anew those of who was touched since."""
    table, kept = tables()[name], state.fresh.get(name)
    if kept is None:
        if state.version is None:
            return rows.only(rows.read_rows(table, None), state.touched)
        kept = Fresh(rows.full_schema(table).empty_table(), state.touched)
    if not kept.pending:
        return kept.rows
    whom = kept.pending & state.listed
    new = rows.read_rows(table, whom.to_array().tolist()) if whom else rows.full_schema(table).empty_table()
    return rows.replaced_rows(kept.rows, new, kept.pending)
