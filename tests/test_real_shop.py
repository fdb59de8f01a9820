"""A real Vendure beside the running product: what happens in the one stands in the other within two seconds.

Both are started as their owners start them: `regulars run` with web and worker, and Vendure from npm with our plugin.
Everything goes through their own doors: the Shop API and the Admin API there, pages and figures here.
"""

import os
import re
import statistics
import time
from html import unescape

import psycopg
import pytest

from tools import product, vendure

WITHIN = 2.0
AT_ALL = 30.0  # the machine may do something else just then; the median has to be within WITHIN
JOIN = """
from regulars.channels import secrets
from regulars.channels.actions import channel_for, connect
channel = channel_for("hafen", name="Hafen shop", kind="web")
made = connect(channel=channel, provider="vendure", name="Hafen shop", options={"address": given["address"]})
answer = [made.public_id, secrets.opened(made)[secrets.KEY]]
"""
GIVE_KEY = """
from regulars.channels.actions import change_connection
from regulars.channels.models import Connection
change_connection(connection=Connection.objects.get(), secrets={"api_key": given["key"]})
"""
FIGURES = """
from regulars.customers.models import Customer
answer = [
    [one.email, one.orders_count, one.spent_minor]
    for one in Customer.objects.filter(email=given["email"], merged_into=None)
]
"""

EVERYTHING = """
from regulars.customers.models import Customer
from regulars.orders.models import Order, Product, Return
orders = Order.objects.order_by("number").values_list(
    "number", "status", "fulfilment", "total_minor", "discount_minor", "shipping_minor", "tax_minor", "customer_id"
)
answer = {
    "orders": [list(one) for one in orders],
    "returns": [list(one) for one in Return.objects.order_by("pk").values_list("order_id", "state", "refund_minor")],
    "customers": [list(one) for one in Customer.objects.order_by("email").values_list("email", "name", "spent_minor")],
    "products": list(Product.objects.order_by("title").values_list("title", flat=True)),
}
"""
PULL = """
import time
from regulars.channels.actions.pulling import pull_soon
from regulars.channels.models import Connection
pull_soon(Connection.objects.get())
ends_at = time.monotonic() + 60
while Connection.objects.get().pulled_at is None and not Connection.objects.get().error:
    assert time.monotonic() < ends_at
    time.sleep(0.05)
answer = Connection.objects.get().error
"""


class Walk:
    """The two shops side by side, and how long what was sold there took to stand here."""

    def __init__(self, regulars, shop):
        self.regulars, self.shop, self.seconds = regulars, shop, []

    def guest(self, email, given, family, **basket):
        """Buy as a guest; answers the order."""
        who = vendure.Shopper(self.shop)
        for sku, quantity in basket.items():
            who.put(sku.replace("_", "-"), quantity)
        who.say_who(email, given, family)
        who.send_to("Hafenstraße 1", "20457", "Hamburg")
        return self.pay(who)

    def pay(self, who):
        order = who.pay()
        assert order["state"] == "PaymentSettled"
        self.began = time.monotonic()
        return order

    def arrives(self, *looks):
        """Wait until each of these holds; how long it took since the payment is kept."""
        for look in looks:
            while not look():
                assert time.monotonic() - self.began < AT_ALL, f"{self.regulars.said()[-2000:]}\n{self.shop.said()}"
                time.sleep(0.02)
        self.seconds.append(time.monotonic() - self.began)

    def id_of(self, email):
        """The one customer of this address whom the list finds; nothing while there is none."""
        found = set(re.findall(r"/customers/(cus_\w+)", self.regulars.get(f"/customers?email={email}")))
        assert len(found) < 2, "one person became two"
        return found.pop() if found else None

    def page_of(self, email):
        """What the owner reads on the page of a customer."""
        known = self.id_of(email)
        return text_of(self.regulars.get(f"/customers/{known}")) if known else ""

    def list_shows(self, query, email):
        return f"/customers/{self.id_of(email)}" in self.regulars.get(f"/customers?{query}")


def text_of(page):
    """What people read of a page."""
    page = re.sub(r"<(script|style|template)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture(scope="module")
def database():
    """A database of the shop's own where the tests run on PostgreSQL."""
    server = os.environ.get("DATABASE_URL")
    if not server:
        yield ""
        return
    from urllib.parse import urlsplit, urlunsplit

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE beside_a_real_shop")
        yield urlunsplit(urlsplit(server)._replace(path="/beside_a_real_shop"))
        connection.execute("DROP DATABASE beside_a_real_shop WITH (FORCE)")


@pytest.fixture(scope="module")
def walk(tmp_path_factory, database):
    try:
        vendure.node()
    except vendure.NoShop as none:
        if os.environ.get("REGULARS_ALL_TESTS"):
            pytest.fail(str(none))
        pytest.skip(str(none))
    folder = tmp_path_factory.mktemp("regulars")
    regulars = product.start(folder, database=database, REGULARS_PRIVATE_HOSTS="127.0.0.1")
    try:
        port = product.free_port()
        joined, key = regulars.run(JOIN, address=f"http://127.0.0.1:{port}/admin-api")
        shop = vendure.start(port=port, tells=f"{regulars.address}/hooks/{joined}", secret=key)
        try:
            regulars.sign_in()
            yield Walk(regulars, shop)
        finally:
            shop.stop()
    finally:
        regulars.stop()


def test_a_sale_stands_on_the_customers_page_in_figures_timeline_and_list_within_two_seconds(walk):
    email = "li.na@example.com"
    order = walk.guest(email, "Na", "Li", LAN_1=2)
    assert order["totalWithTax"] == 2 * 4990 + 490
    walk.arrives(
        lambda: "€104.70" in walk.page_of(email),
        lambda: walk.list_shows("number_of_orders.min=1&amount_spent.min=104&amount_spent.max=105", email),
    )
    page = walk.page_of(email)
    assert "Na Li" in page
    assert order["code"] in page
    assert walk.regulars.run(FIGURES, email=email) == [[email, 1, 10470]]
    assert not walk.list_shows("number_of_orders=0", email)


def test_who_buys_again_with_the_same_address_stays_one_customer(walk):
    email = "jonas.wieck@example.com"
    for number in range(1, 4):
        order = walk.guest(email, "Jonas", "Wieck", TEA_1=number)
        walk.arrives(lambda code=order["code"]: code in walk.page_of(email))
    assert walk.regulars.run(FIGURES, email=email) == [[email, 3, (1 + 2 + 3) * 1995 + 3 * 490]]
    assert walk.list_shows("number_of_orders.min=3", email)


def test_an_account_and_its_purchase_are_one_customer(walk):
    email = "sofie.dahl@example.com"
    who = vendure.Shopper(walk.shop)
    who.register(email, "Sofie", "Dahl")
    who.put("SHI-M")
    who.send_to("Deich 2", "25746", "Heide")
    order = walk.pay(who)
    walk.arrives(lambda: order["code"] in walk.page_of(email))
    assert walk.regulars.run(FIGURES, email=email) == [[email, 1, 8390]]


def test_a_refund_arrives_likewise_and_a_cancelled_order_is_a_sale_that_came_back(walk):
    email = "mara.petersen@example.com"
    order = walk.guest(email, "Mara", "Petersen", LAN_1=1, SHI_L=1)
    walk.arrives(lambda: walk.regulars.run(FIGURES, email=email) == [[email, 1, 13880]])
    del walk.seconds[-1]  # asking by a program of its own takes longer than what it asks for
    lantern = next(line for line in order["lines"] if line["quantity"] == 1)
    give_back(walk, order, lines=[{"orderLineId": lantern["id"], "quantity": 1}], amount=4990, shipping=0)
    walk.arrives(lambda: "€88.90" in walk.page_of(email))
    assert walk.regulars.run(FIGURES, email=email) == [[email, 1, 8890]]
    # the rest goes back and the order is cancelled: there it is zero by now, here a sale and its returns
    rest = [{"orderLineId": line["id"], "quantity": 1} for line in order["lines"] if line is not lantern]
    give_back(walk, order, lines=rest, amount=8890, shipping=490)
    cancel = (
        "mutation($input: CancelOrderInput!) { cancelOrder(input: $input)"
        " { __typename ... on ErrorResult { errorCode message } } }"
    )
    done = walk.shop.admin(cancel, input={"orderId": order["id"], "cancelShipping": True, "reason": "all of it"})
    assert done == {"cancelOrder": {"__typename": "Order"}}
    walk.arrives(lambda: walk.regulars.run(FIGURES, email=email) == [[email, 1, 0]])
    del walk.seconds[-1]


def test_all_that_was_told_is_fetched_the_same(walk):
    walk.regulars.run(GIVE_KEY, key=walk.shop.key)
    before = walk.regulars.run(EVERYTHING)
    assert len(before["orders"]) == 6
    assert len(before["returns"]) == 2
    assert walk.regulars.run(PULL) == ""
    after = walk.regulars.run(EVERYTHING)
    for what in ("orders", "returns", "customers"):
        assert after[what] == before[what]
    # what was there before we were told of anything comes with the first pull
    assert after["products"] == ["Linen shirt", "Storm lantern", "Tea caddy"]


def test_the_median_sale_took_less_than_two_seconds(walk):
    assert len(walk.seconds) >= 5
    assert statistics.median(walk.seconds) < WITHIN, walk.seconds


def give_back(walk, order, *, lines, amount, shipping):
    """Refund through the Admin API, and say that the money went."""
    refund = (
        "mutation($input: RefundOrderInput!) { refundOrder(input: $input)"
        " { ... on Refund { id } ... on ErrorResult { errorCode message } } }"
    )
    given = {"lines": lines, "shipping": shipping, "adjustment": 0, "amount": amount, "reason": "too dark"}
    made = walk.shop.admin(refund, input={**given, "paymentId": order["payments"][0]["id"]})["refundOrder"]
    settle = (
        "mutation($input: SettleRefundInput!) { settleRefund(input: $input)"
        " { __typename ... on ErrorResult { errorCode message } } }"
    )
    done = walk.shop.admin(settle, input={"id": made["id"], "transactionId": f"back-{made['id']}"})
    assert done == {"settleRefund": {"__typename": "Refund"}}
    walk.began = time.monotonic()
