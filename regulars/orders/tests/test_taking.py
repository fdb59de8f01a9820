"""What sales channels say of products, orders, returns and checkouts becomes rows: the same ones, however often."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.channels.models import Fate, Mirror
from regulars.channels.records import (
    AddressRecord,
    CheckoutRecord,
    CustomerRecord,
    DiscountRecord,
    Gone,
    LineRecord,
    PaymentRecord,
    VariantRecord,
)
from regulars.customers.actions.erasing import erase_now
from regulars.customers.models import Customer
from regulars.orders.actions.orders import change_order, place_order
from regulars.orders.facts import OrderPlaced
from regulars.orders.models import (
    Checkout,
    KeptSale,
    Order,
    OrderLine,
    Payment,
    Product,
    Return,
    ReturnLine,
    Variant,
)
from regulars.orders.tests.said import HOUR, JONAS, NOON, back, bring, everything, fates, line, product, sale
from regulars.timeline.actions import acting, forget_reaction, on
from regulars.timeline.models import Entry, Source

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db):
    return channel_for("shop", name="Web shop")


def test_an_order_comes_in_with_all_that_hangs_on_it(shop):
    home = AddressRecord(name="Jonas Wieck", line1="Hafenstraße 12", city="Hamburg", postcode="20457", country="DE")
    record = sale(
        lines=(
            line(
                variant_id="v1", variant_title="100 g", discount=Decimal("1.00"), tax=Decimal("0.56"), cost=Decimal(2)
            ),
            line("CUP", 1, "12.00"),
        ),
        discount=Decimal("3.00"),
        shipping=Decimal("4.90"),
        tax=Decimal("3.65"),
        total=Decimal("22.90"),
        delivery=home,
        billing=AddressRecord(company="Hain & Hafen", city="Kiel", country="Germany"),
        payments=(PaymentRecord(external_id="t1", method="PayPal", amount=Decimal("22.90"), at=NOON, reference="X9"),),
        discounts=(DiscountRecord(code="SPRING", amount=Decimal("3.00")),),
        tags=("gift", "rush", "gift"),
        note="Ring twice.\nThank you",
        payment_method="PayPal",
        fulfilment="fulfilled",
        source="newsletter",
        campaign="spring",
        referrer="https://example.com/tea",
    )
    (outcome,) = bring(shop, product(), record)[1:]
    order = Order.objects.get()
    assert (outcome.fate, outcome.local_id, outcome.customer_id) == (Fate.APPLIED, order.pk, order.customer_id)
    assert (order.number, order.status, order.total_minor, order.total_base_minor) == ("#1", "paid", 2290, 2290)
    assert (order.discount_minor, order.shipping_minor, order.tax_minor) == (300, 490, 365)
    assert (order.fulfilment, order.source, order.campaign, order.country) == (
        "fulfilled",
        "newsletter",
        "spring",
        "DE",
    )
    assert order.note == "Ring twice.\nThank you"
    variant, unknown = Variant.objects.get(external_id="v1"), Variant.objects.get(external_id="")
    assert (unknown.sku, unknown.is_active, unknown.product.title) == ("CUP", False, "The CUP")
    assert list(order.lines.values_list("sku", "variant", "variant_title", "discount_minor", "tax_minor", "cost")) == [
        ("TEA", variant.pk, "100 g", 100, 56, Decimal(2)),
        ("CUP", unknown.pk, "", 0, 0, None),
    ]
    assert set(order.addresses.values_list("side", "name", "company", "city", "country")) == {
        ("delivery", "Jonas Wieck", "", "Hamburg", "DE"),
        ("billing", "", "Hain & Hafen", "Kiel", "DE"),
    }
    payment = Payment.objects.get()
    assert (payment.external_id, payment.method, payment.amount_minor, payment.state) == ("t1", "PayPal", 2290, "paid")
    assert list(order.codes.values_list("code", "amount_minor")) == [("SPRING", 300)]
    assert set(order.tags.values_list("label", flat=True)) == {"gift", "rush"}
    customer = Customer.objects.get()
    assert (customer.orders_count, customer.spent_minor, customer.customer_since) == (1, 2290, NOON)
    told = Entry.objects.filter(customer=customer, name="order.placed").get()
    assert (told.source, told.at, told.data["total_minor"]) == ("channel", NOON, 2290)


def test_the_same_states_again_change_nothing_and_tell_nothing(shop):
    records = (product(), sale(tags=("gift",)), back(), JONAS)
    bring(shop, *records)
    before, entries = everything(), Entry.objects.count()
    Mirror.objects.update(version=NOON - 99 * HOUR)  # as if nobody remembered which states we have
    assert fates(shop, *records) == [Fate.APPLIED] * 4
    assert everything() == before
    assert Entry.objects.count() == entries


def test_a_newer_state_changes_the_order_and_its_figures(shop):
    bring(shop, sale(payments=(PaymentRecord(external_id="t1", amount=Decimal(9), state="pending"),), status="open"))
    paid = PaymentRecord(external_id="t1", amount=Decimal(9), state="paid", method="Card")
    later = sale(hours=1, lines=(line(quantity=3),), payments=(paid,), fulfilment="delivered")
    bring(shop, later)
    order = Order.objects.get()
    assert (order.status, order.total_minor, order.fulfilment) == ("paid", 1350, "delivered")
    assert list(Payment.objects.values_list("state", "method")) == [("paid", "Card")]
    assert Customer.objects.get().spent_minor == 1350
    assert Entry.objects.filter(name="order.changed", source="channel").count() == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"total": Decimal("9.00")}, (0, 0, True, 900, "")),
        ({"total": Decimal("10.71"), "tax": Decimal("1.71")}, (0, 0, False, 1071, "")),
        ({"total": Decimal("9.01")}, (0, 1, True, 901, "")),
        ({"total": Decimal("7.00")}, (200, 0, True, 700, "2.00 EUR more")),
        ({"total": Decimal("12.00")}, (0, 300, True, 1200, "3.00 EUR less")),
    ],
)
def test_the_total_is_the_platforms_and_a_difference_is_said(shop, given, kept):
    (outcome,) = bring(shop, sale(**given))
    order = Order.objects.get()
    discount, shipping, is_included, total, sentence = kept
    assert (order.discount_minor, order.shipping_minor, order.is_tax_included, order.total_minor) == (
        discount,
        shipping,
        is_included,
        total,
    )
    assert sentence in outcome.error
    assert bool(outcome.error) == bool(sentence)
    assert Entry.objects.filter(name="order.balanced").count() == bool(sentence)


def test_an_amount_in_another_currency_needs_a_rate_that_somebody_said_once(shop):
    dollars = {"currency": "USD", "who": None}
    (refused,) = bring(shop, sale("1", **dollars))
    assert refused.fate is Fate.FAILED
    assert "no order here has a rate yet" in refused.error
    bring(shop, sale("2", rate=Decimal("0.92"), **dollars))
    bring(shop, sale("1", **dollars))
    assert list(Order.objects.order_by("number").values_list("rate", "total_base_minor")) == [
        (Decimal("0.92"), 828),
        (Decimal("0.92"), 828),
    ]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"currency": "XXQ"}, "is not a currency"),
        ({"lines": ()}, "has no lines"),
        ({"lines": (line(quantity=-1),)}, "quantity"),
        ({"status": "lost"}, "is not a state of an order"),
    ],
)
def test_what_would_make_wrong_money_stays_out_with_a_sentence(shop, given, sentence):
    outcomes = bring(shop, sale("1", **given), sale("2"))
    assert [one.fate for one in outcomes] == [Fate.FAILED, Fate.APPLIED]
    assert sentence in outcomes[0].error
    assert Order.objects.values_list("number", flat=True).get() == "#2"


def test_texts_that_do_not_fit_lose_no_sale(shop):
    long = line(sku="S" * 300, variant_title="V" * 300)
    bring(
        shop, sale(lines=(replace(long, title="T" * 999), LineRecord(quantity=1)), tags=("t" * 99,), note="n" * 20_000)
    )
    assert list(OrderLine.objects.order_by("position").values_list("sku", "title")) == [
        ("S" * 80, "T" * 250),
        ("", "—"),
    ]
    assert len(Order.objects.get().note) == 10_000


def test_an_order_that_came_by_file_is_the_same_one(shop):
    placed = place_order(
        values={"number": "#1", "placed_at": NOON},
        lines=[{"sku": "TEA", "title": "The TEA", "quantity": 2, "unit_price": "4.50"}],
        customer=None,
        channel=shop,
    )
    (outcome,) = bring(shop, sale())
    assert outcome.local_id == placed.pk
    assert Order.objects.get().customer.email == "jonas@example.com"
    assert Mirror.objects.get(kind="order").local_id == placed.pk


def test_two_objects_of_one_number_stay_two_orders(shop):
    bring(shop, sale("1", number="A"))
    bring(shop, sale("2", number="A"))
    bring(shop, sale("1", hours=1, number="A"))
    assert set(Order.objects.values_list("number", flat=True)) == {"A", "A (2)"}


def test_a_return_waits_for_its_order_and_lowers_what_was_spent(shop):
    outcomes = bring(shop, back())
    assert (outcomes[0].fate, outcomes[0].waits_for) == (Fate.HELD, ("order", "1"))
    bring(shop, sale(), back())
    order, returned = Order.objects.get(), Return.objects.get()
    assert (order.status, order.refunded_minor) == ("part_refunded", 450)
    assert (returned.order, returned.customer_id, returned.state) == (order, order.customer_id, "refunded")
    assert ReturnLine.objects.get().order_line == order.lines.get()
    assert (order.customer.spent_minor, order.customer.refunded_minor) == (450, 450)


def test_a_return_inside_its_order_is_the_one_that_is_sent_by_itself(shop):
    bring(shop, sale(returns=(back(state="requested"),)))
    assert Order.objects.get().status == "paid"
    bring(shop, back(hours=1))
    bring(shop, sale(hours=2, returns=(back(hours=1),)))
    assert Return.objects.values_list("number", "state", "refund_minor").get() == ("r1", "refunded", 450)
    assert Order.objects.get().status == "part_refunded"


def test_a_return_says_for_what_it_was_exchanged(shop):
    bring(shop, sale("1"), sale("2"), back(state="exchanged", exchange_order_id="2"))
    assert Return.objects.get().exchange.number == "#2"


def test_what_the_platform_deleted_counts_no_more(shop):
    bring(shop, sale(), back(), product(), sale("2", status="draft", lines=()), JONAS)
    late = NOON + 5 * HOUR
    bring(
        shop,
        Gone(of="return", external_id="r1", version=late),
        Gone(of="product", external_id="p1", version=late),
        Gone(of="order", external_id="2", version=late),
        Gone(of="customer", external_id="7", version=late),
    )
    order = Order.objects.get()
    assert (order.status, order.refunded_minor, Return.objects.count()) == ("paid", 0, 0)
    assert Customer.objects.get().spent_minor == 900
    assert list(Product.objects.values_list("is_active", "variants__is_active")) == [(False, False)]
    bring(shop, Gone(of="order", external_id="1", version=late))
    assert Order.objects.get().status == "cancelled"
    assert Customer.objects.get().spent_minor == 0
    assert fates(shop, sale(hours=4)) == [Fate.OLD]
    bring(shop, sale("3", hours=6))
    assert Order.objects.get(number="#3").customer == Customer.objects.get()


def test_products_and_orders_meet_whichever_comes_first(shop):
    sold = sale(lines=(line(variant_id="v1"), line("CUP", variant_id="v2")))
    both = product(
        variants=(VariantRecord(external_id="v1", sku="TEA"), VariantRecord(external_id="v2", sku="CUP")),
        category="Tea",
    )
    bring(shop, sold)
    assert set(Product.objects.values_list("title", "is_active")) == {("The TEA", False), ("The CUP", False)}
    bring(shop, both)
    assert Product.objects.values_list("title", "is_active", "category").get() == ("Tea", True, "Tea")
    assert [one.variant.external_id for one in OrderLine.objects.order_by("position")] == ["v1", "v2"]
    bring(shop, replace(both, version=NOON + HOUR, variants=both.variants[:1]))
    assert dict(Variant.objects.values_list("external_id", "is_active")) == {"v1": True, "v2": False}


def test_a_checkout_leads_to_its_order_and_a_guest_is_not_made_of_it(shop):
    who = CustomerRecord(external_id="", version=NOON, email="guest@example.com")
    begun = CheckoutRecord(
        external_id="c1",
        version=NOON,
        started_at=NOON - HOUR,
        currency="EUR",
        lines=(line(),),
        total=Decimal("9.00"),
        who=who,
        recovery_url="https://shop.example.com/recover/1",
    )
    bring(shop, begun)
    checkout = Checkout.objects.get()
    assert (checkout.email, checkout.total_minor, checkout.customer, checkout.completed_at) == (
        "guest@example.com",
        900,
        None,
        None,
    )
    assert checkout.lines == [{"sku": "TEA", "title": "The TEA", "quantity": 2, "unit_price": "4.50"}]
    done = replace(begun, version=NOON + HOUR, completed_at=NOON, order_id="1", recovery_url="javascript:alert(1)")
    assert fates(shop, done) == [Fate.HELD]
    bring(shop, sale(who=who), done)
    checkout.refresh_from_db()
    assert (checkout.order, checkout.customer) == (Order.objects.get(), Customer.objects.get())
    assert checkout.recovery_url == ""


def test_tags_and_a_note_that_somebody_wrote_here_stay(shop, ada):
    bring(shop, sale(tags=("gift",), note="Ring"))
    with acting(ada.pk, Source.PAGE):
        change_order(Order.objects.get(), values={"tags": ["gift", "ours"], "note": "Call first"})
    bring(shop, sale(hours=1, tags=("rush",), note="Ring twice"))
    order = Order.objects.get()
    assert set(order.tags.values_list("label", flat=True)) == {"rush", "ours"}
    assert order.note == "Call first"


def test_a_draft_that_is_agreed_to_is_told_as_an_order(shop):
    bring(shop, sale(status="draft"))
    assert not Entry.objects.filter(name="order.placed").exists()
    bring(shop, sale(hours=1, status="open"))
    assert Entry.objects.filter(name="order.placed").count() == 1


def test_whoever_reacts_to_orders_hears_of_each(shop):
    heard = []

    def listen(entry):
        heard.append(entry.data["number"])

    on(OrderPlaced, at_once=True)(listen)
    try:
        bring(shop, sale("1"), sale("2"))
    finally:
        forget_reaction(OrderPlaced, listen)
    assert heard == ["#1", "#2"]


def test_what_is_kept_of_somebody_who_was_erased_is_not_touched_again(shop, ada, run_jobs):
    bring(shop, sale(delivery=AddressRecord(name="Jonas Wieck", city="Hamburg")))
    with acting(ada.pk, Source.PAGE):
        erase_now(Customer.objects.get())
    run_jobs()
    assert KeptSale.objects.count() == 1
    bring(shop, sale(hours=1, note="For Jonas Wieck", delivery=AddressRecord(name="Jonas Wieck", city="Kiel")))
    order = Order.objects.get()
    assert (order.customer, order.note, order.addresses.filter(city="Kiel").exists()) == (None, "", False)


def test_many_orders_take_as_many_statements_as_few(shop):
    def statements(count, first):
        records = [sale(str(first + n), lines=(line(variant_id="v1"),)) for n in range(count)]
        with CaptureQueriesContext(connection) as made:
            assert fates(shop, *records) == [Fate.APPLIED] * count
        return len(made)

    statements(1, 10)
    few, many = statements(3, 100), statements(40, 200)
    assert abs(many - few) <= 1
