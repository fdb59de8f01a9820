"""The way back: to the second of the backup, never over something by accident, and quiet until somebody says so."""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from aiosmtpd.controller import Controller
from django.db import connection, connections
from pyrage.x25519 import Identity

from regulars.core import backup, in_use, quarantine
from regulars.core.backup import archive, identities, places, restoring, sockets, space, tables
from regulars.core.backup.refusals import (
    AlreadyRunning,
    BackupRefusal,
    NoKeys,
    NoSuchBackup,
    OtherEngine,
    WouldOverwrite,
)
from regulars.core.keyring import Key, KeyRing
from regulars.core.models import Restoration, WrappedKey
from regulars.core.sqlcipher.files import opened
from regulars.customers.actions import create_customer

# what restoring itself writes down: where the shop comes from, that it is quarantined, and the newest keys
WRITTEN = {
    "core_backuprun",
    "core_restoration",
    "core_keyscopy",
    "core_wrappedkey",
    "timeline_entry",
    "timeline_entrydigest",
}
LEFT_OUT = {"django_session", "staff_session"}


def silent(_done, _total):
    pass


def restore(source, into="", **options):
    wanted = {"may_overwrite": False, "without_sealed": False, "opened_by": None, "say": silent} | options
    return restoring.restore(source, into=str(into), **wanted)


class Elsewhere:
    """Somewhere a shop can be restored to, on the engine of this run."""

    def __init__(self, home, database_url):
        self.home = home
        if connection.vendor == "sqlite":
            self.into, self.url = str(home), f"sqlite:///{home / 'regulars.sqlite3'}"
        else:
            parts = urlsplit(database_url)
            self.name = f"restored_{secrets.token_hex(4)}"
            self.into = self.url = urlunsplit(parts._replace(path=f"/{self.name}"))

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_BACKUP")}
        url = "" if connection.vendor == "sqlite" else self.url
        return kept | {"REGULARS_HOME": str(self.home), "DATABASE_URL": url} | more

    def regulars(self, *arguments, **more):
        command = [sys.executable, "-m", "regulars.config.cli", *arguments]
        return subprocess.run(command, env=self.environment(**more), capture_output=True, text=True)

    def tables(self):
        if connection.vendor == "postgresql":
            with psycopg.connect(self.url, autocommit=True) as raw:
                return tables.of_postgresql(raw.cursor())
        keys = [key.derive("database").hex() for key in identities.ring().keys]
        with closing(opened(str(self.home / "regulars.sqlite3"), keys)) as raw:
            return tables.of_sqlite(raw)

    def wrapped_keys(self):
        code = (
            "import django; django.setup(); from regulars.core.models import WrappedKey\n"
            "print(*WrappedKey.objects.values_list('name', flat=True))"
        )
        done = subprocess.run([sys.executable, "-c", code], env=self.environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def drop(self):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{self.name}%"])
                for (name,) in cursor.fetchall():
                    cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def elsewhere(tmp_path, database_url, transactional_db):
    place = Elsewhere(tmp_path / "other", database_url)
    yield place
    place.drop()


def tables_here(folder):
    with space.engine(folder).snapshot([]) as snapshot:
        return snapshot.tables


def test_a_restored_shop_has_the_same_rows_and_the_same_files(taken, elsewhere, home, tmp_path):
    before = tables_here(tmp_path)
    create_customer(values={"name": "Came later"})
    report = restore(taken.name, elsewhere.into)
    found = elsewhere.tables()
    same = before.keys() - WRITTEN - LEFT_OUT
    assert {name: found[name] for name in same} == {name: before[name] for name in same}
    assert [found[name].rows for name in sorted(LEFT_OUT & found.keys())] == [0] * len(LEFT_OUT & found.keys())
    assert found["timeline_entry"].rows > before["timeline_entry"].rows  # it remembers where it comes from
    assert (report.rows, report.files, report.former) == (taken.rows, 1, "")
    if connection.vendor == "sqlite":
        there = elsewhere.home / "attachments/ab/abcdef"
        assert there.read_bytes() == (home / "attachments/ab/abcdef").read_bytes()
        assert not (elsewhere.home / "regulars.sqlite3").read_bytes().startswith(b"SQLite format 3")
    said = elsewhere.regulars("verify", "--json")
    assert (said.returncode, json.loads(said.stdout)["differences"]) == (0, 0), said.stderr
    assert sorted(path.name for path in elsewhere.home.glob("restore-*")) == []


def test_nothing_is_overwritten_unless_somebody_says_so_and_then_it_is_kept_aside(taken, elsewhere):
    restore(taken.name, elsewhere.into)
    before = elsewhere.tables()
    with pytest.raises(WouldOverwrite, match="Add --yes") as refused:
        restore(taken.name, elsewhere.into)
    assert "MB" in refused.value.sentence
    assert elsewhere.tables() == before
    report = restore(taken.name, elsewhere.into, may_overwrite=True)
    assert report.former
    after = elsewhere.tables()
    assert after["customers_customer"] == before["customers_customer"]
    if connection.vendor == "sqlite":
        keys = [key.derive("database").hex() for key in identities.ring().keys]
        with closing(opened(report.former, keys)) as raw:
            assert tables.of_sqlite(raw) == before
        assert sorted(path.name for path in elsewhere.home.glob("*.restoring*")) == []
    else:
        with psycopg.connect(elsewhere.url.replace(elsewhere.name, report.former), autocommit=True) as raw:
            assert tables.of_postgresql(raw.cursor()) == before


def test_a_damaged_backup_replaces_nothing(taken, elsewhere):
    restore(taken.name, elsewhere.into)
    before = elsewhere.tables()
    path = Path(taken.place) / taken.name
    content = bytearray(path.read_bytes())
    content[-3000] ^= 1
    path.write_bytes(content)
    with pytest.raises(BackupRefusal, match="is damaged in its part"):
        restore(taken.name, elsewhere.into, may_overwrite=True)
    assert elsewhere.tables() == before
    assert sorted(path.name for path in elsewhere.home.glob("*.restoring*")) == []


def test_a_shop_that_runs_is_not_replaced(taken, elsewhere, monkeypatch, settings):
    restore(taken.name, elsewhere.into)
    home = elsewhere.home if connection.vendor == "sqlite" else settings.REGULARS_HOME
    code = (
        "import time; from django.conf import settings; from regulars.core.in_use import keep_open\n"
        f"settings.configure(REGULARS_HOME=__import__('pathlib').Path({str(home)!r}))\n"
        "keep_open(); print('open', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "open\n"
        assert in_use.is_open(home)
        with pytest.raises(AlreadyRunning, match="The shop is open"):
            restore(taken.name, elsewhere.into, may_overwrite=True)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert not in_use.is_open(home)
    if connection.vendor == "sqlite":
        keys = [key.derive("database").hex() for key in identities.ring().keys]
        with closing(opened(str(elsewhere.home / "regulars.sqlite3"), keys)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM customers_customer").fetchone()
            with pytest.raises(AlreadyRunning, match="The shop is open"):
                restore(taken.name, elsewhere.into, may_overwrite=True)
    else:
        with psycopg.connect(elsewhere.url), pytest.raises(AlreadyRunning, match="The shop is open"):
            restore(taken.name, elsewhere.into, may_overwrite=True)
    assert restore(taken.name, elsewhere.into, may_overwrite=True).former


def test_what_is_not_there_or_of_the_other_database_is_said(taken, elsewhere, tmp_path):
    with pytest.raises(NoSuchBackup, match="There is no backup and no file called tuesday"):
        restore("tuesday", elsewhere.into)
    other = "postgresql://nobody@/none?host=/nowhere" if connection.vendor == "sqlite" else str(tmp_path / "x")
    with pytest.raises(OtherEngine, match="would go into"):
        restore(taken.name, other)


def test_a_file_is_restored_with_the_keys_that_lie_beside_it(taken, elsewhere, tmp_path, settings):
    """The machine is gone: what is left is the place of the backups, and the key file."""
    WrappedKey.objects.create(name="witness", key_id="00000000", value="newest")
    backup.replace_keys()
    stick = tmp_path / "stick"
    shutil.copytree(taken.place, stick)
    WrappedKey.objects.filter(name="witness").delete()
    settings.BACKUP_PLACES = [str(tmp_path / "nothing")]
    restore(str(stick / taken.name), elsewhere.into)
    listed = elsewhere.regulars("backup", "list", "--json", REGULARS_BACKUP=str(stick))
    assert json.loads(listed.stdout)["backups"][0]["name"] == taken.name, listed.stderr
    assert "witness" in elsewhere.wrapped_keys()


def test_sealed_fields_are_not_lost_by_accident(stocked, elsewhere, tmp_path, settings, monkeypatch):
    from regulars.core.backup import keys, proving, taking

    WrappedKey.objects.create(name="witness", key_id="00000000", value="x")
    monkeypatch.setattr(proving, "prove_run", lambda *_arguments, **_options: None)
    [run] = taking.create(say=silent)
    source = tmp_path / "alone" / run.name
    source.parent.mkdir()
    shutil.copy(Path(run.place) / run.name, source)
    settings.BACKUP_PLACES = [str(tmp_path / "nothing")]
    monkeypatch.setattr(keys, "of_database", lambda: keys.Keys([], frozenset()))
    with pytest.raises(NoKeys, match=r"keys\.age is not beside the backup"):
        restore(str(source), elsewhere.into)
    restore(str(source), elsewhere.into, without_sealed=True)
    assert "witness" not in elsewhere.wrapped_keys()
    WrappedKey.objects.filter(name="witness").delete()


def test_without_the_key_nothing_is_restored_and_that_is_said(taken, elsewhere, monkeypatch):
    monkeypatch.setenv("REGULARS_KEYS", Key.new().text)
    with pytest.raises(NoKeys, match="made under other keys than this shop has"):
        restore(taken.name, elsewhere.into)
    monkeypatch.delenv("REGULARS_KEYS")
    done = elsewhere.regulars("restore", taken.name, REGULARS_BACKUP=taken.place)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "key" in done.stderr


def test_a_backup_from_before_a_rotation_is_restored_after_it(taken, elsewhere, monkeypatch):
    old = identities.ring().keys
    monkeypatch.setenv("REGULARS_KEYS", KeyRing((Key.new(), *old)).text)
    restore(taken.name, elsewhere.into)
    assert elsewhere.tables()["customers_customer"].rows == 3
    if connection.vendor == "sqlite":
        with closing(
            opened(str(elsewhere.home / "regulars.sqlite3"), [identities.ring().current.derive("database").hex()])
        ):
            pass


def test_an_escrow_restores_with_an_identity_of_its_own(stocked, elsewhere, settings, monkeypatch):
    from regulars.core.backup import proving, taking

    escrow = Identity.generate()
    settings.BACKUP_RECIPIENTS = [str(escrow.to_public())]
    monkeypatch.setattr(proving, "prove_run", lambda *_arguments, **_options: None)
    [run] = taking.create(say=silent)
    monkeypatch.setenv("REGULARS_KEYS", Key.new().text)
    text = f"# created: today\n{escrow}\n"
    with pytest.raises(identities.BadRecipient, match="AGE-SECRET-KEY-1"):
        identities.identities_in("nonsense")
    restore(run.name, elsewhere.into, opened_by=identities.identities_in(text), without_sealed=True)
    assert elsewhere.tables()["customers_customer"].rows == 3


def test_a_backup_of_a_newer_version_is_left_alone(stocked, elsewhere, monkeypatch):
    from regulars.core.backup import proving, taking

    real = taking._manifest

    def newer(name, snapshot):
        manifest = real(name, snapshot)
        manifest.migrations.append(["core", "9999_of_tomorrow"])
        return manifest

    monkeypatch.setattr(taking, "_manifest", newer)
    monkeypatch.setattr(proving, "prove_run", lambda *_arguments, **_options: None)
    [run] = taking.create(say=silent)
    with pytest.raises(OtherEngine, match=r"core 9999_of_tomorrow.*Update Regulars first"):
        restore(run.name, elsewhere.into)
    if connection.vendor == "sqlite":
        assert not (elsewhere.home / "regulars.sqlite3").exists()


# ── quarantine


class Sink:
    """A real mail server that takes everything."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 — the library's name
        self.taken.append(envelope.rcpt_tos)
        return "250 OK"


def test_a_restored_shop_sends_nothing_until_it_is_released(stocked, elsewhere, settings, monkeypatch):
    import socket

    from regulars.core.backup import proving, taking
    from regulars.messaging.sending import send

    settings.EMAIL_HOST = "127.0.0.1"  # the mail waits: there is a server
    send(cause="spring", customer=stocked[0], to="p0@posteo.example", subject="Spring", text="The first tea is here.")
    monkeypatch.setattr(proving, "prove_run", lambda *_arguments, **_options: None)
    [run] = taking.create(say=silent)
    restore(run.name, elsewhere.into)
    sink = Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(sink, hostname="127.0.0.1", port=port)
    server.start()
    try:
        mail = {"REGULARS_MAIL": f"smtp://127.0.0.1:{port}", "REGULARS_BACKUP": str(elsewhere.home / "none")}
        for _time in range(2):
            done = elsewhere.regulars("worker", "--once", **mail)
            assert done.returncode == 0, done.stderr
        assert sink.taken == []
        refused = elsewhere.regulars("backup", "create", **mail)
        assert (refused.returncode, "Release it first" in refused.stderr) == (2, True)
        released = elsewhere.regulars("backup", "release", "--json", **mail)
        assert released.returncode == 0, released.stderr
        assert json.loads(released.stdout) == {"released": run.name}
        until = time.monotonic() + 60
        while not sink.taken and time.monotonic() < until:
            assert elsewhere.regulars("worker", "--once", **mail).returncode == 0
        assert sink.taken == [["p0@posteo.example"]]
        assert json.loads(elsewhere.regulars("backup", "release", "--json", **mail).stdout) == {"released": None}
    finally:
        server.stop()


def test_the_queue_holds_back_what_leaves_and_counts_no_attempt(db, run_jobs, settings):
    from regulars.core.background import queue
    from regulars.core.models import Lease
    from regulars.messaging.sending import send

    settings.EMAIL_HOST = "127.0.0.1"
    quarantine.begin(backup="regulars-x", taken_at=dt.datetime.now(dt.UTC))
    send(cause="spring", customer=None, to="p@posteo.example", subject="Spring", text="T")
    held = queue.claim("test")
    assert queue.run(held) is None
    lease = Lease.objects.get(job_id=held.job_id)
    assert (lease.attempts, lease.worker) == (0, "")
    assert "nothing leaves it until somebody releases it" in lease.error
    assert queue.claim("test") is None


def test_every_page_says_that_the_shop_is_a_restored_copy(client_of, ada, charlie):
    restoration = quarantine.begin(backup="regulars-x", taken_at=dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    for address in ("/", "/customers", "/settings/about"):
        assert "Restored copy, in quarantine." in client_of(ada).get(address).content.decode()
    answer = client_of(charlie).get("/")
    assert "Restored copy, in quarantine." in answer.content.decode()
    assert 'href="/settings/backups"' not in answer.content.decode()
    quarantine.release()
    assert "Restored copy" not in client_of(ada).get("/").content.decode()
    restoration.refresh_from_db()
    assert restoration.released_at is not None
    assert Restoration.objects.count() == 1


# ── what the rooms are told


def test_whoever_was_erased_since_is_forgotten_before_anybody_opens_it(taken, elsewhere, monkeypatch, stocked):
    """The tombstones of the live shop reach the restored one, in which the person still stands."""
    gone = stocked[1].pk
    erased = lambda: [gone]  # noqa: E731 — a function of a room
    sockets.erased_by(erased)
    asked = {}
    real = subprocess.run

    def run(command, **options):
        if "input" in options:
            asked.update(json.loads(options["input"]))
        return real(command, **options)

    monkeypatch.setattr("regulars.core.backup.proving.subprocess.run", run)
    try:
        report = restore(taken.name, elsewhere.into)
    finally:
        sockets._erased.pop(sockets._name(erased))
    assert asked["erased"] == [gone]
    assert (report.erased, asked["mode"]) == (1, "restore")


def test_what_is_restored_is_told_to_the_rooms(db):
    told = []
    sockets.on_restore(told.append)
    try:
        restored = backup.Restored("regulars-x", dt.datetime(2026, 3, 1, tzinfo=dt.UTC), frozenset({7}))
        for restorer in sockets.restorers():
            restorer(restored)
    finally:
        sockets._on_restore.pop(sockets._name(told.append))
    assert told == [restored]


def test_a_file_that_wants_to_lie_elsewhere_is_refused(tmp_path):
    import io

    bad = archive.Member("files/../../etc/passwd", 1, io.BytesIO(b"x"))
    with pytest.raises(BackupRefusal, match="wants to lie elsewhere"):
        restoring._keep(bad, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_places_are_read_from_settings(settings):
    settings.BACKUP_PLACES = ["/srv/backups", "s3://tea/shop"]
    assert [place.label for place in places.places()] == ["/srv/backups", "s3://tea/shop"]
    connections.close_all()
