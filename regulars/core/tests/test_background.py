import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from regulars.core import shop
from regulars.core.background import Cancelled, background, progress, queue, schedule, verbs
from regulars.core.errors import Refusal
from regulars.core.models import Lease, Schedule, Shop

SEEN: list[str] = []


@pytest.fixture(autouse=True)
def _fresh():
    SEEN.clear()


@background(retries=2)
def greet(*, name):
    SEEN.append(name)


@background(retries=2)
def stumble(*, name):
    SEEN.append(name)
    raise RuntimeError(f"no {name} today")


@background(retries=5)
def refuse():
    raise Refusal("The shop is closed.")


@background(retries=0, is_atomic=True)
def rename_and_stumble(*, name):
    shop.change(name=name)
    raise RuntimeError("after the change")


@background()
def count_to_three():
    for n in range(1, 4):
        SEEN.append(str(n))
        progress(n, 3)


def the_job():
    """The only job that was asked for; a real worker also adds what the clock asks for."""
    jobs = DBTaskResult.objects.select_related("lease")
    (job,) = [one for one in jobs if one.args_kwargs["kwargs"]["verb"] not in schedule._CLOCKS]
    return job


def test_a_verb_called_directly_runs_now(db):
    greet(name="Ada")
    assert SEEN == ["Ada"]
    assert not DBTaskResult.objects.exists()


def test_later_runs_once_when_a_worker_comes(db, run_jobs):
    greet.later(name="Ada")
    assert SEEN == []
    assert run_jobs() == 1
    assert SEEN == ["Ada"]
    assert the_job().status == Status.SUCCESSFUL
    assert run_jobs() == 0


@pytest.mark.django_db(transaction=True)
def test_a_job_exists_only_if_its_transaction_commits():
    with transaction.atomic():
        greet.later(name="Ada")
        transaction.set_rollback(True)
    assert not DBTaskResult.objects.exists()


def test_arguments_that_are_not_json_are_refused_at_once(db):
    with pytest.raises(TypeError):
        greet.later(name=dt.date(2026, 3, 12))
    assert not DBTaskResult.objects.exists()


def test_a_failure_is_tried_again_with_growing_delay_and_its_error_kept(db, time_machine):
    start = dt.datetime(2026, 3, 12, 9, 0, tzinfo=dt.UTC)
    time_machine.move_to(start, tick=False)
    stumble.later(name="tea")
    delays = []
    for _ in range(2):
        assert queue.run(queue.claim("w1")) is not None
        job = the_job()
        assert job.status == Status.READY
        assert queue.claim("w1") is None
        delays.append(job.run_after - timezone.now())
        time_machine.move_to(job.run_after, tick=False)
    assert delays == [dt.timedelta(seconds=10), dt.timedelta(minutes=1)]
    queue.run(queue.claim("w1"))
    job = the_job()
    assert (job.status, job.lease.attempts, job.lease.error) == (Status.FAILED, 3, "RuntimeError: no tea today")
    assert "in stumble" in job.traceback
    assert SEEN == ["tea"] * 3
    time_machine.move_to(start + dt.timedelta(days=2), tick=False)
    assert queue.claim("w1") is None


def test_a_refusal_is_an_answer_and_is_not_tried_again(db):
    refuse.later()
    queue.run(queue.claim("w1"))
    assert (the_job().status, the_job().lease.error) == (Status.FAILED, "The shop is closed.")


def test_an_unknown_verb_fails_with_a_sentence(db):
    verbs.perform.enqueue(verb="regulars.orders.actions.dance", arguments={}, context={})
    verbs.perform.enqueue(verb="os.remove", arguments={}, context={})
    for _ in range(2):
        assert queue.run(queue.claim("w1")) is not None
    assert {lease.error for lease in Lease.objects.all()} == {
        "This version does not know the work “regulars.orders.actions.dance”. Was it enqueued by a newer version?",
        "This version does not know the work “os.remove”. Was it enqueued by a newer version?",
    }


def test_a_failing_atomic_verb_leaves_nothing(db):
    Shop.objects.create(name="Hain & Hafen")
    rename_and_stumble.later(name="Other")
    queue.run(queue.claim("w1"))
    assert Shop.objects.get().name == "Hain & Hafen"
    assert the_job().status == Status.FAILED


def test_one_job_is_claimed_by_one_worker(db):
    greet.later(name="Ada")
    assert queue.claim("w1") is not None
    assert queue.claim("w2") is None


def test_a_lease_that_ran_out_goes_to_another_worker_and_the_first_can_no_longer_mark_it(db, time_machine):
    time_machine.move_to(dt.datetime(2026, 3, 12, 9, 0, tzinfo=dt.UTC), tick=False)
    greet.later(name="Ada")
    first = queue.claim("w1")
    time_machine.shift(59)
    assert queue.claim("w2") is None
    queue.renew([first])
    time_machine.shift(59)
    assert queue.claim("w2") is None
    time_machine.shift(2)
    second = queue.claim("w2")
    assert (second.job_id, second.attempt) == (first.job_id, 2)
    assert not queue.finish(first)
    assert not queue.fail(first, RuntimeError())
    assert the_job().status == Status.RUNNING
    assert queue.finish(second)
    assert the_job().status == Status.SUCCESSFUL


def test_work_that_kills_its_worker_every_time_is_given_up(db, time_machine):
    time_machine.move_to(dt.datetime(2026, 3, 12, 9, 0, tzinfo=dt.UTC), tick=False)
    greet.later(name="Ada")
    for _ in range(3):
        queue.claim("w1")
        time_machine.shift(61)
    queue.run(queue.claim("w1"))
    assert SEEN == []
    assert (the_job().status, the_job().lease.error) == (
        Status.FAILED,
        "The worker was gone 3 times while it did this.",
    )


def test_a_worker_that_ends_hands_its_job_back_without_counting_the_attempt(db):
    greet.later(name="Ada")
    queue.hand_back([queue.claim("w1")])
    again = queue.claim("w2")
    assert again.attempt == 1


def test_progress_is_kept_and_a_stopped_job_ends_there(db):
    count_to_three.later()
    held = queue.claim("w1")
    queue.cancel(the_job(), by="Ada")
    assert isinstance(queue.run(held), Cancelled)
    assert SEEN == ["1"]
    assert (the_job().status, the_job().lease.error) == (Status.FAILED, "Stopped.")
    queue.try_again(the_job())
    assert queue.run(queue.claim("w1")) is None
    job = the_job()
    assert (job.status, job.lease.done, job.lease.total) == (Status.SUCCESSFUL, 3, 3)


def test_a_waiting_job_that_is_stopped_never_begins(db):
    greet.later(name="Ada")
    queue.cancel(the_job(), by="Ada")
    assert queue.claim("w1") is None
    assert (the_job().status, the_job().lease.error) == (Status.FAILED, "Stopped by Ada.")


def test_progress_outside_a_job_does_nothing(db):
    count_to_three()
    assert SEEN == ["1", "2", "3"]


def test_finished_jobs_are_forgotten_in_time(db):
    now = timezone.now()
    for days, status in ((0, "SUCCESSFUL"), (2, "SUCCESSFUL"), (89, "FAILED"), (91, "FAILED")):
        greet.later(name=f"{status} {days}")
        job = DBTaskResult.objects.get(status="READY")
        Lease.objects.create(job=job)
        DBTaskResult.objects.filter(pk=job.pk).update(status=status, finished_at=now - dt.timedelta(days=days))
    assert queue.prune() == 2
    left = {job.args_kwargs["kwargs"]["arguments"]["name"] for job in DBTaskResult.objects.all()}
    assert left == {"SUCCESSFUL 0", "FAILED 89"}
    assert Lease.objects.count() == 2


@pytest.fixture
def clock(monkeypatch):
    """A clock of this test alone: clock("03:30") or clock(minutes=5)."""
    monkeypatch.setattr(schedule, "_CLOCKS", {})

    def set_clock(*args, **kwargs):
        return schedule.every(*args, **kwargs)(_chime)

    return set_clock


def _chime():
    SEEN.append("chime")


def test_each_slot_runs_once_and_missed_slots_run_once(db, clock, time_machine, run_jobs):
    clock(minutes=5)
    time_machine.move_to(dt.datetime(2026, 3, 12, 9, 1, tzinfo=dt.UTC), tick=False)
    assert schedule.tick() == 0
    time_machine.shift(dt.timedelta(minutes=3))
    assert schedule.tick() == 0
    time_machine.shift(dt.timedelta(minutes=1))
    assert [schedule.tick(), schedule.tick()] == [1, 0]
    run_jobs()
    time_machine.shift(dt.timedelta(hours=3))
    assert [schedule.tick(), schedule.tick()] == [1, 0]
    run_jobs()
    assert SEEN == ["chime", "chime"]


def test_a_slot_passes_while_the_last_run_is_unfinished(db, clock, time_machine):
    clock(minutes=5)
    time_machine.move_to(dt.datetime(2026, 3, 12, 9, 0, tzinfo=dt.UTC), tick=False)
    schedule.tick()
    time_machine.shift(dt.timedelta(minutes=5))
    assert schedule.tick() == 1
    time_machine.shift(dt.timedelta(minutes=5))
    assert schedule.tick() == 0
    assert DBTaskResult.objects.count() == 1


def test_two_workers_at_the_same_slot_enqueue_one_job(db, clock, time_machine):
    verb = clock(minutes=5)
    time_machine.move_to(dt.datetime(2026, 3, 12, 9, 0, tzinfo=dt.UTC), tick=False)
    schedule.tick()
    stale = Schedule.objects.get()
    time_machine.shift(dt.timedelta(minutes=5))
    assert schedule.tick() == 1
    assert schedule._tick(schedule._CLOCKS[verb.path], stale, timezone.now()) is False
    assert DBTaskResult.objects.count() == 1


@pytest.mark.parametrize(
    ("now", "slot", "following"),
    [
        ("2026-03-12T02:29", "2026-03-11T02:30", "2026-03-12T02:30"),
        ("2026-03-12T02:30", "2026-03-12T02:30", "2026-03-13T02:30"),
        # the night the clocks go forward: 03:30 in Berlin is 01:30 in UTC from then on
        ("2026-03-29T01:29", "2026-03-28T02:30", "2026-03-29T01:30"),
        ("2026-03-29T01:31", "2026-03-29T01:30", "2026-03-30T01:30"),
    ],
)
def test_a_time_of_day_is_of_the_shops_zone(db, clock, now, slot, following):
    Shop.objects.create(time_zone="Europe/Berlin")
    verb = clock("03:30")
    moment = dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
    found = schedule._CLOCKS[verb.path]
    assert found.slot(moment).strftime("%Y-%m-%dT%H:%M") == slot
    assert found.next_slot(moment).strftime("%Y-%m-%dT%H:%M") == following


SCRIPT = """
import datetime as dt, os, sys, time
import django
django.setup()
from pathlib import Path
from django.db import transaction
from regulars.core.background import background, verbs
from regulars.core.background.worker import Worker

folder = Path(sys.argv[1])

@background()
def long_work():
    with (folder / "began").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    time.sleep(float(sys.argv[2]))
    with (folder / "ended").open("a") as file:
        file.write(f"{os.getpid()}\\n")

Worker(lease=dt.timedelta(seconds=1.5), pause=0.1).run()
"""


@pytest.fixture
def start_worker(tmp_path, database_url):
    """Real worker processes on the test's database; all are ended with the test."""
    started = []

    def start(seconds):
        environment = {**os.environ, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "regulars.config.settings"}
        process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path), str(seconds)], env=environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def lines(path):
    return path.read_text().split() if path.exists() else []


def wait_until(condition, seconds=20):
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_a_killed_workers_job_is_taken_over_and_done_by_the_second(tmp_path, start_worker):
    verbs.perform.enqueue(verb="__main__.long_work", arguments={}, context={})
    first = start_worker(60)
    wait_until(lambda: lines(tmp_path / "began") == [str(first.pid)])
    first.send_signal(signal.SIGKILL)
    second = start_worker(0)
    wait_until(lambda: the_job().status == Status.SUCCESSFUL)
    assert lines(tmp_path / "began") == [str(first.pid), str(second.pid)]
    assert lines(tmp_path / "ended") == [str(second.pid)]
    assert the_job().lease.attempts == 2


@pytest.mark.django_db(transaction=True)
def test_a_long_job_of_a_live_worker_is_not_stolen(tmp_path, start_worker):
    verbs.perform.enqueue(verb="__main__.long_work", arguments={}, context={})
    first = start_worker(5)
    wait_until(lambda: lines(tmp_path / "began") != [])
    start_worker(5)
    wait_until(lambda: the_job().status == Status.SUCCESSFUL)
    assert lines(tmp_path / "began") == lines(tmp_path / "ended") == [str(first.pid)]


@pytest.mark.django_db(transaction=True)
def test_a_worker_asked_to_end_hands_back_within_the_grace(tmp_path, start_worker):
    verbs.perform.enqueue(verb="__main__.long_work", arguments={}, context={})
    first = start_worker(60)
    wait_until(lambda: lines(tmp_path / "began") != [])
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=4.5) == 0
    job = the_job()
    assert (job.status, job.lease.attempts) == (Status.READY, 0)
    assert connection.is_usable()
