"""Customers are found by the numbers of their orders."""

import pytest

from regulars.channels.actions import channel_for
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.orders.models import Order
from regulars.orders.queries import customers_of_number, finding

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
        ("536365", ["ada"]), ("#536365", ["ada"]), ("5363", ["ada"]), ("53", []), ("365", []), ("web-77A", []),
        ("web-77", ["ben"]), ("WEB", []), ("990000", []), ("x" * 300, []), ("5" * 61, []),
    ],
)  # fmt: skip
def test_a_number_or_its_beginning_finds_who_ordered(known, typed, names):
    assert customers_of_number(typed) == [known[name].pk for name in names]


def test_the_search_of_customers_knows_order_numbers(known):
    assert customer_page(ListRequest.from_query({"q": "536365"})).rows == [known["ada"]]
    assert customer_page(ListRequest.from_query({"q": "536365", "status": "inactive"})).rows == []
    assert customer_page(ListRequest.from_query({"q": "536365 WEB-77a"})).rows == []


def test_a_beginning_that_many_numbers_share_tells_nothing(known, monkeypatch):
    monkeypatch.setattr(finding, "_MOST", 1)

    assert customers_of_number("536") == []
    assert customers_of_number("536377") == [known["ada"].pk]
