"""What the lake says of orders, lines and returns, value by value; and that it adds up to the figures of customers."""

import datetime as dt
import random
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.money import Money
from regulars.customers.actions import create_customer, delete_customer
from regulars.customers.actions.merging import merge
from regulars.customers.models import Customer
from regulars.orders import lake
from regulars.orders.actions import place_order, receive_return, request_return
from regulars.orders.actions.products import add_product, change_product
from regulars.orders.actions.sales import link_lines
from regulars.orders.lake_lines import LARGEST, divided, in_base
from regulars.orders.models import Checkout, Order, Product, Return, Status, Variant
from regulars.orders.queries import reaching
from regulars.orders.queries.book import Book, Stretch
from regulars.orders.queries.buying import margin
from regulars.orders.queries.verification import differences
from regulars.segments.engine import asking
from regulars.segments.lake import following

NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ORDERS, LINES, RETURNS, MOVEMENTS, CHECKOUTS = lake.TABLES


def naive(moment):
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def rows(table, ids=None):
    """The rows of a table of the lake, each as a dictionary, by customer and moment."""
    found = pa.Table.from_batches(list(table.read(ids)), schema=table.schema())
    found.validate(full=True)
    return sorted(found.to_pylist(), key=lambda row: [str(value) for value in row.values()])


@pytest.fixture
def web(db):
    shop.change(currency="EUR", time_zone="Europe/Berlin")
    return channel_for("web")


@pytest.fixture
def jonas(web):
    return create_customer(values={"name": "Jonas Wieck"})


def line(sku="MUG", quantity=1, price="10", **more):
    return {"sku": sku, "title": f"The {sku}", "quantity": quantity, "unit_price": Decimal(price), **more}


def buys(customer, number, *lines, days=0, **values):
    return place_order(
        values={"number": number, "placed_at": NOON + days * DAY, **values},
        lines=list(lines) or [line()],
        customer=customer,
        channel=channel_for("web"),
    )


def test_every_column_of_an_order_and_its_lines(jonas, web):
    product = Product.objects.create(channel=web, title="Mug", category="Cups", brand="Hain", tags=["blue", "gift"])
    mug = Variant.objects.create(product=product, sku="MUG", title="Large", cost=Decimal("3.10"), currency="USD")
    later = Variant.objects.create(product=product, sku="MUG", title="Small")
    order = buys(
        jonas,
        "1",
        line(quantity=3, price="3.335"),
        line("TEA", 2, "4.50", cost=Decimal("1.2345")),
        line("BAG", 1, "0.10"),
        currency="USD",
        rate=Decimal("0.91234567"),
        payment_method="PayPal",
        country="AT",
        source="google",
        campaign="spring",
        tags=["gift", "Express"],
        codes=[{"code": "TEA10", "amount_minor": 0}, {"code": "A", "amount_minor": 0}],
    )
    (row,) = rows(ORDERS)
    assert row == {
        "customer": jonas.pk,
        "ordr": order.pk,
        "placed": naive(NOON),
        "is_counted": True,
        "is_first": True,
        "status": "paid",
        "channel": web.pk,
        "method": "PayPal",
        "codes": ["A", "TEA10"],
        "tags": ["Express", "gift"],
        "country": "AT",
        "source": "google",
        "campaign": "spring",
        "total": order.total_base_minor,
        "refunded": 0,
        "weekday": 7,
        "month": 3,
        "hour": 13,
    }
    found = {row["sku"]: row for row in rows(LINES)}
    same = {"customer": jonas.pk, "ordr": order.pk, "placed": naive(NOON), "is_counted": True, "channel": web.pk}
    # 3 × 3.335 = 10.01 dollars are 9.13 euros; 3 × 3.10 = 9.30 are 8.48; 2 × 1.2345 = 2.47 are 2.25
    assert found == {
        "MUG": {**same, "variant": mug.pk, "sku": "MUG", "title": "The MUG", "quantity": 3, "amount": 913, "cost": 848,
                "is_returned": False, "profit": 65},
        "TEA": {**same, "variant": None, "sku": "TEA", "title": "The TEA", "quantity": 2, "amount": 821, "cost": 225,
                "is_returned": False, "profit": 596},
        "BAG": {**same, "variant": None, "sku": "BAG", "title": "The BAG", "quantity": 1, "amount": 9, "cost": None,
                "is_returned": False, "profit": None},
    }  # fmt: skip
    assert lake.PRODUCTS.read().to_pylist() == [
        {"variant": mug.pk, "product": product.pk, "product_id": product.public_id, "title": "Mug",
         "variant_title": "Large", "category": "Cups", "brand": "Hain", "tags": ["blue", "gift"]},
        {"variant": later.pk, "product": product.pk, "product_id": product.public_id, "title": "Mug",
         "variant_title": "Small", "category": "Cups", "brand": "Hain", "tags": ["blue", "gift"]},
    ]  # fmt: skip


def test_weekday_month_and_hour_are_those_of_the_shops_clock(jonas):
    moments = ["2026-02-28T22:59:59", "2026-02-28T23:00:00", "2026-03-29T00:59:00", "2026-03-29T01:00:00"]
    for number, moment in enumerate(moments):
        buys(jonas, str(number), placed_at=dt.datetime.fromisoformat(f"{moment}+00:00"))
    said = [(row["weekday"], row["month"], row["hour"]) for row in rows(ORDERS)]
    # a new month begins at the shop's midnight; on 29 March summer time leaves out the hour after two
    assert sorted(said) == [(6, 2, 23), (7, 3, 0), (7, 3, 1), (7, 3, 3)]
    asked = "orders_placed MATCHES (weekday IN ('saturday', 'sunday'), month = 3, hour < 3, count = 2)"
    assert asking.count(asking.read(asked)) == 1
    assert asking.count(asking.read("orders_placed MATCHES (weekday = 'monday')")) == 0
    with pytest.raises(asking.BadQuery, match="sunday"):
        asking.read("orders_placed MATCHES (weekday = 'sundy')")


def test_the_stamp_of_products_changes_with_each_of_them(web):
    stamps = {lake.PRODUCTS.stamp()}
    product = Product.objects.create(channel=web, title="Mug")
    stamps.add(lake.PRODUCTS.stamp())
    variant = Variant.objects.create(product=product, sku="MUG")
    stamps.add(lake.PRODUCTS.stamp())
    Product.objects.filter(pk=product.pk).update(title="Cup", version=2)
    stamps.add(lake.PRODUCTS.stamp())
    variant.delete()
    stamps.add(lake.PRODUCTS.stamp())
    assert len(stamps) == 5
    assert lake.PRODUCTS.stamp() in stamps


def test_a_product_that_costs_something_else_touches_those_whose_lines_say_no_cost(jonas, web, monkeypatch):
    others = [create_customer(values={"name": name}) for name in ("Ada", "Ben")]
    variant = {"sku": "MUG", "title": "", "price": Decimal(10), "cost": Decimal(4), "currency": "EUR"}
    product = add_product(values={"title": "Mug"}, variants=[variant], channel=web)
    buys(jonas, "1", line())
    buys(others[0], "2", line(cost=Decimal(1)))
    buys(others[1], "3", line("TEA"))
    link_lines()
    before, _touched = following.look(following.Followed(following.settled()))
    (known,) = product.variants.all()
    change_product(product, values={}, variants=[{**variant, "id": known.pk, "cost": Decimal(5)}])
    assert following.look(before)[1].customers == {jonas.pk}
    assert {row["customer"]: row["cost"] for row in rows(LINES)} == {
        jonas.pk: 500,
        others[0].pk: 100,
        others[1].pk: None,
    }
    assert set(reaching.buyers_of([])) == {jonas.pk, others[1].pk}
    monkeypatch.setattr(reaching, "MOST_REACHED", 0)
    assert following.look(before)[1].customers == set()


def test_what_does_not_count_is_there_and_says_so(jonas):
    numbers = {
        "draft": {"status": Status.DRAFT},
        "test": {"is_test": True},
        "cancelled": {"status": Status.CANCELLED},
        "open": {"status": Status.OPEN},
        "free": {},
    }
    made = {
        number: buys(jonas, number, line(price="0") if number == "free" else line(), days=days, **values).pk
        for days, (number, values) in enumerate(numbers.items())
    }
    found = {row["ordr"]: (row["is_counted"], row["is_first"]) for row in rows(ORDERS)}
    assert found == {
        made["draft"]: (False, False),
        made["test"]: (False, False),
        made["cancelled"]: (False, False),
        made["open"]: (True, True),
        made["free"]: (True, False),
    }
    assert {row["ordr"] for row in rows(LINES) if row["is_counted"]} == {made["open"], made["free"]}
    assert [row["amount"] for row in rows(MOVEMENTS)] == [1000, 0]


def test_of_two_orders_at_one_moment_the_one_known_first_is_the_first(jonas):
    other = create_customer(values={"name": "J. Wieck"})
    first, second = buys(other, "1"), buys(jonas, "2")
    merge(keep=jonas, others=[other])
    for ids in (None, [jonas.pk]):
        assert {row["ordr"]: row["is_first"] for row in rows(ORDERS, ids)} == {first.pk: True, second.pk: False}


def test_returns_and_what_they_take_off(jonas, web):
    order = buys(jonas, "1", line(quantity=4, cost=Decimal(4)), line("TEA", 2, "5", cost=Decimal(1)))
    some = buys(jonas, "2", line("POT", 1, "30", cost=Decimal(10)), line("LID", 1, "3"), days=1)
    back = receive_return(
        values={"number": "R1", "returned_at": NOON + 2 * DAY, "reason": "Too small"},
        lines=[line(quantity=1), line("POT", 1, "30")],
        customer=jonas,
        channel=web,
    )
    waiting = request_return(order=order, lines=[line("TEA", 1, "5")])
    found = {row["state"]: row for row in rows(RETURNS)}
    assert set(found) == {"refunded", "requested"}
    assert found["refunded"] == {
        "customer": jonas.pk,
        "returned": naive(NOON + 2 * DAY),
        "is_settled": True,
        "is_counted": True,
        "state": "refunded",
        "amount": 4000,
        "reason": "Too small",
        "channel": web.pk,
        "ordr": Return.objects.get(pk=back.pk).order_id,
    }
    assert (found["requested"]["is_settled"], found["requested"]["is_counted"]) == (False, False)
    assert Return.objects.get(pk=waiting.pk).state == "requested"
    assert sorted(row["amount"] for row in rows(MOVEMENTS)) == [-4000, 3300, 5000]
    lines = {row["sku"]: (row["is_returned"], row["profit"]) for row in rows(LINES)}
    # all lines of the first order have a cost: the 10 paid back are taken off its first line
    assert lines == {"MUG": (True, 4000 - 1600 - 1000), "TEA": (False, 800), "POT": (True, -1000), "LID": (False, None)}
    left = margin(Book(Customer.objects.get(pk=jonas.pk), Stretch())).left.minor
    assert left == sum(row["profit"] or 0 for row in rows(LINES))
    Order.objects.filter(pk=some.pk).update(status=Status.CANCELLED)
    Return.objects.filter(pk=back.pk).update(order=some)
    assert {row["state"]: row["is_counted"] for row in rows(RETURNS)} == {"refunded": False, "requested": False}


def test_checkouts_have_amounts_where_a_rate_is_known(jonas, web):
    order = buys(jonas, "1", currency="USD", rate=Decimal("0.5"))
    same = {"channel": web, "customer": jonas, "started_at": NOON, "touched_at": NOON}
    Checkout.objects.create(**same, currency="EUR", total_minor=1200)
    Checkout.objects.create(**same, currency="USD", total_minor=1201, completed_at=NOON, order=order)
    Checkout.objects.create(**same, currency="USD", total_minor=700)
    Checkout.objects.create(**{**same, "customer": None}, currency="EUR", total_minor=5)
    assert {(row["is_open"], row["amount"], row["touched"]) for row in rows(CHECKOUTS)} == {
        (True, 1200, naive(NOON)),
        (False, 601, naive(NOON)),
        (True, None, naive(NOON)),
    }


def test_guests_and_deleted_customers_have_no_rows_and_merged_records_are_the_person(jonas, web):
    other, gone = (create_customer(values={"name": name}) for name in ("J. Wieck", "Ada"))
    checkout = {"channel": web, "currency": "EUR", "started_at": NOON, "touched_at": NOON}
    for number, customer in enumerate([None, other, gone], start=1):
        buys(customer, f"{number}", days=number)
        receive_return(
            values={"number": f"R{number}", "returned_at": NOON + 5 * DAY},
            lines=[line()],
            customer=customer,
            channel=web,
        )
        Checkout.objects.create(**checkout, customer=customer, total_minor=number)
    delete_customer(gone)
    for table in lake.TABLES:
        assert {row["customer"] for row in rows(table)} == {other.pk}, table.name
    merge(keep=jonas, others=[other])
    for table in lake.TABLES:
        assert {row["customer"] for row in rows(table)} == {jonas.pk}, table.name
        assert rows(table, [other.pk, gone.pk]) == [], table.name
        assert rows(table, [jonas.pk]) == rows(table), table.name


def random_shop(seed):
    """Some people, two of whom are one, with orders, tests, drafts, currencies and returns of all sorts."""
    chance = random.Random(seed)
    web = channel_for("web")
    people = [create_customer(values={"name": name}) for name in ("Jonas", "J. Wieck", "Ada", "Zoë", "Li Na")]
    for number in range(30):
        currency, rate = chance.choice([("EUR", 1), ("JPY", "0.0061"), ("KWD", "2.98765432")])
        lines = [
            line(
                chance.choice("ABC"),
                chance.randint(1, 9),
                str(chance.randint(0, 90_000) / 1000),
                **({"cost": Decimal(chance.randint(0, 9000)) / 1000} if chance.random() < 0.7 else {}),
            )
            for _ in range(chance.randint(1, 3))
        ]
        buys(
            chance.choice([*people, None]),
            f"{number}",
            *lines,
            days=chance.randint(0, 9),
            currency=currency,
            rate=Decimal(rate),
            is_test=chance.random() < 0.1,
            status=chance.choice([Status.PAID, Status.PAID, Status.OPEN, Status.CANCELLED, Status.DRAFT]),
        )
    for number in range(10):
        currency, rate = chance.choice([("EUR", 1), ("JPY", "0.0061")])
        receive_return(
            values={
                "number": f"R{number}",
                "returned_at": NOON + 20 * DAY,
                "currency": currency,
                "rate": Decimal(rate),
            },
            lines=[line(chance.choice("ABC"), chance.randint(1, 4), str(chance.randint(0, 9000) / 100))],
            customer=chance.choice(people),
            channel=web,
        )
    merge(keep=people[0], others=[people[1]])


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_add_up_to_the_figures_of_customers_whoever_is_asked_for(web, seed):
    random_shop(seed)
    product = Product.objects.create(channel=web, title="A")
    Variant.objects.create(product=product, sku="A", cost=Decimal("1.5"), currency="EUR")
    assert list(differences()) == []
    everybody = list(Customer.objects.order_by("pk"))
    movements, orders, lines = rows(MOVEMENTS), rows(ORDERS), rows(LINES)
    returns = rows(RETURNS)
    for one in everybody:
        counted = [row for row in orders if row["customer"] == one.pk and row["is_counted"]]
        assert sum(row["amount"] for row in movements if row["customer"] == one.pk) == one.spent_minor
        assert len(counted) == one.orders_count
        theirs = [row["amount"] for row in returns if row["customer"] == one.pk and row["is_counted"]]
        assert sum(theirs) == one.refunded_minor
        moments = [row["placed"] for row in counted]
        assert [row["placed"] for row in counted if row["is_first"]] == ([min(moments)] if moments else [])
        book = Book(one, Stretch())
        left = margin(book)
        mine = [row for row in lines if row["customer"] == one.pk and row["is_counted"]]
        assert sum(row["profit"] or 0 for row in mine) == (left.left.minor if left else 0)
        assert sorted((row["ordr"], row["quantity"], row["amount"], row["cost"]) for row in mine if row["cost"]) == (
            sorted((item.order, item.quantity, item.amount, item.cost) for item in book.items if item.cost)
        )
    for table in lake.TABLES:
        together = [row for one in everybody for row in rows(table, [one.pk])]
        assert sorted(map(str, together)) == sorted(map(str, rows(table))), table.name
        assert rows(table, [one.pk for one in everybody]) == rows(table), table.name
        assert rows(table, []) == []


def test_three_people_take_as_many_queries_as_one(web, jonas):
    people = [jonas, *(create_customer(values={"name": name}) for name in ("Ada", "Ben"))]
    for number, one in enumerate(people):
        buys(one, f"{number}")
        receive_return(values={"number": f"R{number}", "returned_at": NOON}, lines=[line()], customer=one, channel=web)
    for table in lake.TABLES:
        counts = []
        for ids in ([jonas.pk], [one.pk for one in people]):
            with CaptureQueriesContext(connection) as queries:
                rows(table, ids)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 8, table.name


def test_a_text_with_the_sign_that_separates_values_is_read_all_the_same(jonas):
    order = buys(jonas, "1", line("A"), line("B", 2))
    Order.objects.filter(pk=order.pk).update(source="a\x1fb", campaign='say "x",\n\r\ny')
    order.lines.filter(sku="A").update(title="\x1f", sku='"')
    assert {(row["source"], row["campaign"]) for row in rows(ORDERS)} == {("a\x1fb", 'say "x",\n\r\ny')}
    assert {(row["title"], row["sku"], row["quantity"]) for row in rows(LINES)} == {("\x1f", '"', 1), ("The B", "B", 2)}


amounts = st.integers(-(10**14), 10**14)


@given(
    st.lists(
        st.tuples(amounts, st.sampled_from(["EUR", "JPY", "KWD", "USD"]), st.integers(1, 10**12)),
        min_size=1,
        max_size=9,
    ),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_amounts_are_converted_as_money_is(values, base):
    minor, currencies, rates = zip(*values, strict=True)
    found = in_base(np.array(minor), pa.array(currencies), np.array(rates), base)
    wanted = [
        one if currency == base else Money(one, currency).converted(rate=Decimal(rate).scaleb(-8), currency=base).minor
        for one, currency, rate in values
    ]
    assert found.tolist() == [max(-LARGEST, min(LARGEST, one)) for one in wanted]


def test_an_amount_no_column_can_hold_stands_at_its_end():
    amounts, rates = np.array([10**13, 10**15, -(10**15)]), np.array([10**12] * 3)
    assert in_base(amounts, pa.array(["EUR"] * 3), rates, "KWD").tolist() == [10**18, 2**63 - 1, -(2**63 - 1)]


@given(st.integers(-(2**62), 2**62), st.integers(0, 2**31), st.sampled_from([1, 2, 7, 100, 10**8]))
def test_halves_go_away_from_zero_however_large_numbers_are(first, second, by):
    if abs(first) * second // by < 2**62:
        exact = Decimal(first) * second / by if first * second < 10**20 else None
        (found,) = divided(np.array([first]), np.array([second]), by).tolist()
        assert abs(2 * (found * by - first * second)) <= by
        if exact is not None and abs(2 * (found * by - first * second)) == by:
            assert abs(found) > abs(exact)
