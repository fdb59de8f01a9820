"""Whatever a query says, the builder draws it, and what its form sends back is the same query."""

import json
from html.parser import HTMLParser

import pytest

from regulars.customers.actions import create_customer
from regulars.customers.actions.tags import tag
from regulars.segments.actions.groups import create_group
from regulars.segments.engine import asking
from regulars.segments.forms import rows

pytestmark = pytest.mark.django_db

QUERIES = [
    "number_of_orders >= 2",
    "amount_spent NOT BETWEEN 10.50 AND 99",
    "last_order_date < -45d AND first_order_date >= 2026-01-31 AND last_order_date <= start_of(quarter)",
    "last_order_date BETWEEN 2026-01-31T08:30:00 AND today",
    "customer_added_date = yesterday OR customer_added_date > +2w",
    "name STARTS WITH 'O\\'Brien, \\\\ & <b>' AND NOT name = '42'",
    "name IN ('A, B', 'C') AND last_name IS NOT NULL",
    "customer_tags CONTAINS 'vip' AND customer_tags NOT IN ('vip', 'never used')",
    "email_subscription_status IN ('SUBSCRIBED', 'NOT_SUBSCRIBED') AND is_guest = false",
    "segment NOT IN ('VIP, and more')",
    "anniversary(birth_date) BETWEEN today AND +30d",
    "orders_placed NOT MATCHES (count >= 2, date > -90d, sum_amount < 100)",
    "products_purchased MATCHES () AND orders_returned MATCHES (count = 0)",
    "customer_within_distance MATCHES (coordinates = (52.52, 13.40), distance_km <= 10)",
    "sequence MATCHES (orders_placed MATCHES (amount > 10) THEN NOT orders_returned MATCHES () WITHIN 30d)",
    "NOT (number_of_orders = 0 OR (is_guest = true AND NOT (customer_tags CONTAINS 'vip' OR city = 'Ely')))",
    "(number_of_orders = 1 AND is_guest = true OR city = 'Ely') AND (customer_tags IS NULL OR NOT city = 'Bath')",
]


class Form(HTMLParser):
    """What a browser would send of the builder, untouched."""

    def __init__(self, html):
        super().__init__()
        self.sent, self.select, self.options = {}, None, []
        self.feed(html)

    def add(self, name, value):
        self.sent.setdefault(name, []).append(value)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag == "input" and (known.get("type") != "checkbox" or "checked" in known):
            self.add(known["name"], known.get("value", ""))
        if tag == "select":
            self.select, self.options = known["name"], []
        if tag == "option":
            self.options.append((known["value"], "selected" in known))

    def handle_endtag(self, tag):
        if tag == "select":
            self.add(self.select, next((value for value, is_on in self.options if is_on), self.options[0][0]))


@pytest.fixture
def vocabulary(ada):
    customer = create_customer(values={"name": "Elodie Marchetti"})
    tag(customer, names=["vip"])
    create_group(name="VIP, and more", query="customer_tags CONTAINS 'vip'", by=ada)


def test_what_the_form_sends_back_is_the_same_query(client_of, ada, vocabulary):
    client = client_of(ada)
    for query in QUERIES:
        node = asking.read(query)
        first = json.loads(client.post("/groups/try", {"source": "text", "text": query}).content)
        assert first["wrong"] is None, (query, first["parts"]["said"])
        sent = Form(first["parts"]["g-build"]).sent
        again = json.loads(client.post("/groups/try", {**sent, "source": "rows"}).content)
        assert again["wrong"] is None, (query, again["text"], again["parts"]["said"])
        assert asking.read(again["text"]) == node, (query, again["text"])


def test_rows_alone_say_the_same_query(vocabulary):
    for query in QUERIES:
        node = asking.read(query)
        drawn = rows.of_node(node)
        assert asking.read(rows.text_of(rows.settled(drawn))) == node


def test_buttons_add_and_remove_rows():
    one, two = (rows.FormRow(depth=0, joiner=joiner, name=name) for joiner, name in (("", "a"), ("and", "b")))
    found = rows.pressed([one, two], "bracket:end")
    assert [(row.depth, row.joiner, row.is_bracket) for row in found] == [
        (0, "", False), (0, "and", False), (0, "and", True), (1, "", False),
    ]  # fmt: skip
    found = rows.pressed(found, "line:2")
    assert [row.depth for row in found] == [0, 0, 0, 1, 1]
    assert found[-1].joiner == "and"
    assert [row.name for row in rows.pressed(found, "remove:2")] == ["a", "b"]
    assert [(row.name, row.joiner) for row in rows.pressed([one, two], "remove:0")] == [("b", "")]
    assert rows.pressed([one], "remove:7") == [one]
