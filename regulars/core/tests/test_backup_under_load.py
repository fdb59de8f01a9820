"""Backups while others write: what is restored is one moment of the shop, never two halves of different ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.db import connection

from regulars.core.backup import restoring, taking
from regulars.core.tests.test_backup_restore import Elsewhere

WRITERS = 3
LONGEST_WRITE = 15.0  # seconds; SQLite would give up at twenty, and nobody should come near

# Each order is one transaction over many tables: the order, its lines, the customer's figures, the timeline, the queue.
WRITER = """
import django; django.setup()
import datetime as dt, json, sys, time
from django.utils import timezone
from regulars.channels.actions import channel_for
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order

writer = sys.argv[1]
customer = create_customer(values={"name": f"Buyer {writer}", "email": f"{writer}@posteo.example"})
channel = channel_for("web")
number = slowest = 0
import select
while not select.select([sys.stdin], [], [], 0)[0]:
    began = time.monotonic()
    place_order(
        values={"number": f"{writer}-{number:06}", "placed_at": timezone.now(), "status": "paid"},
        lines=[{"sku": "TEA", "title": "Sencha", "quantity": 1 + number % 5, "unit_price": "12.50"}],
        customer=customer,
        channel=channel,
    )
    slowest = max(slowest, time.monotonic() - began)
    # SQLite is not fair: a writer that asks again at once can keep another one waiting for longer than it waits
    time.sleep(0.02)
    number += 1
    if number == 1:
        print("ready", flush=True)
print(json.dumps({"written": number, "slowest": slowest}), flush=True)
"""


def silent(_done, _total):
    pass


@contextmanager
def writing(home, database_url):
    """Some processes that place order after order; what they wrote is in the list behind it."""
    environment = {**os.environ, "DATABASE_URL": database_url, "REGULARS_HOME": str(home)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, f"w{number}"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    results = []
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        yield results
        for process in processes:
            said = process.communicate("stop\n", timeout=120)[0]
            results.append(json.loads(said.splitlines()[-1]))
    finally:
        for process in processes:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def orders_in(place):
    """What the restored copy says: its orders by writer, and how often each other table tells of them."""
    code = (
        "import django; django.setup(); import json\n"
        "from django.db.models import Sum\n"
        "from regulars.customers.models import Customer\n"
        "from regulars.orders.models import Order, OrderLine\n"
        "from regulars.orders.queries.verification import differences\n"
        "from regulars.timeline.models import Entry\n"
        "print(json.dumps({\n"
        "    'numbers': list(Order.objects.order_by('number').values_list('number', flat=True)),\n"
        "    'total': Order.objects.aggregate(sum=Sum('total_minor'))['sum'],\n"
        "    'spent': Customer.objects.aggregate(sum=Sum('spent_minor'))['sum'],\n"
        "    'count': Customer.objects.aggregate(sum=Sum('orders_count'))['sum'],\n"
        "    'lines': OrderLine.objects.count(),\n"
        "    'entries': Entry.objects.filter(name='order.placed').count(),\n"
        "    'differences': [one.sentence for one in differences()],\n"
        "}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=place.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def back_up_under_load(runs, home, database_url, tmp_path):
    before = 0
    with writing(home, database_url) as results:
        for number in range(runs):
            place = Elsewhere(tmp_path / f"other-{number}", database_url)
            [run] = taking.create(say=silent)
            assert (run.state, run.error) == ("proven", "")
            try:
                report = restoring.restore(
                    run.name, into=place.into, may_overwrite=False, without_sealed=False, opened_by=None, say=silent
                )
                assert report.rows == run.rows
                found = orders_in(place)
            finally:
                place.drop()
            numbers = found["numbers"]
            assert len(numbers) == found["count"] == found["lines"] == found["entries"] > before
            assert found["total"] == found["spent"]
            assert found["differences"] == []
            for writer in range(WRITERS):
                own = [one for one in numbers if one.startswith(f"w{writer}-")]
                # what one writer did is there up to some moment, and nothing of what came after it
                assert own == [f"w{writer}-{at:06}" for at in range(len(own))]
            before = len(numbers)
    assert max(result["slowest"] for result in results) < LONGEST_WRITE
    assert sum(result["written"] for result in results) > before


def test_three_backups_while_three_others_write_are_each_one_moment(home, database_url, tmp_path, transactional_db):
    back_up_under_load(3, home, database_url, tmp_path)


@pytest.mark.slow
def test_twenty_backups_while_three_others_write_are_each_one_moment(home, database_url, tmp_path, transactional_db):
    back_up_under_load(20, home, database_url, tmp_path)


def test_the_copy_is_made_while_a_reader_stays_and_a_writer_goes_on(stocked, home, database_url):
    """Somebody who reads for long keeps nobody from a backup, and a backup nobody from writing."""
    with writing(home, database_url) as results:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT count(*) FROM orders_order")
                [run] = _taken(database_url, home)
                cursor.execute("ROLLBACK")
        else:
            [run] = _taken(database_url, home)
    assert run["state"] == "proven"
    assert max(result["slowest"] for result in results) < LONGEST_WRITE


def _taken(database_url, home):
    environment = {**os.environ, "DATABASE_URL": database_url, "REGULARS_HOME": str(home)}
    command = [sys.executable, "-m", "regulars.config.cli", "backup", "create", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["backups"]
