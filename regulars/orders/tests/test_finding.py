"""Customers are found by the numbers of their orders."""

import pytest

from regulars.channels.actions import channel_for
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.orders.actions import change_order
from regulars.orders.actions.numbers import index_noted_numbers, note_numbers
from regulars.orders.models import Order, UnindexedNumber
from regulars.orders.queries import customers_of_number, finding
from regulars.orders.queries.finding import customer_ids_with_order_number

NOW = "2026-03-12T08:42Z"


@pytest.fixture
def known(db):
    """Ada ordered twice, Ben once; one order is nobody's."""
    web = channel_for("web")
    made = {name: Customer.objects.create(name=name, sort_name=name, customer_since=NOW) for name in ("ada", "ben")}
    for number, customer in (("536365", "ada"), ("536377", "ada"), ("WEB-77a", "ben"), ("990000", None)):
        Order.objects.create(
            number=number, channel=web, customer=made.get(customer), placed_at=NOW, currency="GBP", total_minor=1
        )
    return made


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("536365", ["ada"]), ("#536365", ["ada"]), ("5363", ["ada"]), ("365", ["ada"]), ("6377", ["ada"]),
        ("web-77A", ["ben"]), ("b-77", ["ben"]), ("WEB", ["ben"]), ("53", ["ada"]), ("7", ["ada", "ben"]),
        ("990000", []), ("535", []), ("", []), ("#", []), ("x" * 300, []), ("5" * 61, []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_indexed", [False, True])
def test_any_part_of_a_number_finds_who_ordered(known, typed, names, is_indexed):
    note_numbers(Order.objects.values_list("pk", flat=True))
    if is_indexed:
        assert index_noted_numbers(at_least=1) == 4

    assert sorted(customers_of_number(typed)) == [known[name].pk for name in names]


def test_the_search_of_customers_knows_order_numbers(known):
    note_numbers(Order.objects.values_list("pk", flat=True))
    assert customer_page(ListRequest.from_query({"q": "536365"})).rows == [known["ada"]]
    assert customer_page(ListRequest.from_query({"q": "536365", "status": "inactive"})).rows == []
    assert customer_page(ListRequest.from_query({"q": "536365 WEB-77a"})).rows == []


def test_a_text_that_tells_little_finds_nobody_where_many_orders_have_it(known, monkeypatch):
    note_numbers(Order.objects.values_list("pk", flat=True))
    monkeypatch.setattr(finding, "_FEW", 2)
    assert customers_of_number("53") == [known["ada"].pk]
    monkeypatch.setattr(finding, "_FEW", 1)
    assert customers_of_number("53") == []
    assert customers_of_number("536") == [known["ada"].pk]
    index_noted_numbers(at_least=1)
    assert customers_of_number("53") == []
    assert customers_of_number("536") == [known["ada"].pk]


def test_a_whole_number_is_found_however_many_numbers_have_its_pieces(known, monkeypatch):
    note_numbers(Order.objects.values_list("pk", flat=True))
    index_noted_numbers(at_least=1)
    monkeypatch.setattr(finding, "_MOST_READ", 1)
    assert customers_of_number("536365") == [known["ada"].pk]
    assert customers_of_number("web-77a") == [known["ben"].pk]


def test_of_too_many_the_customers_of_the_newest_orders_are_found(known):
    note_numbers(Order.objects.values_list("pk", flat=True))
    index_noted_numbers(at_least=1)
    assert customer_ids_with_order_number("7", limit=1) == [known["ben"].pk]


def test_a_thousand_orders_are_indexed_at_once_and_a_renumbered_one_again(known):
    web = channel_for("web")
    order = Order.objects.get(number="990000")
    Order.objects.bulk_create(
        Order(number=f"N{n:05}", channel=web, customer=known["ben"], placed_at=NOW, currency="GBP") for n in range(1001)
    )
    note_numbers(Order.objects.values_list("pk", flat=True))
    assert not UnindexedNumber.objects.exists()
    assert customers_of_number("n00999") == [known["ben"].pk]

    change_order(
        order,
        values={"number": "X-4711", "customer": known["ada"]},
        lines=[{"sku": "A", "quantity": 1, "unit_price": 1}],
    )
    assert customers_of_number("4711") == [known["ada"].pk]
    assert customers_of_number("90000") == []


def test_only_what_is_read_counts_against_the_bound(known, monkeypatch):
    """Few candidates in each of many blocks are all looked at."""
    web = channel_for("web")
    for block in range(1, 6):
        Order.objects.create(
            id=block << 16, number=f"Q{block}-4711", channel=web, customer=known["ada"], placed_at=NOW, currency="GBP"
        )
    Order.objects.create(id=7, number="X-4711-X", channel=web, customer=known["ben"], placed_at=NOW, currency="GBP")
    note_numbers(Order.objects.values_list("pk", flat=True))
    index_noted_numbers(at_least=1)
    monkeypatch.setattr(finding, "_MOST_READ", 10)
    assert customers_of_number("4711") == [known["ada"].pk, known["ben"].pk]
    assert [order.number for order in finding.orders_of_number("4711", most=2)] == ["Q5-4711", "Q4-4711"]
