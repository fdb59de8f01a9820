"""What a file is: its kind, its encoding and its delimiter, found in its bytes."""

from __future__ import annotations

import codecs
import re
import stat
from collections import Counter
from enum import Enum
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from regulars.core.tabular.delimited import Dialect, sample_records
from regulars.core.tabular.encodings import Verdict, likeliest
from regulars.core.tabular.table import Unreadable

_SAMPLE = 1 << 20
_DELIMITER_SAMPLE = 1 << 16
_DELIMITERS = (",", ";", "\t", "|", "^")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Kind(Enum):
    """What a file is, as far as reading it goes."""

    TEXT = "text"
    ARCHIVE = "archive"
    """A zip archive: a workbook, or something packed."""
    OLD_WORKBOOK = "xls"
    PACKED = "packed"


def kind_of(path: Path) -> Kind:
    """The kind that a file's first bytes say; raises Unreadable for what is no table at all."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise Unreadable(_("%(name)s is a folder, not a file.") % {"name": path.name})
    if not stat.S_ISREG(mode):
        raise Unreadable(_("%(name)s is not a file with content.") % {"name": path.name})
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    if not head.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe\0"):
        raise Unreadable(_("The file is empty."))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Kind.ARCHIVE
    if head.startswith(_PACKED):
        return Kind.PACKED
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        _refuse_locked(path)
        return Kind.OLD_WORKBOOK
    _refuse_other_kinds(head)
    return Kind.TEXT


_PACKED = (b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ")


def _refuse_locked(path: Path) -> None:
    with path.open("rb") as stream:
        if "EncryptedPackage".encode("utf-16-le") in stream.read(8 << 20):
            raise Unreadable(_("The workbook is protected by a password. Save it without one, and try again."))


def dialect_of(path: Path, *, delimiter: str | None = None, encoding: str | None = None) -> Dialect:
    """How a text table is written; what is given is believed."""
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
        evidence = head
        # Plain ASCII says nothing of the encoding; the first other character does, wherever in the file it stands.
        while evidence and evidence.isascii():
            evidence = stream.read(_SAMPLE)
    verdict = Verdict(_known(encoding)) if encoding else _encoding_of(evidence or head, head)
    found = verdict.encoding
    text = _without_half_line(head[:_DELIMITER_SAMPLE].decode(found, errors="regulars.mark"))
    told = re.match(r"\s*\"?sep=(.)\"?[\r\n]", text)  # how spreadsheets write down their delimiter
    delimiter = delimiter or (told[1] if told else _delimiter_of(text, found, is_tsv=path.suffix.lower() == ".tsv"))
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise Unreadable(_("The delimiter must be one character, such as a comma or a semicolon."))
    first = next((line for line in text.splitlines() if line.strip()), "").strip()
    cells = first.split(delimiter)
    # databases write 'name','city'
    is_single = len(cells) > 1 and all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)
    quote = "'" if is_single else '"'
    return Dialect(found, delimiter, skips_space=f'{delimiter} "' in text, doubt=verdict.doubt, quote=quote)


def _refuse_other_kinds(head: bytes) -> None:
    sentence = None
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if head.startswith(b"%PDF"):
        sentence = _("This is a PDF document, not a table. Save the table as CSV or XLSX, and try again.")
    elif head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"RIFF")):
        sentence = _("This is a picture, not a table.")
    elif head.startswith((b"7z\xbc\xaf", b"Rar!")):
        sentence = _("The file is packed. Unpack it, and try again.")
    elif head.startswith((b"PAR1", b"SQLite format 3\0", b"\x7fELF", b"MZ\x90")):
        sentence = _("The file is not a table of text. Save the table as CSV or XLSX, and try again.")
    elif text.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        sentence = _("This is a web page or XML, not a table. Save the table as CSV or XLSX, and try again.")
    elif re.match(rb'(?:\[\s*)?\{\s*(?:"|\})', text):
        sentence = _("This is JSON, not a table. Save the table as CSV or XLSX, and try again.")
    if sentence:
        raise Unreadable(sentence)


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except LookupError as problem:
        raise Unreadable(_("“%(encoding)s” is not an encoding we know.") % {"encoding": encoding}) from problem
    # A byte-order mark is never part of the first column's name.
    return {"utf-8": "utf-8-sig", "gb2312": "gb18030", "gbk": "gb18030"}.get(name, name)


def _encoding_of(evidence: bytes, head: bytes) -> Verdict:
    """The encoding that the bytes prove, most telling first.

    1. A byte-order mark. 2. NULs in every second byte: UTF-16 without one. 3. Valid UTF-8, but for a few broken bytes.
    4. The encoding in which the bytes are the likeliest text. 5. Nothing of that: refused, for a wrong guess would
    mangle every name.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Verdict(name)
    if (found := _utf_16_without_mark(head)) is not None:
        return Verdict(found)
    if head.count(0) * 4 > len(head) or len(_CONTROLS.findall(head[:65536])) * 20 > len(head[:65536]):
        raise Unreadable(_("The file is not a table of text. Save the table as CSV or XLSX, and try again."))
    # A character cut in two at the beginning or the end of the evidence is no fault.
    whole = evidence if evidence is head else evidence.lstrip(bytes(range(0x80, 0xC0)))
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(whole)
    except UnicodeDecodeError:
        parts = Counter(part.lastgroup for part in _UTF8_PARTS.finditer(whole))
        if parts["good"] < parts["bad"]:
            is_mac = b"\n" not in head and b"\r" in head
            verdict = likeliest(whole, is_mac=is_mac)
            if verdict is None:
                raise Unreadable(
                    _("The encoding of the file cannot be told. Save it as UTF-8, and try again.")
                ) from None
            return verdict
    return Verdict("utf-8-sig")


_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x19\x1b-\x1f]")


def _utf_16_without_mark(head: bytes) -> str | None:
    """UTF-16 of either order: its line ends have a NUL each, and read so, nearly everything can be printed."""
    if head.count(0) < 2:
        return None
    for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if zeros.count(0) * 10 < head.count(0) * 9:
            continue
        text = head[:4096].decode(encoding, errors="replace")
        is_printable = sum(1 for letter in text if letter.isprintable() or letter in "\r\n\t") * 100 >= len(text) * 98
        if is_printable and ("\n" in text or "\r" in text):
            return encoding
    return None


_UTF8_PARTS = re.compile(
    rb"(?P<good>[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})|(?P<bad>[\x80-\xff])"
)


def _without_half_line(text: str) -> str:
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end > 0 and len(text) > _DELIMITER_SAMPLE // 4 else text


def _delimiter_of(text: str, encoding: str, *, is_tsv: bool) -> str:
    """The delimiter that cuts the most lines into the same number of cells; of equals, into the most cells."""
    best, best_score = "", (0.0, 0, False)
    for delimiter in _DELIMITERS:
        lines = islice(sample_records(text, Dialect(encoding, delimiter, f'{delimiter} "' in text)), 100)
        widths = Counter(len(line.cells) for line in lines if not line.problem and line.cells not in ([], [""]))
        several = {width: count for width, count in widths.items() if width > 1}
        if not several:
            continue
        usual = max(several, key=lambda width: (several[width], width))
        score = (round(several[usual] / widths.total(), 1), usual, is_tsv and delimiter == "\t")
        if score[0] >= 0.6 and score > best_score:
            best, best_score = delimiter, score
    if best:
        return best
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=first.count)
