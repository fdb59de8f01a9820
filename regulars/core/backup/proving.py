"""Proving a backup: read it back, build the shop from it in a scratch place, count and look at everything there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import keyring
from regulars.core.backup import archive, identities, keys, places, sockets, space
from regulars.core.backup.archive import DATABASE, Manifest, Opened
from regulars.core.backup.engine import Scratch
from regulars.core.backup.places import Place
from regulars.core.backup.refusals import BackupRefusal, Damaged, NoKeys, NoSuchBackup, OtherEngine
from regulars.core.errors import Refusal
from regulars.core.models import BackupRun

Say = Callable[[int, int], None]

_INSIDE = "import django; django.setup(); from regulars.core.backup import inside; inside.main()"


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at in a restored copy: for each check its name, and a sentence for whatever is wrong."""

    manifest: Manifest
    checked: list[dict[str, Any]]

    @property
    def problems(self) -> list[str]:
        return [sentence for check in self.checked for sentence in check["problems"]]


def verify(name: str, *, say: Say) -> list[BackupRun]:
    """Prove a backup again, in every place that has it; the runs say how it went. Raises NoSuchBackup."""
    holders = [place for place in places.places() if any(one.name == name for one in place.stored())]
    if not holders:
        raise NoSuchBackup(_("No place has a backup called %(name)s.") % {"name": name})
    runs = []
    with space.alone(holders) as folder:
        for place in holders:
            run, _is_new = BackupRun.objects.get_or_create(
                name=name, place=place.label, defaults={"state": BackupRun.State.TAKEN, "ended_at": timezone.now()}
            )
            prove_run(run, place, folder, say=say)
            runs.append(run)
    return runs


def prove_run(run: BackupRun, place: Place, folder: Path, *, say: Say) -> None:
    """Prove one backup in one place, and write down what came of it."""
    known = {one.name: one.size for one in place.stored()}
    size = known.get(run.name, 0)
    seen = [0]

    def pieces() -> Iterator[bytes]:
        for piece in place.read(run.name):
            seen[0] += len(piece)
            yield piece

    def tell() -> None:
        # the second half of the work: the first was taking it
        say(size + seen[0], 2 * size)

    try:
        _check_size(run, size)
        proof = prove(run.name, pieces, folder, tell=tell)
    except (Damaged, NoKeys, OtherEngine) as bad:
        _damaged(run, bad.sentence, [])
        return
    except BackupRefusal as refusal:
        # it could not be looked at: that says nothing of the backup
        run.error = refusal.sentence
        run.save(update_fields=["error"])
        sockets.tell("failed", run.name, refusal.sentence)
        raise
    run.rows, run.size = proof.manifest.rows, size
    if proof.problems:
        sentence = _("The backup %(name)s was restored, and something in it is wrong: %(what)s")
        _damaged(run, sentence % {"name": run.name, "what": " ".join(proof.problems[:3])}, proof.checked)
        return
    run.state, run.error, run.checked, run.proven_at = BackupRun.State.PROVEN, "", proof.checked, timezone.now()
    run.save()
    sockets.tell("proven", run.name)


def _check_size(run: BackupRun, size: int) -> None:
    if run.size and run.size != size:
        what = _("it has %(now)s bytes, and %(was)s were written.") % {"now": size, "was": run.size}
        raise Damaged(run.name, _("end"), what)


def prove(
    name: str, pieces: Callable[[], Iterator[bytes]], folder: Path, *, tell: Callable[[], None], extra: str = "prove"
) -> Proof:
    """Restore a backup in a scratch place and look at everything. Raises Damaged, NoKeys, BackupRefusal."""
    scratch: Scratch | None = None
    try:
        with archive.opened(name, pieces, identities.identities()) as backup:
            scratch = scratch_for(backup.manifest, folder)
            manifest = receive(backup, scratch, tell=tell)
        found = [keys.of_database(), *keys_beside()]
        checked = look_inside(manifest, scratch.url, home=folder, mode=extra, known=keys.newest(found))
        count = len(manifest.members) - sum(path.startswith(DATABASE) for path in manifest.members)
        return Proof(manifest, [{"name": "files", "count": count, "problems": []}, *checked])
    finally:
        if scratch is not None:
            scratch.remove()


def scratch_for(manifest: Manifest, folder: Path) -> Scratch:
    """A scratch database of the backup's kind. Raises OtherEngine."""
    engine = space.engine(folder)
    if manifest.engine == engine.name:
        return engine.scratch(space.PROOF + manifest.name[-12:-4])
    sentence = _("The backup %(name)s is one of %(its)s, and this shop runs on %(ours)s.")
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    raise OtherEngine(sentence % {"name": manifest.name, "its": names[manifest.engine], "ours": names[engine.name]})


def receive(
    backup: Opened, scratch: Scratch, *, tell: Callable[[], None], keep: Callable[[archive.Member], None] | None = None
) -> Manifest:
    """Build the database from a backup's parts, and hand the files to `keep`; the manifest that all agrees with."""
    members = backup.members()
    waiting: list[archive.Member] = []

    def database() -> Iterator[bytes]:
        for member in members:
            if not member.path.startswith(DATABASE):
                waiting.append(member)
                return
            for piece in member.pieces():
                tell()
                yield piece
            if member.path == DATABASE:
                return

    scratch.build(database())
    for member in chain(waiting, members):
        tell()
        if keep is not None:
            keep(member)
    return backup.manifest


def keys_beside() -> Iterator[keys.Keys]:
    """What lies beside the backups of every place that can be reached."""
    for place in places.places():
        try:
            text = places.small(place, places.KEYS)
            if text is not None:
                yield keys.read(text, identities.identities())
        except Refusal:
            continue


def look_inside(manifest: Manifest, url: str, *, home: Path, mode: str, known: keys.Keys) -> list[dict[str, Any]]:
    """Run core/backup/inside.py in a process of its own, whose database is the copy. Raises BackupRefusal."""
    ring = identities.ring()
    environment = {**os.environ, "DATABASE_URL": url, "REGULARS_HOME": str(home), "REGULARS_LOG_LEVEL": "ERROR"}
    if "REGULARS_KEYS" not in environment:
        environment["REGULARS_KEYS_FILE"] = str(ring.path or keyring.path_of(settings.REGULARS_HOME))
    environment.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    asked = {
        "mode": mode,
        "name": manifest.name,
        "taken_at": manifest.taken_at,
        "url": url,
        "tables": {name: asdict(table) for name, table in manifest.tables.items()},
        "migrations": manifest.migrations,
        "keys": known.rows,
        "erased": sorted(known.erased),
    }
    done = subprocess.run(  # noqa: S603 — ourselves
        [sys.executable, "-c", _INSIDE],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        words = " ".join(done.stderr.split())[-600:]
        raise BackupRefusal(_("The restored copy could not be looked at: %(words)s") % {"words": words}) from None
    if "refusal" in answer:
        raise OtherEngine(answer["refusal"])
    checked: list[dict[str, Any]] = answer["checked"]
    return checked


def _damaged(run: BackupRun, sentence: str, checked: list[dict[str, Any]]) -> None:
    run.state, run.error, run.checked, run.proven_at = BackupRun.State.DAMAGED, sentence, checked, None
    run.save()
    sockets.tell("damaged", run.name, sentence)
