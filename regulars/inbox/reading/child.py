"""The process that reads mails for another one: `python -m regulars.inbox.reading.child`.

Requests come on standard input, answers go to standard output, each with its length before it. It loads nothing but
the reader, may take so much memory and no more, and goes by itself when nobody has asked it anything for a while.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import select
import struct
import sys
from dataclasses import asdict
from typing import Any, BinaryIO

from regulars.inbox.reading.mail import Address, Mail, MailFile
from regulars.inbox.reading.reader import read

MEMORY = 1 << 30
IDLE = 120
HEAD = struct.Struct(">QB")  # how many bytes follow; whether HTML is left out, or was answered
_SIZE = struct.Struct(">Q")


def to_bytes(mail: Mail) -> bytes:
    """A mail as it goes from one process to the other: its fields as JSON, then the bytes of its files."""
    fields = asdict(mail)
    files = fields.pop("files")
    blobs = [file.pop("data") for file in files]
    sent_at = mail.sent_at.isoformat() if mail.sent_at else None
    text = json.dumps({**fields, "sent_at": sent_at, "files": files, "sizes": [len(blob) for blob in blobs]})
    head = text.encode()
    return b"".join([_SIZE.pack(len(head)), head, *blobs])


def from_bytes(data: bytes) -> Mail:
    """The mail again. It is data alone: nothing of what the other process says is run."""
    (size,) = _SIZE.unpack_from(data)
    fields: dict[str, Any] = json.loads(data[_SIZE.size : _SIZE.size + size])
    place, files = _SIZE.size + size, []
    for file, length in zip(fields.pop("files"), fields.pop("sizes"), strict=True):
        files.append(MailFile(**file, data=data[place : place + length]))
        place += length
    sent_at = fields.pop("sent_at")
    for name in ("reply_to", "to", "cc"):
        fields[name] = tuple(Address(**one) for one in fields[name])
    for name in ("delivered_to", "in_reply_to", "references", "problems"):
        fields[name] = tuple(fields[name])
    author = fields.pop("from_")
    return Mail(
        **fields,
        from_=Address(**author) if author else None,
        sent_at=dt.datetime.fromisoformat(sent_at) if sent_at else None,
        files=tuple(files),
    )


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer until the other end is closed, or nothing was asked for two minutes."""
    while select.select([incoming], [], [], IDLE)[0]:
        head = incoming.read(HEAD.size)
        if head is None or len(head) < HEAD.size:
            return
        size, is_plain = HEAD.unpack(head)
        raw = incoming.read(size)
        if len(raw) < size:
            return
        answer = to_bytes(read(raw, without_html=bool(is_plain)))
        outgoing.write(_SIZE.pack(len(answer)))
        outgoing.write(answer)
        outgoing.flush()


def main() -> None:
    """Read mails for whoever started this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not come between
    incoming = os.fdopen(0, "rb", buffering=0, closefd=False)
    serve(_Whole(incoming), outgoing)  # type: ignore[arg-type]


class _Whole:
    """An unbuffered file that reads as much as is asked for; what waits in it can be told by `select`."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def fileno(self) -> int:
        return int(self._file.fileno())

    def read(self, size: int) -> bytes:
        pieces = []
        while size:
            piece = self._file.read(min(size, 1 << 20))
            if not piece:
                break
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)


if __name__ == "__main__":
    main()
    sys.exit(0)
