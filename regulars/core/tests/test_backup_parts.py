"""The parts of a backup: the age identity, the pages of an encrypted file, pipes between threads, what is kept."""

from __future__ import annotations

import datetime as dt
import secrets
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlcipher3 import dbapi2

from regulars.core.backup import identities, pages, places
from regulars.core.backup.flow import Flow, flowing
from regulars.core.backup.refusals import NoSuchBackup, PlaceAway
from regulars.core.backup.retention import taken_at, to_keep
from regulars.core.keyring import Key
from regulars.core.sqlcipher.files import opened, unlock


@pytest.mark.parametrize(
    ("prefix", "data", "text"),
    [
        ("a", "", "a12uel5l"),
        (
            "abcdef",
            "00443214c74254b635cf84653a56d7c675be77df",
            "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        ),
        ("1", "0" * 102, "11" + "q" * 82 + "c8247j"),
    ],
)
def test_bech32_is_written_as_bip_173_says(prefix, data, text):
    assert identities.bech32(prefix, bytes.fromhex(data)) == text


@given(st.binary(min_size=32, max_size=32))
def test_any_key_gives_an_identity_that_age_takes(secret):
    identity = identities.identity_of(Key(secret))
    sealed = pyrage.encrypt(b"tea", [identity.to_public()])
    assert pyrage.decrypt(sealed, [identity]) == b"tea"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [identities.identity_of(Key(secret[::-1] + b"x"))])


def encrypted_file(path, key, rows=3000):
    connection = dbapi2.connect(str(path), isolation_level=None)
    unlock(connection, key)
    connection.execute("CREATE TABLE tea (id INTEGER PRIMARY KEY, name TEXT, price REAL, picture BLOB)")
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO tea VALUES (?, ?, ?, ?)",
        [(n, f"Sencha {n} 煎茶", n / 7, secrets.token_bytes(99)) for n in range(rows)],
    )
    connection.execute("COMMIT")
    rows = connection.execute("SELECT * FROM tea").fetchall()
    connection.close()
    return rows


def test_pages_open_into_a_plain_file_and_close_into_one_that_sqlcipher_reads(tmp_path):
    first, second = secrets.token_hex(32), secrets.token_hex(32)
    rows = encrypted_file(tmp_path / "a", first)
    with (tmp_path / "a").open("rb") as file:
        plain = b"".join(pages.opened(file, first))
    (tmp_path / "plain").write_bytes(plain)
    with closing(sqlite3.connect(tmp_path / "plain")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT * FROM tea").fetchall() == rows
    odd = (plain[at : at + 10_007] for at in range(0, len(plain), 10_007))
    (tmp_path / "b").write_bytes(b"".join(pages.closed(odd, second)))
    assert b"Sencha" not in (tmp_path / "b").read_bytes()
    with closing(dbapi2.connect(str(tmp_path / "b"))) as connection:
        unlock(connection, second)
        assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT * FROM tea").fetchall() == rows


def test_a_page_that_was_changed_does_not_open(tmp_path):
    key = secrets.token_hex(32)
    encrypted_file(tmp_path / "a", key, rows=300)
    content = bytearray((tmp_path / "a").read_bytes())
    content[5000] ^= 1
    (tmp_path / "a").write_bytes(content)
    with (tmp_path / "a").open("rb") as file, pytest.raises(pages.BadPage, match="page 2 "):
        list(pages.opened(file, key))
    with pytest.raises(pages.BadPage, match="begins with something else"):
        list(pages.closed([b"x" * 4096], key))
    with pytest.raises(pages.BadPage, match="whole page"):
        list(pages.closed([b"x" * 100], key))


def test_a_second_connection_leaves_the_locks_of_the_first_alone(tmp_path):
    """Else another process would take the write-ahead log for its own, and whatever stands in it."""
    path, key = tmp_path / "a", secrets.token_hex(32)
    encrypted_file(path, key, rows=3)
    first = opened(str(path), [key], isolation_level=None)
    first.execute("PRAGMA journal_mode = WAL")
    first.execute("INSERT INTO tea VALUES (9, 'late', 1, x'00')")
    opened(str(path), [secrets.token_hex(32), key], isolation_level=None).close()
    code = (
        "import sys; from regulars.core.sqlcipher.files import opened\n"
        f"other = opened({str(path)!r}, [{key!r}], isolation_level=None, timeout=0.1)\n"
        "other.execute('PRAGMA journal_mode = DELETE')\n"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "database is locked" in other.stderr
    assert first.execute("SELECT name FROM tea WHERE id = 9").fetchone() == ("late",)
    first.close()


def test_a_flow_keeps_little_and_waits_for_its_reader():
    written = []

    def work(flow):
        for number in range(200):
            flow.write(bytes([number]) * 1000)
            written.append(number)

    with flowing(work) as flow:
        time.sleep(0.2)
        assert len(written) <= 33
        assert b"".join(flow.pieces()) == b"".join(bytes([number]) * 1000 for number in range(200))
    assert len(written) == 200


def test_what_goes_wrong_behind_a_flow_is_raised_before_it():
    def work(flow):
        flow.write(b"tea")
        raise ValueError("spilt")

    with flowing(work) as flow:
        assert flow.read(100) == b"tea"
        with pytest.raises(ValueError, match="spilt"):
            flow.read(100)


def test_nobody_waits_for_a_reader_that_has_gone():
    with flowing(lambda flow: [flow.write(b"x") for _n in range(1000)]) as flow:
        assert flow.read(1) == b"x"
    assert not [thread for thread in threading.enumerate() if thread.name == "backup"]
    flow = Flow()
    flow.write(b"abc")
    flow.end()
    assert (flow.read(2), flow.read(), flow.read(5)) == (b"ab", b"c", b"")


def name_of(at):
    return f"regulars-{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.age"


def test_seven_days_four_weeks_and_twelve_months_are_kept():
    end = dt.datetime(2026, 11, 22, 2, 30, tzinfo=dt.UTC)
    names = [name_of(end - dt.timedelta(days=number)) for number in range(500)]
    kept = sorted(to_keep(names, daily=7, weekly=4, monthly=12, proven=names))
    days = [f"{taken_at(name):%m-%d}" for name in kept]
    assert days[-7:] == ["11-16", "11-17", "11-18", "11-19", "11-20", "11-21", "11-22"]
    # the newest of each week before, and the last one of each month
    assert days[:-7] == ["12-31", "01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30",
                         "10-31", "11-01", "11-08", "11-15"]  # fmt: skip


@given(
    st.lists(st.integers(0, 900), min_size=1, max_size=40, unique=True),
    st.sets(st.integers(0, 39)),
    st.tuples(st.integers(0, 8), st.integers(0, 5), st.integers(0, 13)),
)
def test_the_newest_and_the_newest_proven_are_never_let_go(hours, proven, counts):
    end = dt.datetime(2026, 11, 22, 2, 30, tzinfo=dt.UTC)
    names = [name_of(end - dt.timedelta(hours=7 * number)) for number in hours]
    good = [name for place, name in enumerate(names) if place in proven]
    daily, weekly, monthly = counts
    kept = to_keep(names, daily=daily, weekly=weekly, monthly=monthly, proven=good)
    assert max(names) in kept
    assert not good or max(good) in kept
    assert kept <= set(names)
    newer = [name for name in names if good and name > max(good)]
    assert set(newer) <= kept
    of_a_day = [name for name in names if taken_at(name) > taken_at(max(names)) - dt.timedelta(days=1)]
    assert len(kept) <= daily + weekly + monthly + len(of_a_day) + 1 + len(newer)
    again = to_keep(kept, daily=daily, weekly=weekly, monthly=monthly, proven=set(good) & kept)
    assert again == kept


def test_half_a_file_is_in_no_folder(tmp_path):
    folder = places.Folder(tmp_path / "b")
    name = name_of(dt.datetime.now(dt.UTC))

    def broken():
        yield b"x" * 1000
        assert folder.stored() == []
        raise RuntimeError("the machine stumbled")

    with pytest.raises(RuntimeError):
        folder.write(name, broken())
    assert list((tmp_path / "b").iterdir()) == []
    assert folder.write(name, [b"tea", b"pot"]) == 6
    assert folder.stored() == [places.Stored(name, 6)]
    assert b"".join(folder.read(name)) == b"teapot"
    (tmp_path / "b" / "holiday.jpg").write_bytes(b"x")
    (tmp_path / "b" / f".{name}.part").write_bytes(b"x")
    folder.sweep()
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["holiday.jpg", name]
    folder.remove(name)
    folder.remove(name)
    assert folder.stored() == []
    with pytest.raises(NoSuchBackup):
        list(folder.read(name))
    assert places.small(folder, "keys.age") is None


def test_a_full_disk_is_said_in_words():
    with pytest.raises(PlaceAway, match="The place for backups /dev/full is full"):
        _write_to_full()


def _write_to_full():
    with places._reaching("/dev/full"), open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123
        full.write(b"x")
