"""The finder behind the palette."""

import datetime as dt

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order

AT = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def margarethe(db):
    shop.change(name="Hain & Hafen", currency="GBP", time_zone="Europe/London", country="GB")
    return create_customer(values={"name": "Margarethe von Thun", "email": "thun@posteo.example"}, at=AT)


@pytest.fixture
def order(margarethe):
    return place_order(
        values={"number": "HH-48213", "placed_at": AT, "status": "paid"},
        lines=[{"sku": "TEA", "title": "Tea", "quantity": 1, "unit_price": "118.50"}],
        customer=margarethe,
        channel=channel_for("web"),
    )


def ask(client, typed, *, is_fragment=True, **more):
    headers = {"HX-Request": "true"} if is_fragment else {}
    answer = client.get("/find", {"q": typed, **more}, headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_few_letters_find_a_customer_and_show_why(client_of, ada, order):
    found = ask(client_of(ada), "MARG")
    assert "<mark>Marg</mark>arethe von Thun" in found
    assert f'href="/customers/{order.customer.public_id}"' in found
    assert 'aria-label="1 order' in found
    assert "<html" not in found


def test_chinese_is_found_by_its_sound(client_of, ada, db):
    create_customer(values={"name": "张三"}, at=AT)
    assert "张三" in ask(client_of(ada), "zs")


def test_digits_find_orders_too_and_a_hash_finds_orders_alone(client_of, ada, order):
    client = client_of(ada)
    assert "HH-<mark>48213</mark>" in ask(client, "48213")
    alone = ask(client, "#HH-48")
    assert "<mark>HH-48</mark>213" in alone
    assert 'aria-label="Customers"' not in alone


def test_places_and_commands_are_found_by_their_words(client_of, ada):
    client = client_of(ada)
    assert 'href="/settings/tokens"' in ask(client, "tok")
    assert 'href="/customers/new"' in ask(client, ">new cust")
    assert 'data-submits="look-dark"' in ask(client, ">dark")
    assert "data-submits" not in ask(client, ">dark", is_fragment=False)


def test_nothing_found_is_said_without_blame(client_of, ada):
    found = ask(client_of(ada), "<b>qqqq")
    assert "Nothing is called “&lt;b&gt;qqqq”." in found


@pytest.mark.parametrize("typed", ["", " ", "#", ">", '"', "%", "\0", "x" * 500, "\u202eevil", "a" * 3 + " " + "b" * 3])
def test_odd_input_is_answered(client_of, ada, typed):
    ask(client_of(ada), typed)


def test_tab_lists_what_can_be_done_with_a_row(client_of, ada, ben, order):
    acts = ask(client_of(ada), "", **{"with": order.customer.public_id})
    assert f'href="/customers/{order.customer.public_id}/edit"' in acts
    assert 'href="mailto:thun@posteo.example"' in acts
    assert "Margarethe von Thun" in ask(client_of(ada), "", **{"with": order.public_id})
    assert 'role="option"' not in ask(client_of(ada), "", **{"with": "cus_0000000000000"})


def test_charlie_finds_neither_people_nor_orders(client_of, charlie, order):
    client = client_of(charlie)
    for typed, more in (
        ("marg", {}),
        ("48213", {}),
        ("#HH", {}),
        ("", {"with": order.customer.public_id}),
        ("", {"with": order.public_id}),
    ):
        found = ask(client, typed, **more)
        assert "Margarethe" not in found
        assert "48213</mark>" not in found
        assert "/customers/" not in found
        assert "/orders/" not in found


def test_without_a_script_the_finder_is_a_page(client_of, ada, margarethe):
    page = ask(client_of(ada), "thun", is_fragment=False)
    assert "<html" in page
    assert "<mark>Thun</mark>" in page


def test_the_number_of_queries_does_not_grow_with_what_is_found(client_of, ada, margarethe, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = client_of(ada)

    def count():
        with CaptureQueriesContext(connection) as asked:
            ask(client, "marg")
        return len(asked)

    count()  # what is kept for some seconds is read
    with_one = count()
    for place in range(3):
        create_customer(values={"name": f"Marga {place}"}, at=AT)
    assert count() == with_one
