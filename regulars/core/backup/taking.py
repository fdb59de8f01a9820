"""Taking a backup: a copy of one moment, packed, encrypted and written as a stream, then proven, then older ones go."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import regulars
from regulars.core import quarantine
from regulars.core.background import Cancelled, background, every, progress
from regulars.core.backup import identities, keys, places, proving, retention, sockets, space
from regulars.core.backup.archive import FILES, Manifest, Source, packed
from regulars.core.backup.engine import Snapshot
from regulars.core.backup.flow import Flow, flowing
from regulars.core.backup.places import Place
from regulars.core.backup.refusals import BackupRefusal, NoSuchBackup, PlaceAway, Quarantined
from regulars.core.errors import Refusal
from regulars.core.models import BackupRun

State = BackupRun.State
Say = Callable[[int, int], None]

_PIECE = 256 * 1024
_NEVER_KEPT = ("KEY", "SECRET", "PASSWORD", "TOKEN", "DATABASE_URL")
_OF_A_RUN = {"REGULARS_PARENT", "REGULARS_HOME", "REGULARS_TEST_ENGINE"}

log = logging.getLogger(__name__)


@every(settings.BACKUP_AT, retries=3, label=gettext_lazy("Back up the shop and prove the backup"))
def back_up_nightly() -> None:
    """Take a backup, prove it, and let older ones go; a shop in quarantine takes none."""
    if not quarantine.is_on():
        create(say=progress)


@background(retries=0, label=gettext_lazy("Back up the shop and prove the backup"))
def back_up_now() -> None:
    """The same, because somebody asked for it."""
    create(say=progress)


@background(retries=0, label=gettext_lazy("Prove a backup"))
def verify_now(*, name: str) -> None:
    """Prove one backup again, because somebody asked for it."""
    bad = [run.error for run in proving.verify(name, say=progress) if run.state == State.DAMAGED]
    if bad:
        raise BackupRefusal(" ".join(bad))


VERBS = (back_up_nightly, back_up_now, verify_now)


def create(*, say: Say) -> list[BackupRun]:
    """Take a backup, bring it to every place, prove each copy, and let older ones go.

    `say(done, total)` hears how far it is, in bytes of what is read and read again. What one place cannot do, the
    others still do; then the refusal is raised at the end. Raises BackupRefusal.
    """
    if quarantine.is_on():
        raise Quarantined(
            _(
                "This shop was restored from a backup and is in quarantine. Release it first: else its backups would "
                "mix with those of the shop it is a copy of."
            )
        )
    wanted = places.places()
    with space.alone(wanted) as folder:
        _close_unended()
        name = f"regulars-{timezone.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.age"
        runs = _take(name, wanted, folder, say)
        refusals = [run.error for run in runs if run.state == State.FAILED]
        for run, place in zip(runs, wanted, strict=True):
            if run.state == State.TAKEN:
                try:
                    proving.prove_run(run, place, folder, say=say)
                except BackupRefusal as refusal:
                    refusals.append(refusal.sentence)
            if run.state != State.FAILED:
                refusals += _finish(place)
    bad = [run.error for run in runs if run.state == State.DAMAGED]
    if refusals or bad:
        raise BackupRefusal(" ".join([*refusals, *bad]))
    return runs


def prune(place: Place) -> list[str]:
    """Let backups of a place go that are older than what is to be kept; the names of those."""
    names = [one.name for one in place.stored()]
    proven = BackupRun.objects.filter(place=place.label, state=State.PROVEN).values_list("name", flat=True)
    daily, weekly, monthly = settings.BACKUP_KEEP
    kept = retention.to_keep(names, daily=daily, weekly=weekly, monthly=monthly, proven=proven)
    gone = [name for name in names if name not in kept]
    for name in gone:
        place.remove(name)
        BackupRun.objects.filter(name=name, place=place.label).delete()
    failed = BackupRun.objects.filter(place=place.label, state=State.FAILED).order_by("-began_at")
    BackupRun.objects.filter(pk__in=list(failed.values_list("pk", flat=True)[30:])).delete()
    return gone


def remove(name: str) -> list[str]:
    """Take a backup away from every place, and from what we know; the places that had it. Raises NoSuchBackup."""
    held = [place for place in places.places() if any(one.name == name for one in place.stored())]
    if not held:
        raise NoSuchBackup(_("No place has a backup called %(name)s.") % {"name": name})
    for place in held:
        place.remove(name)
        BackupRun.objects.filter(name=name, place=place.label).delete()
    return [place.label for place in held]


def _take(name: str, wanted: list[Place], folder: Path, say: Say) -> list[BackupRun]:
    """Write the backup to the first place that takes it, and copy it to the others from there."""
    runs = [BackupRun.objects.create(name=name, place=place.label) for place in wanted]
    first: Place | None = None
    for run, place in zip(runs, wanted, strict=True):
        written = hashlib.sha256()
        try:
            if first is None:
                run.rows, run.size = _write(name, place, folder, written, say)
                first = place
            else:
                run.rows = runs[0].rows
                run.size = place.write(name, _noted(first.read(name), written))
        except PlaceAway as refusal:
            _fail(run, refusal)
            continue
        except BaseException as error:
            for unended in runs:
                if unended.state == State.TAKING:
                    _fail(unended, error)
            raise
        run.state, run.digest, run.ended_at = State.TAKEN, written.hexdigest(), timezone.now()
        run.save()
    return runs


def _write(name: str, place: Place, folder: Path, written: hashlib._Hash, say: Say) -> tuple[int, int]:
    with space.engine(folder).snapshot(sockets.left_out()) as snapshot:
        manifest = _manifest(name, snapshot)
        total = 2 * ((snapshot.source.size or 0) + _size_of_files())
        to = identities.recipients()

        def pack(flow: Flow) -> None:
            packed(flow, manifest, _counted(chain([snapshot.source], _files()), read), to)

        read = [0]
        with flowing(pack) as flow:
            size = place.write(
                name, _telling(_noted(flow.pieces(), written), lambda: say(read[0], max(total, read[0])))
            )
    return manifest.rows, size


def _manifest(name: str, snapshot: Snapshot) -> Manifest:
    return Manifest(
        name=name,
        version=regulars.__version__,
        taken_at=retention.taken_at(name).isoformat(),
        engine=space.engine(Path()).name,
        engine_version=snapshot.engine_version,
        key_id=identities.ring().current.id,
        newest_entry=snapshot.newest_entry,
        wrapped_keys=snapshot.wrapped_keys,
        migrations=snapshot.migrations,
        tables=snapshot.tables,
        left_out=sorted(sockets.left_out()),
        settings=_settings(),
    )


def _settings() -> dict[str, str]:
    """The options that are set, without whatever is secret: they help whoever sets the shop up again."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith("REGULARS_")
        and name not in _OF_A_RUN
        and not any(word in name for word in _NEVER_KEPT)
        and "://" not in value.partition("@")[0]  # an address with a password in it
    }


def _files() -> Iterator[Source]:
    """Every file of the shop, in order. They are written once and never changed; one that goes meanwhile is passed."""
    for path, name in _paths():
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        with file:  # open: what is removed now is still read to its end
            yield Source(f"{FILES}{name}", os.fstat(file.fileno()).st_size, partial(_pieces, file))


def _paths() -> Iterator[tuple[Path, str]]:
    for label, folder in sockets.folders().items():
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".part":
                yield path, f"{label}/{path.relative_to(folder).as_posix()}"


def _size_of_files() -> int:
    """How much there will be to read; a file that goes meanwhile changes little."""
    return sum(path.stat().st_size for path, _name in _paths() if path.exists())


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_PIECE), b"")


def _counted(sources: Iterable[Source], read: list[int]) -> Iterator[Source]:
    for source in sources:
        yield Source(source.path, source.size, partial(_counting, source, read))


def _counting(source: Source, read: list[int]) -> Iterator[bytes]:
    for piece in source.open():
        read[0] += len(piece)
        yield piece


def _noted(pieces: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _telling(pieces: Iterable[bytes], tell: Callable[[], None]) -> Iterator[bytes]:
    for piece in pieces:
        tell()
        yield piece


def _fail(run: BackupRun, error: BaseException) -> None:
    run.state, run.ended_at = State.FAILED, timezone.now()
    stopped = _("Stopped.") if isinstance(error, Cancelled | KeyboardInterrupt) else ""
    run.error = stopped or (error.sentence if isinstance(error, Refusal) else f"{type(error).__name__}: {error}")
    run.save()
    if not stopped:
        sockets.tell("failed", run.name, run.error)


def _finish(place: Place) -> list[str]:
    """The newest keys beside it, older ones away; what is in the way is no damage of the backup, but is told."""
    try:
        keys.write(place)
        prune(place)
    except PlaceAway as refusal:
        log.warning("%s", refusal.sentence)
        return [refusal.sentence]
    return []


def _close_unended() -> None:
    """What another process left open when it was killed; we are alone now."""
    unended = BackupRun.objects.filter(state=State.TAKING)
    if not unended.exists():
        return
    unended.update(state=State.FAILED, ended_at=timezone.now(), error=_("It ended before the backup was done."))
