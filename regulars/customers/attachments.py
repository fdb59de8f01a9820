"""Files that people keep with a note: what they are by their own bytes, and where those lie.

The name that a file came with is only shown. What it is, its first bytes say; it lies under a random key in the data
folder, outside everything a web server gives out, sealed for the customer it is about, and leaves it as a download that
no browser opens.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from regulars.core import datakeys
from regulars.core.errors import Refusal
from regulars.core.file_kinds import clean_name, sniff
from regulars.core.resealing import parts
from regulars.core.sealed_files import SealedWriter, generation_of, is_sealed, open_encrypted, reseal
from regulars.core.sealing import Forgotten
from regulars.customers.models import Attachment

_A_DAY = 24 * 3600


class BadFile(Refusal):
    """A file cannot be kept; the sentence says why."""

    slug = "bad-file"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class Upload(Protocol):
    """A file as a form sends it."""

    name: str | None

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, piece by piece."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that lies in the data folder."""

    key: str
    name: str
    media_type: str
    size: int
    sha256: str


def store(upload: Upload, *, customer_id: int) -> Stored:
    """Keep a file, sealed for a customer; raises BadFile where it is too large, empty, or of a kind that is not kept.

    It is written beside its place and moved there whole. Whoever keeps no row for it leaves it to `sweep`.
    """
    key, name = secrets.token_hex(20), shown_name(upload.name or "")
    place = path_of(key)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = place.with_suffix(".part")
    try:
        size, digest = _write(upload, half, name=name, place=_place(key), customer_id=customer_id)
        if not size:
            raise BadFile(_("“%(name)s” is empty.") % {"name": name}, field="files")
        with open_encrypted(half, place=_place(key), person_id=customer_id) as file:
            media_type = sniff(file)
        if not media_type:
            raise BadFile(
                _(
                    "“%(name)s” is not a kind of file that is kept here. "
                    "Pictures, PDF, plain text, tables and office files are."
                )
                % {"name": name},
                field="files",
            )
        half.rename(place)
    finally:
        half.unlink(missing_ok=True)
    return Stored(key, name, media_type, size, digest)


def _write(upload: Upload, path: Path, *, name: str, place: str, customer_id: int) -> tuple[int, str]:
    """Size and digest of what was written; stops where it becomes too large."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        path.chmod(0o600)
        sealed = SealedWriter(file, place=place, person_id=customer_id)
        for chunk in upload.chunks():
            size += len(chunk)
            if size > settings.ATTACHMENT_SIZE:
                most = settings.ATTACHMENT_SIZE >> 20
                raise BadFile(_("“%(name)s” is larger than %(most)s MB.") % {"name": name, "most": most}, field="files")
            digest.update(chunk)
            sealed.write(chunk)
        sealed.close()
    return size, digest.hexdigest()


def path_of(key: str) -> Path:
    """Where the bytes of a key lie."""
    if not (key.isascii() and key.isalnum()):
        raise ValueError(key)
    folder: Path = settings.ATTACHMENTS
    return folder / key[:2] / key


def opened(file: Attachment) -> BinaryIO:
    """The bytes of a file that is kept. Raises Damaged or Forgotten (core/sealing.py), and FileNotFoundError."""
    return open_encrypted(path_of(file.key), place=_place(file.key), person_id=file.customer_id)


def hand_over(file: Attachment, customer_id: int) -> None:
    """Seal the bytes of a file for another customer, under a new key; the old bytes go when all is committed."""
    old, key = file.key, secrets.token_hex(20)
    target = path_of(key)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    reseal(
        path_of(old),
        target,
        place=_place(old),
        person_id=file.customer_id,
        new_place=_place(key),
        new_person=customer_id,
    )
    file.key, file.customer_id = key, customer_id
    file.save()
    transaction.on_commit(lambda: remove([old]))


def seal_plain() -> int:
    """Seal the files that were kept before files were sealed; how many those were."""
    return _reseal(lambda path: not is_sealed(path))


def renew() -> int:
    """Seal anew the files that were sealed with older keys; how many those were."""
    newest = datakeys.people().newest
    return _reseal(lambda path: is_sealed(path) and generation_of(path) < newest)


def _reseal(is_due: Callable[[Path], bool]) -> int:
    count = 0
    for keys in parts(Attachment._base_manager.all()):
        for file in Attachment._base_manager.filter(pk__in=keys).only("key", "customer_id"):
            path = path_of(file.key)
            if not path.is_file() or not is_due(path):
                continue
            with suppress(Forgotten, FileNotFoundError):  # of somebody who went, or went just now
                reseal(path, path, place=_place(file.key), person_id=file.customer_id)
                count += 1
    return count


def _place(key: str) -> str:
    return f"attachments/{key}"


def remove(keys: Iterable[str]) -> None:
    """Take files from the disk; one that is gone already is no matter."""
    for key in keys:
        path_of(key).unlink(missing_ok=True)


def sweep(known: Callable[[list[str]], set[str]]) -> int:
    """Remove files a day old that no row keeps: what a broken upload left. `known` answers which are kept."""
    folder: Path = settings.ATTACHMENTS
    count = 0
    for part in sorted(folder.iterdir()) if folder.is_dir() else ():
        old = [file for file in part.iterdir() if file.stat().st_mtime < time.time() - _A_DAY]
        kept = known([file.name for file in old])
        for file in old:
            if file.name not in kept:
                file.unlink(missing_ok=True)
                count += 1
    return count


def shown_name(name: str) -> str:
    """The last part of a name, without what could mislead (core/file_kinds.py); a word where nothing is left."""
    return clean_name(name) or _("file")
