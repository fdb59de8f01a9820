"""Files that come and go with posts: sealed for the customer, under random names, beside the data of the shop.

What a file is, its own first bytes say, as with the files of notes. One of which they say nothing that is known is kept
too, because somebody sent it and it must not be lost; it is only ever a download.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import datakeys
from regulars.core.background import every
from regulars.core.file_kinds import sniff
from regulars.core.resealing import parts
from regulars.core.sealed_files import SealedWriter, generation_of, open_encrypted, reseal
from regulars.core.sealing import Forgotten
from regulars.customers.attachments import BadFile, shown_name
from regulars.inbox.models import File, Post

UNKNOWN: Final = "application/octet-stream"
SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a page may show in its place; everything else is a download."""
MOST = 20
_A_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file on its way in or out. What its sender says it is (`media_type`) is not believed."""

    name: str
    media_type: str
    data: bytes
    content_id: str = ""
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that lies in its place already, and has no row yet."""

    key: str
    name: str
    media_type: str
    size: int
    sha256: str
    content_id: str
    is_inline: bool


def store(files: Sequence[Incoming], *, customer_id: int) -> list[Stored]:
    """Keep files, sealed for a customer; the rows are for the caller to write. Nothing stays where it raises."""
    stored: list[Stored] = []
    try:
        stored.extend(_store(file, customer_id) for file in files)
    except BaseException:
        remove(one.key for one in stored)
        raise
    return stored


def attach(post: Post, stored: Sequence[Stored]) -> list[File]:
    """The rows of files that came or go with a post. What is rolled back is removed by the sweep of the night."""
    return [
        File.objects.create(
            post=post,
            customer_id=post.customer_id,
            name=one.name,
            media_type=one.media_type,
            size=one.size,
            sha256=one.sha256,
            key=one.key,
            content_id=one.content_id,
            is_inline=one.is_inline,
        )
        for one in stored
    ]


def require_sendable(files: Sequence[Incoming]) -> None:
    """Raises BadFile where an answer cannot take these along: too many, too large, or empty."""
    if len(files) > MOST:
        raise BadFile(_("An answer takes at most %(most)s files along.") % {"most": MOST}, field="files")
    for file in files:
        if not file.data:
            raise BadFile(_("“%(name)s” is empty.") % {"name": shown_name(file.name)}, field="files")
    if sum(len(file.data) for file in files) > settings.ATTACHMENT_SIZE:
        most = settings.ATTACHMENT_SIZE >> 20
        raise BadFile(_("The files of an answer may have %(most)s MB together.") % {"most": most}, field="files")


def folder() -> Path:
    """Where the bytes of all files lie."""
    return Path(settings.REGULARS_HOME) / "inbox-files"


def path_of(key: str) -> Path:
    """Where the bytes of a key lie."""
    if not (key.isascii() and key.isalnum()):
        raise ValueError(key)
    return folder() / key[:2] / key


def opened(file: File) -> BinaryIO:
    """The bytes of a file that is kept. Raises Damaged or Forgotten (core/sealing.py), and FileNotFoundError."""
    return open_encrypted(path_of(file.key), place=_place(file.key), person_id=file.customer_id)


def read(file: File) -> Incoming:
    """A kept file, whole, as it goes out with a message."""
    with opened(file) as source:
        return Incoming(file.name, file.media_type, source.read(), file.content_id, file.is_inline)


def is_shown(file: File) -> bool:
    """Whether a page may show it as the picture it is."""
    return file.media_type in SHOWN


def remove(keys: Iterable[str]) -> None:
    """Take files from the disk; one that is gone already is no matter."""
    for key in keys:
        path_of(key).unlink(missing_ok=True)


def hand_over(file: File, customer_id: int) -> None:
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


def renew() -> int:
    """Seal anew the files that were sealed with older keys; how many those were."""
    newest, count = datakeys.people().newest, 0
    for keys in parts(File._base_manager.all()):
        for file in File._base_manager.filter(pk__in=keys).only("key", "customer_id"):
            path = path_of(file.key)
            if not path.is_file() or generation_of(path) >= newest:
                continue
            with suppress(Forgotten, FileNotFoundError):  # of somebody who went, or went just now
                reseal(path, path, place=_place(file.key), person_id=file.customer_id)
                count += 1
    return count


@every("03:40", label=gettext_lazy("Remove files that no inquiry keeps"))
def sweep_files() -> int:
    """Remove from the disk what is a day old and no post keeps; how many files that were."""
    count = 0
    for part in sorted(folder().iterdir()) if folder().is_dir() else ():
        old = [file for file in part.iterdir() if file.stat().st_mtime < time.time() - _A_DAY]
        names = [file.name for file in old]
        kept = set(File._base_manager.filter(key__in=names).values_list("key", flat=True))
        for file in old:
            if file.name not in kept:
                file.unlink(missing_ok=True)
                count += 1
    return count


def _store(file: Incoming, customer_id: int) -> Stored:
    key, name = secrets.token_hex(20), shown_name(file.name)
    place = path_of(key)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = place.with_suffix(".part")
    try:
        with half.open("xb") as target:
            half.chmod(0o600)
            sealed = SealedWriter(target, place=_place(key), person_id=customer_id)
            sealed.write(file.data)
            sealed.close()
        half.rename(place)
    finally:
        half.unlink(missing_ok=True)
    return Stored(
        key=key,
        name=name,
        media_type=sniff(io.BytesIO(file.data)) or UNKNOWN,
        size=len(file.data),
        sha256=hashlib.sha256(file.data).hexdigest(),
        content_id=file.content_id.strip().strip("<>")[:250],
        is_inline=file.is_inline,
    )


def _place(key: str) -> str:
    return f"inbox-files/{key}"
