"""What a file is by its own bytes, and a name for it that misleads nobody. Knows no framework and no database."""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

_HEAD = 4096
_NO_TEXT = re.compile("[\0-\b\x0e-\x1a\x1c-\x1f\x7f\N{REPLACEMENT CHARACTER}]")
_MOST_ENTRIES = 10_000
_LONGEST_NAME, _LONGEST_ENDING = 200, 10


def clean_name(name: str) -> str:
    """The last part of a name, without what could mislead: controls, and marks that turn the reading direction."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(character for character in last if character.isprintable()).strip(" .")
    if len(plain) > _LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        ending = f".{ending}" if dot and stem and len(ending) <= _LONGEST_ENDING else ""
        plain = plain[: _LONGEST_NAME - len(ending)] + ending
    return plain


def sniff(file: BinaryIO) -> str:
    """The media type that the bytes of a file say, of those that are kept; empty for all others."""
    head = file.read(_HEAD)
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _FTYP.get(head[8:12], "")
    if head.startswith(b"PK\x03\x04"):
        return _office(file)
    return _text(head, is_whole=len(head) < _HEAD)


_STARTS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # old office files, mails of Outlook
    (b"{\\rtf", "application/rtf"),
)
_FTYP = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"avif": "image/avif",
    b"isom": "video/mp4",
    b"mp42": "video/mp4",
    b"M4A ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_PARTS = {
    "word/": f"{_OFFICE}wordprocessingml.document",
    "xl/": f"{_OFFICE}spreadsheetml.sheet",
    "ppt/": f"{_OFFICE}presentationml.presentation",
}
_OPEN = "application/vnd.oasis.opendocument."


def _office(file: BinaryIO) -> str:
    """The kind of an office file, which is an archive; other archives hide what is in them, and are not kept."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if len(names) > _MOST_ENTRIES:
                return ""
            if "[Content_Types].xml" in names:
                found = (kind for part, kind in _PARTS.items() if any(name.startswith(part) for name in names))
                return next(found, "")
            if names[:1] == ["mimetype"] and archive.getinfo("mimetype").file_size < 200:
                kind = archive.read("mimetype").decode("ascii", "replace").strip()
                return kind if kind.startswith(_OPEN) else ""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return ""
    return ""


def _text(head: bytes, *, is_whole: bool) -> str:
    """Plain text in UTF-8 or UTF-16; pages and drawings that could run in a browser are none."""
    is_wide = head[:2] in {b"\xff\xfe", b"\xfe\xff"}
    text = head.decode("utf-16" if is_wide else "utf-8-sig", "replace")
    if not is_whole:
        text = text[:-4]  # the last character may be cut
    if _NO_TEXT.search(text) or text.lstrip().startswith("<"):
        return ""
    return "text/plain"
