"""The way back: a backup becomes a database beside the one in use, is compared, and only then takes its place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.utils.translation import gettext as _
from pyrage.x25519 import Identity

from regulars.core.backup import archive, identities, keys, places, proving, sockets
from regulars.core.backup.archive import FILES, Member
from regulars.core.backup.refusals import Damaged, NoKeys, NoSuchBackup, PlaceAway
from regulars.core.backup.targets import PostgresqlTarget, SqliteTarget, target_of

Say = Callable[[int, int], None]
_BEGIN = "restore-"
Target = SqliteTarget | PostgresqlTarget


@dataclass(frozen=True, slots=True)
class Found:
    """A backup to restore: where its bytes come from, and the keys.age that lies beside it."""

    name: str
    size: int
    pieces: Callable[[], Iterable[bytes]]
    keys: bytes | None


@dataclass(frozen=True, slots=True)
class Report:
    """What restoring did."""

    backup: str
    taken_at: str
    tables: int
    rows: int
    files: int
    database: str
    former: str
    erased: int


def restore(
    source: str, *, into: str, may_overwrite: bool, without_sealed: bool, opened_by: list[Identity] | None, say: Say
) -> Report:
    """Restore a backup, by its name or as a file, into the shop or into another place; it is in quarantine then.

    1. Nothing is touched until the backup was read to its end and the new database has the same rows and checksums.
    2. The newest wrapped keys come in, and everybody who was erased since is forgotten again.
    3. The former database is put aside, and the new one takes its place.

    Raises BackupRefusal: what would be overwritten, that the shop is open, that keys are missing, what is damaged.
    """
    found = find(source)
    target = target_of(into)
    openers = opened_by or identities.identities()
    with archive.opened(found.name, found.pieces, openers) as backup:
        head = backup.manifest
    target.check(head, may_overwrite=may_overwrite)
    known = _newest_keys(found, openers)
    if head.wrapped_keys and not known.rows and not without_sealed:
        raise NoKeys(
            _(
                "keys.age is not beside the backup, and no database has the keys either: without them the sealed "
                "fields (notes, dates of birth, identities) cannot be read. Put keys.age beside the backup, or restore "
                "without these fields by --without-sealed."
            )
        )
    connections.close_all()
    with target.alone(), _scratch(target.home) as folder:
        files = folder / "files"
        with ExitStack() as undo:
            copy = target.copy()
            undo.callback(copy.remove)
            with archive.opened(found.name, _told(found, say), openers) as backup:
                manifest = proving.receive(backup, copy, tell=lambda: None, keep=lambda one: _keep(one, files))
            count = _bring_files(files, target)
            checked = proving.look_inside(manifest, copy.url, home=target.home, mode="restore", known=known)
            problems = [sentence for check in checked for sentence in check["problems"]]
            if problems:
                raise Damaged(found.name, archive.DATABASE, " ".join(problems[:3]))
            connections.close_all()
            former = target.exchange()
            undo.pop_all()
    target.hand_over_keys()
    return Report(
        backup=manifest.name,
        taken_at=manifest.taken_at,
        tables=len(manifest.tables),
        rows=manifest.rows,
        files=count,
        database=target.label,
        former=former,
        erased=len(known.erased),
    )


def find(source: str) -> Found:
    """The backup of that name in the first place that has it, or the file of that path. Raises NoSuchBackup."""
    path = Path(source).expanduser()
    if path.is_file():
        folder = places.Folder(path.parent)
        return Found(path.name, path.stat().st_size, lambda: folder.read(path.name), places.small(folder, places.KEYS))
    away = []
    for place in places.places():
        try:
            sizes = {one.name: one.size for one in place.stored()}
            if source in sizes:
                text = places.small(place, places.KEYS)
                return Found(source, sizes[source], lambda place=place: place.read(source), text)  # type: ignore[misc]
        except PlaceAway as refusal:
            away.append(refusal.sentence)
    sentence = _("There is no backup and no file called %(name)s. `regulars backup list` shows what there is.")
    raise NoSuchBackup(" ".join([sentence % {"name": source}, *away]))


def _newest_keys(found: Found, openers: list[Identity]) -> keys.Keys:
    known = [keys.of_database(), *proving.keys_beside()]
    if found.keys is not None:
        known.append(keys.read(found.keys, openers))
    return keys.newest(known)


def _told(found: Found, say: Say) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        done = 0
        for piece in found.pieces():
            done += len(piece)
            say(done, found.size)
            yield piece

    return pieces


def _keep(member: Member, folder: Path) -> None:
    """Write a file of the backup aside; its name must stay below the folder it is for."""
    relative = Path(member.path.removeprefix(FILES))
    path = folder / relative
    if relative.is_absolute() or ".." in relative.parts:
        raise Damaged(member.path, member.path, _("it wants to lie elsewhere."))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("wb") as file:
        path.chmod(0o600)
        for piece in member.pieces():
            file.write(piece)


def _bring_files(aside: Path, target: Target) -> int:
    """Put the files where they belong. They have random names: what is there already is the same, and stays."""
    count = 0
    for label, folder in sockets.folders().items():
        home = target.home / folder.relative_to(settings.REGULARS_HOME)
        for path in sorted((aside / label).rglob("*")) if (aside / label).is_dir() else ():
            if path.is_file():
                place = home / path.relative_to(aside / label)
                place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.replace(place)
                count += 1
    return count


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """Room beside what it is for: a rename there takes no time."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for broken in home.glob(f"{_BEGIN}*"):
        shutil.rmtree(broken, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_BEGIN, dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
