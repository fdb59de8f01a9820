"""Imports that are killed again and again, and begun anew: in the end every order is there, once, with every figure."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.orders.models import Order, OrderLine, Return
from regulars.orders.queries.verification import differences
from regulars.timeline.models import Entry

REGULARS = Path(sys.executable).with_name("regulars")


def write_file(path, orders):
    """Orders of 1 to 4 lines, of every fifth one a return; the sums that must come out."""
    bought = back = lines = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["number", "date", "customer number", "email", "sku", "quantity", "price"])
        for number in range(orders):
            day = f"2025-{1 + number % 12:02d}-{1 + number % 28:02d} 10:{number % 60:02d}"
            person = number % (orders // 4)
            who = [f"c{person}", f"buyer{person}@post.example"]
            for line in range(1 + number % 4):
                price = 100 + (number * 7 + line * 13) % 5_000
                writer.writerow([f"K-{number}", day, *who, f"sku{line}", 2, f"{price / 100:.2f}"])
                bought, lines = bought + 2 * price, lines + 1
            if number % 5 == 0:
                price = 100 + (number * 7) % 5_000
                writer.writerow([f"K-{number}", day, *who, "sku0", -1, f"{price / 100:.2f}"])
                back += price
    return {"bought": bought, "back": back, "lines": lines}


def import_killed(file, database_url, *, kills, patience, seed):
    """Import the file, killing whoever does it at random moments; then once to its end."""
    environment = os.environ | {"DATABASE_URL": database_url}
    command = [str(REGULARS), "import", "orders", str(file), "--channel", "web"]
    moments = random.Random(seed)
    cut_short = 0
    for _kill in range(kills):
        before = Order.objects.count() + Return.objects.count()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + patience
        # it is killed a random while after it began to write, or where it has nothing left to write
        while process.poll() is None and time.monotonic() < until:
            if Order.objects.count() + Return.objects.count() > before:
                time.sleep(moments.uniform(0, patience / 20))
                break
            time.sleep(0.05)
        cut_short += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert list(differences()) == []
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3_600)
    assert ended.returncode == 0, ended.stderr
    return cut_short


def nothing_is_lost_or_doubled(orders, sums):
    returns = (orders + 4) // 5
    assert (Order.objects.count(), Return.objects.count()) == (orders, returns)
    assert not Order.objects.values("number").annotate(times=Count("pk")).filter(times__gt=1).exists()
    assert OrderLine.objects.count() == sums["lines"]
    assert Order.objects.aggregate(total=Sum("total_minor"))["total"] == sums["bought"]
    assert Return.objects.aggregate(total=Sum("refund_minor"))["total"] == sums["back"]
    assert Customer.objects.count() == orders // 4
    assert Customer.objects.aggregate(total=Sum("spent_minor"))["total"] == sums["bought"] - sums["back"]
    assert Entry.objects.filter(name="order.placed").count() == orders
    assert Entry.objects.filter(name="return.received").count() == returns
    assert list(differences()) == []


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_and_begun_anew_is_whole(database_url, tmp_path):
    shop.change(currency="EUR", time_zone="Europe/Berlin", country="DE")
    sums = write_file(tmp_path / "orders.csv", 9_000)
    assert import_killed(tmp_path / "orders.csv", database_url, kills=1, patience=60, seed=1) == 1
    nothing_is_lost_or_doubled(9_000, sums)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_hundred_kills_lose_and_double_nothing(database_url, tmp_path):
    shop.change(currency="EUR", time_zone="Europe/Berlin", country="DE")
    sums = write_file(tmp_path / "orders.csv", 100_000)
    import_killed(tmp_path / "orders.csv", database_url, kills=200, patience=12, seed=2)
    nothing_is_lost_or_doubled(100_000, sums)
