"""What a question sees: columns of the newest version, and the rows of those whom something happened to since.

    view = open()
    view.base("orders", ["customer", "total"])       all rows of the version
    view.fresh("orders", ["customer", "total"])      the rows of `view.touched`, as they are now

Rows of touched customers in `base` are not theirs any more: answers of the two are put together as
`(base − touched) | fresh`. A shop without a version is asked in the same way: its base is empty, and everybody touched.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable
from functools import partial
from typing import Literal, TypeVar

from django.conf import settings
from django.db import connection
from pyroaring import BitMap

from regulars.core import sight
from regulars.segments.arrow import pa
from regulars.segments.lake import rows, versions
from regulars.segments.lake.columns import Unreadable
from regulars.segments.lake.memory import Columns, Usage
from regulars.segments.lake.store import State, Store
from regulars.segments.lake.tables import dimensions, tables

Engine = Literal["lake", "records"]
Answer = TypeVar("Answer")

_TRIES = 3
_ASKED_FOR: dict[Callable[[], None], None] = {}


def when_damaged(ask: Callable[[], None]) -> None:
    """Call `ask` when a version was found damaged, to have another one built."""
    _ASKED_FOR[ask] = None


class VersionGone(Exception):  # noqa: N818 — asking again helps
    """The version that a question was asked of is not there any more, or was found damaged."""


_opened = Columns(lambda: settings.LAKE_MEMORY)
_stores: dict[str, Store] = {"lake": Store(), "records": Store()}
_dimensions: dict[str, tuple[Hashable, pa.Table]] = {}
_lock = threading.Lock()


class View:
    """A fixed state, for one question: who is there, whom something happened to, and their rows.

    Texts that repeat come as dictionaries from `base`, and plainly from `fresh`. Folded texts stand in columns of their
    own, `<name>_folded`.
    """

    def __init__(self, store: Store, state: State) -> None:
        self._store, self._state = store, state
        self._fresh: dict[str, pa.Table] = {}
        self._stamps: dict[str, Hashable] | None = None

    @property
    def version(self) -> int | None:
        """The number of the version; None where everything comes from the records."""
        return self._state.version.number if self._state.version else None

    @property
    def touched(self) -> BitMap:
        """Whom something happened to since the version, listed or not. Not to be changed."""
        return self._state.touched

    @property
    def everyone(self) -> BitMap:
        """Every listed customer."""
        return self._state.everyone

    @property
    def stamp(self) -> Hashable:
        """The same as long as nothing that could change an answer has changed."""
        token = self._state.version.token if self._state.version else ""
        return token, self._state.number, tuple(self._known_stamps().items())

    def stamp_of(self, dimension: str) -> Hashable:
        """The same as long as nothing of a dimension has changed."""
        return self._known_stamps()[dimension]

    @property
    def version_stamp(self) -> Hashable:
        """The same for all views of one version: what is kept of an answer of `base` goes under it."""
        return self._state.version.token if self._state.version else ""

    def base(self, table: str, columns: Collection[str]) -> pa.Table:
        """Columns of a table as the version has them, sorted by customer. Raises VersionGone."""
        version = self._state.version
        if version is None:
            schema = rows.full_schema(tables()[table])
            return pa.schema([schema.field(name) for name in columns]).empty_table()
        wanted = [((version.token, table, name), partial(versions.opening, version, table, name)) for name in columns]
        try:
            found = _opened.get(wanted)
        except Unreadable as problem:
            _set_aside(version)
            raise VersionGone(str(problem)) from problem
        return pa.table(dict(zip(columns, found, strict=True)))

    def fresh(self, table: str, columns: Collection[str]) -> pa.Table:
        """Columns of the rows of the touched customers as they are now, sorted by customer."""
        if table not in self._fresh:
            self._fresh[table] = self._store.fresh(self._state, table)
        return self._fresh[table].select(list(columns))

    def dimension(self, name: str) -> pa.Table:
        """What rows point at, whole: all of its columns, as they are now."""
        stamp = self._known_stamps()[name]
        kept = _dimensions.get(name)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        with sight.looking(sight.EVERYTHING):
            found = dimensions()[name].read()
        if not connection.in_atomic_block:
            _dimensions[name] = stamp, found
        return found

    def _known_stamps(self) -> dict[str, Hashable]:
        if self._stamps is None:
            with sight.looking(sight.EVERYTHING):
                self._stamps = {name: dimension.stamp() for name, dimension in dimensions().items()}
        return self._stamps


def open(*, engine: Engine = "lake") -> View:  # noqa: A001 — lake.view.open()
    """A view of this moment. With "records", or where no version can be used, everything comes from the records."""
    version = versions.usable() if engine == "lake" else None
    if version is None:
        store = _stores["records"]
        return View(store, store.now(None))
    store = _stores["lake"]
    try:
        state = store.now(version)
    except Unreadable:
        _set_aside(version)
        return open(engine=engine)
    _opened.forget(besides=version.token)
    return View(store, state)


def asked(question: Callable[[View], Answer], *, engine: Engine = "lake") -> Answer:
    """Ask a question of a view of this moment; again of a newer one, where the version went away meanwhile."""
    for _ in range(_TRIES - 1):
        try:
            return question(open(engine=engine))
        except VersionGone:
            continue
    return question(open(engine="records"))


def usage() -> Usage:
    """What this process holds of the version in memory."""
    return _opened.usage()


def forget() -> None:
    """Let everything that this process holds go (tests)."""
    for store in _stores.values():
        store.forget()
    _opened.forget()
    with _lock:
        _dimensions.clear()


def _set_aside(version: versions.Version) -> None:
    """A version that cannot be read: one that was replaced is no matter, a damaged one is built anew."""
    if versions.newest() == version.number and versions.set_aside(version.number):
        for ask in _ASKED_FOR:
            ask()
