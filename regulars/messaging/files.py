"""Files that go out with messages: sealed for their person (or the shop) under random names in the data folder."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from regulars.core import datakeys
from regulars.core.errors import Refusal
from regulars.core.resealing import Place, parts
from regulars.core.sealed_files import SealedWriter, generation_of, open_encrypted, reseal
from regulars.core.sealing import Forgotten
from regulars.messaging.models import Message, MessageFile

MOST: Final = 20
LARGEST: Final = 25 * 1024 * 1024  # of all files of a message together: what mail servers take


class TooLarge(Refusal):
    """The files of a message are too many or too large to be sent."""

    slug = "files-too-large"
    status = HTTPStatus.UNPROCESSABLE_ENTITY


class Outgoing(Protocol):
    """A file as callers give it."""

    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def content_id(self) -> str: ...
    @property
    def is_inline(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes out with a message."""

    name: str
    media_type: str
    data: bytes
    content_id: str = ""
    is_inline: bool = False


def keep(message: Message, files: Sequence[Outgoing]) -> None:
    """Keep the files of a message until it is forgotten. Raises TooLarge.

    What fails leaves no bytes behind.
    """
    if len(files) > MOST or sum(len(one.data) for one in files) > LARGEST:
        raise TooLarge(
            _("A message takes at most %(count)s files of %(size)s MB together.") % {"count": MOST, "size": 25},
            field="files",
        )
    written: list[str] = []
    try:
        for one in files:
            key = secrets.token_hex(20)
            written.append(key)
            _write(one.data, key, message.customer_id)
            MessageFile.objects.create(
                message=message,
                customer_id=message.customer_id,
                name=one.name,
                media_type=one.media_type or "application/octet-stream",
                size=len(one.data),
                sha256=hashlib.sha256(one.data).hexdigest(),
                key=key,
                content_id=one.content_id,
                is_inline=one.is_inline,
            )
    except BaseException:
        remove(written)
        raise


def _write(data: bytes, key: str, person_id: int | None) -> None:
    path = path_of(key)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(".part")
    with half.open("xb") as file:
        half.chmod(0o600)
        sealed = SealedWriter(file, place=_place(key), person_id=person_id)
        sealed.write(data)
        sealed.close()
    half.rename(path)


def opened(file: MessageFile) -> BinaryIO:
    """The bytes of a file. Raises Damaged or Forgotten (core/sealing.py), and FileNotFoundError."""
    return open_encrypted(path_of(file.key), place=_place(file.key), person_id=file.customer_id)


def read_all(message: Message) -> list[Attached]:
    """The files of a message, with their bytes."""
    found = []
    for row in MessageFile._base_manager.filter(message=message).order_by("pk"):
        with opened(row) as file:
            found.append(Attached(row.name, row.media_type, file.read(), row.content_id, row.is_inline))
    return found


def path_of(key: str) -> Path:
    """Where the bytes of a key lie."""
    if not (key.isascii() and key.isalnum()):
        raise ValueError(key)
    folder = Path(settings.REGULARS_HOME) / "sent"
    return folder / key[:2] / key


def remove(keys: Iterable[str]) -> None:
    """Take files from the disk; one that is gone already is no matter."""
    for key in keys:
        path_of(key).unlink(missing_ok=True)


def forget(rows: Iterable[Message]) -> None:
    """Let the files of some messages go, from the disk when all is committed."""
    files = MessageFile._base_manager.filter(message__in=list(rows))
    keys = list(files.values_list("key", flat=True))
    files.delete()
    transaction.on_commit(lambda: remove(keys))


def renew() -> int:
    """Seal anew the files that were sealed with older keys; how many those were."""
    count = 0
    for keys in parts(MessageFile._base_manager.all()):
        for file in MessageFile._base_manager.filter(pk__in=keys).only("key", "customer_id"):
            path, name = path_of(file.key), "files" if file.customer_id is None else "people"
            newest = (datakeys.named("files") if name == "files" else datakeys.people()).newest
            if not path.is_file() or generation_of(path) >= newest:
                continue
            with suppress(Forgotten, FileNotFoundError):  # of somebody who went just now
                reseal(path, path, place=_place(file.key), person_id=file.customer_id)
                count += 1
    return count


PLACE = Place("messages.files", seal=lambda: 0, renew=renew)


def _place(key: str) -> str:
    return f"sent/{key}"
