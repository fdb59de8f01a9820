import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order, receive_return
from regulars.orders.models import Order
from regulars.orders.queries import (
    OrderRequest,
    customer_orders,
    customer_returns,
    order_page,
    purchase_summary,
    rhythm,
)
from regulars.orders.queries.lists import BadCursor


@pytest.fixture
def web(db):
    shop.change(currency="EUR", time_zone="Europe/Berlin")
    return channel_for("web")


@pytest.fixture
def anna(web):
    return create_customer(values={"name": "Anna Roth"})


@pytest.fixture
def buy(web, anna):
    def buy(number, *, days_ago, price=10, customer=anna, **values):
        # by the shop's clock: 29 times 24 hours ago is another day when summer time ended in between
        placed_at = timezone.now().astimezone(shop.zone()) - dt.timedelta(days=days_ago)
        return place_order(
            values={"number": number, "placed_at": placed_at, **values},
            lines=[{"sku": "MUG", "quantity": 1, "unit_price": price}],
            customer=customer,
            channel=web,
        )

    return buy


def numbers(page):
    return [order.number for order in page.rows]


def test_pages_lead_forward_and_back_without_losing_an_order(buy):
    for n in range(5):
        buy(str(n), days_ago=n % 2)
    request = OrderRequest(size=2)
    first = order_page(request)
    second = order_page(OrderRequest(size=2, after=first.next_cursor))
    third = order_page(OrderRequest(size=2, after=second.next_cursor))
    everything = [*numbers(first), *numbers(second), *numbers(third)]
    assert everything == [order.number for order in Order.objects.order_by("-placed_at", "-pk")]
    assert (first.previous_cursor, third.next_cursor) == ("", "")
    assert numbers(order_page(OrderRequest(size=2, before=third.previous_cursor))) == numbers(second)
    back = order_page(OrderRequest(size=2, before=second.previous_cursor))
    assert (numbers(back), back.previous_cursor) == (numbers(first), "")


@pytest.mark.parametrize("cursor", ["x", "äöü", "MjAyNg", "bm8gbW9tZW50fDE", "=" * 5])
def test_a_cursor_that_is_none_is_refused_in_words(db, cursor):
    with pytest.raises(BadCursor, match="Begin at its first page"):
        order_page(OrderRequest(after=cursor))


def test_orders_are_listed_by_state_number_moment_and_customer(buy, anna):
    buy("A-1", days_ago=3)
    buy("A-2", days_ago=2, status="cancelled")
    buy("B-1", days_ago=1, customer=None)
    now = timezone.now()
    assert numbers(order_page(OrderRequest(number="A-"))) == ["A-2", "A-1"]
    assert numbers(order_page(OrderRequest(statuses=("cancelled",)))) == ["A-2"]
    assert numbers(order_page(OrderRequest(customer_ids=(anna.pk,), is_oldest_first=True))) == ["A-1", "A-2"]
    assert numbers(
        order_page(OrderRequest(since=now - dt.timedelta(days=2.5), until=now - dt.timedelta(days=1.5)))
    ) == ["A-2"]
    assert numbers(order_page(OrderRequest(channels=("store",)))) == []


@pytest.mark.parametrize("count", [1, 3])
def test_lists_ask_the_same_number_of_queries_for_one_order_and_for_three(
    buy, anna, web, count, django_assert_num_queries
):
    for n in range(count):
        buy(str(n), days_ago=n + 5)
        receive_return(
            values={"number": f"R{n}"},
            lines=[{"sku": "MUG", "quantity": 1, "unit_price": 10}],
            customer=anna,
            channel=web,
        )
    with django_assert_num_queries(1):
        for order in order_page(OrderRequest()).rows:
            assert (order.channel.code, order.customer.name) == ("web", "Anna Roth")
    # one more each, for the records that were merged into hers
    with django_assert_num_queries(4):
        assert [len(order.lines.all()) + len(order.returns.all()) for order in customer_orders(anna)] == [2] * count
    with django_assert_num_queries(3):
        assert [len(returned.lines.all()) for returned in customer_returns(anna)] == [1] * count
    with django_assert_num_queries(2):
        rhythm([anna.pk])


def test_a_rhythm_has_a_stroke_for_each_counted_order_of_two_years(buy, anna):
    bert = create_customer(values={"name": "Bert"})
    buy("1", days_ago=730.5 / 2, price=100)
    buy("2", days_ago=0, price=25)
    buy("old", days_ago=800)
    buy("cancelled", days_ago=1, status="cancelled")
    strokes = rhythm([anna.pk, bert.pk])
    assert [(round(stroke.day_fraction, 2), stroke.height) for stroke in strokes[anna.pk]] == [(0.5, 1.0), (1.0, 0.5)]
    assert strokes[bert.pk] == []


def test_a_summary_says_how_long_ago_and_whether_that_is_late(buy, anna):
    for n, days_ago in enumerate((60, 50, 40, 29)):
        buy(str(n), days_ago=days_ago)
    anna.refresh_from_db()
    summary = purchase_summary(anna)
    assert (summary.orders_count, summary.usual_gap_days, summary.days_since_last) == (4, 10, 29)
    assert summary.is_overdue
    assert str(summary.average_order) == "10.00 EUR"
    nobody = purchase_summary(create_customer(values={"name": "Bert"}))
    assert (nobody.average_order, nobody.days_since_last, nobody.is_overdue) == (None, None, False)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="each database says its plan in its own words")
def test_the_rhythms_of_a_list_read_one_index_and_no_orders(db):
    with CaptureQueriesContext(connection) as asked:
        rhythm([1, 2, 3])

    _merged, query = asked.captured_queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
        plan = " ".join(row[3] for row in cursor.fetchall())
    assert "USING COVERING INDEX order_by_customer" in plan
