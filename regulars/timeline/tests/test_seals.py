import datetime as dt
import json
import threading

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.timeline import anchors, audit
from regulars.timeline.actions import begin_anew, blank_many, record, seal_entries, sealing
from regulars.timeline.models import Amendment, Entry, Seal, SealState
from regulars.timeline.tests.test_reactions import BellRung


def ring(times=1):
    return [record(BellRung(times=n)) for n in range(times)]


def cut_off():
    """The newest seal and its entries go, as if an older database had been put back."""
    last = Seal.objects.latest("number")
    Entry.objects.filter(pk__gte=last.from_id).delete()
    Seal.objects.filter(pk=last.pk).delete()
    return last


def test_a_log_that_nobody_touched_is_sound(log):
    report = audit.verify()
    assert report.problem is None
    assert (report.entries, report.unsealed) == (Entry.objects.count(), 0)
    assert report.seals == Seal.objects.count() >= 5
    assert report.until


def test_what_is_younger_than_the_last_seal_is_counted_apart_until_it_is_sealed(log):
    ring(3)
    assert audit.verify().unsealed == 3
    assert seal_entries() == 3
    assert audit.verify().unsealed == 0


def test_sealing_again_with_nothing_new_makes_no_seal(log):
    before = Seal.objects.count()
    assert seal_entries() == 0
    assert Seal.objects.count() == before


def test_every_block_follows_the_one_before_it(log):
    to_id, mac = 0, b""
    for seal in Seal.objects.order_by("number"):
        assert seal.from_id == to_id + 1
        assert bytes(seal.previous) == mac
        assert len(bytes(seal.digests)) == 16 * seal.count
        to_id, mac = seal.to_id, bytes(seal.mac)


def test_the_key_of_each_day_is_another(log, monkeypatch):
    tomorrow = timezone.now() + dt.timedelta(days=1)
    monkeypatch.setattr(sealing.timezone, "now", lambda: tomorrow)
    ring()
    seal_entries()
    days = list(Seal.objects.order_by("number").values_list("day", flat=True))
    assert days[-1] == tomorrow.astimezone(dt.UTC).date() != days[0]
    assert audit.verify().is_sound


def test_numbers_that_nobody_used_are_known_as_gaps(db):
    ring()
    with transaction.atomic():
        ring(2)
        transaction.set_rollback(True)
    Entry.objects.create(pk=Entry.objects.latest("pk").pk + 7, name="bell.rung", at=timezone.now())
    seal_entries()
    assert audit.verify().is_sound
    gap = json.loads(Seal.objects.get().gaps)[-1][-1]
    Entry.objects.create(pk=gap, name="bell.rung", at=timezone.now())
    problem = audit.verify().problem
    assert (problem.kind, problem.entry) == (audit.ADDED, gap)


def test_blanking_is_accepted_and_nothing_else_is(log):
    one = log[3]
    numbers = list(Entry.objects.filter(customer=one).values_list("pk", flat=True))
    assert blank_many(numbers, is_emptied=True, is_cut_loose=True, reason="erased") == len(numbers) == 2
    assert list(Entry.objects.filter(pk__in=numbers).values_list("customer", "data")) == [(None, {})] * 2
    assert audit.verify().is_sound
    seal_entries()
    assert audit.verify().is_sound
    blanked = Entry.objects.get(name="entries.blanked")
    assert blanked.data["count"] == 2
    Entry.objects.filter(pk=numbers[0]).update(data={"a": 1})
    problem = audit.verify().problem
    assert (problem.kind, problem.entry) == (audit.CHANGED, numbers[0])


def test_an_entry_can_be_blanked_again_and_only_the_last_time_counts(log):
    number = Entry.objects.filter(customer=log[0]).latest("pk").pk
    was = Entry.objects.get(pk=number).data
    blank_many([number], data={number: {"changes": ["city"]}})
    seal_entries()
    blank_many([number], is_emptied=True)
    seal_entries()
    assert audit.verify().is_sound
    Entry.objects.filter(pk=number).update(data={"changes": ["city"]})
    assert audit.verify().problem.entry == number
    # neither the row that says so nor the first state can be brought back
    Amendment.objects.filter(entry_id=number).latest("pk").delete()
    assert audit.verify().problem.entry == number
    Amendment.objects.filter(entry_id=number).delete()
    Entry.objects.filter(pk=number).update(data=was)
    assert audit.verify().problem.entry == number


def test_what_was_blanked_before_it_was_sealed_is_sealed_as_it_is_then(db):
    entry = record(BellRung(times=4))
    blank_many([entry.pk], is_emptied=True)
    seal_entries()
    assert audit.verify().is_sound
    Entry.objects.filter(pk=entry.pk).update(data={"times": 4})
    assert audit.verify().problem.entry == entry.pk


def test_a_lawful_change_cannot_be_forged_without_the_key(log):
    entry = Entry.objects.filter(customer=log[1]).first()
    Entry.objects.filter(pk=entry.pk).update(data={})
    forged = Entry.objects.create(
        name="entries.blanked",
        at=timezone.now(),
        data={"count": 1, "ids": [entry.pk], "digests": "AAAAAAAAAAAAAAAAAAAAAA==", "key": "seal:1"},
    )
    Amendment.objects.create(entry_id=entry.pk, by_id=forged.pk)
    assert audit.verify().problem.entry == entry.pk


def test_cutting_off_the_newest_is_found_by_the_anchors(log):
    last = cut_off()
    problem = audit.verify().problem
    assert (problem.kind, problem.seal, problem.entry) == (audit.CUT_OFF, last.number, last.from_id)


def test_an_old_database_that_went_on_is_found_by_the_anchors(log):
    last = cut_off()
    ring(20)
    seal_entries()
    problem = audit.verify().problem
    assert (problem.kind, problem.seal) == (audit.CUT_OFF, last.number)


def test_a_restored_backup_begins_anew_and_says_so(log):
    cut_off()
    begin_anew(reason="backup of yesterday")
    assert audit.verify().is_sound
    seal_entries()
    assert audit.verify().is_sound
    assert Entry.objects.get(name="audit.begun_anew").data["reason"] == "backup of yesterday"


def test_nobody_can_begin_anew_in_the_file_without_the_key(log):
    cut_off()
    left = Seal.objects.latest("number")
    with anchors.path().open("a") as file:
        file.write(f"anew {left.number} {left.to_id} {bytes(left.mac).hex()} 2026-11-22T00:00:00Z {'0' * 64}\n")
    assert audit.verify().problem.kind == audit.ANCHORS


def test_the_anchors_themselves_are_missed(log):
    anchors.path().unlink()
    assert audit.verify().problem.kind == audit.ANCHORS


def test_a_crash_between_seal_and_anchor_is_made_up_for(log, monkeypatch):
    ring()
    monkeypatch.setattr(sealing, "_write_anchors", lambda: None)
    seal_entries()
    assert audit.verify().is_sound
    monkeypatch.undo()
    with anchors.path().open("a") as file:
        file.write("seal 99")  # the power went in the middle of a line
    seal_entries()
    assert audit.verify().is_sound
    assert anchors.read()[-1].number == Seal.objects.latest("number").number


def test_the_anchors_do_not_grow_for_ever(log, monkeypatch):
    monkeypatch.setattr(anchors, "_LONGEST", 2_000)
    begin_anew(reason="restored")
    for _minute in range(40):
        ring()
        seal_entries()
    assert anchors.path().stat().st_size < 4_000
    assert audit.verify().is_sound


def test_keys_may_change_their_wrapping(log, settings):
    from regulars.core import datakeys, keyring

    ring_before = settings.KEY_RING
    settings.KEY_RING = keyring.KeyRing((keyring.Key.new(), *ring_before.keys))
    datakeys.rewrap()
    datakeys.forget_cached()
    try:
        assert audit.verify().is_sound
    finally:
        settings.KEY_RING = ring_before
        datakeys.forget_cached()


@pytest.mark.django_db(transaction=True)
def test_an_entry_whose_transaction_commits_late_is_not_left_out():
    """Its id is given out before a later one's, and its row is seen long after."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    began, may_commit = threading.Event(), threading.Event()

    def write_slowly():
        try:
            with transaction.atomic():
                record(BellRung(times=1))
                began.set()
                assert may_commit.wait(20)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert began.wait(20)
    late_id = 1
    ring()
    assert seal_entries(patience=0.2) == 0
    assert SealState.objects.get().waiting
    may_commit.set()
    writer.join()
    assert seal_entries() == 2
    assert Entry.objects.filter(pk__lte=Seal.objects.get().to_id).count() == 2 >= late_id
    assert audit.verify().is_sound


@pytest.mark.django_db(transaction=True)
def test_an_id_that_was_taken_without_a_row_yet_is_waited_for():
    """COPY takes its ids first; the transaction has no number of its own then."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    from regulars.core.bulk import take_ids

    began, may_go_on = threading.Event(), threading.Event()

    def write_slowly():
        try:
            with transaction.atomic():
                (number,) = take_ids(Entry, 1)
                began.set()
                assert may_go_on.wait(20)
                Entry.objects.create(pk=number, name="bell.rung", at=timezone.now())
        finally:
            connections.close_all()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert began.wait(20)
    ring()
    assert seal_entries(patience=0.2) == 0
    may_go_on.set()
    writer.join()
    assert seal_entries() == 2
    assert audit.verify().is_sound


def test_the_job_seals_every_minute(log, run_jobs):
    from regulars.core.background import schedule

    now = timezone.now()
    schedule.tick(now)
    ring()
    schedule.tick(now + dt.timedelta(minutes=1, seconds=1))
    run_jobs()
    assert audit.verify().unsealed == 0


def test_customers_who_go_for_good_leave_a_log_that_holds(log):
    from regulars.customers.actions import delete_customer
    from regulars.customers.actions.deleting import erase_customer

    erase_customer(delete_customer(log[5]))
    assert audit.verify().is_sound
    create_customer(values={"name": "Somebody else"})
    seal_entries()
    assert audit.verify().is_sound


def test_the_command_names_what_is_wrong_and_ends_with_one(log, tmp_path):
    from click.testing import CliRunner

    from regulars.timeline.commands import export, seal, verify

    cli = CliRunner()
    ring(2)
    assert json.loads(cli.invoke(seal, ["--json"]).stdout)["sealed"] == 2
    sound = cli.invoke(verify, ["--json"])
    assert (sound.exit_code, json.loads(sound.stdout)["is_sound"]) == (0, True)
    done = cli.invoke(export, ["-", "--customer", log[0].public_id])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["name"] for line in lines] == ["customer.created", "customer.changed"]
    assert all(line["digest"] and line["seal"] for line in lines)
    entry = Entry.objects.filter(customer=log[4]).first()
    Entry.objects.filter(pk=entry.pk).update(source="system")
    wrong = cli.invoke(verify)
    assert wrong.exit_code == 1
    assert f"Entry {entry.pk} was changed" in wrong.stdout
    told = json.loads(cli.invoke(verify, ["--json"]).stdout)
    assert (told["problem"]["entry"], told["problem"]["kind"], told["unsealed"]) == (entry.pk, "changed", 1)
