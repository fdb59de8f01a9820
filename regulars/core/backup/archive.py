"""The form of a backup: age around zstd around tar, made and read as a stream.

manifest.json   what is known when it begins: version, engine, moment, migrations, rows and checksums of each table
database        the whole SQLite file; or database/00000, database/00001 …, the pieces of pg_dump's custom format
files/…         what belongs to the shop and is no row
manifest.json   the same again, with size and SHA-256 of everything that came in between
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import IO, Any

import pyrage
from django.utils.translation import gettext as _
from pyrage.x25519 import Identity, Recipient

from regulars.core.backup.flow import Flow, flowing
from regulars.core.backup.pages import BadPage
from regulars.core.backup.refusals import BackupRefusal, Damaged, NoKeys

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
FILES = "files/"
_PIECE = 256 * 1024
_CHUNK = 8 * 1024 * 1024  # a piece of a database whose size is not known beforehand
_HEADER = "header"


@dataclass(frozen=True, slots=True)
class Table:
    """How many rows a table has, and a checksum of all of them."""

    rows: int
    digest: str


@dataclass(kw_only=True)
class Manifest:
    """What a backup says of itself."""

    name: str
    version: str
    taken_at: str
    engine: str
    engine_version: str
    key_id: str
    newest_entry: int
    wrapped_keys: int
    migrations: list[list[str]]
    tables: dict[str, Table]
    left_out: list[str]
    settings: dict[str, str]
    format: int = FORMAT
    members: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    def text(self) -> bytes:
        """As it stands in the backup."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @classmethod
    def read(cls, text: bytes) -> Manifest:
        """What a backup says of itself; raises BackupRefusal where a newer version wrote it."""
        values = json.loads(text)
        if values.get("format") != FORMAT:
            raise BackupRefusal(_("This backup was made by a newer version of Regulars. Update Regulars first."))
        values["tables"] = {name: Table(**table) for name, table in values["tables"].items()}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Source:
    """Something to put into a backup; `size` is None where nobody knows it before the end."""

    path: str
    size: int | None
    open: Callable[[], Iterable[bytes]]


def packed(flow: Flow, manifest: Manifest, sources: Iterable[Source], to: list[Recipient]) -> None:
    """Write a backup into a flow."""
    with flowing(lambda plain: _pack(plain, manifest, sources)) as plain:
        try:
            pyrage.encrypt_io(plain, flow, to)
        except Exception:
            if plain.error is not None:
                raise plain.error from None
            raise


def _pack(plain: Flow, manifest: Manifest, sources: Iterable[Source]) -> None:
    import pyarrow  # noqa: PLC0415 — a heavy guest, and only backups and few files need it

    stream = pyarrow.CompressedOutputStream(pyarrow.PythonFile(plain, mode="w"), "zstd")
    with tarfile.open(fileobj=stream, mode="w|", bufsize=_PIECE, format=tarfile.PAX_FORMAT) as tar:
        _add(tar, MANIFEST, manifest.text())
        for source in sources:
            manifest.members |= _add_source(tar, source)
        _add(tar, MANIFEST, manifest.text())
    stream.close()


def _add_source(tar: tarfile.TarFile, source: Source) -> dict[str, dict[str, Any]]:
    """Put a source into the tar, in pieces where its size is not known, and say what was put there."""
    if source.size is None:
        return {
            f"{source.path}/{number:05}": _add(tar, f"{source.path}/{number:05}", chunk)
            for number, chunk in enumerate(_chunks(source.open()))
        }
    reading = _Reading(source.open())
    tar.addfile(_info(source.path, source.size), reading)
    return {source.path: {"size": source.size, "sha256": reading.digest.hexdigest()}}


def _add(tar: tarfile.TarFile, path: str, content: bytes) -> dict[str, Any]:
    tar.addfile(_info(path, len(content)), io.BytesIO(content))
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _info(path: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, 0o600
    return info


def _chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= _CHUNK:
            yield bytes(held[:_CHUNK])
            del held[:_CHUNK]
    if held:
        yield bytes(held)


class _Reading:
    """Pieces of any size as a file to read from, with a checksum of what was read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._held = iter(pieces), b""
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        while len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._held += piece
        found, self._held = self._held[:size], self._held[size:]
        self.digest.update(found)
        return found


@dataclass
class Member:
    """A part of a backup that is being read."""

    path: str
    size: int
    file: IO[bytes]
    digest: Any = field(default_factory=hashlib.sha256)

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, once."""
        while piece := self.file.read(_PIECE):
            self.digest.update(piece)
            yield piece


class Opened:
    """A backup that is being read: its first manifest, its parts one after the other, then its last manifest."""

    def __init__(self, name: str, flow: Flow, tar: tarfile.TarFile) -> None:
        self.name, self._flow, self._tar = name, flow, tar
        self.part = MANIFEST
        self.seen: dict[str, dict[str, Any]] = {}
        self.manifest = self._manifest(self._tar.next())

    def members(self) -> Iterator[Member]:
        """Each part in its order. Behind the last one everything was compared with what the manifest says of it."""
        while (info := self._tar.next()) is not None:
            self.part = info.name
            file = self._tar.extractfile(info)
            if file is None:
                raise Damaged(self.name, info.name, _("it is no file."))
            if info.name == MANIFEST:
                self._compare(Manifest.read(file.read()))
                self._to_the_end()
                return
            member = Member(info.name, info.size, file)
            yield member
            for _piece in member.pieces():
                pass  # what nobody wanted is read for its checksum
            self.seen[info.name] = {"size": info.size, "sha256": member.digest.hexdigest()}
        raise Damaged(self.name, self.part, _("it ends before its end."))

    def _manifest(self, info: tarfile.TarInfo | None) -> Manifest:
        file = self._tar.extractfile(info) if info is not None and info.name == MANIFEST else None
        if file is None:
            raise Damaged(self.name, MANIFEST, _("it does not begin with its manifest."))
        return Manifest.read(file.read())

    def _compare(self, last: Manifest) -> None:
        if last.name != self.name:
            raise Damaged(self.name, MANIFEST, _("it is another backup, %(other)s.") % {"other": last.name})
        for path in last.members | self.seen:
            if last.members.get(path) != self.seen.get(path):
                raise Damaged(self.name, path, _("it is not what the manifest says of it."))
        self.manifest = last

    def _to_the_end(self) -> None:
        """The last bytes count as well: a file with something cut off, or something added, is not what was written."""
        while self._tar.fileobj.read(_PIECE):
            pass
        while self._flow.read(_PIECE):
            pass


@contextmanager
def opened(name: str, pieces: Callable[[], Iterable[bytes]], identities: list[Identity]) -> Iterator[Opened]:
    """Read a backup; whatever is wrong with it is raised as Damaged, which names the part, or as NoKeys."""
    import pyarrow  # noqa: PLC0415 — a heavy guest, and only backups and few files need it

    def fetch(flow: Flow) -> None:
        for piece in pieces():
            flow.write(piece)

    backup: Opened | None = None
    with flowing(fetch) as sealed, flowing(lambda flow: pyrage.decrypt_io(sealed, flow, identities)) as plain:
        try:
            stream = pyarrow.CompressedInputStream(pyarrow.PythonFile(plain, mode="r"), "zstd")
            with tarfile.open(fileobj=stream, mode="r|", bufsize=_PIECE) as tar:
                backup = Opened(name, plain, tar)
                yield backup
        except BackupRefusal:
            raise
        except Exception as error:
            part = backup.part if backup else _HEADER
            explained = _explained(name, part, error, sealed, plain)
            if explained is error:
                raise
            raise explained from error


def _explained(name: str, part: str, error: Exception, sealed: Flow, plain: Flow) -> Exception:
    """The place could not be read, the keys do not fit, or the backup is damaged; anything else is our own mistake."""
    if sealed.error is not None:
        return sealed.error if isinstance(sealed.error, Exception) else error
    if isinstance(plain.error, pyrage.DecryptError) and "No matching keys" in str(plain.error):
        sentence = _(
            "The backup %(name)s cannot be opened: it was made under other keys than this shop has, or its header is "
            "damaged. Look whether the key file is the right one."
        )
        return NoKeys(sentence % {"name": name})
    if plain.error is not None:
        about = _("it cannot be decrypted behind its first %(megabytes)s MB.")
        return Damaged(name, part, about % {"megabytes": f"{sealed.passed / 1e6:,.1f}"})
    if isinstance(error, tarfile.TarError | EOFError | BadPage):
        return Damaged(name, part, _("it is not what a backup holds there (%(why)s).") % {"why": error})
    return error
