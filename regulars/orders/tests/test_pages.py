"""The pages of orders, and what orders show on the customer page."""

import datetime as dt

import pytest
import time_machine
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers import moments
from regulars.customers.actions import change_customer, create_customer
from regulars.orders.actions import change_order, place_order, receive_return
from regulars.orders.models import Order, Return
from regulars.orders.queries import buying
from regulars.orders.queries.book import Book, Stretch
from regulars.orders.queries.strip import strip_of
from regulars.orders.queries.sums import sums

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _shop(db):
    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB")
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def elodie(db):
    return create_customer(values={"given_name": "Élodie", "family_name": "Marchetti"}, at=ago(1000))


def ago(days, hour=9):
    return (NOW - dt.timedelta(days=days)).replace(hour=hour, minute=0, second=0)


def buys(customer, number, at, *, price="100", sku="TEA", quantity=1, status="paid", **values):
    return place_order(
        values={"number": number, "placed_at": at, "status": status, **values},
        lines=[{"sku": sku, "title": f"A {sku}", "quantity": quantity, "unit_price": price}],
        customer=customer,
        channel=channel_for("web"),
    )


def sends_back(customer, number, at, order=None, *, price="100", sku="TEA", quantity=1):
    return receive_return(
        values={"number": number, "returned_at": at},
        lines=[{"sku": sku, "title": f"A {sku}", "quantity": quantity, "unit_price": price}],
        customer=customer,
        channel=channel_for("web"),
        order=order,
    )


def text_of(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("url", ["/orders", "/orders/{order}", "/orders/returns/{back}"])
def test_charlie_opens_no_page_of_orders(url, client_of, charlie, elodie):
    order = buys(elodie, "HH-1", ago(3))
    back = sends_back(elodie, "R-1", ago(1), order)
    answer = client_of(charlie).get(url.format(order=order.public_id, back=back.public_id))
    assert answer.status_code == 403
    assert "HH-1" not in answer.content.decode()


@pytest.mark.parametrize(("url", "queries"), [("/orders", 5), ("/orders?status=paid,open&channel=web&sort=-total", 5)])
def test_the_order_list_asks_as_much_for_three_rows_as_for_one(url, queries, client_of, ada, elodie):
    client = client_of(ada)
    buys(elodie, "1", ago(3))
    client.get(url)
    counts = []
    for round_ in range(2):
        with CaptureQueriesContext(_connection()) as asked:
            answer = client.get(url)
        assert len(answer.context["orders"]) == (1, 3)[round_]
        counts.append(len(asked))
        buys(create_customer(values={"name": f"N{round_}"}), f"{round_}2", ago(2))
        buys(None, f"{round_}3", ago(2))
    assert counts == [queries, queries]


@pytest.mark.parametrize("count", [1, 3])
def test_the_order_page_asks_as_much_for_three_returns_as_for_one(count, client_of, ada, elodie):
    order = buys(elodie, "1", ago(30), quantity=9)
    for number in range(count):
        sends_back(elodie, f"R{number}", ago(2), order)
    client = client_of(ada)
    client.get(f"/orders/{order.public_id}")
    with CaptureQueriesContext(_connection()) as asked:
        client.get(f"/orders/{order.public_id}")
    assert len(asked) == 15


def test_the_order_list_is_narrowed_by_what_the_address_says(client_of, ada, elodie):
    buys(elodie, "HH-1", ago(30), price="10")
    buys(elodie, "HH-2", ago(20), price="20", status="cancelled")
    buys(None, "HH-3", ago(10), price="30")
    place_order(
        values={"number": "ET-1", "placed_at": ago(5)},
        lines=[{"sku": "TEA", "quantity": 1, "unit_price": "40"}],
        customer=None,
        channel=channel_for("etsy", name="Etsy"),
    )

    def found(query):
        answer = client_of(ada).get(f"/orders?{query}")
        assert answer.status_code == 200
        return [order.number for order in answer.context["orders"]]

    assert found("") == ["ET-1", "HH-3", "HH-2", "HH-1"]
    assert found("number=HH") == ["HH-3", "HH-2", "HH-1"]
    assert found("status=cancelled") == ["HH-2"]
    assert found("status=cancelled&status=paid&channel=web") == ["HH-3", "HH-2", "HH-1"]
    assert found("channel=etsy") == ["ET-1"]
    assert found(f"customer={elodie.public_id}") == ["HH-2", "HH-1"]
    assert found("placed_at.after=2026-02-20&placed_at.before=2026-03-07") == ["HH-3", "HH-2"]
    assert found("total.min=20&total.max=30") == ["HH-3", "HH-2"]
    assert found("sort=total") == ["HH-1", "HH-2", "HH-3", "ET-1"]
    assert found("sort=-total") == ["ET-1", "HH-3", "HH-2", "HH-1"]
    assert found("sort=placed_at") == ["HH-1", "HH-2", "HH-3", "ET-1"]


@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "placed_at.after=2026-02-31", "total.min=much", "customer=cus_nobody", "sort=colour",
     "colour=red", "after=nowhere", "channel=moon"],
)  # fmt: skip
def test_a_filter_nobody_understands_is_said_and_nothing_is_listed(query, client_of, ada, elodie):
    buys(elodie, "HH-1", ago(3))
    answer = client_of(ada).get(f"/orders?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert "HH-1" not in answer.content.decode()


@pytest.mark.parametrize("sort", ["-placed_at", "placed_at", "-total", "total"])
def test_pages_of_orders_lose_none_and_repeat_none(sort, client_of, ada, elodie):
    for number in range(120):
        buys(elodie if number % 3 else None, f"{number:03}", ago(number % 7), price=str(10 + number % 5))
    client, seen, url = client_of(ada), [], f"/orders?sort={sort}"
    pages = []
    while url:
        context = client.get(url).context
        pages.append([order.number for order in context["orders"]])
        seen += pages[-1]
        url = f"/orders{context['next']}" if context["next"] else ""
    assert [len(page) for page in pages] == [50, 50, 20]
    assert len(set(seen)) == len(seen) == 120
    back = client.get(f"/orders{context['previous']}").context
    assert [order.number for order in back["orders"]] == pages[1]


def test_an_order_shows_its_lines_its_sums_and_who_bought_it(client_of, ada, elodie):
    order = buys(
        elodie, "HH-1", ago(3), price="20", quantity=3, discount_minor=500, shipping_minor=390, payment_method="PayPal"
    )
    text = text_of(client_of(ada).get(f"/orders/{order.public_id}"))
    assert "A TEA<small>TEA</small>" in text
    assert f'href="/customers/{elodie.public_id}"' in text
    assert "−£5.00" in text
    assert "£3.90" in text
    assert "£58.90" in text
    assert "Counted for its customer and the shop." in text
    assert "PayPal" in text


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"status": "cancelled"}, "It was cancelled."),
        ({"status": "draft"}, "It is a draft: nobody has bought it yet."),
        ({"is_test": True}, "It is a test order."),
    ],
)
def test_an_order_that_is_not_counted_says_why(values, why, client_of, ada, elodie):
    order = buys(elodie, "HH-1", ago(3), **values)
    text = text_of(client_of(ada).get(f"/orders/{order.public_id}"))
    assert f"Not counted.</b> {why}" in text
    assert "Counted for" not in text


def test_an_order_of_nobody_is_a_guests(client_of, ada):
    order = buys(None, "HH-1", ago(3))
    for url in ("/orders", f"/orders/{order.public_id}"):
        assert '<span class="tag">Guest</span>' in text_of(client_of(ada).get(url))
    assert "It belongs to no customer." in text_of(client_of(ada).get(f"/orders/{order.public_id}"))


def test_order_and_return_lead_to_each_other(client_of, ada, elodie):
    order = buys(elodie, "HH-1", ago(30), quantity=2)
    back = sends_back(elodie, "R-1", ago(3), order)
    client = client_of(ada)
    text = text_of(client.get(f"/orders/{order.public_id}"))
    assert "Return R-1" in text
    assert f'href="/orders/returns/{back.public_id}"' in text
    assert "Part refunded" in text
    assert "Remains" in text
    reverse = text_of(client.get(f"/orders/returns/{back.public_id}"))
    assert f'href="/orders/{order.public_id}">HH-1</a>' in reverse
    assert "could not be found" not in reverse


def test_a_return_of_nothing_says_that_its_order_is_not_known(client_of, ada, elodie):
    back = sends_back(elodie, "R-1", ago(3), sku="UNKNOWN")
    assert "could not be found" in text_of(client_of(ada).get(f"/orders/returns/{back.public_id}"))


def test_the_timeline_shows_orders_with_what_was_in_them_and_once(client_of, ada, elodie):
    order = buys(elodie, "HH-1", ago(41), payment_method="PayPal", quantity=2)
    sends_back(elodie, "R-1", ago(30), order)
    change_customer(elodie, values={"title": "Dr."})
    client = client_of(ada)
    text = text_of(client.get(f"/customers/{elodie.public_id}"))
    assert f'Ordered <a class="link" href="/orders/{order.public_id}">HH-1</a> for <b>£200.00</b> in web' in text
    assert text.count(">HH-1</a> for") == 1
    assert "Paid by PayPal" in text
    assert 'A TEA <span class="faint">× 2</span>' in text
    assert text.count("R-1</a>") == 1
    assert "Profile changed" in text
    only = text_of(client.get(f"/customers/{elodie.public_id}?show=order"))
    assert "HH-1" in only
    assert "Profile changed" not in only
    changes = text_of(client.get(f"/customers/{elodie.public_id}?show=change"))
    assert "Profile changed" in changes
    assert "HH-1" not in changes


def test_purchases_stay_inside_the_dates_asked_for(client_of, ada, elodie):
    buys(elodie, "OLD", ago(400), price="10")
    buys(elodie, "NEW", ago(20), price="25", sku="CUP")
    url = f"/customers/{elodie.public_id}/purchases"
    client = client_of(ada)
    text = text_of(client.get(url))
    assert "2 counted orders" in text
    assert "£35.00" in text
    text = text_of(client.get(f"{url}?from=2026-02-20&to=2026-02-20"))
    assert "1 counted order<" in text
    assert "NEW" in text
    assert "OLD" not in text
    assert "£25.00" in text
    assert "No orders in this time" in text_of(client.get(f"{url}?from=2026-02-21"))
    assert "is not a date" in text_of(client.get(f"{url}?from=2026-02-31"))


def test_the_foot_of_the_purchases_agrees_with_the_figures(elodie):
    order = buys(elodie, "1", ago(40), price="120")
    buys(elodie, "2", ago(30), price="80", status="cancelled")
    buys(elodie, "3", ago(20), price="50", is_test=True)
    sends_back(elodie, "R", ago(10), order, price="20")
    elodie.refresh_from_db()
    total = sums(elodie, Stretch())
    assert (total.orders, total.ordered.minor, total.refunded.minor) == (1, 12000, 2000)
    assert total.kept == elodie.spent
    cancelled = buys(elodie, "4", ago(9), price="60")
    sends_back(elodie, "R2", ago(8), cancelled, price="60")
    change_order(cancelled, values={"status": "cancelled"})
    elodie.refresh_from_db()
    assert sums(elodie, Stretch()).kept == elodie.spent


def test_favourites_are_what_was_bought_again(elodie):
    for number, day in enumerate((100, 60, 20)):
        buys(elodie, f"T{number}", ago(day), price="5")
    buys(elodie, "C", ago(50), price="85", sku="CUP")
    book = Book(elodie, Stretch())
    by_money, favourites = buying.categories(book), buying.favourites(book)
    assert [(p.label, p.amount.minor, round(p.share, 2)) for p in by_money] == [
        ("A CUP", 8500, 0.85),
        ("A TEA", 1500, 0.15),
    ]
    assert [(p.title, p.times, p.every_days) for p in favourites] == [("A TEA", 3, 40)]


def test_products_bought_in_another_currency_are_counted_in_ours(elodie):
    buys(elodie, "1", ago(9), price="1500", sku="YEN", currency="JPY", rate="0.005")
    by_money = buying.categories(Book(elodie, Stretch()))
    assert [(p.label, p.amount.minor) for p in by_money] == [("A YEN", 750)]


def test_habits_are_counted_in_the_shops_time(elodie):
    shop.change(time_zone="Asia/Shanghai")
    at = dt.datetime(2026, 1, 31, 20, 0, tzinfo=dt.UTC)  # already Sunday 1 February there, four in the morning
    buys(elodie, "1", at, payment_method="Card")
    buys(elodie, "2", at - dt.timedelta(days=7), payment_method="Card")
    book = Book(elodie, Stretch())
    assert buying.months(book)[:3] == [1, 1, 0]
    usual = buying.usual_time(book)
    assert (usual.label, usual.of, usual.count) == ("Sunday night", "6-0", 2)
    assert [(figure.label, figure.count) for figure in buying.paid_by(book)] == [("Card", 2)]


def test_the_next_order_is_expected_only_where_the_gaps_say_so(elodie):
    for number, day in enumerate((160, 130, 100, 70, 40)):
        buys(elodie, str(number), ago(day))
    assert strip_of(elodie).expected is None, "four gaps are too few"
    buys(elodie, "9", ago(10))
    expected = strip_of(elodie).expected
    assert (expected.start, expected.end) == (dt.date(2026, 4, 1), dt.date(2026, 4, 1))


def test_nothing_is_expected_of_somebody_silent_for_longer_than_usual(elodie):
    for number, day in enumerate((260, 230, 200, 170, 140, 110)):
        buys(elodie, str(number), ago(day))
    assert strip_of(elodie).expected is None


def test_the_strip_marks_what_came_back(elodie):
    assert strip_of(elodie) is None
    order = buys(elodie, "1", ago(40))
    buys(elodie, "2", ago(20), price="25")
    sends_back(elodie, "R", ago(10), order)
    found = strip_of(elodie)
    assert [mark.is_returned for mark in found.marks] == [True, False]
    heights = [54 - mark.y for mark in found.marks]
    assert heights == [50, 25], "the square root of a quarter is a half"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 3)), max_size=25), st.integers(1, 6))
def test_pages_of_a_timeline_lose_nothing_and_repeat_nothing(found, size):
    """Whatever stands at the same moment in several sources."""
    rows = [(NOW - dt.timedelta(hours=hours), name, number) for number, (name, hours) in enumerate(found, start=1)]

    def reader(name):
        def read(_customer, _kind, before, limit):
            mine = [(at, number) for at, source, number in rows if source == name]
            kept = sorted((mark for mark in mine if before is None or mark < before), reverse=True)
            return [
                moments.Moment(at=at, id=number, icon="", template="", context={"row": (at, name, number)})
                for at, number in kept[:limit]
            ]

        return read

    sources = {name: moments.Source(name=name, permission="x", read=reader(name)) for name in "abc"}
    known, moments._SOURCES = moments._SOURCES, sources
    try:
        seen, after = [], None
        while True:
            page, after = moments.page(None, may=lambda _permission: True, after=after, size=size)
            seen += [moment.context["row"] for moment in page]
            if after is None:
                break
            assert moments.Cursor.parse(str(after)) == after
    finally:
        moments._SOURCES = known
    assert seen == sorted(rows, reverse=True)


def test_guests_returns_are_shown_too(client_of, ada):
    sends_back(None, "R-9", ago(3))
    assert "Guest" in text_of(client_of(ada).get(f"/orders/returns/{Return.objects.get().public_id}"))
    assert Order.objects.count() == 0


def _connection():
    from django.db import connection

    return connection
