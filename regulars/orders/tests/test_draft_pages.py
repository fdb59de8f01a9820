"""A draft on its page: written, kept, taken back, made an order; with htmx and without."""

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions import open_draft, place_draft
from regulars.orders.models import Order, OrderAddress, OrderLine, OrderTag, PaymentLink, Product, Variant
from regulars.orders.queries.picking import find_variants

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def _shop(db):
    shop.change(name="Hain & Hafen", currency="EUR", time_zone="Europe/Berlin", country="DE")
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def sofie(db):
    return create_customer(
        values={"given_name": "Sofie", "family_name": "Dahl", "email": "sofie@shop.example"},
        address={"name": "Sofie Dahl", "line1": "Deichstr. 7", "postcode": "20459", "city": "Hamburg", "country": "DE",
                 "is_default_shipping": True},
    )  # fmt: skip


def product(called, sku, price="9.50", **values):
    made = Product.objects.create(channel=channel_for("web"), title=called)
    return Variant.objects.create(product=made, sku=sku, price=Decimal(price), currency="EUR", **values)


def sent(order=None, *, lines=(), **values):
    data = {"is_tax_included": "on", "channel": "web", **values}
    if order is not None:
        data.setdefault("version", str(order.version))
        data.setdefault("customer", order.customer.public_id if order.customer else "")
    for n, line in enumerate(lines):
        data |= {f"line-{n}-{name}": value for name, value in line.items()}
    return data


def draft(customer=None, *, count=1):
    return place_draft(
        channel=channel_for("web"),
        customer=customer,
        lines=[{"title": f"Cup {n}", "quantity": 2, "unit_price": "10"} for n in range(count)],
    )


def free(title="Gift wrap", quantity="1", price="3", discount=""):
    return {"title": title, "quantity": quantity, "price": price, "discount": discount}


def text_of(answer):
    return " ".join(answer.content.decode().split())


def rows(order):
    return list(order.lines.values_list("title", "sku", "quantity", "unit_price", "total_minor", "discount_minor"))


def test_a_new_order_is_kept_from_its_first_line_on(client_of, ben, sofie):
    client, tea = client_of(ben), product("Sencha", "TEA-1", cost=Decimal("4.20"))
    answer = client.get(f"/orders/new?customer={sofie.public_id}")
    assert answer.status_code == 200
    assert "Deichstr. 7" in text_of(answer)
    assert not Order.objects.exists()
    answer = client.post("/orders/new", sent(customer=sofie.public_id, add=tea.public_id, **place("delivery")))
    order = Order.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/orders/{order.public_id}")
    assert (order.status, order.customer, order.total_minor) == ("draft", sofie, 950)
    assert rows(order) == [("Sencha", "TEA-1", 1, Decimal("9.5000"), 950, 0)]
    assert OrderLine.objects.get().variant == tea
    assert OrderLine.objects.get().cost == Decimal("4.2000")
    assert list(OrderAddress.objects.values_list("side", "city")) == [("delivery", "Hamburg")]


def place(side):
    return {f"{side}-name": "Sofie Dahl", f"{side}-line1": "Deichstr. 7", f"{side}-postcode": "20459",
            f"{side}-city": "Hamburg", f"{side}-country": "DE"}  # fmt: skip


def test_a_draft_of_the_customer_is_opened_again(client_of, ben, sofie):
    begun = draft(sofie)
    answer = client_of(ben).get(f"/orders/new?customer={sofie.public_id}")
    assert (answer.status_code, answer.url) == (302, f"/orders/{begun.public_id}")
    assert Order.objects.count() == 1


def test_prices_discounts_shipping_and_tax_add_up(client_of, ben, sofie):
    order = draft(sofie)
    client_of(ben).post(
        f"/orders/{order.public_id}",
        sent(
            order,
            update="1",
            lines=[free("Cup", "2", "12.50", "10%"), free("Gift wrap", "1", "3,00")],
            discount="2.50",
            codes="SPRING",
            shipping="4.90",
            tax="19%",
            note="Ring twice",
            tags="gift, urgent",
        ),
    )
    order.refresh_from_db()
    # 25.00 − 2.50 + 3.00 = 25.50; − 2.50 + 4.90 = 27.90; of which 19/119 are tax
    assert (order.discount_minor, order.shipping_minor, order.tax_minor, order.total_minor) == (500, 490, 445, 2790)
    assert rows(order) == [
        ("Cup", "", 2, Decimal("12.5000"), 2500, 250),
        ("Gift wrap", "", 1, Decimal("3.0000"), 300, 0),
    ]
    assert list(order.codes.values_list("code", "amount_minor")) == [("SPRING", 250)]
    assert sorted(OrderTag.objects.values_list("label", flat=True)) == ["gift", "urgent"]
    assert order.note == "Ring twice"


def test_tax_on_top_is_added(client_of, ben):
    order = draft()
    data = sent(order, update="1", lines=[free(price="100")], tax="19%")
    del data["is_tax_included"]
    client_of(ben).post(f"/orders/{order.public_id}", data)
    order.refresh_from_db()
    assert (order.tax_minor, order.total_minor, order.is_tax_included) == (1900, 11900, False)


def test_what_is_typed_is_kept_at_once_and_the_sums_come_back(client_of, ben):
    order = draft()
    answer = client_of(ben).post(
        f"/orders/{order.public_id}", sent(order, lines=[free(quantity="3", price="4")]), **HTMX
    )
    text = text_of(answer)
    assert answer.status_code == 200
    assert '<span id="sum-total" hx-swap-oob="true">€12.00</span>' in text
    assert '<span id="line-0-total" hx-swap-oob="true">€12.00</span>' in text
    assert "<textarea" not in text
    order.refresh_from_db()
    assert order.total_minor == 1200
    assert f'name="version" id="version" value="{order.version}"' in text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_nothing_that_was_typed_is_lost_on_an_error(client_of, ben, headers):
    order = draft()
    before = rows(order)
    answer = client_of(ben).post(
        f"/orders/{order.public_id}",
        sent(order, update="1", lines=[free("Gift <wrap>", "two", "3.00")], note="half a note", discount="much"),
        **headers,
    )
    text = text_of(answer)
    assert answer.status_code == (200 if headers else 422)
    for kept in ("Gift &lt;wrap&gt;", 'value="two"', "half a note", 'value="much"', "Say how many."):
        assert kept in text
    order.refresh_from_db()
    assert rows(order) == before
    assert order.note == ""


def test_a_change_of_somebody_else_is_not_overwritten(client_of, ben):
    order = draft()
    data = sent(order, update="1", lines=[free()])
    client_of(ben).post(f"/orders/{order.public_id}", sent(order, lines=[free("Tea", "1", "5")]), **HTMX)
    answer = client_of(ben).post(f"/orders/{order.public_id}", data)
    assert "Somebody else changed" in text_of(answer)
    assert rows(order)[0][0] == "Tea"


def test_a_removed_line_comes_back_where_it_stood(client_of, ben):
    order = draft(count=3)
    client = client_of(ben)
    lines = [free(f"Cup {n}", "2", "10") for n in range(3)]
    answer = client.post(f"/orders/{order.public_id}", sent(order, lines=lines, remove="1"), follow=True)
    assert [row[0] for row in rows(order)] == ["Cup 0", "Cup 2"]
    undo = re.search(r'action="(/orders/[^"]+/lines/[^"]+)"', answer.content.decode())[1]
    client.post(undo)
    assert [row[0] for row in rows(order)] == ["Cup 0", "Cup 1", "Cup 2"]
    order.refresh_from_db()
    assert order.total_minor == 6000


def test_a_line_nobody_removed_cannot_be_put_back(client_of, ben):
    order = draft()
    assert client_of(ben).post(f"/orders/{order.public_id}/lines/made-up").status_code == 404
    assert len(rows(order)) == 1


def test_another_price_shows_the_one_of_the_shop_struck_through(client_of, ben):
    tea, order = product("Sencha", "TEA-1"), draft()
    line = {"variant": tea.public_id, "quantity": "1", "price": "8.00"}
    client_of(ben).post(f"/orders/{order.public_id}", sent(order, update="1", lines=[line]))
    assert "<s>€9.50</s>" in text_of(client_of(ben).get(f"/orders/{order.public_id}"))
    assert rows(order) == [("Sencha", "TEA-1", 1, Decimal("8.0000"), 800, 0)]


def test_the_same_product_again_is_one_more_of_it(client_of, ben):
    tea, order = product("Sencha", "TEA-1"), draft()
    line = {"variant": tea.public_id, "quantity": "2", "price": "9.50"}
    client_of(ben).post(f"/orders/{order.public_id}", sent(order, add=tea.public_id, lines=[line]))
    assert rows(order) == [("Sencha", "TEA-1", 3, Decimal("9.5000"), 2850, 0)]


def test_another_customer_brings_their_addresses(client_of, ben, sofie):
    order = draft()
    client_of(ben).post(f"/orders/{order.public_id}", sent(order, lines=[free()], pick_customer=sofie.public_id))
    order.refresh_from_db()
    assert order.customer == sofie
    assert list(order.addresses.values_list("side", "line1")) == [("delivery", "Deichstr. 7")]
    client_of(ben).post(f"/orders/{order.public_id}", sent(order, lines=[free()], nobody="1"))
    order.refresh_from_db()
    assert order.customer is None


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_draft_becomes_an_order_with_a_number(client_of, ben, sofie, headers):
    order = draft(sofie)
    answer = client_of(ben).post(f"/orders/{order.public_id}", sent(order, lines=[free()], open="1"), **headers)
    order.refresh_from_db()
    assert (order.status, order.total_minor) == ("open", 300)
    assert not order.number.startswith("D-")
    there = f"/orders/{order.public_id}"
    assert (answer.headers["HX-Redirect"] if headers else answer.url) == there


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_is_typed_into_an_order_changes_nothing(client_of, ben, sofie, headers):
    order = open_draft(draft(sofie))
    answer = client_of(ben).post(f"/orders/{order.public_id}", sent(order, lines=[free("Late", "9", "9")]), **headers)
    assert (answer.headers["HX-Redirect"] if headers else answer.url) == f"/orders/{order.public_id}"
    order.refresh_from_db()
    assert (order.total_minor, rows(order)[0][0]) == (2000, "Cup 0")


def test_a_draft_without_lines_stays_one(client_of, ben):
    order = place_draft(channel=channel_for("web"))
    answer = client_of(ben).post(f"/orders/{order.public_id}", sent(order, open="1"))
    order.refresh_from_db()
    assert order.status == "draft"
    assert "at least one line" in text_of(answer)


def test_a_draft_is_copied_and_deleted(client_of, ben, sofie):
    order = draft(sofie)
    client = client_of(ben)
    client.post(f"/orders/{order.public_id}", sent(order, lines=[free()], copy="1"))
    copy = Order.objects.exclude(pk=order.pk).get()
    assert (copy.status, rows(copy)) == ("draft", rows(order))
    order.refresh_from_db()
    client.post(f"/orders/{order.public_id}", sent(order, lines=[free()], delete="1"))
    assert list(Order.objects.all()) == [copy]


def test_a_payment_link_is_shown_once(client_of, ben, sofie):
    order = draft(sofie)
    client = client_of(ben)
    text = text_of(client.post(f"/orders/{order.public_id}/link"))
    assert re.search(r"/pay/[\w-]{32}", text)
    assert "mailto:sofie@shop.example?subject=" in text
    assert PaymentLink.objects.get().amount_minor == 2000
    assert "/pay/" not in text_of(client.get(f"/orders/{order.public_id}"))
    client.post(f"/orders/links/{PaymentLink.objects.get().public_id}/end")
    assert PaymentLink.objects.get().is_revoked


def test_without_scripts_the_search_stands_on_the_page(client_of, ben, sofie):
    product("Sencha", "TEA-1")
    order = draft()
    data = sent(order, lines=[free()], update="1", q="senc", who="sofie")
    text = text_of(client_of(ben).post(f"/orders/{order.public_id}", data))
    assert 'name="add" value="var_' in text
    assert f'name="pick_customer" value="{sofie.public_id}"' in text


def test_charlie_writes_no_draft(client_of, charlie, sofie):
    order = draft(sofie)
    client = client_of(charlie)
    assert client.post(f"/orders/{order.public_id}", sent(order, lines=[free()], update="1")).status_code == 403
    assert client.post("/orders/new", sent(lines=[free()], update="1")).status_code == 403
    assert client.post(f"/orders/{order.public_id}/link").status_code == 403
    assert rows(order) == [("Cup 0", "", 2, Decimal("10.0000"), 2000, 0)]
    assert Order.objects.count() == 1
    assert not PaymentLink.objects.exists()


def test_products_are_found_by_every_word_sku_and_barcode(db):
    first = product("Sencha Okumidori", "TEA-1", barcode="4006381333931")
    second = product("Sencha Yabukita", "TEA-2", title="100 g")
    product("Cup", "CUP-1", is_active=False)
    assert find_variants("sencha") == [first, second]
    assert find_variants("sen\0cha") == [first, second]
    assert find_variants("okumi sen") == [first]
    assert find_variants("tea-2") == [second]
    assert find_variants("4006381333931") == [first]
    assert find_variants("100 g") == [second]
    assert find_variants("cup") == []
    assert find_variants("  ") == []


@pytest.mark.parametrize("count", [1, 3])
def test_the_editor_asks_as_much_for_three_lines_as_for_one(count, client_of, ben, sofie):
    order = draft(sofie, count=count)
    client = client_of(ben)
    client.get(f"/orders/{order.public_id}")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/orders/{order.public_id}")
    assert len(asked) == 10


def test_the_timeline_has_a_draft_once_and_does_not_call_it_ordered(client_of, ben, sofie):
    order = draft(sofie)
    text = text_of(client_of(ben).get(f"/customers/{sofie.public_id}"))
    assert f'Draft <a class="link" href="/orders/{order.public_id}">{order.number}</a> for <b>€20.00</b>' in text
    assert "Ordered" not in text
    assert "Draft begun" not in text
