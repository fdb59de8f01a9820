"""Changing entries lawfully: what they say of a person goes, that something happened stays, and the seals hold."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from regulars.core import bulk
from regulars.timeline import digests, keys
from regulars.timeline.actions.recording import record
from regulars.timeline.facts import EntriesBlanked
from regulars.timeline.models import Amendment, Entry

AT_ONCE = 1_000
_PLACES = 900  # numbers in one statement


def blank(entry: Entry, *, keep: Iterable[str] = ()) -> dict[str, Any]:
    """An entry's data without the person: only the named keys stay."""
    return {key: entry.data[key] for key in keep if key in entry.data}


@transaction.atomic
def blank_many(
    entries: QuerySet[Entry] | Iterable[int],
    *,
    data: Mapping[int, Mapping[str, Any]] | None = None,
    is_emptied: bool = False,
    is_cut_loose: bool = False,
    reason: str = "",
) -> int:
    """Change entries (a query, or their ids) and record that, with their new digests; how many those were.

    `data` gives entries, by id, what they say from now on; `is_emptied` lets all of them say nothing; `is_cut_loose`
    takes the customer off them. This is the only way in which an entry may change after it was recorded: sealed or
    not, verification accepts exactly the rows that the newest `entries.blanked` names for each of them.
    """
    if isinstance(entries, QuerySet):
        entries = list(entries.order_by().values_list("pk", flat=True))
    waiting = iter(sorted(set(entries)))
    count = 0
    while some := list(islice(waiting, AT_ONCE)):
        count += _blank(some, data or {}, is_emptied=is_emptied, is_cut_loose=is_cut_loose, reason=reason)
    return count


def amended(data: Mapping[str, Any]) -> dict[int, bytes]:
    """Which entries an `entries.blanked` names, and their digests; raises ValueError where it was written by nobody."""
    ids = _unpacked(data["ids"])
    blob = b64decode(data["digests"], validate=True)
    if len(blob) != len(ids) * digests.SIZE:
        raise ValueError("another number of digests than of entries")
    return {number: blob[place : place + digests.SIZE] for number, place in zip(ids, _steps(len(ids)), strict=True)}


def _blank(
    ids: list[int], data: Mapping[int, Mapping[str, Any]], *, is_emptied: bool, is_cut_loose: bool, reason: str
) -> int:
    values: dict[str, Any] = {}
    if is_emptied:
        values["data"] = {}
    if is_cut_loose:
        values["customer"] = None
    for some in _some(ids):
        rows = Entry._base_manager.filter(pk__in=some)
        if values:
            rows.update(**values)
        mine = {number: dict(data[number]) for number in some if number in data}
        if mine:
            Entry._base_manager.bulk_update([Entry(pk=number, data=said) for number, said in mine.items()], ["data"])
    name = keys.current_seal_key()
    key = keys.digest_key(name)
    now = {number: digests.digest(stored, key) for number, stored in digests.stored_of(ids)}
    if not now:
        return 0
    fact = EntriesBlanked(
        count=len(now),
        ids=tuple(_packed(list(now))),
        digests=b64encode(b"".join(now.values())).decode(),
        key=name,
        reason=reason,
    )
    entry = record(fact)
    bulk.insert(Amendment, ("entry_id",), [(number,) for number in now], same={"by_id": entry.pk})
    return len(now)


def amendments(first: int | None, last: int) -> dict[int, list[int]]:
    """Which entries say of those between two ids that they were changed: {entry: the ones that say so, rising}."""
    rows = Amendment.objects.filter(entry_id__lte=last)
    if first is not None:
        rows = rows.filter(entry_id__gte=first)
    found: dict[int, list[int]] = {}
    for number, by in rows.order_by("entry_id", "by_id").values_list("entry_id", "by_id"):
        found.setdefault(number, []).append(by)
    return found


def told(by: Collection[int]) -> Iterator[tuple[int, dict[int, bytes], str]]:
    """(entry, what it says, name of the key) for some `entries.blanked`; what cannot be read is left out."""
    for some in _some(sorted(by)):
        rows = Entry._base_manager.filter(pk__in=some, name=EntriesBlanked.name)
        text = "data::text" if connection.vendor == "postgresql" else "CAST(data AS BLOB)"
        for number, data in rows.extra(select={"said": text}).values_list("pk", "said"):  # noqa: S610 — our own words
            try:
                said = json.loads(data)
                yield number, amended(said), str(said["key"])
            except (ValueError, KeyError, TypeError, UnicodeDecodeError):
                continue


def _packed(ids: list[int]) -> list[int | list[int]]:
    """Rising ids, with runs written as [first, last]."""
    packed: list[int | list[int]] = []
    first = last = ids[0]
    for number in [*ids[1:], None]:
        if number == last + 1:
            last = number
            continue
        packed += [first] if first == last else [[first, last]]
        if number is not None:
            first = last = number
    return packed


def _unpacked(packed: Any) -> list[int]:
    ids: list[int] = []
    for one in packed:
        if isinstance(one, int):
            ids.append(one)
            continue
        first, last = one
        if last - first >= AT_ONCE:
            raise ValueError("a longer run than was ever written")
        ids += range(first, last + 1)
    return ids


def _steps(count: int) -> range:
    return range(0, count * digests.SIZE, digests.SIZE)


def _some(ids: list[int]) -> Iterator[list[int]]:
    for place in range(0, len(ids), _PLACES):
        yield ids[place : place + _PLACES]
