"""Real workers follow: within two seconds, one at a time, and nothing is doubled or lost when they are killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from regulars.customers.actions import create_customer
from regulars.customers.actions.tags import tag, untag
from regulars.segments import following
from regulars.segments.actions.groups import create_group
from regulars.segments.bits import unpacked
from regulars.segments.models import Following, Group, Spell
from regulars.timeline.models import Entry

NAMES = ("customer.joined_segment", "customer.left_segment")
TAGGED = "customer_tags CONTAINS 'gold'"


@pytest.fixture
def worker(transactional_db, database_url):
    """Start a real worker, as often as wanted; all of them are ended."""
    environment = os.environ | {"DATABASE_URL": database_url, "REGULARS_HOME": str(settings.REGULARS_HOME)}
    started = []

    def start():
        command = [sys.executable, "-m", "regulars.config.cli", "worker"]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for one in started:
        one.send_signal(signal.SIGKILL)
        one.wait()
    Path(settings.REGULARS_HOME, "following.lock").unlink(missing_ok=True)


def until(what, *, seconds):
    """Wait until something is so; how long that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - began


def told(name):
    return Entry.objects.filter(name=name).count()


def holds(group, wanted):
    """Whether a group and its spells say the same, which is whom it should hold."""
    kept = Group.objects.get(pk=group.pk)
    still = set(Spell.objects.filter(group=group, left_at=None).values_list("customer_id", flat=True))
    return still | set(unpacked(kept.founders)) == set(unpacked(kept.members)) == wanted


def test_a_worker_follows_within_two_seconds_and_another_takes_over(worker, ada):
    crowd = [create_customer(values={"given_name": f"Person {number}"}) for number in range(30)]
    group = create_group(name="Gold", query=TAGGED, by=ada)
    first = worker()
    until(lambda: Following.objects.filter(day__isnull=False).exists(), seconds=60)
    tag(crowd[0], names=["gold"])
    assert until(lambda: told("customer.joined_segment") == 1, seconds=10) < 2.0
    # two of them, of which one at a time is at work; whichever it is, it is killed in the middle of many changes
    worker()
    chance, wanted = random.Random(3), {crowd[0].pk}
    for number in range(60):
        one = chance.choice(crowd)
        if one.pk in wanted:
            untag(one, names=["gold"])
        else:
            tag(one, names=["gold"])
        wanted ^= {one.pk}
        if number == 30:
            first.send_signal(signal.SIGKILL)
            first.wait()
    until(lambda: holds(group, wanted), seconds=60)
    following.once()
    assert holds(group, wanted)
    spells = Spell.objects.filter(group=group)
    assert told("customer.joined_segment") == spells.count()
    assert told("customer.left_segment") == spells.filter(left_at__isnull=False).count()
    for one in crowd:
        deeds = list(Entry.objects.filter(customer=one, name__in=NAMES).order_by("pk").values_list("name", flat=True))
        assert deeds == [NAMES[place % 2] for place in range(len(deeds))]


def test_only_one_process_has_the_right_to_follow(transactional_db, tmp_path, settings):
    settings.REGULARS_HOME = tmp_path
    one, other = following.Alone(), following.Alone()
    assert one.is_ours()
    assert one.is_ours()
    from django.db import connection

    if connection.vendor == "sqlite":
        assert not other.is_ours()
        one.give_up()
        assert other.is_ours()
        other.give_up()
