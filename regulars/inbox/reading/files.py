"""Files that come with mails: with a clean name, and the type that their own bytes say."""

from __future__ import annotations

import io

from regulars.core.file_kinds import clean_name, sniff
from regulars.inbox.reading import headers
from regulars.inbox.reading.mail import MailFile
from regulars.inbox.reading.parts import Part, read_headers

UNKNOWN = "application/octet-stream"
_STARTS = (
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!", "application/vnd.rar"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"BM", "image/bmp"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
)
# what plain text may more exactly be, if the mail says so
_TEXTS = {"text/csv", "text/calendar", "text/vcard", "text/x-vcard", "message/rfc822", "message/delivery-status"}
_ENDINGS = {
    "text/plain": "txt", "text/html": "html", "text/csv": "csv", "text/calendar": "ics", "text/vcard": "vcf",
    "text/x-vcard": "vcf", "message/rfc822": "eml", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif",
    "image/webp": "webp", "application/pdf": "pdf", "application/zip": "zip", "message/delivery-status": "txt",
}  # fmt: skip


def media_type_of(data: bytes, said: str) -> str:
    """What bytes are: by themselves; what a mail says is believed only where it makes plain text more exact."""
    kind = sniff(io.BytesIO(data))
    if kind == "text/plain":
        return said if said in _TEXTS else kind
    if kind:
        return kind
    head = data[:512].lstrip()
    if head[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if b"<svg" in head.lower():
        return "image/svg+xml"
    return next((kind for start, kind in _STARTS if data.startswith(start)), UNKNOWN)


def file_of(part: Part, hint: str) -> MailFile:
    """A part as a file; one without a name gets one from its type."""
    data = part.data
    kind = media_type_of(data, part.kind)
    location = headers.text_of(part.first("content-location"), hint)
    name = clean_name(part.name) or clean_name(location.partition("?")[0])
    return MailFile(name or _name_for(kind), kind, data, part.content_id[:250])


def mail_file_of(part: Part) -> MailFile:
    """A mail within a mail, named after its subject; what it holds is not taken apart."""
    data = part.data
    inner, _start = read_headers(data.lstrip(b"\r\n"), [])
    subject = next((value for name, value in inner if name == "subject"), b"")
    name = clean_name(part.name) or clean_name(headers.text_of(subject).replace("/", "-"))
    name = name if name.lower().endswith(".eml") or not name else f"{name[:190]}.eml"
    return MailFile(name or "mail.eml", "message/rfc822", data, part.content_id[:250])


def _name_for(kind: str) -> str:
    return f"{kind.partition('/')[0] if kind != UNKNOWN else 'file'}.{_ENDINGS.get(kind, 'bin')}"
