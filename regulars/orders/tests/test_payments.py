"""Payments, drafts and cancelling: what is booked, which state follows, and what is refused."""

import datetime as dt
import threading

import pytest
from django.db import connection

from regulars.channels.actions import channel_for
from regulars.core.errors import Invalid, Refusal, Stale
from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.orders.actions import (
    CannotCancel,
    NotADraft,
    NumberTaken,
    PaymentRefused,
    add_payment,
    cancel_order,
    change_draft,
    change_order,
    delete_draft,
    duplicate_order,
    mark_paid,
    open_draft,
    place_draft,
    place_order,
    receive_return,
    refund_order,
    request_return,
    settle_return,
    void_payment,
)
from regulars.orders.actions.links import make_link
from regulars.orders.models import Order, Payment, PaymentLink, PaymentState
from regulars.orders.queries.verification import differences
from regulars.timeline.models import Entry

TEA = {"sku": "TEA", "title": "Sencha", "quantity": 2, "unit_price": "5.00", "cost": "2.10", "discount_minor": 100}


@pytest.fixture
def web(db):
    return channel_for("web")


@pytest.fixture
def sofie(db):
    return create_customer(values={"name": "Sofie Dahl"})


def placed(web, sofie, number="1", **values):
    values = {"number": number, "status": "open", "payment_method": "Card", **values}
    return place_order(values=values, lines=[TEA], customer=sofie, channel=web)


def state(order):
    return Order.objects.get(pk=order.pk).status


def figures(customer):
    now = Customer.objects.get(pk=customer.pk)
    return now.orders_count, now.spent_minor


def names():
    return list(Entry.objects.filter(subject_type="orders.order").order_by("pk").values_list("name", flat=True))


# ── payments


def test_an_open_order_becomes_paid_when_its_payments_cover_it(web, sofie):
    order = placed(web, sofie)
    add_payment(order, amount_minor=400, method="Cash")
    assert state(order) == "open"
    add_payment(order, amount_minor=600, method="Card", state=PaymentState.PENDING)
    assert state(order) == "open"
    add_payment(order, amount_minor=600, method="Card", reference="TX-9")
    assert state(order) == "paid"
    assert names() == ["order.placed", *["payment.added"] * 3, "order.paid"]
    assert figures(sofie) == (1, 1000)


def test_no_more_can_be_booked_than_is_still_to_pay(web, sofie):
    order = placed(web, sofie)
    add_payment(order, amount_minor=400)
    for amount, reason in ((601, r"€6\.00 is still to pay"), (0, "more than nothing")):
        with pytest.raises(Invalid, match=reason):
            add_payment(order, amount_minor=amount)
    with pytest.raises(Invalid):
        add_payment(order, amount_minor=5, state=PaymentState.FAILED)
    assert Payment.objects.count() == 1


def test_marking_as_paid_books_the_rest_once(web, sofie):
    order = placed(web, sofie)
    add_payment(order, amount_minor=400, method="Cash")
    assert mark_paid(order, reference="by hand").status == "paid"
    assert list(Payment.objects.order_by("pk").values_list("amount_minor", "method", "reference")) == [
        (400, "Cash", ""),
        (600, "Card", "by hand"),
    ]
    with pytest.raises(PaymentRefused, match="only an open one"):
        mark_paid(order)
    assert Payment.objects.count() == 2


def test_an_order_is_open_again_when_the_payment_that_covered_it_is_taken_back(web, sofie):
    order = placed(web, sofie)
    mark_paid(order)
    payment = Payment.objects.get()
    assert void_payment(payment).state == "voided"
    assert state(order) == "open"
    with pytest.raises(PaymentRefused, match="taken back already"):
        void_payment(payment)
    assert names()[-1] == "payment.voided"
    mark_paid(order)
    assert state(order) == "paid"


def test_a_platforms_word_that_an_order_is_paid_stays(web, sofie):
    order = placed(web, sofie, status="paid")
    booked = add_payment(order, amount_minor=300, method="Voucher")
    void_payment(booked)
    assert state(order) == "paid"
    change_order(order, values={"payments": [{"external_id": "p1", "amount_minor": 1000, "method": "Card"}]})
    with pytest.raises(PaymentRefused, match="platform"):
        void_payment(Payment.objects.get(external_id="p1"))


def test_what_went_back_cannot_be_taken_back(web, sofie):
    order = placed(web, sofie)
    mark_paid(order)
    refund_order(order, refund_minor=100)
    came, went = Payment.objects.order_by("pk")
    for payment in (came, went):
        with pytest.raises(PaymentRefused):
            void_payment(payment)


# ── cancelling


def test_cancelling_pays_back_ends_what_was_expected_and_counts_no_more(web, sofie):
    order = placed(web, sofie)
    make_link(order)
    add_payment(order, amount_minor=400, method="Cash")
    add_payment(order, amount_minor=100, method="Bank", state=PaymentState.PENDING)
    cancelled = cancel_order(order, reason="Ordered twice")
    assert cancelled.status == "cancelled"
    assert figures(sofie) == (0, 0)
    assert list(Payment.objects.order_by("pk").values_list("method", "state", "is_refund", "amount_minor")) == [
        ("Cash", "paid", False, 400),
        ("Bank", "voided", False, 100),
        ("Cash", "paid", True, 400),
    ]
    assert PaymentLink.objects.get().is_revoked
    told = Entry.objects.get(name="order.cancelled").data
    assert told == {"number": "1", "reason": "Ordered twice", "paid_back_minor": 400, "currency": "EUR"}
    with pytest.raises(CannotCancel, match="already"):
        cancel_order(order)
    with pytest.raises(PaymentRefused):
        add_payment(order, amount_minor=1)
    assert list(differences()) == []


def test_what_went_too_far_cannot_be_cancelled(web, sofie):
    sent = placed(web, sofie, "2", fulfilment="fulfilled")
    asked = placed(web, sofie, "3")
    request_return(asked, lines=[{"position": 1, "quantity": 1}])
    back = placed(web, sofie, "4", status="paid")
    settle_return(request_return(back, lines=[{"position": 1, "quantity": 1}]), refund_minor=0)
    paid_back = placed(web, sofie, "5", status="paid")
    refund_order(paid_back, refund_minor=1)
    draft = place_draft(channel=web)
    for order, why in (
        (sent, "was sent"),
        (asked, "on its way back"),
        (back, "came back already"),
        (paid_back, "paid back already"),
        (draft, "throw it away"),
    ):
        before = state(order)
        with pytest.raises(CannotCancel, match=why):
            cancel_order(order)
        assert state(order) == before


# ── drafts


def test_a_draft_may_be_empty_and_counts_only_when_it_is_opened(web, sofie):
    draft = place_draft(channel=web)
    assert (draft.number, draft.status, draft.customer, draft.total_minor) == ("D-1", "draft", None, 0)
    with pytest.raises(Invalid, match="at least one line"):
        open_draft(draft)
    changed = change_draft(draft, values={"customer": sofie, "note": "Ring first"}, lines=[TEA], version=1)
    assert (changed.total_minor, changed.note) == (1000, "Ring first")
    assert change_draft(changed, values={}, lines=[]).total_minor == 0
    change_draft(changed, values={}, lines=[TEA])
    assert figures(sofie) == (0, 0)
    before = dt.datetime.now(dt.UTC)
    opened = open_draft(changed)
    assert (opened.number, opened.status) == ("WEB-1001", "open")
    assert opened.placed_at >= before
    assert figures(sofie) == (1, 1000)
    assert names()[0] == "order.drafted"
    assert names()[-1] == "order.placed"
    for step in (open_draft, delete_draft, lambda order: change_draft(order, values={"note": "late"})):
        with pytest.raises(NotADraft):
            step(opened)
    with pytest.raises(Invalid, match="at least one line"):
        change_order(opened, values={}, lines=[])


def test_an_older_look_at_a_draft_is_refused(web):
    draft = place_draft(channel=web, lines=[TEA])
    change_draft(draft, values={"note": "first"})
    for step in (open_draft, delete_draft):
        with pytest.raises(Stale):
            step(draft, version=1)
    with pytest.raises(Invalid, match="when it is opened"):
        change_draft(draft, values={"status": "paid"})
    assert state(draft) == "draft"


def test_numbers_of_ours_pass_over_those_a_platform_gave(web, sofie):
    placed(web, sofie, "WEB-1001")
    placed(web, sofie, "D-1")
    draft = place_draft(channel=web, lines=[TEA])
    assert draft.number == "D-2"
    assert open_draft(draft).number == "WEB-1002"
    with pytest.raises(NumberTaken):
        open_draft(place_draft(channel=web, lines=[TEA]), number="WEB-1001")
    assert open_draft(place_draft(channel=web, lines=[TEA]), number="HH-7").number == "HH-7"
    assert open_draft(place_draft(channel=channel_for("store"), lines=[TEA])).number == "STORE-1001"


def test_a_draft_that_is_paid_becomes_an_order_first(web, sofie):
    draft = place_draft(channel=web, lines=[TEA], customer=sofie)
    paid = mark_paid(draft, method="Link")
    assert (paid.status, paid.number) == ("paid", "WEB-1001")
    assert Payment.objects.get().amount_minor == 1000
    free = place_draft(channel=web, lines=[{**TEA, "unit_price": "0"}])
    assert open_draft(free).status == "paid"


def test_what_was_told_to_have_come_back_of_a_draft_counts_when_it_is_opened(web, sofie):
    draft = place_draft(channel=web, lines=[TEA], customer=sofie)
    receive_return(values={"refund_minor": 300}, lines=[], customer=sofie, channel=web, order=draft)
    assert figures(sofie) == (0, 0)
    assert open_draft(draft).status == "part_refunded"
    assert figures(sofie) == (1, 700)
    assert list(differences()) == []


def test_a_draft_is_thrown_away(web):
    draft = place_draft(channel=web, lines=[TEA])
    delete_draft(draft)
    assert not Order.objects.exists()
    assert names() == ["order.drafted", "order.deleted"]


def test_a_duplicate_is_a_draft_of_the_same_goods(web, sofie):
    order = placed(
        web,
        sofie,
        status="paid",
        discount_minor=100,
        shipping_minor=400,
        note="Ring first",
        tags=["gift"],
        codes=[{"code": "SPRING", "amount_minor": 100}],
        addresses={"delivery": {"city": "Hamburg"}},
        payments=[{"amount_minor": 1300, "method": "Card"}],
    )
    draft = duplicate_order(order)
    assert (draft.number, draft.status, draft.customer, draft.total_minor) == ("D-1", "draft", sofie, 1300)
    line = draft.lines.get()
    assert (line.sku, line.quantity, str(line.cost), line.discount_minor) == ("TEA", 2, "2.1000", 100)
    assert [tag.label for tag in draft.tags.all()] == ["gift"]
    assert draft.addresses.get().city == "Hamburg"
    assert (draft.note, draft.payments.count(), draft.codes.count()) == ("", 0, 0)
    other = create_customer(values={"name": "Li Na"})
    for_other = duplicate_order(order, customer=other)
    assert (for_other.customer, for_other.addresses.count()) == (other, 0)


# ── two at once


def at_once(*deeds):
    """Do these at the same moment, each in a thread with a connection of its own; answers what became of each."""
    gate, results = threading.Barrier(len(deeds)), [None] * len(deeds)

    def run(place, deed):
        try:
            gate.wait()
            results[place] = deed()
        except Refusal as refusal:
            results[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def refused(results):
    return [result for result in results if isinstance(result, Refusal)]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_a_thing_once():
    web, sofie = channel_for("web"), create_customer(values={"name": "Sofie Dahl"})
    draft = place_draft(channel=web, lines=[TEA], customer=sofie)
    assert [type(one) for one in refused(at_once(*[lambda: open_draft(draft)] * 2))] == [NotADraft]
    assert [type(one) for one in refused(at_once(*[lambda: mark_paid(draft)] * 2))] == [PaymentRefused]
    assert Payment.objects.get().amount_minor == 1000
    returned = request_return(draft, lines=[{"position": 1, "quantity": 1}])
    assert len(refused(at_once(*[lambda: settle_return(returned)] * 2))) == 1
    assert Payment.objects.filter(is_refund=True).count() == 1
    assert len(refused(at_once(*[lambda: refund_order(draft, refund_minor=400)] * 2))) == 1
    assert Order.objects.get(pk=draft.pk).refunded_minor == 900
    # half of a two-piece line came back: of the other half there is one
    results = at_once(*[lambda: request_return(draft, lines=[{"position": 1, "quantity": 1}])] * 2)
    assert [type(one) for one in refused(results)] == [Invalid]
    assert list(differences()) == []


@pytest.mark.django_db(transaction=True)
def test_numbers_given_at_once_are_different_ones():
    web = channel_for("web")
    at_once(*[lambda: open_draft(place_draft(channel=web, lines=[TEA]))] * 4)
    assert sorted(Order.objects.values_list("number", flat=True)) == [f"WEB-{count}" for count in range(1001, 1005)]
    results = at_once(*[lambda: place_order(values={"number": "7"}, lines=[TEA], customer=None, channel=web)] * 3)
    assert [type(one) for one in refused(results)] == [NumberTaken] * 2
    assert Order.objects.filter(number="7").count() == 1
