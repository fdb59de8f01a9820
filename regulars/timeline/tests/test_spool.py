import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from regulars.core.spool import Spool, SpoolUnwritable
from regulars.customers.actions import create_customer
from regulars.timeline.actions import acting, note_read, take_in_reads
from regulars.timeline.actions.reading import spool
from regulars.timeline.models import Entry, Source
from regulars.timeline.tests.test_reactions import BellRung


def rung():
    return Entry.objects.filter(name="bell.rung").order_by("pk")


def test_what_somebody_read_is_an_entry_with_who_and_how(db, ada):
    known = create_customer(values={"name": "Jonas"})
    with acting(ada.pk, Source.API, token_id=9):
        note_read(BellRung(times=3), customer_id=known.pk, subject=known)
    assert not rung().exists()
    assert take_in_reads() == 1
    entry = rung().get()
    assert (entry.actor_id, entry.source, entry.token_id, entry.customer_id) == (ada.pk, "api", 9, known.pk)
    assert (entry.subject_type, entry.subject_id, entry.data) == ("customers.customer", known.pk, {"times": 3})
    assert entry.at <= entry.recorded_at
    assert entry.line is not None


def test_noting_a_read_asks_the_database_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        note_read(BellRung())


def test_lines_become_entries_exactly_once_though_they_are_handed_over_again(db):
    for number in range(5):
        note_read(BellRung(times=number))
    waiting = spool()
    kept = waiting.path.read_bytes()
    assert take_in_reads() == 5
    # the process died after the commit, before it removed the file
    waiting.taken.write_bytes(kept)
    note_read(BellRung(times=5))
    assert take_in_reads() == 5
    assert take_in_reads() == 1
    assert [entry.data["times"] for entry in rung()] == [0, 1, 2, 3, 4, 5]


def test_what_the_database_refuses_stays_where_it_is(db, monkeypatch):
    from regulars.timeline.actions import reading

    note_read(BellRung())

    def refuse(*_args, **_how):
        raise RuntimeError("the database is away")

    monkeypatch.setattr(reading.bulk, "insert", refuse)
    with pytest.raises(RuntimeError):
        take_in_reads()
    monkeypatch.undo()
    note_read(BellRung(times=2))
    assert take_in_reads() + take_in_reads() == 2
    assert rung().count() == 2


def test_a_spool_that_cannot_be_written_refuses_the_read(tmp_path, monkeypatch):
    full = Spool(tmp_path / "spool", limit=100)
    full.append(b"x" * 60)
    with pytest.raises(SpoolUnwritable) as refused:
        full.append(b"y" * 60)
    assert "could not be written down" in refused.value.sentence
    assert full.path.read_bytes() == b"\n" + b"x" * 60 + b"\n"
    closed = tmp_path / "closed"
    closed.write_text("a file where the folder should be")
    with pytest.raises(SpoolUnwritable):
        Spool(closed).append(b"z")


def test_half_a_line_swallows_no_other(db):
    note_read(BellRung(times=1))
    spool().close()
    with spool().path.open("ab") as file:
        file.write(b"\nabc:def")
    note_read(BellRung(times=2))
    take_in_reads()
    assert [entry.data["times"] for entry in rung()] == [1, 2]
    assert (spool().folder / "unreadable").read_bytes() == b"abc:def\n"


def test_who_or_what_is_gone_by_then_leaves_the_entry(db, ada):
    known = create_customer(values={"name": "Jonas"})
    with acting(10_000_000, Source.PAGE):
        note_read(BellRung(), customer_id=known.pk + 1_000)
    take_in_reads()
    assert (rung().get().customer_id, rung().get().actor_id) == (None, None)


def test_nothing_of_a_person_stands_in_the_file(db, ada):
    with acting(ada.pk, Source.PAGE):
        note_read(BellRung(times=987654))
    assert b"987654" not in spool().path.read_bytes()
    assert b"bell" not in spool().path.read_bytes()
    assert spool().path.stat().st_mode & 0o077 == 0


def test_many_write_while_others_take(tmp_path):
    place, seen, stop = tmp_path / "spool", [], threading.Event()

    def write(writer):
        own = Spool(place)  # as a process of its own: with its own file
        for number in range(300):
            own.append(f"{writer}:{number}".encode())
        own.close()

    def take():
        own = Spool(place)
        while not stop.is_set():
            own.hand_over(seen.extend)

    taker = threading.Thread(target=take)
    taker.start()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    stop.set()
    taker.join()
    while Spool(place).hand_over(seen.extend):
        pass
    assert sorted(seen) == sorted(f"{writer}:{number}".encode() for writer in range(6) for number in range(300))


def test_a_killed_process_loses_nothing(tmp_path):
    code = """
        import sys
        from pathlib import Path
        from regulars.core.spool import Spool
        spool = Spool(Path(sys.argv[1]))
        number = 0
        while True:
            spool.append(str(number).encode())
            print(number, flush=True)
            number += 1
    """
    for _time in range(3):
        command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "spool")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
            while int(child.stdout.readline()) < 500:
                pass
            child.send_signal(signal.SIGKILL)
            said = child.stdout.read().rpartition("\n")[0].split()
        last = int(said[-1]) if said else 500
        seen = []
        Spool(tmp_path / "spool").hand_over(seen.extend)
        assert [int(line) for line in seen][: last + 1] == list(range(last + 1))
        assert len(seen) <= last + 2


@pytest.mark.django_db(transaction=True)
def test_a_page_waits_for_no_writer(client, request):
    """Somebody holds the lock of SQLite's one writer; whoever opens a profile does not notice."""
    from regulars.staff.models import User

    ada = User.objects.create(name="Ada", email="ada@shop.example", role="owner", password="!")
    known = create_customer(values={"name": "Jonas"})
    client.force_login(ada)
    client.get(f"/customers/{known.public_id}")  # what is only loaded once
    take_in_reads()
    holds, may_end = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic():
                create_customer(values={"name": "Slow"})
                holds.set()
                assert may_end.wait(30)
        finally:
            connections.close_all()

    writer = threading.Thread(target=hold)
    writer.start()
    assert holds.wait(10)
    try:
        began = time.monotonic()
        response = client.get(f"/customers/{known.public_id}")
        took = time.monotonic() - began
    finally:
        may_end.set()
        writer.join()
    assert response.status_code == 200
    assert took < 2, f"the page waited {took:.1f} s ({connection.vendor})"
    assert spool().size() > 0
    assert take_in_reads() == 1
    assert Entry.objects.filter(name="customer.opened", customer=known, actor=ada).count() == 2
