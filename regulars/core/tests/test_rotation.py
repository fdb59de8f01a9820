"""New keys: whatever is cut short leaves everything readable, and goes on with the next call."""

import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from django.db import connection

from regulars.core import datakeys, key_commands, keyring, rotation, sealing
from regulars.core.keyring import Key, KeyRing
from regulars.core.models import WrappedKey
from regulars.core.rotation import KeyNeeded
from regulars.customers.actions import create_customer
from regulars.customers.actions.notes import write_note
from regulars.customers.models import Customer, Note

NOTES = 1_200


@pytest.fixture
def ring(settings, tmp_path, monkeypatch):
    """A ring in a file of its own, as a shop has it; the database of the tests is under the test's key."""
    made = KeyRing((settings.KEY_RING.current,), tmp_path / "shop.keys")
    keyring.save(made)
    settings.KEY_RING = made
    monkeypatch.delenv("REGULARS_KEYS")
    monkeypatch.setenv("REGULARS_KEYS_FILE", str(made.path))
    monkeypatch.setattr(rotation, "_database", lambda: None)
    monkeypatch.setattr(rotation, "_NOTICED_IN", 0)
    return made


@pytest.mark.django_db
def test_a_new_key_locks_the_data_keys_and_the_old_one_can_go(ring):
    sealed = sealing.seal(5, "mine", "place")

    new = rotation.rotate()

    kept = keyring.parse(ring.path.read_text())
    assert kept.keys == (new, ring.current)
    assert set(WrappedKey.objects.values_list("key_id", flat=True)) == {new.id}
    with pytest.raises(KeyNeeded, match="current key"):
        rotation.drop(new.id)
    rotation.drop(ring.current.id)
    assert keyring.parse(ring.path.read_text()).keys == (new,)
    datakeys.forget_cached()
    assert sealing.open_sealed(sealed, "place") == "mine"


@pytest.mark.django_db
def test_a_key_that_is_needed_stays(ring):
    sealing.seal(5, "mine", "place")
    key = ring.current
    rotation._save(KeyRing((Key.new(), key), ring.path))

    with pytest.raises(KeyNeeded, match="still needed"):
        rotation.drop(key.id)
    # a rotation that was cut short after the ring was written goes on with the key it made
    begun = rotation.datakeys.ring().current
    assert rotation.rotate() == begun
    rotation.drop(key.id)


@pytest.mark.django_db
def test_where_the_environment_holds_the_keys_it_is_said_what_to_do(settings):
    sealing.seal(5, "mine", "place")
    settings.KEY_RING = KeyRing((settings.KEY_RING.current,))

    with pytest.raises(KeyNeeded, match=r"Put this one in front .* rgk_"):
        rotation.rotate()


@pytest.mark.django_db
def test_new_keys_for_the_data_leave_every_value_as_it_was(ring):
    one = create_customer(values={"name": "Li Na", "birth_year": 1990, "birthday": "05-05"})
    write_note(one, text="Likes Kyusu.")
    gone = create_customer(values={"name": "Gone", "birthday": "01-01"})
    sealing.forget_person(gone.pk)
    secret = sealing.seal_secret("token", "place")

    rotation.rotate()
    assert rotation.renew_data() == 2

    assert Note.objects.get().text == "Likes Kyusu."
    assert Customer.objects.get(pk=one.pk).birthday == "05-05"
    assert Customer.objects.get(pk=gone.pk).birthday == ""
    assert sealing.is_forgotten(gone.pk)
    assert set(datakeys.people().generations) == {1, 2}
    assert set(datakeys.named("files").generations) == {1, 2}
    assert not WrappedKey.objects.filter(name="renewing").exists()
    assert rotation.renew_data() == 2
    assert sealing.open_secret(secret, "place") == "token"


@pytest.mark.django_db
def test_the_commands_say_what_they_do(ring):
    sealing.seal(5, "mine", "place")
    run = CliRunner()

    assert ring.current.id in run.invoke(key_commands.list_command).output
    assert "Done." in run.invoke(key_commands.rotate_command, ["--data"]).output
    listed = run.invoke(key_commands.list_command).output.splitlines()
    assert len(listed) == 2
    assert "people" in listed[0]
    assert "older backups at most" in listed[1]
    assert run.invoke(key_commands.drop_command, [ring.current.id]).exit_code == 2
    assert run.invoke(key_commands.drop_command, [ring.current.id, "--yes"]).exit_code == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_rotation_that_is_killed_again_and_again_loses_nothing(database_url):
    if connection.vendor == "sqlite" and "memory" in str(connection.settings_dict["NAME"]):
        pytest.skip("another process cannot see a database in memory")
    one = create_customer(values={"name": "Li Na", "birth_year": 1990, "birthday": "05-05"})
    rows = [Note(customer=one, at=one.created_at, text=f"note {number}") for number in range(NOTES)]
    Note.objects.bulk_create(rows)
    environment = os.environ | {"DATABASE_URL": database_url}
    # the file of the database keeps its key: it is that of all the other tests
    program = "import django; django.setup(); from regulars.core import rotation; rotation.renew_data()"
    command = [sys.executable, "-c", program]

    for wait in (2.0, 6.0, 9.0, 3.0, 3.5, 4.0):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        datakeys.forget_cached()
        texts = set(Note.objects.values_list("text", flat=True))
        assert texts == {f"note {number}" for number in range(NOTES)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr

    datakeys.forget_cached()
    assert len(set(Note.objects.values_list("text", flat=True))) == NOTES
    assert not WrappedKey.objects.filter(name="renewing").exists()
    generations = {note.text.sealed.split(".")[0] for note in Note.objects.all()}
    assert generations == {str(datakeys.people().newest)}
    assert datakeys.people().newest > 1
