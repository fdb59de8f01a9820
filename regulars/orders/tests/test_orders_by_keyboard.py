"""An order from its first line to a refund, with the keyboard alone, in a real browser."""

from decimal import Decimal

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.models import Order, Product, Return, Variant


@pytest.fixture
def goods(transactional_db):
    shop.change(name="Hain & Hafen", currency="EUR", time_zone="Europe/Berlin", country="DE")
    for title, sku, price in (("Sencha Okumidori", "TEA-1", "14.50"), ("Kyusu Tokoname", "POT-1", "68.00")):
        made = Product.objects.create(channel=channel_for("web"), title=title)
        Variant.objects.create(product=made, sku=sku, price=Decimal(price), currency="EUR")


def test_a_whole_order_by_keyboard_alone(goods, visit, client_of, ben):
    sofie = create_customer(values={"given_name": "Sofie", "family_name": "Dahl", "email": "sofie@shop.example"})
    for path in (f"/customers/{sofie.public_id}", "/orders/new"):
        client_of(ben).get(path)  # templates are read before a browser waits for them
    page = visit(f"/customers/{sofie.public_id}", ben)
    page.set_default_timeout(30_000)
    keys = page.keyboard
    keys.press("o")
    page.wait_for_url("**/orders/new?customer=*")
    # the focus is in the search: a word, Enter, and the quantity of the new line has it
    keys.type("okumi")
    keys.press("Enter")
    page.wait_for_selector("#line-0-quantity:focus")
    page.wait_for_url("**/orders/ord_*")
    keys.type("2")
    keys.press("Enter")
    page.wait_for_selector("#q:focus")
    # the second of two that are found, by arrow: both have an o in their name
    keys.type("o")
    page.wait_for_selector("#found [role=option]:nth-child(2)")
    keys.press("ArrowUp")
    keys.press("ArrowDown")
    keys.press("Escape")
    keys.type("pot-1")
    keys.press("Enter")
    page.wait_for_selector("#line-1-quantity:focus")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("10%")
    page.wait_for_selector("#sum-total:has-text('€90.20')")
    keys.press("Escape")
    keys.press("s")
    page.wait_for_selector("text=is an order now")
    order = Order.objects.get()
    assert (order.status, order.total_minor, order.customer) == ("open", 9020, sofie)
    assert list(order.lines.values_list("sku", "quantity", "discount_minor")) == [("TEA-1", 2, 0), ("POT-1", 1, 680)]
    # all of it is paid
    keys.press("b")
    page.wait_for_selector("#pay-method:focus")
    keys.type("Card")
    keys.press("Enter")
    page.wait_for_selector("text=is paid")
    order.refresh_from_db()
    assert (order.status, order.payments.get().amount_minor) == ("paid", 9020)
    # one piece of the first line goes back
    keys.press("v")
    page.wait_for_selector("#back-1:focus")
    keys.type("1")
    page.wait_for_selector("#proposal:has-text('€14.50')")
    keys.press("Tab")
    keys.press("Tab")
    keys.type("Too bitter")
    for _step in range(4):
        keys.press("Tab")
    keys.press("Enter")
    page.wait_for_selector("text=went back")
    order.refresh_from_db()
    assert (order.status, order.refunded_minor) == ("part_refunded", 1450)
    assert list(Return.objects.values_list("reason", "refund_minor")) == [("Too bitter", 1450)]
    assert page.complaints == []


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_an_order_fit(goods, visit, ben, width, theme):
    page = visit("/orders/new", ben, width=width, theme=theme)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth + 1")
    assert page.complaints == []
