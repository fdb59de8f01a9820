"""The search for a person in everything there is: every text of every table, and every file of the data folder.

It asks the database which tables and columns it has, not our models: what a forgotten migration left is read too. A
table is read once, some thousand rows at a time, and looked through in memory for all needles at once.
"""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection

from regulars.core.sealing import Damaged, Forgotten
from regulars.core.text import fold
from regulars.customers import attachments
from regulars.customers.importing import files as imported
from regulars.customers.models import Attachment, Customer
from regulars.customers.privacy.identifying import Spelled
from regulars.staff.models import Session
from regulars.staff.sessions import SessionStore

_AT_ONCE = 2_000
_CHUNK = 4 << 20
_OVERLAP = 4096
_LARGEST_PACKED = 256 << 20
_KEYS_KEPT = 1_000
_PACKED = frozenset({Session._meta.db_table})
_APART = "\x1e"
_TEXTS = ("char", "text", "json", "clob", "blob", "bytea", "uuid", "xml", "user-defined")
_DATABASE = (".sqlite3", ".sqlite3-wal", ".sqlite3-shm", ".sqlite3-journal")
_LAKE = "lake"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Hit:
    """Where something was found: a table and column with the keys of its rows, or a file. Never what was found.

    `is_others` says that the rows belong to somebody else: who has the same name, say, or lives at the same place.
    """

    place: str
    rows: int = 0
    keys: tuple[str, ...] = ()
    is_others: bool = False
    path: Path | None = None

    @property
    def table(self) -> str:
        return "" if self.path else self.place.partition(".")[0]

    @property
    def column(self) -> str:
        return "" if self.path else self.place.partition(".")[2]


@dataclass(slots=True)
class Searched:
    """What was read, and what was found."""

    tables: int = 0
    columns: int = 0
    rows: int = 0
    files: int = 0
    bytes: int = 0
    hits: list[Hit] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def search(
    spelled: Spelled,
    *,
    gone: Iterable[int] = (),
    tables: Collection[str] | None = None,
    files: Iterable[Path] | None = None,
    progress: Progress | None = None,
) -> Searched:
    """Look for a person everywhere: in all tables and all files of the data folder, or in some.

    `gone` are the records that were erased; rows of other customers are told apart from those of nobody.
    """
    searched = Searched()
    look = _Look(spelled)
    records = frozenset(gone)
    asked = [table for table in _tables() if tables is None or table.name in tables]
    paths = list(data_files() if files is None else files)
    total = len(asked) + len(paths)
    for place, table in enumerate(asked, start=1):
        _search_table(look, table, records, searched)
        if progress:
            progress(place, total)
    kept = _attachments(paths)
    for place, path in enumerate(paths, start=len(asked) + 1):
        _search_file(look, path, kept.get(path.name), records, searched)
        if progress:
            progress(place, total)
    return searched


def data_files() -> Iterator[Path]:
    """Every file of the data folder, the database itself and what belongs to the program left out.

    So is what is made from the database again, sealed and without those who went, a few minutes after they did.
    """
    home = Path(settings.REGULARS_HOME)
    static = Path(settings.STATIC_ROOT) if settings.STATIC_ROOT else None
    if not home.is_dir():
        return
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.is_symlink() or path.name.endswith(_DATABASE):
            continue
        if static is not None and static in path.parents:
            continue
        if path.is_relative_to(home / _LAKE):
            continue
        yield path


class _Look:
    """Finds needles in a text: in it, in its folded form, in its digits; in bytes, in the encodings texts have."""

    def __init__(self, spelled: Spelled) -> None:
        self._texts = spelled.texts
        self._digits = spelled.digits
        texts = {*spelled.texts, *(needle.text for needle in spelled.needles if needle.kind != "phone")}
        cased = {form for text in texts for form in (text, text.upper(), text.title())}
        self._bytes = tuple(
            {text.encode(code) for text in cased for code in ("utf-8", "utf-16-le", "utf-16-be")}
            | {text.encode("latin-1") for text in cased if _fits_latin(text)}
            | {digits.encode() for digits in spelled.digits}
        )

    def in_text(self, text: str) -> bool:
        """Whether somebody is in a text. Plain spellings first: folding is slow, and needed by few."""
        small = text.casefold()
        if any(needle in small for needle in self._texts):
            return True
        if self._digits and any(digits in _digits_of(small) for digits in self._digits):
            return True
        if small.isascii():
            return False
        folded = fold(small)
        return any(needle in folded for needle in self._texts)

    def in_bytes(self, body: bytes) -> bool:
        small = body.lower()
        return any(needle in body or needle in small for needle in self._bytes)

    def in_value(self, value: Any) -> bool:
        """Whether somebody is in what a column holds."""
        if isinstance(value, memoryview | bytes | bytearray):
            return self._in_blob(bytes(value))
        return self.in_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))

    def _in_blob(self, body: bytes) -> bool:
        if self.in_bytes(body):
            return True
        for unpack in (zlib.decompress, gzip.decompress):
            try:
                return self.in_bytes(unpack(body))
            except (OSError, zlib.error, EOFError):
                continue
        return False


_KEEP_DIGITS = str.maketrans("", "", " ()-./+\u00a0")


def _digits_of(text: str) -> str:
    """A text in which numbers stand without what people write between their digits."""
    return text.translate(_KEEP_DIGITS)


def _fits_latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as the database knows it: how its rows are named, which columns could hold a text, whose a row is."""

    name: str
    key: str
    columns: tuple[str, ...]
    owner: str


def _tables() -> Iterator[_Table]:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        names = sorted(one.name for one in connection.introspection.get_table_list(cursor) if one.type in {"t", "p"})
        for table in names:
            if connection.vendor == "sqlite":
                cursor.execute(f"PRAGMA table_info({quote(table)})")
                found = [(row[1], row[2]) for row in cursor.fetchall()]
            else:
                cursor.execute(
                    "SELECT column_name, data_type FROM information_schema.columns "
                    "WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position",
                    [table],
                )
                found = cursor.fetchall()
            keys = connection.introspection.get_primary_key_columns(cursor, table) or [found[0][0]]
            names_of = {name for name, _kind in found}
            owner = "id" if table == Customer._meta.db_table else "customer_id"
            yield _Table(
                name=table,
                key=" || ':' || ".join(f"CAST({quote(key)} AS text)" for key in keys),
                columns=tuple(name for name, kind in found if not kind or any(word in kind.lower() for word in _TEXTS)),
                owner=quote(owner) if owner in names_of else "NULL",
            )


def _search_table(look: _Look, table: _Table, gone: frozenset[int], searched: Searched) -> None:
    searched.tables += 1
    if not table.columns:
        return
    searched.columns += len(table.columns)
    quote = connection.ops.quote_name
    listed = ", ".join(map(quote, table.columns))
    found: dict[tuple[str, bool], list[str]] = {}
    with connection.chunked_cursor() as cursor:
        # names come from the database's own catalogue, and are quoted
        cursor.execute(f"SELECT {table.key}, {table.owner}, {listed} FROM {quote(table.name)}")  # noqa: S608
        while rows := cursor.fetchmany(_AT_ONCE):
            searched.rows += len(rows)
            if not _may_have(look, rows, is_packed=table.name in _PACKED):
                continue
            for key, owner, *values in rows:
                for column, value in zip(table.columns, values, strict=True):
                    if value is not None and look.in_value(_unpacked(table.name, column, value)):
                        is_others = owner is not None and owner not in gone
                        found.setdefault((column, is_others), []).append(str(key))
    searched.hits += [
        Hit(f"{table.name}.{column}", len(keys), tuple(keys[:_KEYS_KEPT]), is_others=is_others)
        for (column, is_others), keys in found.items()
    ]


def _unpacked(table: str, column: str, value: Any) -> Any:
    """What a column holds, as it is meant: the data of a session are signed and packed."""
    if table in _PACKED and column == "data":
        return json.dumps(SessionStore().decode(value), ensure_ascii=False, default=str)
    return value


def _may_have(look: _Look, rows: Sequence[Sequence[Any]], *, is_packed: bool) -> bool:
    """Whether anything of some rows can be it: all their texts at once, which is a hundred times faster than each."""
    if is_packed:
        return True
    texts: list[str] = []
    for row in rows:
        for value in row[2:]:
            if isinstance(value, str):
                texts.append(value)
            elif isinstance(value, memoryview | bytes | bytearray):
                if look.in_value(value):
                    return True
            elif value is not None:
                texts.append(json.dumps(value, ensure_ascii=False, default=str))
    return look.in_text(_APART.join(texts))


def _attachments(paths: Sequence[Path]) -> dict[str, Attachment]:
    """The files of notes among some files, by their name: they are sealed, and say something only when opened."""
    folder = Path(settings.ATTACHMENTS)
    keys = [path.name for path in paths if folder in path.parents]
    found: dict[str, Attachment] = {}
    for start in range(0, len(keys), _KEYS_KEPT):
        found |= {one.key: one for one in Attachment.objects.filter(key__in=keys[start : start + _KEYS_KEPT])}
    return found


def _search_file(
    look: _Look, path: Path, attachment: Attachment | None, gone: frozenset[int], searched: Searched
) -> None:
    searched.files += 1
    try:
        size = path.stat().st_size
        searched.bytes += size
        if attachment is not None:
            with attachments.opened(attachment) as body:
                if content_has(look.in_bytes, body):
                    is_others = attachment.customer_id not in gone
                    searched.hits.append(Hit("attachments/…", rows=1, is_others=is_others, path=path))
        elif file_has(look.in_bytes, path) or look.in_text(path.name):
            folder = path.relative_to(settings.REGULARS_HOME).parts[:1]
            # the folder and the ending say enough: a name of a file can be the name of a person
            searched.hits.append(Hit(f"{folder[0] if len(folder) else ''}/…{path.suffix}", rows=1, path=path))
    except (OSError, Damaged, Forgotten):
        searched.unread.append(path.suffix or "file")


def file_has(has: Callable[[bytes], bool], path: Path) -> bool:
    """Whether a file holds something: in its bytes, or in what is packed in it; one of an import may be sealed."""
    with imported.opened(path) as file:
        return content_has(has, file)


def content_has(has: Callable[[bytes], bool], file: BinaryIO) -> bool:
    """Whether an open file holds something: in its bytes, or in what is packed in it (office programs, gzip)."""
    head = file.read(4)
    file.seek(0)
    if _stream_has(has, file):
        return True
    file.seek(0)
    if head[:2] == b"\x1f\x8b":
        with gzip.open(file) as packed:
            return _stream_has(has, packed)  # type: ignore[arg-type]
    if head == b"PK\x03\x04" and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if entry.file_size <= _LARGEST_PACKED and not entry.flag_bits & 1:
                    with archive.open(entry) as packed_file:
                        if _stream_has(has, packed_file):  # type: ignore[arg-type]
                            return True
    return False


def finder(spelled: Spelled) -> Callable[[bytes], bool]:
    """Whether bytes hold a person, as a question that can be asked of many."""
    return _Look(spelled).in_bytes


def text_finder(spelled: Spelled) -> Callable[[str], bool]:
    """Whether a text holds a person, as a question that can be asked of many."""
    return _Look(spelled).in_text


def _stream_has(has: Callable[[bytes], bool], stream: BinaryIO) -> bool:
    rest = b""
    while chunk := stream.read(_CHUNK):
        if has(rest + chunk):
            return True
        rest = chunk[-_OVERLAP:]
    return False
