"""Versions of the lake: a folder each, published by renaming one small file, read by any number of processes.

    lake/current                 the number of the newest
    lake/7/manifest              what is in it: tables, columns, the entry up to which it is true
    lake/7/orders.total          a column (see columns)
    lake/8.building              being written; whoever builds next clears what a crash left
    lake/7/aside                 found damaged: nobody reads it any more

A version is good for one database, one release and one base currency: else it is built anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from regulars import __version__
from regulars.core import datakeys, in_use, shop
from regulars.segments.arrow import pa
from regulars.segments.lake import columns, rows
from regulars.segments.lake.columns import Unreadable
from regulars.segments.lake.tables import Table, tables
from regulars.timeline.facts import AuditBegunAnew
from regulars.timeline.models import Entry

PEOPLE: Final = "people"
"""The file of a version that names every listed customer."""

_FORMAT: Final = 1
_AT_ONCE: Final = 2  # columns that are made at the same time
_BUILDING: Final = ".building"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,79}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a version has of a table: how many rows, and the bytes of each column."""

    rows: int
    columns: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A published version. `entry_id` is the last entry of the timeline that it has seen for certain."""

    number: int
    token: str
    made_at: dt.datetime
    seconds: float
    is_full: bool
    entry_id: int
    database: str
    meaning: str
    generation: int
    people: int
    people_bytes: int
    tables: dict[str, Kept]

    @property
    def bytes(self) -> int:
        """How much room its columns take on the disk."""
        return self.people_bytes + sum(size for kept in self.tables.values() for size in kept.columns.values())

    @property
    def rows(self) -> int:
        """How many rows all of its tables have."""
        return sum(kept.rows for kept in self.tables.values())


def folder() -> Path:
    """Where the lake lies."""
    return Path(settings.REGULARS_HOME) / "lake"


@contextmanager
def alone() -> Iterator[bool]:
    """Whether this process is the only one that builds now, for as long as this lasts."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with in_use.only_one(folder() / "building.lock") as is_ours:
        yield is_ours


def newest() -> int | None:
    """The number of the newest version; quick enough to be asked before every question."""
    try:
        return int((folder() / "current").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return None


def usable() -> Version | None:
    """The newest version, where it can be read and means what this release means, in this database."""
    number = newest()
    if number is None or (folder() / str(number) / "aside").exists():
        return None
    try:
        found = manifest(number)
    except Unreadable:
        set_aside(number)
        return None
    if found.meaning != meaning() or found.database != database():
        return None
    return found


def manifest(number: int) -> Version:
    """What a version says of itself. Raises Unreadable."""
    try:
        written_at = (folder() / str(number) / "manifest").stat().st_mtime_ns
    except OSError as problem:
        raise Unreadable(f"version {number} cannot be opened: {problem.strerror}") from None
    return _manifest(folder(), number, written_at)


def set_aside(number: int) -> bool:
    """Let nobody read a version any more; whether we are the first to say so."""
    try:
        (folder() / str(number) / "aside").touch(exist_ok=False)
    except (FileExistsError, FileNotFoundError):
        return False
    return True


def read(version: Version, table: str, column: str) -> pa.ChunkedArray:
    """A column of a version. Raises Unreadable."""
    return opening(version, table, column)()


def opening(version: Version, table: str, column: str) -> Callable[[], pa.ChunkedArray]:
    """The same in two steps: what comes back may read in any thread. Both raise Unreadable."""
    count = version.people if table == PEOPLE else version.tables[table].rows
    read_all = columns.opening(_file(version.number, table, column), place=_place(version.number, table, column))

    def read_checked() -> pa.ChunkedArray:
        found = read_all()
        if len(found) != count:
            raise Unreadable(f"{table}.{column} has another number of rows than its version says")
        return found

    return read_checked


@dataclass(frozen=True, slots=True)
class Made:
    """Columns that are made together, in a thread without a database."""

    names: tuple[str, ...]
    make: Callable[[], tuple[pa.Array | pa.ChunkedArray, ...]]


class Draft:
    """A version being written, in a folder of its own; nothing of it is seen before `publish`."""

    def __init__(self) -> None:
        home = folder()
        for left in home.glob(f"*{_BUILDING}"):
            shutil.rmtree(left, ignore_errors=True)
        self.number = max([newest() or 0, *_numbers()]) + 1
        self.path = home / f"{self.number}{_BUILDING}"
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700)
        self.tables: dict[str, dict[str, int]] = {}
        self.counts: dict[str, int] = {}
        self._began = timezone.now()

    def write(self, table: str, made: Sequence[Made], say: Callable[[int], None] = lambda _done: None) -> None:
        """Make columns of a table and keep them, two at a time; `say` hears how many there are by now."""
        work = [(one, [self._writer(table, name) for name in one.names]) for one in made]
        done = 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            coming = [pool.submit(_written, one, writers) for one, writers in work]
            try:
                for (one, _writers), future in zip(work, coming, strict=True):
                    sizes, self.counts[table] = future.result()
                    self.tables.setdefault(table, {}).update(zip(one.names, sizes, strict=True))
                    done += len(one.names)
                    say(done)
            finally:
                pool.shutdown(cancel_futures=True)
                for _one, writers in work:
                    for writer in writers:
                        writer.leave()

    def waiting(self, name: str) -> columns.ColumnWriter:
        """Somewhere to write pieces of a column that is not in order yet; it is no part of the version."""
        return columns.ColumnWriter(self.path / f"{name}.part", place=self._part(name))

    def waited(self, name: str) -> Callable[[], pa.ChunkedArray]:
        """What was written there, to be read once, in any thread."""
        path = self.path / f"{name}.part"
        read_all = columns.opening(path, place=self._part(name))
        path.unlink()
        return read_all

    def publish(self, *, entry_id: int, is_full: bool, keeps_before: bool) -> Version:
        """Let everybody read it from now on, and remove the older ones: the one before too, unless it may stay."""
        now = timezone.now()
        size = sum(self.tables.pop(PEOPLE).values())
        version = Version(
            number=self.number,
            token=secrets.token_hex(8),
            made_at=now,
            seconds=(now - self._began).total_seconds(),
            is_full=is_full,
            entry_id=entry_id,
            database=database(),
            meaning=meaning(),
            generation=datakeys.named("files").newest,
            people=self.counts[PEOPLE],
            people_bytes=size,
            tables={name: Kept(rows=self.counts[name], columns=known) for name, known in self.tables.items()},
        )
        columns.write_text(self.path / "manifest", _as_text(version), place=f"lake/{self.number}/manifest")
        _to_disk(self.path)
        before = newest()
        self.path.rename(folder() / str(self.number))
        _to_disk(folder())
        part = folder() / "current.part"
        part.write_text(str(self.number), encoding="ascii")
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(folder() / "current")
        _to_disk(folder())
        remove(besides={self.number, before} if keeps_before else {self.number})
        return version

    def drop(self) -> None:
        """Remove what was written; nothing where it was published."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _writer(self, table: str, column: str) -> columns.ColumnWriter:
        return columns.ColumnWriter(self.path / _file_name(table, column), place=_place(self.number, table, column))

    def _part(self, name: str) -> str:
        return f"lake/{self.number}/{name}.part"


def _written(one: Made, writers: list[columns.ColumnWriter]) -> tuple[list[int], int]:
    found = one.make()
    return [columns.write(writer, column) for writer, column in zip(writers, found, strict=True)], len(found[0])


def remove(*, besides: Collection[int | None] = ()) -> int:
    """Remove versions, the named ones apart; how many. Whoever still reads one of them asks again."""
    gone = [number for number in _numbers() if number not in besides]
    for number in gone:
        shutil.rmtree(folder() / str(number), ignore_errors=True)
    return len(gone)


def meaning() -> str:
    """What the columns of this release say; another release, table, base currency or time zone says something else."""
    return _meaning(shop.current().currency, shop.current().time_zone, tuple(tables().values()))


def database() -> str:
    """Which database this is: a restored one, and one begun anew, is another."""
    first = Entry._base_manager.order_by("pk").values_list("pk", "recorded_at").first()
    begun = Entry._base_manager.filter(name=AuditBegunAnew.name).order_by("-pk")
    anew = begun.values_list("pk", "recorded_at").first()
    return hashlib.sha256(repr((first, anew)).encode()).hexdigest()


@lru_cache(maxsize=8)
def _meaning(currency: str, time_zone: str, known: tuple[Table, ...]) -> str:
    said = [_FORMAT, __version__, currency, time_zone]
    said += [f"{table.name}: {rows.full_schema(table).to_string()}" for table in known]
    return hashlib.sha256(repr(said).encode()).hexdigest()


@lru_cache(maxsize=4)
def _manifest(home: Path, number: int, _written_at: int) -> Version:
    text = columns.read_text(home / str(number) / "manifest", place=f"lake/{number}/manifest")
    said = json.loads(text)
    said["made_at"] = dt.datetime.fromisoformat(said["made_at"])
    said["tables"] = {name: Kept(**kept) for name, kept in said["tables"].items()}
    return Version(**said)


def _as_text(version: Version) -> str:
    return json.dumps(asdict(version), default=dt.datetime.isoformat)


def _numbers() -> list[int]:
    if not folder().is_dir():
        return []
    return sorted(int(path.name) for path in folder().iterdir() if path.name.isdigit() and path.is_dir())


def _file_name(table: str, column: str) -> str:
    if not _NAME.match(table) or not _NAME.match(column):
        raise ValueError(f"{table}.{column} cannot be the name of a file")
    return f"{table}.{column}"


def _file(number: int, table: str, column: str) -> Path:
    return folder() / str(number) / _file_name(table, column)


def _place(number: int, table: str, column: str) -> str:
    return f"lake/{number}/{table}.{column}"


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
