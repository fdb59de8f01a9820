"""Whoever changes anything in the log, or in its seals, is found, and so is the place."""

import os
import random
import sqlite3

import pytest
from django.db import connection, transaction

from regulars.core.bulk import take_ids
from regulars.core.models import WrappedKey
from regulars.customers.models import Customer
from regulars.timeline import anchors, audit
from regulars.timeline.actions import blank_many, record, seal_entries, sealing
from regulars.timeline.models import Amendment, Entry, Seal
from regulars.timeline.tests.test_reactions import BellRung

IS_POSTGRES = os.environ.get("REGULARS_TEST_ENGINE") == "postgresql"

# a value for each column that nobody wrote there; for SQLite also of another kind
ENTRY_COLUMNS = {
    "id": [900_001],
    "name": ["customer.changes", ""],
    "at": ["2020-01-01 00:00:00"],
    "recorded_at": ["2020-01-01 00:00:00"],
    "customer_id": [None],
    "actor_id": [None],
    "token_id": [8, None],
    "source": ["page", "import"],
    "subject_type": ["orders.order"],
    "subject_id": [77_777, None],
    "data": ['{"changes": {}}', "{}"],
    "line": ["0123456789abcdef0123456789abcdef"],
}
SEAL_COLUMNS = {
    "number": [77],
    "day": ["2020-01-01"],
    "made_at": ["2020-01-01 00:00:00"],
    "from_id": [2],
    "to_id": [9_999],
    "count": [4],
    "gaps": ["[[3, 3]]"],
    "digests": [b"", b"x" * 80],
    "key_name": ["seal:2", ""],
    "previous": [b"", b"y" * 32],
    "mac": [b"", b"z" * 32],
}


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def put(table, column, value, number):
    key = "id" if table == "timeline_entry" else "number"
    run(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", value, number)  # noqa: S608 — our own names


def stored(column, entry):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT CAST({column} AS TEXT) FROM timeline_entry WHERE id = %s", [entry])  # noqa: S608
        return cursor.fetchone()[0]


def middle():
    """An entry and a seal in the middle of the log."""
    entry = Entry.objects.filter(token_id=7).order_by("pk")[4]
    return entry, Seal.objects.order_by("number")[2]


@pytest.mark.parametrize("column", ENTRY_COLUMNS)
def test_every_column_of_an_entry(log, column):
    entry, _seal = middle()
    for value in ENTRY_COLUMNS[column]:
        put("timeline_entry", column, value, entry.pk)
        problem = audit.verify().problem
        assert problem is not None, (column, value)
        assert problem.kind == (audit.MISSING if column == "id" else audit.CHANGED)
        assert problem.entry == entry.pk
        assert problem.seal == Seal.objects.get(from_id__lte=entry.pk, to_id__gte=entry.pk).number


@pytest.mark.parametrize("column", SEAL_COLUMNS)
def test_every_column_of_a_seal(log, column):
    _entry, seal = middle()
    for value in SEAL_COLUMNS[column]:
        put("timeline_seal", column, value, seal.number)
        problem = audit.verify().problem
        assert problem is not None, (column, value)
        assert problem.seal == seal.number
        assert problem.kind == (audit.MISSING if column == "number" else audit.SEAL)


@pytest.mark.skipif(IS_POSTGRES, reason="PostgreSQL keeps what a column can hold, and nothing else")
def test_a_seal_with_values_of_another_kind(log):
    _entry, seal = middle()
    for statement in (
        "UPDATE timeline_seal SET day = 'no day' WHERE number = %s",
        "UPDATE timeline_seal SET from_id = 'one' WHERE number = %s",
        "UPDATE timeline_seal SET mac = 12 WHERE number = %s",
        "UPDATE timeline_seal SET digests = 'a text' WHERE number = %s",
        "UPDATE timeline_seal SET key_name = X'ff00' WHERE number = %s",
    ):
        run(statement, seal.number)
        assert audit.verify().problem.seal == seal.number


@pytest.mark.skipif(IS_POSTGRES, reason="PostgreSQL keeps what a column can hold, and nothing else")
def test_an_entry_with_values_of_another_kind(log):
    entry, _seal = middle()
    for statement in (
        "UPDATE timeline_entry SET data = CAST(data AS BLOB) WHERE id = %s",
        "UPDATE timeline_entry SET data = data || char(0) WHERE id = %s",
        "UPDATE timeline_entry SET name = CAST(X'ff' AS TEXT) WHERE id = %s",
        "UPDATE timeline_entry SET at = at || '.000000' WHERE id = %s",
    ):
        run(statement, entry.pk)
        assert audit.verify().problem.entry == entry.pk


def test_a_seal_that_is_gone_or_in_another_place(log):
    second, third = Seal.objects.order_by("number")[1:3]
    Seal.objects.filter(pk=second.pk).delete()
    assert audit.verify().problem.seal == second.number
    run("UPDATE timeline_seal SET number = %s WHERE number = %s", second.number, third.number)
    problem = audit.verify().problem
    assert (problem.kind, problem.seal) == (audit.SEAL, second.number)


def test_rows_before_the_first(log):
    run("INSERT INTO timeline_entry (id, name, at, recorded_at, source, subject_type, data) "
        "VALUES (-5, 'bell.rung', '2026-01-01', '2026-01-01', 'page', '', '{}')")  # fmt: skip
    problem = audit.verify().problem
    assert (problem.kind, problem.entry) == (audit.ADDED, -5)


def test_two_entries_that_changed_places(log):
    first, second = list(Entry.objects.filter(token_id=7).order_by("pk").values_list("pk", flat=True))[3:5]
    for was, now in ((first, -1), (second, first), (-1, second)):
        run("UPDATE timeline_entry SET id = %s WHERE id = %s", now, was)
    problem = audit.verify().problem
    assert problem.entry == first
    assert problem.kind in {audit.ORDER, audit.CHANGED}


class Tamperer:
    """Does something to the log, and says where it must be found: the lowest entry or seal that it touched."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.entries = list(Entry.objects.order_by("pk").values_list("pk", flat=True))
        self.sealed = list(Seal.objects.order_by("number").values_list("number", "from_id", "to_id"))

    def seal_of(self, entry):
        return next(number for number, first, last in self.sealed if first <= entry <= last)

    def deed(self):
        kinds = [self.change, self.change, self.change, self.delete, self.insert, self.swap, self.cut_off]
        kinds += [self.change_seal, self.change_seal, self.delete_seal]
        return self.random.choice(kinds)()

    def change(self):
        """One byte of one stored value of one entry."""
        entry, column = self.random.choice(self.entries), self.random.choice(list(ENTRY_COLUMNS)[1:])
        value = stored(column, entry)
        if column in {"customer_id", "actor_id", "token_id", "subject_id"}:
            now = (int(value) ^ (1 << self.random.randrange(20))) if value else self.random.randrange(1, 99)
            now = None if column in {"customer_id", "actor_id"} and value else now
            if now is not None and column in {"customer_id", "actor_id"}:
                column, now = "subject_id", 10**9 + now
        elif column in {"at", "recorded_at"}:
            place = self.random.choice([3, 15, 18])
            now = value[:place] + str((int(value[place]) + 1) % (10 if place != 15 else 6)) + value[place + 1 :]
        elif column == "line":
            now = f"{self.random.getrandbits(128):032x}"
        elif column == "data":
            now = '{"a": 1}' if value == "{}" else self._flip_in_json(value)
        else:
            now = self._flip(value or "x")
        put("timeline_entry", column, now, entry)
        return {"entry": entry}

    def _flip(self, text):
        place = self.random.randrange(len(text))
        return text[:place] + chr(97 + (ord(text[place]) + 1) % 26) + text[place + 1 :]

    def _flip_in_json(self, text):
        letters = [place for place, letter in enumerate(text) if letter.isalpha() and text[place - 1] != "\\"
                   and text[max(0, place - 6) : place].find("\\") < 0]  # fmt: skip
        place = self.random.choice(letters)
        return text[:place] + ("q" if text[place] != "q" else "r") + text[place + 1 :]

    def delete(self):
        entry = self.random.choice(self.entries)
        run("DELETE FROM timeline_entry WHERE id = %s", entry)
        return {"entry": entry, "kind": audit.MISSING}

    def insert(self):
        entry = self.random.choice([0, -self.random.randrange(1, 99), self.gap])
        run("INSERT INTO timeline_entry (id, name, at, recorded_at, source, subject_type, data) "
            "VALUES (%s, 'bell.rung', '2026-01-01', '2026-01-01', 'page', '', '{}')", entry)  # fmt: skip
        return {"entry": entry, "kind": audit.ADDED}

    @property
    def gap(self):
        last = self.sealed[-1][2]
        return next(number for number in range(1, last + 1) if number not in self.entries)

    def swap(self):
        first, second = sorted(self.random.sample(self.entries, 2))
        for was, now in ((first, -(10**6)), (second, first), (-(10**6), second)):
            run("UPDATE timeline_entry SET id = %s WHERE id = %s", now, was)
        return {"entry": first}

    def cut_off(self):
        """The newest entries and their seals, so that the rest is whole."""
        number, first, _last = self.random.choice(self.sealed[1:])
        run("DELETE FROM timeline_entry WHERE id >= %s", first)
        run("DELETE FROM timeline_seal WHERE number >= %s", number)
        return {"seal": number, "kind": audit.CUT_OFF}

    def change_seal(self):
        number, _first, _last = self.random.choice(self.sealed)
        column = self.random.choice(["digests", "mac", "previous", "to_id", "count", "key_name", "gaps"])
        if column in {"digests", "mac", "previous"}:
            value = bytearray(Seal.objects.values_list(column, flat=True).get(pk=number) or b"\0")
            value[self.random.randrange(len(value))] ^= 1 << self.random.randrange(8)
            value = bytes(value)
        elif column in {"to_id", "count"}:
            value = Seal.objects.values_list(column, flat=True).get(pk=number) ^ (1 << self.random.randrange(12))
        else:
            value = self._flip(Seal.objects.values_list(column, flat=True).get(pk=number))
        put("timeline_seal", column, value, number)
        return {"seal": number, "kind": audit.SEAL}

    def delete_seal(self):
        number, _first, _last = self.random.choice(self.sealed[:-1])
        run("DELETE FROM timeline_seal WHERE number = %s", number)
        return {"seal": number, "kind": audit.MISSING}


def tamper(times, seed):
    """Do one thing after the other, each to the log as it was, and see that each is found at its place."""
    found = 0
    for number in range(times):
        with transaction.atomic():
            tamperer = Tamperer(f"{seed} {number}")
            meant = tamperer.deed()
            problem = audit.verify().problem
            assert problem is not None, (number, meant)
            for name, value in meant.items():
                assert getattr(problem, name) == value, (number, meant, problem)
            found += 1
            transaction.set_rollback(True)
    assert audit.verify().is_sound
    return found


@pytest.fixture
def long_log(log):
    """The log went on: somebody was blanked, numbers were left out, seals of several sizes."""
    take_ids(Entry, 4)
    blank_many(Entry.objects.filter(customer=log[2]), is_emptied=True, is_cut_loose=True, reason="erased")
    seal_entries()
    for number in range(30):
        record(BellRung(times=number), customer=log[number % 12])
    block, sealing.BLOCK = sealing.BLOCK, 7
    seal_entries()
    sealing.BLOCK = block
    if IS_POSTGRES:
        run("SET CONSTRAINTS ALL IMMEDIATE")
    assert audit.verify().is_sound
    assert (Customer.objects.count(), Amendment.objects.count()) == (12, 2)
    return log


def test_an_entry_that_explained_another_is_found_itself(long_log):
    """What it explained is as it was; so it is not what is named."""
    blanked = Amendment.objects.values_list("entry_id", "by_id")
    (first, by), (_second, same) = blanked.order_by("entry_id")
    assert by == same > first
    for statement in ("UPDATE timeline_entry SET source = 'page' WHERE id = %s",
                      "DELETE FROM timeline_entry WHERE id = %s"):  # fmt: skip
        with transaction.atomic():
            run(statement, by)
            run("UPDATE timeline_entry SET name = name || 'x' WHERE id = %s", by)
            assert audit.verify().problem.entry == by
            transaction.set_rollback(True)
    # with the explanation whole, what it explained is what was changed
    run("UPDATE timeline_entry SET source = 'import' WHERE id = %s", first)
    assert audit.verify().problem.entry == first
    # and where the way to the explanation was bent to nowhere, nothing breaks
    Amendment.objects.update(by_id=by - 1)
    assert audit.verify().problem.entry == first


def test_a_hundred_tamperings_are_found_where_they_are(long_log):
    assert tamper(100, seed="day") == 100


@pytest.mark.slow
def test_a_thousand_tamperings_are_found_where_they_are(long_log):
    assert tamper(1_000, seed="night") == 1_000


@pytest.mark.django_db(transaction=True)
def test_an_old_file_of_the_database_is_found_by_the_newer_anchors(tmp_path):
    """All bytes of an older state are put back, with older seals that hold."""
    if connection.vendor != "sqlite":
        pytest.skip("a copy of a file")
    for number in range(8):
        record(BellRung(times=number))
    seal_entries()
    old = {model: list(model.objects.order_by("pk")) for model in (Entry, Seal, WrappedKey)}
    for number in range(8):
        record(BellRung(times=number))
    seal_entries()
    assert audit.verify().is_sound
    known = anchors.read()[-1]
    for model in (Seal, Entry):
        model.objects.exclude(pk__in=[row.pk for row in old[model]]).delete()
    problem = audit.verify().problem
    assert (problem.kind, problem.seal) == (audit.CUT_OFF, known.number)
    assert sqlite3.sqlite_version
