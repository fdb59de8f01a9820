"""Room to work in, for one backup at a time."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from regulars.core.backup.places import Folder, Place
from regulars.core.backup.postgresql import Postgresql, drop
from regulars.core.backup.refusals import AlreadyRunning
from regulars.core.backup.sqlite import Sqlite

PROOF = "proof_"
_LOCK = "backup.lock"
_ADVISORY = 7_216_034_115


@contextmanager
def alone(places: list[Place]) -> Iterator[Path]:
    """An empty folder in the data folder, for this backup alone; what broken ones left is cleared. AlreadyRunning."""
    home: Path = settings.REGULARS_HOME
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / _LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise AlreadyRunning(
                _("Another backup is being taken or proven at this moment. Wait for its end.")
            ) from busy
        with _alone_on_server():
            folder = home / "scratch"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            for place in places:
                if isinstance(place, Folder):
                    place.sweep()
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def engine(folder: Path, known: dict[str, Any] | None = None) -> Sqlite | Postgresql:
    """The database that settings name, by default the shop's own, with room for copies in `folder`."""
    known = known or settings.DATABASES["default"]
    if known["ENGINE"].endswith("postgresql"):
        return Postgresql(known)
    return Sqlite(Path(known["NAME"]), folder)


def has_database() -> bool:
    """Whether the settings name a database that is there; looking for it must not make one."""
    known = settings.DATABASES["default"]
    if known["ENGINE"].endswith("postgresql"):
        return True
    path = Path(known["NAME"])
    return path.exists() and path.stat().st_size > 0


@contextmanager
def _alone_on_server() -> Iterator[None]:
    """Workers of several machines share one PostgreSQL: it says who of them is first."""
    known = settings.DATABASES["default"]
    if not known["ENGINE"].endswith("postgresql"):
        yield
        return
    server = Postgresql(known)
    with server.connect() as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_ADVISORY]).fetchone()
        if not row or not row[0]:
            raise AlreadyRunning(_("Another backup is being taken or proven at this moment. Wait for its end."))
        for name in server.leftovers(PROOF):
            drop(connection, name)
        yield
