"""The database file under its key: encrypted, opened by whichever key fits, and brought under another one."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from sqlcipher3 import dbapi2

from regulars.core import keyring, pause
from regulars.core.sqlcipher import files
from regulars.core.sqlcipher.base import Cursor, DatabaseWrapper

OLD, NEW, OTHER = "11" * 32, "22" * 32, "33" * 32


def made(path, key="", *, rows=500):
    """A database with a canary in every row, written ahead and not yet in the file itself."""
    connection = dbapi2.connect(str(path), isolation_level=None)
    if key:
        files.unlock(connection, key)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE word (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT)")
    connection.execute("CREATE INDEX word_text ON word (text)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO word (text) VALUES (?)", [(f"canary-{i}",) for i in range(rows)])
    connection.execute("COMMIT")
    return connection


def words(path, *keys):
    with closing(files.opened(str(path), keys)) as connection:
        return connection.execute("SELECT count(*), min(text), max(id) FROM word").fetchone()


def all_bytes(path):
    return b"".join(one.read_bytes() for one in path.parent.iterdir() if one.name.startswith(path.name))


def wrapper(path, *keys, is_encrypted=True):
    from django.db import connections

    settings = {**connections["default"].settings_dict, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}
    options = {"keys": list(keys), "is_encrypted": is_encrypted}
    return DatabaseWrapper({**settings, "ENGINE": "regulars.core.sqlcipher", "NAME": str(path), "OPTIONS": options})


def test_nothing_of_an_encrypted_file_can_be_read(tmp_path):
    path = tmp_path / "shop"
    made(path, OLD).close()
    assert b"canary" not in all_bytes(path)
    assert not files.is_plain(str(path))
    with pytest.raises(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as plain:
        plain.execute("SELECT * FROM sqlite_master")
    assert words(path, OLD) == (500, "canary-0", 500)


@pytest.mark.parametrize("fail", ["execute", "executemany"])
def test_a_failed_statement_that_its_error_keeps_makes_nobody_wait(tmp_path, fail):
    """A writer that drops the error of another connection does not wait for it, while that one waits for the writer."""
    path = tmp_path / "shop"
    made(path, OLD).close()
    writer, other = (files.opened(str(path), [OLD], isolation_level=None, check_same_thread=False) for _ in range(2))
    writer.execute("BEGIN IMMEDIATE")
    other.execute("PRAGMA busy_timeout = 0")
    statement, *rows = ("BEGIN IMMEDIATE",) if fail == "execute" else ("INSERT INTO word (text) VALUES (?)", [("a",)])
    failed = other.cursor(factory=Cursor)
    with pytest.raises(dbapi2.OperationalError, match="locked"):
        getattr(failed, fail)(statement, *rows)
    with pytest.raises(dbapi2.ProgrammingError, match="closed"):
        failed.execute("SELECT 1")

    other.execute("PRAGMA busy_timeout = 10000")
    answers = []

    def wait_for_the_writer():
        try:
            answers.append(other.cursor(factory=Cursor).execute("BEGIN IMMEDIATE"))
        except dbapi2.OperationalError as error:
            answers.append(error)

    waiting = threading.Thread(target=wait_for_the_writer)
    waiting.start()
    time.sleep(0.3)  # it is in the driver by now, with its connection's lock in hand
    del failed
    writer.execute("COMMIT")
    waiting.join()
    assert not isinstance(answers[0], Exception)
    writer.close()
    other.close()


@pytest.mark.django_db
def test_a_new_database_of_django_is_encrypted_unless_told_otherwise(tmp_path):
    for name, is_encrypted in (("shut", True), ("open", False)):
        connection = wrapper(tmp_path / name, OLD, is_encrypted=is_encrypted)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE word (text TEXT)")
            cursor.execute("INSERT INTO word VALUES (%s)", ["canary"])
            cursor.execute("SELECT text FROM word WHERE text = %s AND text LIKE '%%ana%%'", ["canary"])
            assert cursor.fetchall() == [("canary",)]
        connection.close()
        assert files.is_plain(str(tmp_path / name)) is not is_encrypted
        assert (b"canary" in all_bytes(tmp_path / name)) is not is_encrypted


@pytest.mark.django_db
def test_any_key_of_the_ring_opens_and_a_foreign_one_does_not(tmp_path):
    path = tmp_path / "shop"
    made(path, OLD).close()
    with wrapper(path, NEW, OLD).cursor() as cursor:
        cursor.execute("SELECT count(*) FROM word")
        assert cursor.fetchone() == (500,)
    from django.db import OperationalError

    with pytest.raises(OperationalError, match="none of the keys fits"):
        wrapper(path, NEW, OTHER).cursor()


def test_a_key_that_is_no_key_is_refused(tmp_path):
    with closing(dbapi2.connect(str(tmp_path / "shop"))) as connection:
        for key in ("", "11" * 31, "zz" * 32, "11" * 32 + "'"):
            with pytest.raises(ValueError, match="64 hexadecimal"):
                files.unlock(connection, key)


@pytest.mark.parametrize("before", ["", OLD])
def test_a_file_comes_under_another_key_with_all_that_was_written_ahead(tmp_path, before):
    path = tmp_path / "shop"
    made(path, before).close()
    files.encrypt(path, NEW, keys=[OLD])
    assert b"canary" not in all_bytes(path)
    assert words(path, NEW) == (500, "canary-0", 500)
    with pytest.raises(dbapi2.OperationalError, match="none of the keys fits"):
        words(path, OLD)
    with closing(files.opened(str(path), [NEW], isolation_level=None)) as connection:
        connection.execute("INSERT INTO word (text) VALUES ('later')")
        assert connection.execute("SELECT id FROM word WHERE text = 'later'").fetchone() == (501,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [one.name for one in tmp_path.iterdir()] == ["shop"]


def test_a_file_that_somebody_has_open_keeps_its_key(tmp_path):
    path = tmp_path / "shop"
    with closing(made(path, OLD)) as connection:
        with pytest.raises(files.InUse, match="Stop Regulars first"):
            files.encrypt(path, NEW, keys=[OLD])
        connection.execute("INSERT INTO word (text) VALUES ('later')")
    assert words(path, OLD) == (501, "canary-0", 501)


def test_killed_in_the_middle_leaves_the_old_file_or_the_new_one(tmp_path):
    path = tmp_path / "shop"
    made(path, OLD, rows=60_000).close()
    code = (
        "import sys; from pathlib import Path; from regulars.core.sqlcipher import files;"
        "print('go', flush=True); files.encrypt(Path(sys.argv[1]), sys.argv[2], keys=[sys.argv[3]])"
    )
    for wait in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4):
        process = subprocess.Popen([sys.executable, "-c", code, path, NEW, OLD], stdout=subprocess.PIPE)
        process.stdout.readline()
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert words(path, OLD, NEW) == (60_000, "canary-0", 60_000)
    files.encrypt(path, NEW, keys=[OLD, NEW])
    assert words(path, NEW) == (60_000, "canary-0", 60_000)


def test_a_copy_is_one_moment_while_others_write(tmp_path):
    path, copied = tmp_path / "shop", tmp_path / "copy"
    made(path, OLD).close()
    stop = threading.Event()

    def write():
        with closing(files.opened(str(path), [OLD], isolation_level=None, timeout=20)) as connection:
            number = 0
            while not stop.is_set():
                number += 1
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT INTO word (text) VALUES (?)", [(f"pair-{number}",)] * 2)
                connection.execute("COMMIT")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with closing(files.opened(str(path), [OLD], isolation_level=None)) as connection:
            files.copy(connection, copied, NEW)
    finally:
        stop.set()
        writer.join()
    with closing(files.opened(str(copied), [NEW])) as connection:
        halves = "SELECT text FROM word WHERE text LIKE 'pair-%' GROUP BY text HAVING count(*) <> 2"
        assert connection.execute(halves).fetchall() == []
    assert (copied.stat().st_mode & 0o777, files.is_plain(str(copied))) == (0o600, False)


def test_keys_are_written_and_read_again(tmp_path, monkeypatch):
    monkeypatch.delenv("REGULARS_KEYS")
    home = tmp_path / "data"
    assert keyring.find(home) is None
    keys = (keyring.Key.new(), keyring.Key.new())
    keyring.save(keyring.KeyRing(keys, keyring.path_of(home)))
    found = keyring.find(home)
    assert found is not None
    assert (found.keys, found.current, found.by_id[keys[1].id]) == (keys, keys[0], keys[1])
    assert (tmp_path / "data.keys").stat().st_mode & 0o777 == 0o600
    assert str(keys[0].secret) not in repr(found)


def test_what_a_key_derives_never_changes():
    key = keyring.Key(bytes(range(32)))
    assert key.text == "rgk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    for purpose in ("database", "signatures"):
        theirs = HKDF(SHA256(), 32, None, f"regulars/{purpose}".encode()).derive(key.secret)
        assert key.derive(purpose) == theirs
    assert key.derive("database") != key.derive("signatures")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "no key in it"), ("# nothing\n", "no key in it"), ("hello", "not a key"), ("rgk_short", "not a key")],
)
def test_a_text_without_keys_says_why(text, reason):
    with pytest.raises(keyring.BadKeys, match=reason):
        keyring.parse(text)


def test_the_environment_names_keys_or_their_file(tmp_path, monkeypatch):
    key, older = keyring.Key.new(), keyring.Key.new()
    monkeypatch.setenv("REGULARS_KEYS", f"{key.text}, {older.text}")
    assert keyring.find(tmp_path / "data").keys == (key, older)
    monkeypatch.delenv("REGULARS_KEYS")
    monkeypatch.setenv("REGULARS_KEYS_FILE", str(tmp_path / "elsewhere"))
    with pytest.raises(keyring.BadKeys, match="not there"):
        keyring.find(tmp_path / "data")
    (tmp_path / "elsewhere").write_text(f"# ours\n{older.text} # the first\n")
    assert keyring.find(tmp_path / "data").keys == (older,)


def test_a_shop_that_nobody_supervises_needs_no_pause(tmp_path):
    with pause.paused(tmp_path):
        assert not (tmp_path / "pause").exists()


def test_a_shop_steps_aside_and_goes_on(tmp_path):
    stop, seen = threading.Event(), []

    def supervisor():
        with pause.supervising(tmp_path):
            ready.set()
            while not stop.wait(0.02):
                if pause.is_wanted(tmp_path):
                    seen.append("stands")
                    pause.stand_still(tmp_path, stop)
                    seen.append("goes on")

    ready = threading.Event()
    thread = threading.Thread(target=supervisor)
    thread.start()
    ready.wait(5)
    try:
        with pause.paused(tmp_path):
            seen.append("work")
        while len(seen) < 3:
            stop.wait(0.01)
    finally:
        stop.set()
        thread.join()
    assert seen == ["stands", "work", "goes on"]
    assert [one.name for one in tmp_path.iterdir()] == ["running.lock"]


def test_a_pause_ends_with_the_process_that_asked_for_it(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / "pause").write_text(str(gone.pid))
    assert not pause.is_wanted(tmp_path)
    (tmp_path / "pause").write_text(str(os.getpid()))
    assert pause.is_wanted(tmp_path)
