"""Where backups lie: a folder, or a bucket of an S3-compatible storage. What is not whole is not in the list."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from regulars.core.backup.refusals import NoSuchBackup, PlaceAway

if TYPE_CHECKING:
    from obstore.store import S3Store

KEYS = "keys.age"
_NAME = re.compile(r"regulars-\d{8}T\d{6}Z-[0-9a-f]{8}\.age")
_PIECE = 1024 * 1024
_UPLOAD = 8 * 1024 * 1024  # a part of an upload; at most 10,000 of them make an object


@dataclass(frozen=True, slots=True, order=True)
class Stored:
    """A file of a place."""

    name: str
    size: int


class Place(Protocol):
    """Somewhere backups are kept."""

    label: str

    def stored(self) -> list[Stored]:
        """The backups that are here whole, oldest first."""

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        """Keep a file under a name when all of it has come; its size. Nothing is there before."""

    def read(self, name: str) -> Iterator[bytes]:
        """A file, piece by piece. Raises NoSuchBackup."""

    def remove(self, name: str) -> None:
        """Let a file go; one that is not there is no matter."""


class Folder:
    """A folder on a disk: half a file has another name, and the whole one gets its own when the disk has it."""

    def __init__(self, path: Path) -> None:
        self.path, self.label = path, str(path)

    def stored(self) -> list[Stored]:
        with _reaching(self.label):
            if not self.path.is_dir():
                return []
            found = ((entry.name, entry) for entry in os.scandir(self.path) if is_backup(entry.name))
            return sorted(Stored(name, entry.stat().st_size) for name, entry in found)

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        with _reaching(self.label):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.path / f".{name}.part"
        size = 0
        try:
            with _reaching(self.label):
                descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                for piece in pieces:
                    with _reaching(self.label):
                        size += file.write(piece)
                with _reaching(self.label):
                    file.flush()
                    os.fsync(file.fileno())
            with _reaching(self.label):
                part.replace(self.path / name)
                self._settle()
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return size

    def read(self, name: str) -> Iterator[bytes]:
        with _reaching(self.label, name):
            file = (self.path / name).open("rb")
        with file:
            while True:
                with _reaching(self.label):
                    piece = file.read(_PIECE)
                if not piece:
                    return
                yield piece

    def remove(self, name: str) -> None:
        with _reaching(self.label):
            (self.path / name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what broken attempts left; nobody may be writing."""
        for part in self.path.glob(".*.part") if self.path.is_dir() else ():
            part.unlink(missing_ok=True)

    def _settle(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Bucket:
    """A bucket, or a part of one; an object is there when its upload was completed, and not before."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix
        self.label = f"s3://{bucket}/{prefix}".rstrip("/")

    def stored(self) -> list[Stored]:
        with _reaching(self.label):
            found = self._store().list_with_delimiter()["objects"]
            return sorted(Stored(one["path"], one["size"]) for one in found if is_backup(one["path"]))

    def write(self, name: str, pieces: Iterable[bytes]) -> int:
        import obstore  # noqa: PLC0415 — few shops need it

        # Whether the last piece came is known before the upload is completed: a generator that fails ends it.
        with _reaching(self.label):
            writer = obstore.open_writer(self._store(), name, buffer_size=_UPLOAD, max_concurrency=2)
        size = 0
        for piece in pieces:
            with _reaching(self.label):
                writer.write(piece)
            size += len(piece)
        with _reaching(self.label):
            writer.close()
        return size

    def read(self, name: str) -> Iterator[bytes]:
        with _reaching(self.label, name):
            stream = iter(self._store().get(name).stream(min_chunk_size=_PIECE))
        while True:
            with _reaching(self.label, name):
                piece = next(stream, None)
            if piece is None:
                return
            yield bytes(piece)

    def remove(self, name: str) -> None:
        with _reaching(self.label):
            self._store().delete(name)

    def _store(self) -> S3Store:
        return _s3(self._bucket, self._prefix, *settings.BACKUP_S3.items())


@cache
def _s3(bucket: str, prefix: str, *options: tuple[str, str]) -> S3Store:
    from obstore.store import S3Store  # noqa: PLC0415 — few shops need it

    known = {name: value for name, value in options if value}
    client: dict[str, Any] = {"connect_timeout": timedelta(seconds=10), "read_timeout": timedelta(seconds=60)}
    client |= {"timeout": timedelta(hours=1), "allow_http": known.get("endpoint", "").startswith("http://")}
    retries: dict[str, Any] = {"max_retries": 3, "retry_timeout": timedelta(seconds=60)}
    return S3Store(bucket, prefix=prefix or None, client_options=client, retry_config=retries, **known)  # type: ignore[arg-type]


def places() -> list[Place]:
    """Every place that backups of this shop are kept in, in the order they were named."""
    return [place_of(text) for text in settings.BACKUP_PLACES]


def place_of(text: str) -> Place:
    """The place that a text names: `s3://bucket/part`, or the path of a folder."""
    if text.startswith("s3://"):
        bucket, _slash, prefix = text.removeprefix("s3://").strip("/").partition("/")
        return Bucket(bucket, prefix)
    return Folder(Path(text).expanduser())


def is_backup(name: str) -> bool:
    """Whether a file's name is one that backups have."""
    return bool(_NAME.fullmatch(name))


def small(place: Place, name: str) -> bytes | None:
    """A small file as a whole; None where it is not there."""
    try:
        return b"".join(place.read(name))
    except NoSuchBackup:
        return None


@contextmanager
def _reaching(label: str, name: str = "") -> Iterator[None]:
    """What a disk or a server says in its own words becomes a sentence that names the place."""
    try:
        yield
    except FileNotFoundError as gone:
        raise NoSuchBackup(_("%(place)s has no %(name)s.") % {"place": label, "name": name or label}) from gone
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        sentence = _("The place for backups %(place)s is full.") if full else _("%(place)s cannot be used: %(why)s.")
        raise PlaceAway(sentence % {"place": label, "why": error.strerror or str(error)}) from error
    except Exception as error:
        why = _said_by_storage(error)
        if why is None:
            raise
        if name and "NotFound" in type(error).__name__:
            raise NoSuchBackup(_("%(place)s has no %(name)s.") % {"place": label, "name": name}) from error
        raise PlaceAway(_("%(place)s cannot be used: %(why)s.") % {"place": label, "why": why}) from error


def _said_by_storage(error: Exception) -> str | None:
    """The first line of what an object storage answered; None where it was not the storage."""
    if not any(kind.__module__.startswith("obstore") for kind in type(error).__mro__):
        return None
    return " ".join(str(error).split("\n\n")[0].split())[:300]
