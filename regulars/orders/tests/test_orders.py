import datetime as dt
from decimal import Decimal

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.errors import Invalid, Stale
from regulars.customers.actions import create_customer
from regulars.orders.actions import NumberTaken, change_order, delete_order, place_order, receive_return
from regulars.orders.actions.drafts import new_return
from regulars.orders.actions.returns import change_return
from regulars.orders.models import Order, OrderLine, Return
from regulars.orders.queries.verification import differences
from regulars.timeline.models import Entry

MARCH = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


@pytest.fixture
def web(db):
    shop.change(currency="EUR", time_zone="Europe/Berlin")
    return channel_for("web")


@pytest.fixture
def anna(web):
    return create_customer(values={"name": "Anna Roth", "email": "anna@roth.example"}, channel=web)


def line(sku="MUG", quantity=1, price="10.00"):
    return {"sku": sku, "title": f"The {sku}", "quantity": quantity, "unit_price": Decimal(price)}


def buy(customer, channel, number, *lines, day=0, **values):
    return place_order(
        values={"number": number, "placed_at": MARCH + dt.timedelta(days=day), **values},
        lines=lines or [line()],
        customer=customer,
        channel=channel,
    )


def send_back(customer, channel, number, *lines, day=100, **arguments):
    values = {"number": number, "returned_at": MARCH + dt.timedelta(days=day), **arguments.pop("values", {})}
    return receive_return(values=values, lines=lines, customer=customer, channel=channel, **arguments)


def figures(customer):
    customer.refresh_from_db()
    return (
        customer.orders_count,
        customer.spent_minor,
        customer.refunded_minor,
        customer.first_order_at,
        customer.last_order_at,
        customer.usual_gap_days,
    )


def test_an_order_adds_up_its_lines_less_discount_plus_shipping(web, anna):
    order = buy(
        anna, web, "1001", line(quantity=3, price="0.335"), line("CUP", 2, "4.995"),
        discount_minor=50, shipping_minor=490, tax_minor=100,
    )  # fmt: skip

    assert [row.total_minor for row in order.lines.all()] == [101, 999]
    assert order.total_minor == 101 + 999 - 50 + 490
    assert (order.total_base_minor, order.rate, order.currency) == (order.total_minor, Decimal(1), "EUR")
    assert list(differences()) == []


def test_tax_is_added_only_where_prices_do_not_include_it(web, anna):
    assert buy(anna, web, "1", tax_minor=190).total_minor == 1000
    assert buy(anna, web, "2", tax_minor=190, is_tax_included=False).total_minor == 1190


def test_an_order_in_another_currency_needs_a_rate_and_keeps_both_amounts(web, anna):
    with pytest.raises(Invalid, match="Say how many EUR one JPY was") as refused:
        buy(anna, web, "1", line(price="1999"), currency="JPY")
    assert list(refused.value.fields) == ["rate"]
    assert not Order.objects.exists()

    order = buy(anna, web, "1", line(price="1999.5"), currency="JPY", rate=Decimal("0.0061"))
    assert (order.total_minor, order.total_base_minor) == (2000, 1220)
    assert figures(anna)[1] == 1220
    assert list(differences()) == []


def test_an_order_without_customer_counts_for_nobody(web, anna):
    order = buy(None, web, "1001")
    assert order.customer is None
    assert figures(anna) == (0, 0, 0, None, None, None)
    assert list(differences()) == []


def test_placing_an_order_is_told_once_on_the_customers_timeline(web, anna):
    order = buy(anna, web, "1001")
    entry = Entry.objects.get(name="order.placed")
    assert (entry.customer_id, entry.subject_id, entry.at) == (anna.pk, order.pk, order.placed_at)
    assert entry.data == {"number": "1001", "total_minor": 1000, "currency": "EUR"}


def test_a_number_is_used_once_per_channel(web, anna):
    first = buy(anna, web, "1001")
    with pytest.raises(NumberTaken) as refused:
        buy(anna, web, "1001")
    assert refused.value.order == first
    buy(anna, channel_for("amazon"), "1001")
    assert Order.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "lines", "field"),
    [
        ({"number": ""}, [line()], "number"),
        ({"number": "1"}, [], "lines"),
        ({"number": "1"}, [line(quantity=0)], "lines.0.quantity"),
        ({"number": "1"}, [line(), line(quantity="1.5")], "lines.1.quantity"),
        ({"number": "1"}, [line(price="-1")], "lines.0.unit_price"),
        ({"number": "1"}, [line(price="NaN")], "lines.0.unit_price"),
        ({"number": "1"}, [line(price="1e30")], "lines.0.unit_price"),
        ({"number": "1"}, [{"quantity": 1, "unit_price": 1}], "lines.0.title"),
        ({"number": "1", "discount_minor": 1001}, [line()], "discount_minor"),
        ({"number": "1", "status": "refunded"}, [line()], "status"),
        ({"number": "1", "status": "lost"}, [line()], "status"),
        ({"number": "1", "currency": "EURO"}, [line()], "currency"),
        ({"number": "a\0b"}, [line()], "number"),
        ({"number": "1" * 61}, [line()], "number"),
        ({"number": "1", "colour": "red"}, [line()], "colour"),
    ],
)
def test_what_cannot_be_an_order_is_refused_with_its_field(web, anna, values, lines, field):
    with pytest.raises(Invalid) as refused:
        place_order(values=values, lines=lines, customer=anna, channel=web)
    assert field in refused.value.fields
    assert not Order.objects.exists()
    assert figures(anna)[0] == 0


def test_figures_follow_counted_orders_and_their_days(web, anna):
    buy(anna, web, "1", day=0)
    assert figures(anna)[5] is None
    buy(anna, web, "2", day=10)
    buy(anna, web, "3", day=10)
    assert figures(anna)[5] == 10
    buy(anna, web, "4", day=31)
    buy(anna, web, "draft", day=40, status="draft")
    buy(anna, web, "cancelled", day=50, status="cancelled")
    buy(anna, web, "test", day=60, is_test=True)
    assert figures(anna) == (4, 4000, 0, MARCH, MARCH + dt.timedelta(days=31), 15.5)
    assert list(differences()) == []


def test_days_are_the_shops_days(web, anna):
    # 23:30 and 00:30 in Berlin on 28 and 29 March, the night the clocks change; one day apart, not none
    for number, moment in (("1", (28, 22, 30)), ("2", (28, 23, 30)), ("3", (29, 22, 30))):
        buy(anna, web, number, placed_at=dt.datetime(2026, 3, *moment, tzinfo=dt.UTC))
    # days: 28, 29, 30 March
    assert figures(anna)[5] == 1
    assert list(differences()) == []


def test_figures_leave_version_and_moment_of_the_profile_alone(web, anna):
    anna.refresh_from_db()
    before = (anna.version, anna.updated_at)
    buy(anna, web, "1")
    anna.refresh_from_db()
    assert (anna.version, anna.updated_at) == before


def test_changing_an_order_changes_figures_and_is_told(web, anna):
    order = buy(anna, web, "1")
    changed = change_order(order, values={"shipping_minor": 250}, lines=[line(quantity=2)], version=1)
    assert (changed.total_minor, changed.version) == (2250, 2)
    assert figures(anna)[1] == 2250
    entry = Entry.objects.get(name="order.changed")
    assert entry.data["changes"] == {
        "shipping": ["0.00 EUR", "2.50 EUR"],
        "total": ["10.00 EUR", "22.50 EUR"],
        "lines": [["1 × MUG"], ["2 × MUG"]],
    }


def test_the_log_shows_old_and_new_values_of_an_order_in_words(web, anna, ada, client_of):
    order = buy(anna, web, "1")
    change_order(order, values={"shipping_minor": 250, "customer": None, "is_test": True}, lines=[line(quantity=2)])
    entry = Entry.objects.get(name="order.changed")
    assert entry.data["changes"]["customer"] == [anna.public_id, ""]
    assert entry.data["changes"]["is_test"] == [False, True]
    page = client_of(ada).get("/settings/audit").content.decode()
    for words in ("Shipping", "2.50 EUR", "1 × MUG", "2 × MUG", "Test order"):
        assert words in page


def test_putting_a_return_right_is_told_with_old_and_new_values(web, anna):
    order = buy(anna, web, "1", line(quantity=3))
    returned = receive_return(
        values={"number": "R1", "reason": "too small"}, lines=[line()], customer=anna, channel=web, order=order
    )
    draft = new_return(
        values={"number": "R1", "returned_at": returned.returned_at, "reason": "too large"},
        lines=[line(quantity=2)],
        channel_id=web.pk,
        customer_id=anna.pk,
        order_id=order.pk,
    )
    change_return(returned, draft=draft)
    assert Entry.objects.get(name="return.changed").data["changes"] == {
        "refund": ["10.00 EUR", "20.00 EUR"],
        "reason": ["too small", "too large"],
        "lines": [["1 × MUG"], ["2 × MUG"]],
    }


def test_changing_nothing_writes_nothing(web, anna):
    order = buy(anna, web, "1", line(price="2.55"))
    change_order(order, values={"number": "1", "status": "paid"}, lines=[line(price="2.550")])
    order.refresh_from_db()
    assert order.version == 1
    assert not Entry.objects.filter(name="order.changed").exists()


def test_a_stale_change_is_refused_and_changes_nothing(web, anna):
    order = buy(anna, web, "1")
    change_order(order, values={"note": "first"}, version=1)
    with pytest.raises(Stale):
        change_order(order, values={"note": "second"}, version=1)
    with pytest.raises(Stale):
        delete_order(order, version=1)
    assert Order.objects.get().note == "first"


def test_an_order_moves_from_one_customer_to_another_with_its_returns(web, anna):
    bert = create_customer(values={"name": "Bert"}, channel=web)
    order = buy(anna, web, "1", line(quantity=3))
    send_back(anna, web, "R1", line())
    change_order(order, values={"customer": bert})
    assert figures(anna)[:3] == (0, 0, 0)
    assert figures(bert)[:3] == (1, 2000, 1000)
    assert list(differences()) == []


def test_cancelling_an_order_takes_its_refund_out_too(web, anna):
    order = buy(anna, web, "1", line(quantity=3))
    send_back(anna, web, "R1", line())
    assert figures(anna)[:3] == (1, 2000, 1000)
    change_order(order, values={"status": "cancelled"})
    assert figures(anna)[:3] == (0, 0, 0)
    assert list(differences()) == []
    change_order(order, values={"status": "paid"})
    assert Order.objects.get().status == "part_refunded"
    assert figures(anna)[:3] == (1, 2000, 1000)


def test_deleting_an_order_leaves_its_return_without_order(web, anna):
    order = buy(anna, web, "1", line(quantity=3))
    send_back(anna, web, "R1", line())
    delete_order(order)
    assert not Order.objects.exists()
    assert not OrderLine.objects.exists()
    assert Return.objects.get().order is None
    assert figures(anna)[:3] == (0, -1000, 1000)
    assert list(differences()) == []


def test_a_return_reverses_the_latest_order_with_enough_left(web, anna):
    old, middle, late = (
        buy(anna, web, number, line(quantity=4), day=day) for number, day in (("1", 0), ("2", 5), ("3", 9))
    )
    back = send_back(anna, web, "R1", line(quantity=6), day=6)
    assert [(row.order_id, row.quantity, row.total_minor) for row in back.lines.all()] == [
        (middle.pk, 4, 4000), (old.pk, 2, 2000),
    ]  # fmt: skip
    assert back.order == middle
    for order in (old, middle, late):
        order.refresh_from_db()
    assert [(o.status, o.refunded_minor) for o in (old, middle, late)] == [
        ("part_refunded", 2000), ("refunded", 4000), ("paid", 0),
    ]  # fmt: skip
    again = send_back(anna, web, "R2", line(quantity=3), day=7)
    assert [(row.order_id, row.quantity) for row in again.lines.all()] == [(old.pk, 2), (None, 1)]
    assert figures(anna)[:3] == (3, 12000 - 9000, 9000)
    assert list(differences()) == []


def test_a_return_never_reverses_what_is_not_its_own(web, anna):
    bert = create_customer(values={"name": "Bert"}, channel=web)
    buy(bert, web, "1")
    buy(anna, channel_for("amazon"), "2")
    buy(anna, web, "3", line("CUP"))
    buy(anna, web, "4", day=200)
    buy(anna, web, "5", status="cancelled")
    back = send_back(anna, web, "R1", line())
    assert back.order is None
    assert [row.order_line for row in back.lines.all()] == [None]
    assert figures(anna)[1] == 3 * 1000 - 1000
    assert list(differences()) == []


def test_an_amount_without_lines_is_paid_back_for_an_order(web, anna):
    order = buy(anna, web, "1", line(quantity=3))
    send_back(anna, web, "R1", values={"refund_minor": 700}, order=order)
    order.refresh_from_db()
    assert (order.refunded_minor, order.status) == (700, "part_refunded")
    with pytest.raises(Invalid):
        send_back(anna, web, "R2", order=order)
    assert list(differences()) == []


def test_more_than_is_left_of_an_order_is_not_paid_back(web, anna):
    order = buy(anna, web, "1", line(quantity=3))
    send_back(anna, web, "R1", line(quantity=1), order=order)
    with pytest.raises(Invalid) as refused:
        send_back(anna, web, "R2", line(quantity=50), order=order)
    assert refused.value.fields == {"lines": ["€20.00 of this order can still be paid back, not €500.00."]}
    assert [returned.number for returned in Return.objects.all()] == ["R1"]
    assert figures(anna)[1:3] == (2000, 1000)


def test_a_fee_that_is_kept_back_lowers_the_refund(web, anna):
    buy(anna, web, "1", line(quantity=1), day=0)
    order = buy(anna, web, "2", line(quantity=2), day=1)
    send_back(anna, web, "R1", line(quantity=3), values={"refund_minor": 1500})
    order.refresh_from_db()
    assert order.refunded_minor == 1500
    assert list(differences()) == []


def test_a_cut_line_keeps_every_cent(web, anna):
    buy(anna, web, "1", line(quantity=1, price="0.335"), day=0)
    buy(anna, web, "2", line(quantity=1, price="0.335"), day=1)
    back = send_back(anna, web, "R1", line(quantity=3, price="0.335"))
    assert [row.total_minor for row in back.lines.all()] == [34, 33, 34]
    assert back.refund_minor == 101
    assert list(differences()) == []


def test_verification_names_a_figure_that_was_tampered_with(web, anna):
    order = buy(anna, web, "1")
    type(anna).objects.filter(pk=anna.pk).update(spent_minor=999)
    Order.objects.filter(pk=order.pk).update(refunded_minor=1)
    OrderLine.objects.update(total_minor=1001)
    found = {(d.what, d.id, d.field, d.kept, d.computed) for d in differences()}
    assert found == {
        ("customer", anna.public_id, "spent_minor", 999, 1000),
        ("order", order.public_id, "refunded_minor", 1, 0),
        ("order", order.public_id, "lines.total_minor", 1001, 1000),
        ("order", order.public_id, "total_minor", 1000, 1001),
    }
