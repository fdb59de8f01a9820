"""Copies that no room owns: where the search after an erasure finds the person in these, they are taken away.

    sweeping.add("core_idempotentcall", _forget_calls)

A sweeper is given the keys of rows in which the person was found and makes them say nothing about anybody. What has no
sweeper, and what belongs to somebody else, is left to people: the certificate says where it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from regulars.core.models import IdempotentCall, Lease
from regulars.core.text import fold
from regulars.customers.models import Change, ChangeSet, Household, ImportFile, MatchingModel, SavedView
from regulars.customers.privacy.identifying import Spelled
from regulars.customers.privacy.searching import Hit, finder
from regulars.staff.models import Session

Sweep = Callable[[str, Sequence[str]], None]
"""Given a column and the keys of rows: make them say nothing about the person."""

_SWEEPERS: dict[str, Sweep] = {}
_FOLDERS = frozenset({"imports", "exports"})
_LOGS = frozenset({".log", ".txt", ".jsonl"})


def add(table: str, sweep: Sweep) -> None:
    """Say how rows of a table that nobody owns are cleaned."""
    _SWEEPERS[table] = sweep


def sweep(hits: Iterable[Hit], spelled: Spelled) -> dict[str, int]:
    """Clean what was found, as far as it is nobody else's; how much of each table or folder that was."""
    cleaned: dict[str, int] = {}
    for hit in hits:
        if hit.is_others:
            continue
        if hit.path is not None:
            if _sweep_file(hit.path, spelled):
                cleaned["files"] = cleaned.get("files", 0) + 1
        elif hit.table in _SWEEPERS:
            _SWEEPERS[hit.table](hit.column, hit.keys)
            cleaned[hit.table] = cleaned.get(hit.table, 0) + hit.rows
    forget_learnt(spelled)
    cache.clear()
    return cleaned


def forget_learnt(spelled: Spelled) -> None:
    """Take the words of a name out of what the search for duplicates learnt about how often words are.

    It says of nobody that they exist, but of a rare word that somebody does. It is learnt anew with the next search.
    """
    words = {word for needle in spelled.needles for word in fold(needle.text).replace("@", " ").split()}
    for model in MatchingModel.objects.select_for_update():
        rarity = model.parameters.get("rarity", {})
        said = [(often, word) for often in _counts(rarity) for word in often if words.intersection(str(word).split())]
        for often, word in said:
            del often[word]
        if said:
            model.save(update_fields=["parameters"])


def _counts(rarity: Any) -> Iterator[dict[str, Any]]:
    """The tables of words in what was learnt, however deep they lie."""
    if isinstance(rarity, dict):
        for name, value in rarity.items():
            if name == "often" and isinstance(value, dict):
                yield value
            else:
                yield from _counts(value)


def _sweep_file(path: Path, spelled: Spelled) -> bool:
    """Remove a file of an import or export that holds the person; black out a line of a log."""
    home = Path(settings.REGULARS_HOME)
    folder = path.relative_to(home).parts[0]
    if folder in _FOLDERS:
        lies_alone = path.parent.parent.name in _FOLDERS
        path.unlink(missing_ok=True)
        if lies_alone:
            shutil.rmtree(path.parent, ignore_errors=True)
        return True
    if path.suffix in _LOGS:
        _black_out(path, spelled)
        return True
    return False


def _black_out(path: Path, spelled: Spelled) -> None:
    """Overwrite each line of a log that holds the person, byte for byte, so that who writes to it can go on."""
    has = finder(spelled)
    with path.open("r+b") as file:
        while True:
            start = file.tell()
            line = file.readline()
            if not line:
                return
            if has(line):
                body = line.rstrip(b"\r\n")
                file.seek(start)
                file.write(b"x" * len(body))
                file.seek(start + len(line))


def _calls(_column: str, keys: Sequence[str]) -> None:
    IdempotentCall.objects.filter(pk__in=keys).update(body="", headers={}, is_forgotten=True)


def _jobs(_column: str, keys: Sequence[str]) -> None:
    """What is done needs no words any more; what is still to do keeps what it needs to be done."""
    numbers: Any = keys
    over = [TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED]
    ended = DBTaskResult.objects.filter(pk__in=numbers, status__in=over)
    Lease.objects.filter(job__in=ended).delete()
    ended.delete()


def _leases(_column: str, keys: Sequence[str]) -> None:
    jobs: Any = keys
    Lease.objects.filter(pk__in=jobs).update(error="")


def _sessions(_column: str, keys: Sequence[str]) -> None:
    """Whoever was just told about the person signs in again."""
    Session.objects.filter(pk__in=keys).delete()


def _changes(_column: str, keys: Sequence[str]) -> None:
    """Lines of plans that never became anybody: that there was a line stays, so that the sums are right."""
    Change.objects.filter(pk__in=keys).update(label="", fields={}, images=[], reason="")


def _change_sets(column: str, keys: Sequence[str]) -> None:
    empty: dict[str, Any] = {"params": {}, "selection": {}, "counts": {}}
    ChangeSet.objects.filter(pk__in=keys).update(**{column: empty.get(column, "")})


def _import_files(column: str, keys: Sequence[str]) -> None:
    empty: dict[str, Any] = {"mapping": {}, "options": {}, "repairs": []}
    ImportFile.objects.filter(pk__in=keys).update(**{column: empty.get(column, "…")})


def _views(_column: str, keys: Sequence[str]) -> None:
    """A saved view that asks for the person by name finds nobody any more."""
    SavedView.objects.filter(pk__in=keys).delete()


def _models(_column: str, keys: Sequence[str]) -> None:
    """What was learnt about how rare a name is says the name; it is learnt anew with the next search."""
    MatchingModel.objects.filter(pk__in=keys).delete()


def _households(_column: str, keys: Sequence[str]) -> None:
    Household.objects.filter(pk__in=keys).update(name="")


add(IdempotentCall._meta.db_table, _calls)
add(DBTaskResult._meta.db_table, _jobs)
add(Lease._meta.db_table, _leases)
add(Session._meta.db_table, _sessions)
add(Change._meta.db_table, _changes)
add(ChangeSet._meta.db_table, _change_sets)
add(ImportFile._meta.db_table, _import_files)
add(SavedView._meta.db_table, _views)
add(MatchingModel._meta.db_table, _models)
add(Household._meta.db_table, _households)
