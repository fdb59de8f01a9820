"""Twenty at once for one balance, and processes that are killed while they post."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.wallet import purses, verifying
from regulars.wallet.actions.granting import Grant, grant
from regulars.wallet.models import Account, AccountKind, Posting
from regulars.wallet.writing import Cause

ORDER = Cause(kind="order", id="ord_1")

# loads everything once, and forks; the children wait for one another at the barrier and go all together
SCRIPT = """
import os, sys
import django
django.setup()
from regulars.core.errors import Refusal
from regulars.customers.models import Customer
from regulars.wallet.actions.granting import Grant, grant
from regulars.wallet.actions.spending import hold, spend
from regulars.wallet.writing import Cause
import datetime as dt
from django.utils import timezone

ORDER = Cause(kind="order", id="ord_1")

def one(deed, who, key, amount):
    customer = Customer.everyone.get(pk=who)
    if deed == "spend":
        spend(customer, amount=amount, currency="PTS", cause=ORDER, key=key)
    elif deed == "hold":
        until = timezone.now() + dt.timedelta(hours=1)
        hold(customer, amount=amount, currency="PTS", until=until, cause=ORDER, key=key)
    else:
        grant(Grant(customer=customer, amount=amount, currency="PTS", cause=ORDER, key=key))

def together(deed, who, keys, amount):
    ready, go = os.pipe(), os.pipe()
    children = []
    for key in keys:
        pid = os.fork()
        if pid == 0:
            os.close(go[1])
            os.write(ready[1], b".")
            os.read(go[0], 1)
            try:
                one(deed, who, key, amount)
                os._exit(0)
            except Refusal:
                os._exit(3)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(4)
        children.append(pid)
    waiting = len(keys)
    while waiting:
        waiting -= len(os.read(ready[0], waiting))
    os.close(go[1])
    ends = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    for end in (*ready, go[0]):
        os.close(end)
    return ends

def forever(who, seed):
    number = 0
    while True:
        number += 1
        key = f"{seed} {number}"
        if number % 3:
            grant(Grant(customer=Customer.everyone.get(pk=who), amount=3, currency="PTS", cause=ORDER, key=key))
        else:
            spend(Customer.everyone.get(pk=who), amount=2, currency="PTS", cause=ORDER, key=key)
        print(key, flush=True)

print("ready", flush=True)
for line in sys.stdin:
    deed, who, *rest = line.rstrip("\\n").split("|")
    if deed == "forever":
        pid = os.fork()
        if pid == 0:
            forever(int(who), rest[0])
        print(pid, flush=True)
    else:
        keys, amount = rest[0].split(","), int(rest[1])
        print(*together(deed, int(who), keys, amount), flush=True)
"""


@pytest.fixture
def forker(transactional_db, database_url):
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "regulars.config.settings",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def ask(forker, line):
    forker.stdin.write(line + "\n")
    forker.stdin.flush()
    return forker.stdout.readline().split()


def race(forker, rounds, processes):
    """In each round `processes` want 30 of 100: three get it."""
    chance = random.Random(4)
    for number in range(rounds):
        customer = create_customer(values={"name": f"N{number}"})
        grant(Grant(customer=customer, amount=100, currency="PTS", cause=ORDER, key=f"g{number}"))
        deed = chance.choice(["spend", "hold"])
        keys = [f"{number} {one}" for one in range(processes)]
        ends = ask(forker, f"{deed}|{customer.pk}|{','.join(keys)}|30")
        assert sorted(ends) == ["0"] * 3 + ["3"] * (processes - 3), (deed, ends)
        assert purses.read(customer, "PTS").available(timezone.now()) == 10
        # the same key from all of them is one posting
        ends = ask(forker, f"grant|{customer.pk}|{','.join([f'same {number}'] * processes)}|5")
        assert set(ends) <= {"0", "3"}
        assert ends.count("0") >= 1
        assert purses.read(customer, "PTS").available(timezone.now()) == 15
    assert verifying.verify().problem is None


def killed(forker, kills):
    """Every posting that was said to be done is there, once, and none is half there."""
    chance = random.Random(5)
    customer = create_customer(values={"name": "Anna"})
    grant(Grant(customer=customer, amount=10_000, currency="PTS", cause=ORDER, key="start"))
    told = []
    for number in range(kills):
        (pid,) = ask(forker, f"forever|{customer.pk}|{number}")
        until = time.monotonic() + 0.05 + chance.random() * 0.3
        while time.monotonic() < until:
            told.append(forker.stdout.readline().strip())
        os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.05)
        forker.stdin.write(f"spend|{customer.pk}|end {number}|1\n")
        forker.stdin.flush()
        while (line := forker.stdout.readline().strip()) != "0":
            told.append(line)
    keys = list(Posting.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys))
    assert set(told) <= set(keys)
    report = verifying.verify()
    assert report.problem is None
    gained = sum(
        3 if key.split()[-1].isdigit() and int(key.split()[-1]) % 3 else -2 for key in keys if key[0].isdigit()
    )
    balance = Account.objects.get(kind=AccountKind.POINTS).balance
    assert balance == 10_000 - kills + gained
    return len(told)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_only_as_many_get_it_as_there_is(forker):
    race(forker, 2, 8)


@pytest.mark.django_db(transaction=True)
def test_what_was_said_to_be_posted_is_there_after_a_kill(forker):
    assert killed(forker, 2) > 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_thousand_rounds_of_twenty(forker):
    race(forker, 1_000, 20)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_five_hundred_kills(forker, capsys):
    told = killed(forker, 500)
    with capsys.disabled():
        print(f"\n500 kills, {told} postings said to be done: all there, once")
