"""Receipts: kept once, in any order, and what follows for whoever does not want or cannot get our mail."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from django.utils import timezone

from regulars.core import shop
from regulars.customers import consents
from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import record_consent
from regulars.customers.models import ConsentRecord, ContactPoint
from regulars.messaging import bounces
from regulars.messaging.models import DeliveryEvent, Message, Suppression
from regulars.messaging.receipts import SOFT_IN_A_ROW, Receipt, apply, apply_waiting, take_bounce
from regulars.messaging.sending import MayNotWrite, send
from regulars.messaging.tests.test_bounces import ARF, DSN
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db
TO = "lena@posteo.example"
AT = dt.datetime(2026, 3, 9, 12, tzinfo=dt.UTC)


@pytest.fixture
def lena(db):
    shop.change(name="Hain & Hafen")
    return create_customer(values={"name": "Lena", "email": TO})


def sent(customer, number=1, state="accepted", to=TO):
    message = send(cause=f"test {number}", customer=customer, to=to, subject="Hello", text="T")
    Message.objects.filter(pk=message.pk).update(state=state, provider_id=f"p{number}")
    message.refresh_from_db()
    return message


def told(kind, number=1, event=None, **more):
    return apply(Receipt(kind=kind, at=AT, event_id=event or f"{kind} {number}", provider_id=f"p{number}", **more))


def state_of(message):
    return Message.objects.get(pk=message.pk).state


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["accepted", "delivered", "opened", "complained"]))[::5], ids=str
)
def test_in_any_order_and_told_twice_the_end_is_the_same(lena, order):
    message = sent(lena)
    for kind in (*order, *order):
        told(kind)
    assert state_of(message) == "complained"
    assert DeliveryEvent.objects.count() == 4
    assert Entry.objects.filter(name="message.complained").count() == 1


def test_a_state_never_falls(lena):
    message = sent(lena)
    told("bounced", reason="full")
    told("delivered")
    told("read")
    assert state_of(message) == "bounced"


def test_a_hard_bounce_ends_the_writing_and_a_soft_one_does_not(lena):
    told_of = sent(lena)
    told("bounced", reason="full")
    assert (state_of(told_of), Suppression.objects.count()) == ("bounced", 0)
    sent(lena, 2)
    told("bounced", 2, recipient=TO, is_hard=True, reason="unknown-user", detail="550 no such user")
    [row] = Suppression.objects.all()
    assert (row.address, row.reason, row.purpose) == (TO, "bounce", "")
    assert ContactPoint.objects.get(value=TO).bounced_at is not None
    entry = Entry.objects.filter(name="message.bounced").order_by("pk").last()
    assert (entry.customer_id, entry.data["is_hard"], entry.data["reason"]) == (lena.pk, True, "unknown-user")
    with pytest.raises(MayNotWrite):
        send(cause="test 3", customer=lena, to=TO, subject="S", text="T")


def test_soft_bounces_in_a_row_end_it_and_one_that_arrived_begins_anew(lena):
    for number in range(1, SOFT_IN_A_ROW):
        sent(lena, number)
        apply(
            Receipt(kind="bounced", at=AT + dt.timedelta(days=number), event_id=f"b{number}", provider_id=f"p{number}")
        )
    sent(lena, 50)
    apply(Receipt(kind="delivered", at=AT + dt.timedelta(days=50), event_id="d", provider_id="p50"))
    for number in range(51, 51 + SOFT_IN_A_ROW):
        assert Suppression.objects.count() == 0
        sent(lena, number)
        apply(
            Receipt(kind="bounced", at=AT + dt.timedelta(days=number), event_id=f"b{number}", provider_id=f"p{number}")
        )
    assert Suppression.objects.get().reason == "bounce"


def test_a_complaint_refuses_marketing_and_lets_answers_through(lena):
    record_consent(lena, medium="email", state="agreed", source="checkout", value=TO)
    sent(lena)
    told("complained")
    assert not consents.may_reach(lena, "email")
    assert ConsentRecord.objects.filter(state="refused", source="bounce").count() == 1
    assert Suppression.objects.get().purpose == "marketing"
    assert send(cause="answer", customer=lena, to=TO, subject="S", text="T").pk


def test_a_receipt_that_comes_too_early_waits_for_its_message(lena):
    assert told("delivered") is None
    message = sent(lena)
    assert apply_waiting() == 1
    assert state_of(message) == "delivered"
    assert DeliveryEvent.objects.get().customer_id == lena.pk
    leaving = sent(lena, 2, state="handed_over")
    told("delivered", 2)
    assert (state_of(leaving), apply_waiting()) == ("handed_over", 0)
    Message.objects.filter(pk=leaving.pk).update(state="accepted")
    assert apply_waiting() == 1
    assert state_of(leaving) == "delivered"


def _returned(message, text):
    return text.replace("<m1@hainhafen.example>", message.message_id).replace("msg_7Hn2", message.public_id).encode()


def test_a_mail_that_came_back_finds_its_message(lena):
    message = sent(lena)
    report = bounces.read(_returned(message, DSN % ("failed", "5.1.1", "550 5.1.1 User unknown")))
    assert take_bounce(report, cause="mail:1") == message
    assert take_bounce(report, cause="mail:1") == message
    assert (state_of(message), DeliveryEvent.objects.count(), Suppression.objects.get().address) == ("bounced", 1, TO)


def test_a_bounce_of_somebody_else_suppresses_nobody(lena):
    message = sent(lena, to="other@posteo.example")
    report = bounces.read(_returned(message, DSN % ("failed", "5.1.1", "550 5.1.1 User unknown")))
    assert take_bounce(report, cause="mail:1") == message
    assert (state_of(message), Suppression.objects.count()) == ("bounced", 0)
    unknown = bounces.read((DSN % ("failed", "5.1.1", "550 5.1.1 User unknown")).encode())
    assert take_bounce(unknown, cause="mail:2") is None


def test_a_complaint_by_mail_and_a_delay_are_told(lena):
    message = sent(lena)
    delay = bounces.read(_returned(message, DSN % ("delayed", "4.4.1", "connection timed out")))
    assert take_bounce(delay, cause="mail:1") == message
    assert state_of(message) == "accepted"
    assert take_bounce(bounces.read(_returned(message, ARF % "abuse")), cause="mail:2") == message
    assert state_of(message) == "complained"


def test_what_was_told_goes_with_its_person(lena):
    from regulars.customers import belongings

    sent(lena)
    told("bounced", detail=f"550 {TO} unknown")
    assert DeliveryEvent.objects.get().detail == f"550 {TO} unknown"
    holder = next(one for one in belongings.holders() if one.name == "delivery_events")
    assert [row["kind"] for row in holder.export(lena)] == ["bounced"]
    holder.forget(lena)
    assert DeliveryEvent.objects.count() == 0
    assert timezone.now() > AT
