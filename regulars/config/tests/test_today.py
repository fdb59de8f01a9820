"""The page the day begins with, and the figures it shows."""

import datetime as dt

import pytest
import time_machine
from django.core.cache import cache
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order
from regulars.orders.queries.today import DAYS, going_quiet, yesterday

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)  # a Thursday


@pytest.fixture(autouse=True)
def _shop(db):
    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB")
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


def somebody(name="Élodie Marchetti"):
    return create_customer(values={"name": name}, at=NOW - dt.timedelta(days=900))


def ago(days, hour=9):
    return (NOW - dt.timedelta(days=days)).replace(hour=hour, minute=0)


def buys(customer, number, at, price="100", **values):
    return place_order(
        values={"number": number, "placed_at": at, "status": "paid", **values},
        lines=[{"sku": "TEA", "title": "Tea", "quantity": 1, "unit_price": price}],
        customer=customer,
        channel=channel_for("web"),
    )


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_an_empty_shop_offers_two_ways_to_begin(client_of, ada):
    page = text_of(client_of(ada).get("/"))
    assert "Thursday 12 March" in page
    assert "nobody is in it yet" in page
    assert 'href="/customers/new"' in page
    assert "regulars import customers" in page
    assert "Sales yesterday" not in page


def test_customers_without_orders_are_told_how_orders_come_in(client_of, ada):
    somebody()
    page = text_of(client_of(ada).get("/"))
    assert "No order has come in yet." in page
    assert "regulars import orders" in page


def test_yesterdays_figures_are_exact():
    old, new = somebody("Old"), somebody("New")
    buys(old, "HH-1", ago(40))
    for week in (1, 2, 3, 4):
        buys(old, f"W-{week}", ago(1 + 7 * week), price="50")
    buys(old, "HH-2", ago(1, hour=0), price="30")
    buys(new, "HH-3", ago(1, hour=23), price="70.50")
    buys(None, "HH-4", ago(1), price="9.50")
    buys(old, "HH-5", ago(0, hour=1), price="1000")  # today does not count
    buys(old, "HH-6", ago(1), price="1000", status="cancelled")
    buys(old, "HH-7", ago(1), price="1000", is_test=True)
    found = yesterday()
    assert found.on == dt.date(2026, 3, 11)
    assert (found.sales.value, found.sales.usual) == (110_00, 50_00)
    assert found.sales.change == pytest.approx(1.2)
    assert found.sales.is_best
    assert (found.orders.value, found.came_back.value, found.first_time.value, found.known) == (3, 1, 1, 2)
    assert len(found.sales.days) == DAYS


def test_a_day_begins_at_midnight_of_the_shop():
    shop.change(time_zone="Asia/Shanghai")
    customer = somebody()
    # 12 March 09:42 in London is 17:42 in Shanghai; yesterday there is 10 March 16:00 to 11 March 16:00 UTC
    buys(customer, "in-1", dt.datetime(2026, 3, 10, 16, 0, tzinfo=dt.UTC), price="1")
    buys(customer, "in-2", dt.datetime(2026, 3, 11, 15, 59, tzinfo=dt.UTC), price="2")
    buys(customer, "out-1", dt.datetime(2026, 3, 10, 15, 59, tzinfo=dt.UTC), price="4")
    buys(customer, "out-2", dt.datetime(2026, 3, 11, 16, 0, tzinfo=dt.UTC), price="8")
    assert yesterday().sales.value == 3_00


def test_a_usual_day_is_said_in_words_and_not_by_colour_alone(client_of, ada):
    customer = somebody()
    for week in range(1, 5):
        buys(customer, f"W-{week}", ago(1 + 7 * week), price="100")
    buys(customer, "HH-1", ago(1), price="80")
    page = text_of(client_of(ada).get("/"))
    assert "<b>20% below</b> a usual Wednesday" in page
    assert "Yesterday brought <b>£80.00</b> from 1 order." in page


def test_a_silent_day_names_the_last_order(client_of, ada):
    buys(somebody(), "HH-1", ago(3))
    page = text_of(client_of(ada).get("/"))
    assert "Nobody ordered yesterday, as on a usual Wednesday; the last order came in on Mon 9 Mar." in page


def test_who_is_silent_for_longer_than_usual_is_going_quiet_dearest_first():
    regular, late, dear, gone = (somebody(name) for name in ("Regular", "Late", "Dear", "Gone"))
    for place in range(4):
        buys(regular, f"R-{place}", ago(5 + 30 * place))
        buys(late, f"L-{place}", ago(70 + 30 * place), price="10")
        buys(dear, f"D-{place}", ago(80 + 30 * place), price="900")
        buys(gone, f"G-{place}", ago(300 + 10 * place), price="5000")
    quiet = going_quiet()
    assert [one.customer.name for one in quiet] == ["Dear", "Late"]
    assert (quiet[0].usual_days, quiet[0].silent_days) == (30, 80)
    assert len(quiet[0].strokes) == 4


def test_the_page_asks_as_often_for_one_order_as_for_three(client_of, ada):
    from django.db import connection

    client = client_of(ada)

    def count():
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/").status_code == 200
        return len(asked)

    def fill(start, stop):
        for place in range(start, stop):
            customer = somebody(f"Customer {place}")
            for time in range(3):
                buys(customer, f"{place}-{time}", ago(70 + 30 * time + place))

    fill(0, 1)
    with_one = count()
    fill(1, 3)
    assert count() == with_one == 24


def test_charlie_sees_a_day_without_anybodys_data(client_of, charlie):
    buys(somebody(), "HH-1", ago(1))
    page = text_of(client_of(charlie).get("/"))
    assert "HH-1" not in page
    assert "Marchetti" not in page
    assert "Sales yesterday" not in page
