"""A backup is encrypted, holds no keys, and counts only when it was restored and everything there was right."""

from __future__ import annotations

import datetime as dt
import errno
import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pyarrow
import pyrage
import pytest
from django.utils import timezone
from pyrage.x25519 import Identity

from regulars.core import backup, quarantine
from regulars.core.backup import archive, identities, keys, places, proving, sockets, state, taking
from regulars.core.backup.refusals import AlreadyRunning, BackupRefusal, Damaged, NoKeys, Quarantined
from regulars.core.keyring import Key, KeyRing
from regulars.core.models import BackupRun, KeysCopy, WrappedKey
from regulars.customers.models import Customer
from regulars.timeline.models import Entry

State = BackupRun.State


def silent(_done, _total):
    pass


def file_of(run):
    return Path(run.place) / run.name


def unpacked(sealed, opener):
    """What anybody with the key and the tools of age, zstd and tar finds in a backup."""
    plain = pyarrow.CompressedInputStream(pyarrow.BufferReader(pyrage.decrypt(sealed, [opener])), "zstd").read()
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        return [(one.name, tar.extractfile(one).read()) for one in tar]


def test_a_backup_is_taken_proven_and_told(take, stocked):
    run = take()
    assert (run.state, run.error) == (State.PROVEN, "")
    assert run.size == file_of(run).stat().st_size
    assert run.proven_at is not None
    checked = {one["name"]: one for one in run.checked}
    assert {"files", "tables", "audit", "figures", "profiles"} <= set(checked)
    assert [one["problems"] for one in run.checked] == [[]] * len(run.checked)
    assert checked["files"]["count"] == 1
    assert checked["tables"]["rows"] == run.rows > 20
    assert Entry.objects.filter(name="backup.proven", data__backup=run.name).count() == 1
    [listed], away = state.listed()
    assert (listed.name, listed.size, listed.state, away) == (run.name, run.size, "proven", [])


def test_a_backup_is_age_zstd_and_tar_and_says_what_is_in_it(take, stocked, home):
    run = take()
    sealed = file_of(run).read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1\n")
    assert b"Marchetti" not in sealed
    found = unpacked(sealed, identities.identities()[0])
    names = [name for name, _content in found]
    assert names[0] == names[-1] == "manifest.json"
    assert names[1].split("/")[0] == "database"
    assert dict(found)["files/attachments/ab/abcdef"] == (home / "attachments/ab/abcdef").read_bytes()
    manifest = json.loads(found[-1][1])
    assert manifest["tables"]["customers_customer"]["rows"] == 3
    assert manifest["name"] == run.name
    assert len(manifest["members"]) == len(found) - 2
    assert ["core", "0004_backups"] in manifest["migrations"]
    assert manifest["newest_entry"] == Entry.objects.exclude(name__startswith="backup.").latest("id").id


def test_no_key_is_in_a_backup_neither_the_rings_nor_a_wrapped_one(take, stocked):
    WrappedKey.objects.all().delete()
    WrappedKey.objects.create(name="canary", key_id="00000000", value="canary-" + "7f3a91" * 20)
    before = WrappedKey.objects.count()
    run = take()
    text = b"".join(content for _name, content in unpacked(file_of(run).read_bytes(), identities.identities()[0]))
    assert b"7f3a917f3a91" not in text
    for key in identities.ring().keys:
        assert key.text.encode() not in text
        assert key.secret not in text
        assert key.derive("database").hex().encode() not in text
    assert WrappedKey.objects.count() == before
    assert json.loads(unpacked(file_of(run).read_bytes(), identities.identities()[0])[0][1])["wrapped_keys"] == before
    beside = keys.read((file_of(run).parent / "keys.age").read_bytes(), identities.identities())
    assert "canary" in [row["name"] for row in beside.rows]
    WrappedKey.objects.all().delete()


def test_an_escrow_opens_the_backup_as_well_and_nobody_else(take, settings, stocked):
    escrow, stranger = Identity.generate(), Identity.generate()
    settings.BACKUP_RECIPIENTS = [str(escrow.to_public())]
    run = take()
    assert unpacked(file_of(run).read_bytes(), escrow)[0][0] == "manifest.json"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(file_of(run).read_bytes(), [stranger])
    settings.BACKUP_RECIPIENTS = ["age1nonsense"]
    with pytest.raises(identities.BadRecipient, match="age1nonsense"):
        taking.create(say=silent)


def test_a_bit_that_turned_anywhere_is_reported_with_the_name_and_the_part(taken):
    run = taken
    good = file_of(run).read_bytes()
    chance = random.Random(7)
    places_in_file = [0, 30, 60, 120, 200, len(good) - 1, *(chance.randrange(len(good)) for _n in range(44))]
    parts = set()
    for at in places_in_file:
        bad = bytearray(good)
        bad[at] ^= 1 << chance.randrange(8)
        with (
            pytest.raises(BackupRefusal) as refused,
            archive.opened(run.name, lambda bad=bad: [bytes(bad)], identities.identities()) as opened,
        ):
            for _member in opened.members():
                pass
        assert run.name in refused.value.sentence
        parts.add(refused.value.part if isinstance(refused.value, Damaged) else "keys or header")
    assert parts <= {"keys or header", "header", "manifest.json"} | {
        name for name in parts if name.startswith(("database", "files/"))
    }


def test_a_backup_that_was_cut_off_is_reported(taken):
    good = file_of(taken).read_bytes()
    for cut in (0, 10, 150, 400, 5000, -1, -17, -5000):
        with (
            pytest.raises(BackupRefusal, match=taken.name),
            archive.opened(taken.name, lambda cut=cut: [good[:cut]], identities.identities()) as opened,
        ):
            list(opened.members())


def test_what_was_added_or_exchanged_is_reported(take):
    first, second = take(), take()
    file_of(first).write_bytes(file_of(first).read_bytes() + b"x")
    [proven] = proving.verify(first.name, say=silent)
    assert proven.state == State.DAMAGED
    file_of(first).write_bytes(file_of(second).read_bytes())
    BackupRun.objects.filter(pk=first.pk).update(size=file_of(second).stat().st_size)
    [proven] = proving.verify(first.name, say=silent)
    assert proven.state == State.DAMAGED
    assert f"it is another backup, {second.name}" in proven.error


def test_verify_names_the_damaged_backup_and_the_alarm_does_too(take, client_of, ada):
    first, second = take(), take()
    assert not state.health().is_alarm
    content = bytearray(file_of(second).read_bytes())
    content[len(content) // 2] ^= 4
    file_of(second).write_bytes(content)
    [run] = proving.verify(second.name, say=silent)
    assert run.state == State.DAMAGED
    assert f"{second.name} is damaged in its part “" in run.error
    assert state.health().bad == run
    assert second.name in client_of(ada).get("/").content.decode()
    assert Entry.objects.get(name="backup.failed").data["backup"] == second.name
    assert state.health().proven_at == BackupRun.objects.get(name=first.name).proven_at
    taking.remove(second.name)
    assert not state.health().is_alarm


def test_other_keys_do_not_open_it_and_that_is_said(taken, settings, monkeypatch):
    run = taken
    monkeypatch.setenv("REGULARS_KEYS", Key.new().text)
    with (
        pytest.raises(NoKeys, match="made under other keys than this shop has"),
        archive.opened(run.name, lambda: [file_of(run).read_bytes()], identities.identities()),
    ):
        pass
    monkeypatch.delenv("REGULARS_KEYS")
    settings.KEY_RING = None
    with pytest.raises(NoKeys, match="This shop has no keys") as refused:
        identities.ring()
    assert "home.keys" in refused.value.sentence


def test_older_keys_of_the_ring_open_older_backups(take, monkeypatch):
    run = take()
    old = identities.ring().keys
    monkeypatch.setenv("REGULARS_KEYS", KeyRing((Key.new(), *old)).text)
    [again] = proving.verify(run.name, say=silent)
    assert (again.state, again.error) == (State.PROVEN, "")
    newer = take()
    assert newer.state == State.PROVEN
    opener = identities.identity_of(identities.ring().current)
    assert unpacked(file_of(newer).read_bytes(), opener)[0][0] == "manifest.json"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(file_of(newer).read_bytes(), [identities.identity_of(old[0])])


def test_rows_that_are_not_what_they_were_make_a_backup_damaged(take, monkeypatch):
    """What the manifest promises and what was kept differ: counted, and told by table."""
    real = taking._manifest

    def lying(name, snapshot):
        manifest = real(name, snapshot)
        table = manifest.tables["customers_customer"]
        manifest.tables["customers_customer"] = archive.Table(table.rows + 1, table.digest)
        return manifest

    monkeypatch.setattr(taking, "_manifest", lying)
    with pytest.raises(BackupRefusal, match="customers_customer has 3 rows and should have 4"):
        take()
    assert BackupRun.objects.get().state == State.DAMAGED


def test_a_wrong_figure_in_the_shop_is_found_in_the_proof(take, stocked):
    Customer.objects.filter(pk=stocked[0].pk).update(spent_minor=1)
    with pytest.raises(BackupRefusal, match=r"Élodie Marchetti.*spent_minor is 1 and should be 2500"):
        take()
    [run] = BackupRun.objects.all()
    assert run.state == State.DAMAGED
    assert [one["name"] for one in run.checked if one["problems"]] == ["figures"]


def test_a_place_that_is_away_fails_in_words_and_leaves_nothing(stocked, settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    settings.BACKUP_PLACES = [str(tmp_path / "file" / "backups")]
    with pytest.raises(BackupRefusal, match="cannot be used: Not a directory"):
        taking.create(say=silent)
    [run] = BackupRun.objects.all()
    assert run.state == State.FAILED
    assert state.health().bad == run
    assert not (settings.REGULARS_HOME / "scratch").exists()


def test_two_places_hold_the_same_backup_and_one_may_be_away(stocked, settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    one, two = tmp_path / "one", tmp_path / "two"
    settings.BACKUP_PLACES = [str(tmp_path / "file" / "x"), str(one), str(two)]
    with pytest.raises(BackupRefusal, match="Not a directory"):
        taking.create(say=silent)
    states = {run.place: run.state for run in BackupRun.objects.all()}
    assert states == {str(tmp_path / "file" / "x"): "failed", str(one): "proven", str(two): "proven"}
    [first], [second] = one.glob("regulars-*"), two.glob("regulars-*")
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()
    assert (one / "keys.age").exists()
    assert (two / "keys.age").exists()


def test_a_full_disk_leaves_no_half_backup(stocked, monkeypatch, settings):
    real = os.fdopen

    def full(descriptor, *arguments, **options):
        file = real(descriptor, *arguments, **options)
        return Full(file) if arguments == ("wb",) else file

    class Full:
        def __init__(self, file):
            self.file, self.room = file, 2000

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            self.file.close()

        def write(self, piece):
            if len(piece) > self.room:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.room -= len(piece)
            return self.file.write(piece)

    monkeypatch.setattr(places.os, "fdopen", full)
    with pytest.raises(BackupRefusal, match=r"The place for backups .*home.backups is full\."):
        taking.create(say=silent)
    assert [path.name for path in Path(settings.BACKUP_PLACES[0]).iterdir()] == []
    assert state.listed() == ([], [])


def test_only_one_backup_is_taken_at_a_time(stocked, home):
    from regulars.core.backup import space

    with space.alone([]), pytest.raises(AlreadyRunning, match="Another backup is being taken"):
        taking.create(say=silent)


def test_older_backups_go_and_the_last_proven_one_stays(take, settings):
    settings.BACKUP_KEEP = (1, 0, 0)
    first = take()
    folder = file_of(first).parent
    old = first.name.replace(first.name[9:25], "20250101T023000Z")
    (folder / old).write_bytes(b"x")
    BackupRun.objects.create(name=old, place=first.place, state=State.DAMAGED)
    BackupRun.objects.filter(pk=first.pk).update(state=State.TAKEN)
    BackupRun.objects.filter(name=old).update(state=State.PROVEN)
    assert taking.prune(places.places()[0]) == []
    BackupRun.objects.filter(pk=first.pk).update(state=State.PROVEN)
    assert taking.prune(places.places()[0]) == [old]
    assert [one.name for one in places.places()[0].stored()] == [first.name]
    assert not BackupRun.objects.filter(name=old).exists()


def test_a_killed_backup_leaves_nothing_in_the_list(stocked, home, settings, database_url, take):
    code = (
        "import django; django.setup(); import os, signal\n"
        "from regulars.core.backup import places, taking\n"
        "real = places.Folder.write\n"
        "def half(self, name, pieces):\n"
        "    def some():\n"
        "        for number, piece in enumerate(pieces):\n"
        "            yield piece\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return real(self, name, some())\n"
        "places.Folder.write = half\n"
        "taking.create(say=lambda done, total: None)\n"
    )
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REGULARS_HOME": str(home),
        "REGULARS_BACKUP": settings.BACKUP_PLACES[0],
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    [half] = Path(settings.BACKUP_PLACES[0]).iterdir()
    assert half.name.endswith(".part")
    assert state.listed() == ([], [])
    assert BackupRun.objects.get().state == State.TAKING
    run = take()
    assert run.state == State.PROVEN
    assert sorted(path.name for path in Path(settings.BACKUP_PLACES[0]).iterdir()) == ["keys.age", run.name]
    assert set(BackupRun.objects.values_list("state", flat=True)) == {"failed", "proven"}
    assert not (home / "scratch").exists()


# ── keys.age


def test_the_newest_keys_lie_beside_the_backups_in_one_generation(take, settings, django_capture_on_commit_callbacks):
    run = take()
    path = file_of(run).parent / "keys.age"
    first = path.read_bytes()
    WrappedKey.objects.create(name="another", key_id="00000000", value="x")
    sockets.erased_by(erased := lambda: [7, 9])
    try:
        backup.replace_keys()
        assert path.read_bytes() != first
        known = keys.read(path.read_bytes(), identities.identities())
        assert "another" in [row["name"] for row in known.rows]
        assert known.erased == {7, 9}
        assert [one.name for one in path.parent.iterdir() if "keys" in one.name] == ["keys.age"]
    finally:
        sockets._erased.pop(sockets._name(erased))
        WrappedKey.objects.filter(name="another").delete()


def test_a_place_that_is_away_gets_the_keys_later_and_shows(take, settings, client_of, ada):
    run = take()
    folder = file_of(run).parent
    aside = folder.with_name("aside")
    folder.rename(aside)
    folder.write_text("in the way")
    backup.replace_keys()
    [row] = keys.missing()
    assert "cannot be used" in row.error
    assert "The newest keys are not beside the backups." in client_of(ada).get("/").content.decode()
    folder.unlink()
    aside.rename(folder)
    before = (folder / "keys.age").read_bytes()
    keys.replace_where_missing()
    assert keys.missing() == []
    assert (folder / "keys.age").read_bytes() != before
    assert KeysCopy.objects.get().error == ""


# ── when somebody is told


def test_a_shop_of_today_is_not_alarmed_and_one_without_a_proof_for_a_day_is(take, settings, client_of, ada):
    assert not state.health().is_alarm
    settings.BACKUP_MAX_AGE = 0
    assert state.health().is_late
    settings.BACKUP_MAX_AGE = 26
    run = take()
    page = client_of(ada).get("/").content.decode()
    assert "Backup proven" in page
    BackupRun.objects.filter(pk=run.pk).update(began_at=timezone.now() - dt.timedelta(hours=25))
    assert not state.health().is_alarm
    BackupRun.objects.filter(pk=run.pk).update(began_at=timezone.now() - dt.timedelta(hours=27))
    assert state.health().is_late
    page = client_of(ada).get("/").content.decode()
    assert "There is no proven backup of late." in page
    assert "Backup proven" not in page


def test_a_shop_in_quarantine_takes_no_backups_and_replaces_no_keys(take):
    run = take()
    beside = (file_of(run).parent / "keys.age").read_bytes()
    quarantine.begin(backup=run.name, taken_at=timezone.now())
    with pytest.raises(Quarantined):
        taking.create(say=silent)
    taking.back_up_nightly()
    backup.replace_keys()
    assert (file_of(run).parent / "keys.age").read_bytes() == beside
    assert BackupRun.objects.count() == 1
    assert not state.health().is_alarm
    quarantine.release()
    keys.replace_where_missing()
    assert (file_of(run).parent / "keys.age").read_bytes() != beside


def test_every_night_at_half_past_two_and_after_a_night_off():
    from regulars.core.background import schedule

    [clock] = [one for one in schedule.clocks() if one.verb is taking.back_up_nightly]
    assert clock.at == dt.time(2, 30)


def test_the_progress_rises_to_its_end(stocked):
    told = []
    taking.create(say=lambda done, total: told.append((done, total)))
    shares = [done / total for done, total in told]
    assert shares[-1] == 1
    assert all(0 <= share <= 1 for share in shares)
    time.sleep(0)
