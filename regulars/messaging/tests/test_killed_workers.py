"""Workers that are killed while they hand messages over, before a server that counts what it took."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings as known

from regulars.messaging.models import Message
from regulars.messaging.sending import send

# loads everything once, and forks a worker for each line it reads; prints its number
SCRIPT = """
import datetime as dt, os, signal, sys
import django
django.setup()
from regulars.core.background.worker import Worker
from regulars.messaging import delivering, smtp
delivering.LEASE = dt.timedelta(seconds=1)
delivering._DELAYS = (dt.timedelta(0),) * 8
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        Worker(threads=1, lease=dt.timedelta(seconds=1), pause=0.05).run()
        os._exit(0)
    print(pid, flush=True)
"""


def slowly(postbox, chance):
    """The server takes its time before and after it takes a mail, so that workers die in the middle."""
    real = postbox.handle_DATA

    async def handle_DATA(*arguments):  # noqa: N802 — the library's name
        await asyncio.sleep(chance.random() * 0.02)
        answer = await real(*arguments)
        await asyncio.sleep(chance.random() * 0.02)
        return answer

    postbox.handle_DATA = handle_DATA


def killed(postbox, database_url, *, kills, messages):
    chance = random.Random(7)
    slowly(postbox, chance)
    for number in range(messages):
        send(cause=f"k{number}", to="a@posteo.example", subject="S", text="T", is_bulk=bool(number % 2))
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "regulars.config.settings",
        "REGULARS_MAIL": f"smtp://127.0.0.1:{known.EMAIL_PORT}",
        "REGULARS_MAIL_FROM": "hello@hainhafen.example",
    }
    forker = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert forker.stdout.readline() == "ready\n"
        done = 0
        while done < kills:
            worker = started(forker)
            time.sleep(0.15 + chance.random() * 0.3)
            os.kill(worker, signal.SIGKILL)
            done += 1
        worker = started(forker)
        until = time.monotonic() + 60 + messages / 5
        open_states = ["planned", "claimed", "handed_over"]
        while Message.objects.filter(state__in=open_states).exists() and time.monotonic() < until:
            time.sleep(0.2)
        os.kill(worker, signal.SIGTERM)
    finally:
        forker.kill()
        forker.wait()
        forker.stdin.close()
        forker.stdout.close()


def started(forker):
    forker.stdin.write("\n")
    forker.stdin.flush()
    return int(forker.stdout.readline())


def check(postbox, messages):
    arrived = Counter(mail["Message-ID"] for _to, mail in postbox.taken)
    rows = list(Message.objects.all())
    assert len(rows) == messages
    assert {row.state for row in rows} <= {"accepted", "unknown"}
    for row in rows:
        count = arrived[row.message_id]
        assert row.resends <= 1
        if row.is_bulk:
            assert count == 1 if row.state == "accepted" else count <= 1, row.message_id
        else:
            assert (1 if row.state == "accepted" else 0) <= count <= 1 + row.resends, row.message_id
    return Counter(row.state for row in rows), sum(count - 1 for count in arrived.values())


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_worker_held_arrives_once_or_is_told_as_unknown(postbox, database_url):
    killed(postbox, database_url, kills=2, messages=12)
    check(postbox, 12)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_hundred_killed_workers_lose_nothing(postbox, database_url, capsys):
    killed(postbox, database_url, kills=200, messages=2000)
    states, twice = check(postbox, 2000)
    with capsys.disabled():
        print(f"\n200 kills, 2,000 messages: {dict(states)}, {twice} arrived twice")
