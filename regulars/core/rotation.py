"""New keys for the shop: those that stand in the key ring, and those that data are encrypted with.

The ring's new key comes first and the old ones stay until somebody drops them, so that whatever is cut short leaves
nothing closed: the wrapped keys, the database file and the backups open with any key of the ring.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.db import connections, transaction
from django.utils.translation import gettext as _

from regulars.core import datakeys, keyring, pause, resealing
from regulars.core.backup.keys import replace_keys
from regulars.core.errors import Refusal
from regulars.core.keyring import Key, KeyRing
from regulars.core.models import WrappedKey
from regulars.core.sqlcipher.files import InUse, can_read, encrypt, is_plain, unlock

_NOTICED_IN = 6.0  # seconds until every process writes with a new generation (see datakeys)

_RENEWING = "renewing"

Say = Callable[[str], None]


class KeyNeeded(Refusal):
    """A key cannot be taken away, or made, as things are."""

    slug = "key-needed"
    status = HTTPStatus.CONFLICT


@dataclass(frozen=True, slots=True)
class Used:
    """What a key of the ring is used for."""

    id: str
    is_current: bool
    wraps: tuple[str, ...]
    has_database: bool


def uses() -> list[Used]:
    """The keys of the ring, the current one first, with what needs each."""
    ring = datakeys.ring()
    wraps: dict[str, list[str]] = {}
    for name, key_id in WrappedKey.objects.order_by("name").values_list("name", "key_id"):
        wraps.setdefault(key_id, []).append(name)
    return [Used(key.id, key == ring.current, tuple(wraps.get(key.id, ())), _opens_database(key)) for key in ring.keys]


def rotate(*, say: Say = lambda _sentence: None) -> Key:
    """A new key for the shop: it comes first in the ring, wraps the data keys, and encrypts the database file.

    The shop stands still while the file is copied, and only then. Raises KeyNeeded, where the ring is not ours to
    write or the shop that runs did not step aside; run again, it goes on where it was.
    """
    ring = datakeys.ring()
    if not _is_unfinished():
        ring = _with_new_key(ring)
        say(_("The new key is %(id)s. Keep a copy of %(path)s.") % {"id": ring.current.id, "path": ring.path})
    with transaction.atomic():
        count = datakeys.rewrap()
        replace_keys()
    say(_("%(count)s data keys are locked with it.") % {"count": count})
    path = _database()
    if path is not None and not is_plain(str(path)) and not _opens_database(ring.current):
        _encrypt_again(path, ring)
        say(_("The database is encrypted with it."))
    return ring.current


def renew_data(*, say: Say = lambda _sentence: None) -> int:
    """New keys for the data themselves, while the shop runs; how many rows and files were sealed anew.

    1. Make a new generation of the keys, unless one was begun, and wait until every process writes with it.
    2. Seal anew what older ones sealed, part by part. Cut short, it goes on with the next call.
    3. The older generations stay, locked under the ring: what stands on the timeline is vouched for by the audit, and
       never written anew.
    """
    names = (datakeys.PEOPLE, "files")
    if not _is_begun():
        with transaction.atomic():
            for name in names:
                datakeys.add_generation(name)
            datakeys.named(_RENEWING)
            replace_keys()
        time.sleep(_NOTICED_IN)
    say(_("Data are sealed anew. The shop may go on meanwhile."))
    count = 0
    while renewed := resealing.renew_all():
        count += renewed
    with transaction.atomic():
        WrappedKey.objects.filter(name=_RENEWING).delete()
        replace_keys()
    return count


def drop(key_id: str) -> None:
    """Take an older key out of the ring. Raises KeyNeeded while something is locked with it."""
    ring = datakeys.ring()
    used = next((one for one in uses() if one.id == key_id), None)
    if used is None:
        raise KeyNeeded(_("There is no key %(id)s. “regulars keys list” names them.") % {"id": key_id[:20]})
    if used.is_current:
        raise KeyNeeded(_("%(id)s is the current key. Make a new one first: “regulars keys rotate”.") % {"id": key_id})
    if used.wraps or used.has_database:
        raise KeyNeeded(_("%(id)s is still needed. Finish the rotation: “regulars keys rotate”.") % {"id": key_id})
    _save(replace(ring, keys=tuple(key for key in ring.keys if key.id != key_id)))


def _is_unfinished() -> bool:
    """Whether a rotation was begun and not ended: something is locked with an older key still."""
    return any(used.wraps or used.has_database for used in uses() if not used.is_current)


def _is_begun() -> bool:
    """Whether data are being sealed anew: a key that nothing is locked with stands for it."""
    return WrappedKey.objects.filter(name=_RENEWING).exists()


def _with_new_key(ring: KeyRing) -> KeyRing:
    key = Key.new()
    if ring.path is None:
        raise KeyNeeded(
            _("The keys stand in REGULARS_KEYS. Put this one in front of them, restart, and run this again: %(key)s")
            % {"key": key.text}
        )
    return _save(replace(ring, keys=(key, *ring.keys)))


def _save(ring: KeyRing) -> KeyRing:
    try:
        keyring.save(ring)
    except (OSError, keyring.BadKeys) as problem:
        raise KeyNeeded(_("The keys cannot be written: %(reason)s.") % {"reason": problem}) from problem
    settings.KEY_RING = ring
    return ring


def _database() -> Path | None:
    """The file of the database, where it is one."""
    name = settings.DATABASES["default"]["NAME"]
    return Path(name) if settings.IS_SQLITE and Path(name).is_file() else None


def _opens_database(key: Key) -> bool:
    path = _database()
    if path is None or is_plain(str(path)):
        return False
    from sqlcipher3 import dbapi2  # noqa: PLC0415 — PostgreSQL needs none of it

    connection = dbapi2.connect(str(path))
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # that a key does not fit is an answer here
        unlock(connection, key.derive("database").hex())
        return can_read(connection)
    finally:
        connection.close()


def _encrypt_again(path: Path, ring: KeyRing) -> None:
    keys = [key.derive("database").hex() for key in ring.keys]
    try:
        with pause.paused(settings.REGULARS_HOME):
            connections.close_all()
            encrypt(path, keys[0], keys=keys)
            # this process goes on with the file as it is now
            connections.settings["default"]["OPTIONS"]["keys"] = keys
    except (pause.StillRunning, InUse) as problem:
        raise KeyNeeded(
            _("The data keys are locked with the new key; the database file is not yet: %(reason)s")
            % {"reason": problem}
        ) from problem
