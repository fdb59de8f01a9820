"""The folder that tills put files into: what came in is gone, what did not lies beside with the reason."""

import os
import time

import pytest

from regulars.channels.actions import channel_for
from regulars.customers.models import Customer
from regulars.orders.actions import dropping
from regulars.orders.actions.dropping import take_in_files
from regulars.orders.models import Order, Product
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db

ORDERS = "number,placed_at,sku,quantity,unit_price,email\nT-1,2026-03-12 09:42,TEA,2,12.50,ada@example.com\n"


@pytest.fixture
def drop(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    settings.DROP = tmp_path / "drop"
    channel_for("till", name="Till", kind="store")

    def put(path, text, *, seconds_ago=60):
        file = settings.DROP / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        os.utime(file, (time.time() - seconds_ago,) * 2)
        return file

    return put


def left(folder):
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_files_of_a_channel_come_in_and_are_removed(drop, settings):
    drop("till/orders/today.csv", ORDERS)
    drop("till/products/goods.csv", "Title,SKU,Price\nAssam,TEA,12.50\n")
    drop("till/customers/people.csv", "email,name\nada@example.com,Ada Byron\n")
    assert take_in_files() == 3
    assert left(settings.DROP) == []
    order = Order.objects.get()
    assert (order.channel.code, order.number, order.total_minor, order.customer.name) == (
        "till",
        "T-1",
        25_00,
        "Ada Byron",
    )
    assert (order.lines.get().sku, Product.objects.get().title, Customer.objects.count()) == ("TEA", "Assam", 1)
    drop("till/orders/again.csv", ORDERS)
    assert take_in_files() == 1
    assert (Order.objects.count(), left(settings.DROP)) == (1, [])


def test_what_is_still_written_hidden_or_nobodys_waits(drop, settings):
    kept = [
        drop("till/orders/fresh.csv", ORDERS, seconds_ago=2),
        drop("till/orders/half.csv.part", ORDERS),
        drop("till/orders/.hidden.csv", ORDERS),
        drop("unknown/orders/a.csv", ORDERS),
        drop("till/letters/a.csv", ORDERS),
        drop("secret.csv", ORDERS),
    ]
    (settings.DROP / "till" / "orders" / "link.csv").symlink_to(settings.DROP / "secret.csv")
    assert take_in_files() == 0
    assert all(file.exists() for file in kept)
    assert not Order.objects.exists()


def test_a_file_that_cannot_be_used_is_put_aside_with_the_reason_and_stops_no_other(drop, settings):
    drop("till/orders/a-broken.csv", "colour,size\nred,9\n", seconds_ago=90)
    drop("till/orders/b-good.csv", ORDERS)
    assert take_in_files() == 2
    assert left(settings.DROP) == ["till/orders/back/a-broken.csv", "till/orders/back/a-broken.csv.txt"]
    reason = (settings.DROP / "till/orders/back/a-broken.csv.txt").read_text("utf-8")
    assert reason.startswith("No column of this file holds the order's number (number)")
    entry = Entry.objects.get(name="file.refused")
    assert (entry.data["file"], entry.data["channel"], entry.data["reason"]) == ("a-broken.csv", "till", reason.strip())
    assert Order.objects.get().number == "T-1"


def test_rows_that_were_left_out_come_back_beside_the_file(drop, settings):
    drop("till/orders/today.csv", f"{ORDERS}T-2,never,TEA,1,12.50,\n")
    assert take_in_files() == 1
    (back,) = left(settings.DROP)
    assert back == "till/orders/back/today-rejected.csv"
    rows = (settings.DROP / back).read_text("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert rows[1].startswith("T-2,never,TEA,1,12.50,,3,")
    assert Order.objects.get().number == "T-1"
    assert not list((settings.REGULARS_HOME / "imports").glob("*rejected*"))


def test_a_file_that_is_written_to_while_it_comes_in_stays_for_another_time(drop, settings, monkeypatch):
    file = drop("till/orders/today.csv", ORDERS)
    bring = dropping._KINDS["orders"]

    def bring_while_the_till_goes_on(path, run, code):
        bring(path, run, code)
        drop("till/orders/today.csv", f"{ORDERS}T-2,2026-03-12 10:00,TEA,1,12.50,\n", seconds_ago=30)

    monkeypatch.setitem(dropping._KINDS, "orders", bring_while_the_till_goes_on)
    assert take_in_files() == 1
    assert file.exists()
    monkeypatch.undo()
    settings.DROP = file.parents[2]
    assert take_in_files() == 1
    assert sorted(Order.objects.values_list("number", flat=True)) == ["T-1", "T-2"]
    assert left(settings.DROP) == []
