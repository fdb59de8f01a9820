"""Workers and the IMAP server are killed in the middle of everything: every mail arrives, and each exactly once."""

import datetime as dt
import multiprocessing
import os
import random
import signal
import time

import pytest
from django.db import connections

from regulars.core.background.worker import Worker
from regulars.inbox.mail import raw, signing, watching
from regulars.inbox.mail.counting import count_once
from regulars.inbox.models import Arrival, Mailbox, Outcome, Post
from tools import dovecot

SMALL, LARGE = (40, 3), (int(os.environ.get("REGULARS_MAILS", "10000")), int(os.environ.get("REGULARS_KILLS", "200")))


@pytest.fixture
def mailbox(transactional_db, settings, tmp_path, monkeypatch, imap_server):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    settings.REGULARS_HOME = tmp_path
    monkeypatch.setattr(watching, "_LOOK_AROUND", 0.2)
    monkeypatch.setattr(watching, "_FIRST_PAUSE", 0.1)
    made = Mailbox.objects.create(
        name="Service",
        address=f"killed@{dovecot.DOMAIN}",
        host="127.0.0.1",
        port=imap_server.port,
        security="none",
        user="killed",
    )
    made.secrets = signing.sealed(made.pk, {"password": dovecot.PASSWORD})
    made.save()
    return made


@pytest.fixture
def worker():
    """Start a worker with short leases, as often as wanted; each is a copy of this process."""
    started = []

    def work():
        os.setsid()
        Worker(threads=2, lease=dt.timedelta(seconds=2), pause=0.1).run()

    def start():
        connections.close_all()  # a copy must not speak over the lines of this process
        started.append(multiprocessing.get_context("fork").Process(target=work))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        kill(one)


def kill(process):
    """A worker and the process that reads mails for it."""
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL) if os.getpgid(process.pid) == process.pid else process.kill()
    process.join()


def mail(number):
    return (
        f"From: Erika {number % 40} <erika{number % 40}@customer.example>\r\nTo: killed@{dovecot.DOMAIN}\r\n"
        f"Subject: Question number {number}\r\nMessage-ID: <{number}@customer.example>\r\n\r\nmail {number}.\r\n"
    ).encode()


def prove(imap_server, mailbox, worker, count, kills, seconds):
    """Let `count` mails come in while `kills` times a worker or the server is killed."""
    chance = random.Random(7)
    done = Arrival.objects.exclude(outcome=Outcome.WAITING)
    imap_server.deliver("killed", map(mail, range(count // 2)))
    at_work, delivered, ends_at = worker(), count // 2, time.monotonic() + seconds
    for number in range(kills):
        # somewhere in the middle of the work that is left
        wanted = (number + 1) * count // (kills + 2)
        while Arrival.objects.count() + done.count() < wanted:
            assert time.monotonic() < ends_at, "it took too long"
            time.sleep(0.02)
        time.sleep(chance.random() * 0.2)
        if number % 2:
            imap_server.kill()
            imap_server.start()
            more = min(count - delivered, 2 * count // kills + 1)
            delivered += imap_server.deliver("killed", map(mail, range(delivered, delivered + more)))
        else:
            kill(at_work)
            at_work = worker()
    imap_server.deliver("killed", map(mail, range(delivered, count)))
    while done.count() < count:
        assert time.monotonic() < ends_at, "it took too long"
        time.sleep(0.1)
    kill(at_work)
    rows = list(Arrival.objects.order_by("uid"))
    assert [(row.uid, row.outcome) for row in rows] == [(uid, Outcome.INQUIRY) for uid in range(1, count + 1)]
    assert sorted(post.text for post in Post.objects.all()) == sorted(f"mail {number}." for number in range(count))
    assert all(b"Question number" in raw.read(row) for row in rows[:: max(1, count // 100)])
    counted = count_once(mailbox)
    assert (counted.on_server, counted.in_ledger, counted.missing, counted.left) == (count, count, [], 0)


def test_some_mails_arrive_once_each_whoever_is_killed(imap_server, mailbox, worker):
    prove(imap_server, mailbox, worker, *SMALL, seconds=60)


@pytest.mark.slow
def test_ten_thousand_mails_arrive_once_each_whoever_is_killed(imap_server, mailbox, worker):
    prove(imap_server, mailbox, worker, *LARGE, seconds=3_000)
