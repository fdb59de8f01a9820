"""Set-up: from nothing to a shop that can be opened. Every step may run again and keeps what is there.

Nothing here imports Django before the keys exist, because the settings read them.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regulars import __version__
from regulars.config.environment import BadSetting, data_folder, flag, key_ring
from regulars.core import keyring
from regulars.core.sqlcipher.files import encrypt, is_plain

_PACKAGE = Path(__file__).resolve().parents[1]
_STAMP = "set-up.json"


def set_up(*, with_demo: bool) -> None:
    """Make what is missing: folders, keys, translations, tables, and, in an empty shop, the demo shop and an owner."""
    folder = data_folder()
    with step("Data folder", folder):
        _make_private(folder)
        _make_private(folder / "static")
    with _alone(folder):
        with step("Keys"):
            make_keys(folder)
        _encrypt_database(folder / "regulars.sqlite3")
        with step("Translations"):
            compile_translations()
        with step("Database", os.environ.get("DATABASE_URL", "").partition(":")[0] or "SQLite"):
            _migrate()
        with step("Sealing"):
            _seal()
        if with_demo:
            _load_demo_shop()
        _ask_for_lake()
        with step("Sign-in"):
            _make_owner()
        (folder / _STAMP).write_text(json.dumps({"state": fingerprint()}), encoding="utf-8")


def is_set_up() -> bool:
    """Whether set_up() has run to its end for this version, these settings and this database."""
    folder = data_folder()
    try:
        known = json.loads((folder / _STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    has_database = bool(os.environ.get("DATABASE_URL")) or (folder / "regulars.sqlite3").is_file()
    return has_database and key_ring() is not None and known.get("state") == fingerprint()


def fingerprint() -> str:
    """What set-up depends on: the version, which database, which migrations and which translations there are."""
    digest = hashlib.sha256(f"{__version__} {os.environ.get('DATABASE_URL', '')}".encode())
    for path in sorted([*_PACKAGE.glob("*/migrations/*.py"), *_PACKAGE.glob("locale/*/LC_MESSAGES/*.po")]):
        digest.update(f"{path.relative_to(_PACKAGE)} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return digest.hexdigest()


@contextmanager
def step(name: str, note: object = "") -> Iterator[None]:
    """Say what is being done, and how long it took."""
    began = time.monotonic()
    is_terminal = sys.stdout.isatty()
    if is_terminal:
        print(f"  … {name:<16} {note}", end="\r", flush=True)
    yield
    print(f"  ✓ {name:<16} {note!s:<40} {time.monotonic() - began:6.1f} s", flush=True)


def make_keys(folder: Path) -> None:
    """A key of 32 random bytes, beside the data folder. Keys that are there are never made again.

    Where there is a database already, its key is missing and not to be made anew: a person has to put it back.
    """
    if key_ring() is not None:
        return
    path = keyring.path_of(folder)
    database = folder / "regulars.sqlite3"
    if database.exists() and not is_plain(str(database)):
        raise BadSetting(f"The database in {folder} is encrypted, but its keys are gone. Put {path} back.")
    try:
        keyring.save(keyring.KeyRing((keyring.Key.new(),), path))
    except OSError as error:
        raise BadSetting(f"The keys cannot be written to {path}: {error.strerror}. Set REGULARS_KEYS_FILE.") from error


def compile_translations() -> None:
    """Bring each .po into the .mo that Django reads, where the .po is newer; with Babel, not GNU gettext."""
    for source in sorted(_PACKAGE.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        part = target.with_suffix(".part")
        with source.open("rb") as read, part.open("wb") as write:
            write_mo(write, read_po(read, locale=source.parts[-3]))
        part.replace(target)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One set-up at a time: a second one waits, then finds everything done."""
    with (folder / "set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"The data folder {folder} cannot be made: {error.strerror}. Set REGULARS_HOME.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadSetting(f"The data folder {folder} cannot be written to. Set REGULARS_HOME to one that can.")
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(0o700)


def _encrypt_database(path: Path) -> None:
    """Encrypt what was written before there were keys."""
    ring = key_ring()
    if ring is None or not path.exists() or not path.stat().st_size or not is_plain(str(path)):
        return
    if os.environ.get("DATABASE_URL") or not flag("REGULARS_ENCRYPT", default=True):
        return
    with step("Encryption", path.name):
        try:
            encrypt(path, ring.current.derive("database").hex())
        except OSError as error:
            raise BadSetting(f"The database cannot be encrypted: {error}") from error


def _migrate() -> None:
    from regulars.config.cli import open_house

    open_house()
    from django.core.management import call_command
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError as error:
        reason = " ".join(str(error).split())
        raise BadSetting(f"The database cannot be reached: {reason}. Look at DATABASE_URL.") from error
    call_command("migrate", interactive=False, verbosity=0)


def _seal() -> None:
    """Seal what an older version kept plainly; begun again, it goes on where it was."""
    from regulars.core.resealing import seal_waiting

    seal_waiting()


def _load_demo_shop() -> None:
    from regulars.config.demo.shop import is_wanted, load_shop

    if is_wanted():
        with step("Demo shop", "a year of real orders"):
            load_shop(say=lambda sentence: print(f"    {sentence}", flush=True))


def _ask_for_lake() -> None:
    """Have the worker build the columns that groups are asked of, where there are none for this release."""
    from regulars.segments.lake.jobs import ask_for_first

    ask_for_first()


def _make_owner() -> None:
    """The first owner, where nobody works here yet, and a first password where an owner has none.

    The password is kept in first-sign-in, so that every start can print it until somebody changes it.
    """
    from regulars.config.sign_in import make_first_sign_in

    make_first_sign_in()
