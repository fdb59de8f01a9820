"""The gate: who may be written to, when, how often, and that nobody gets around it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.privacy import limit_person
from regulars.customers.models import ConsentRecord, Customer
from regulars.messaging import gate, limiting, quiet, unsubscribing
from regulars.messaging.delivering import deliver
from regulars.messaging.models import Limits, Message, Suppression
from regulars.messaging.sending import MARKETING, BadAddress, BadHeader, MayNotWrite, TooMany, cancel, send
from regulars.messaging.suppressing import lift, suppress

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2126, 3, 10, 12, tzinfo=BERLIN)
TO = "mara@posteo.example"
FIRST, LAST = dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31)  # noqa: DTZ001 — hypothesis gives them a zone


@pytest.fixture
def mara(db):
    shop.change(name="Hain & Hafen")
    return create_customer(values={"name": "Mara Petersen", "email": TO})


@pytest.fixture
def agreed(mara):
    record_consent(mara, medium="email", state="agreed", source="checkout", value=TO)
    return mara


def advert(customer, number=0, **more):
    given_ = {"cause": f"advert {number}", "to": TO, "customer": customer, "purpose": MARKETING, "text": "New tea"}
    return send(**{**given_, "subject": "Tea", "after": NOON, **more})


def awake(**more):
    limiting.set_limits(
        **{
            "is_counted": True,
            "most": 3,
            "days": 7,
            "is_quiet": False,
            "opens": dt.time(8),
            "closes": dt.time(20),
            **more,
        }
    )


def test_marketing_takes_a_line_of_the_ledger_and_keeps_it(agreed):
    message = advert(agreed)
    assert message.consent == ConsentRecord.objects.get(state="agreed")
    assert message.counts_at == message.due_at


def test_without_consent_there_is_no_marketing_and_an_answer_goes(mara):
    with pytest.raises(MayNotWrite, match="have not agreed"):
        advert(mara)
    with pytest.raises(MayNotWrite, match="Nobody is known"):
        advert(None)
    assert Message.objects.count() == 0
    assert advert(mara, purpose="").purpose == "service"


def test_an_agreement_for_one_address_says_nothing_of_another(agreed):
    with pytest.raises(MayNotWrite, match="another address"):
        advert(agreed, to="other@posteo.example")
    assert advert(agreed, to=TO.upper()).pk


def test_who_withdraws_before_it_leaves_gets_nothing(agreed, postbox):
    awake()
    message = advert(agreed, after=None)
    record_consent(agreed, medium="email", state="refused", source="unsubscribe", value=TO)
    deliver(message_id=message.pk)
    message.refresh_from_db()
    assert (message.state, message.counts_at) == ("cancelled", None)
    assert "have not agreed" in message.problem
    assert postbox.taken == []


def test_who_is_restricted_gets_not_even_answers(mara):
    limit_person(mara, kind="restricted", reason="They asked for it")
    with pytest.raises(MayNotWrite, match="They asked for it"):
        advert(mara, purpose="")


def test_a_suppressed_address_is_not_written_to_by_anybody(agreed):
    row = suppress(address=" Mara@Posteo.example", reason="bounce", note="mailbox full for ever")
    for customer, purpose in ((agreed, MARKETING), (agreed, ""), (None, "")):
        with pytest.raises(MayNotWrite, match="mailbox full for ever"):
            advert(customer, purpose=purpose)
    lift(row, reason="they wrote from it")
    assert advert(agreed).pk
    row.refresh_from_db()
    assert (row.ended_reason, row.address) == ("they wrote from it", "Mara@Posteo.example")


def test_one_suppressed_for_marketing_gets_answers(agreed):
    suppress(address=TO, reason="complaint", purpose=MARKETING)
    with pytest.raises(MayNotWrite):
        advert(agreed)
    assert advert(agreed, purpose="").pk
    assert suppress(address=TO, reason="by_hand", purpose=MARKETING) == Suppression.objects.get()


def test_who_unsubscribed_and_agrees_again_by_themselves_is_written_to(agreed):
    unsubscribing.refuse(unsubscribing.Link(agreed.pk, "email", _digest()), proof={})
    with pytest.raises(MayNotWrite):
        advert(agreed)
    record_consent(agreed, medium="email", state="agreed", source="import", value=TO, at=timezone.now())
    with pytest.raises(MayNotWrite, match="list of those not written to"):
        advert(agreed)
    record_consent(agreed, medium="email", state="agreed", source="form", value=TO)
    assert advert(agreed).pk


def _digest():
    from regulars.messaging import digests

    return digests.of("email", TO)


def test_the_address_of_an_erased_customer_stays_suppressed_and_unreadable(agreed):
    from regulars.customers import belongings

    row = suppress(address=TO, reason="complaint", customer=agreed, note="Mara was angry")
    next(one for one in belongings.holders() if one.name == "not_written_to").forget(agreed)
    row.refresh_from_db()
    assert (row.address, row.note, row.customer) == ("", "", None)
    with pytest.raises(MayNotWrite):
        advert(None, purpose="")


@pytest.mark.parametrize("to", ["", "mara", "a@b\r\nBcc: x@y", "a b@c", "<a@b>", "a@b,c@d", "a@b\x00"])
def test_what_is_no_address_is_refused(to, mara):
    with pytest.raises(BadAddress):
        advert(mara, purpose="", to=to)


@pytest.mark.parametrize(
    "more",
    [
        {"headers": {"X-A": "b\r\nBcc: x@y"}},
        {"headers": {"X-A\r\nBcc": "x"}},
        {"headers": {"Bcc": "x@y"}},
        {"headers": {"Content-Type": "text/html"}},
        {"headers": {"X-A": "\x00"}},
        {"reply_to": "a@b\r\nBcc: x@y"},
        {"mail_id": "<a@b>\r\nBcc: x@y"},
        {"subject": "a\x00b"},
    ],
)
def test_no_header_becomes_another_one(more, mara):
    with pytest.raises(BadHeader):
        advert(mara, purpose="", **more)
    assert Message.objects.count() == 0


# ── how often


def test_the_fourth_in_a_week_is_refused_and_says_when_there_is_room(agreed):
    awake()
    for number in range(3):
        advert(agreed, number, after=NOON + dt.timedelta(days=number))
    with pytest.raises(TooMany, match="17 Mar 2126"):
        advert(agreed, 3, after=NOON + dt.timedelta(days=6))
    assert advert(agreed, 4, after=NOON + dt.timedelta(days=7)).pk
    assert advert(agreed, 5, purpose="").pk


def test_one_that_is_taken_back_makes_room(agreed):
    awake(most=1)
    first = advert(agreed, 1)
    with pytest.raises(TooMany):
        advert(agreed, 2)
    assert cancel(first) is True
    assert cancel(first) is False
    assert advert(agreed, 2).pk


def test_merged_records_are_one_person(agreed):
    awake(most=1)
    advert(agreed, 1)
    other = create_customer(values={"name": "M. Petersen", "email": "m@posteo.example"})
    Customer.everyone.filter(pk=other.pk).update(merged_into=agreed, is_listed=False)
    with pytest.raises(TooMany):
        advert(Customer.everyone.get(pk=other.pk), 2)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    most=st.integers(1, 3),
    days=st.integers(1, 5),
    steps=st.lists(
        st.tuples(st.sampled_from(["plan", "plan", "plan", "cancel", "move"]), st.integers(0, 300)), max_size=9
    ),
)
def test_no_sequence_of_callers_exceeds_the_limit(agreed, most, days, steps):
    """In every span of days at most so many count, whatever is planned, taken back and put off, in whichever order."""
    Message.objects.all().delete()
    Limits.objects.update_or_create(pk=1, defaults={"most": most, "days": days, "is_quiet": False})
    for number, (what, hours) in enumerate(steps):
        rows = list(Message.objects.filter(counts_at__isnull=False))
        if what == "plan":
            free_at = NOON + dt.timedelta(hours=hours)
            try:
                advert(agreed, number, after=free_at)
            except TooMany as full:
                free_at = full.free_at
                advert(agreed, f"{number} later", after=free_at)
        elif what == "cancel" and rows:
            cancel(rows[hours % len(rows)])
        elif rows:
            # a worker comes late: it asks again, and leaves only where it still fits
            row, now = rows[hours % len(rows)], NOON + dt.timedelta(hours=hours)
            if gate.wait_until(row, now) == now and row.counts_at <= now:
                Message.objects.filter(pk=row.pk).update(state="accepted", claim=1, counts_at=now)
    gone = sorted(Message.objects.filter(claim=1).values_list("counts_at", flat=True))
    planned = sorted(Message.objects.filter(claim=0, counts_at__isnull=False).values_list("counts_at", flat=True))
    for line in (gone, planned):
        assert all(b - a >= dt.timedelta(days=days) for a, b in zip(line, line[most:], strict=False)), line


# ── when


def test_marketing_and_sms_wait_until_their_person_is_awake_and_mail_that_answers_does_not(agreed):
    night = dt.datetime(2127, 3, 10, 3, tzinfo=BERLIN)
    Customer.everyone.update(time_zone="Asia/Shanghai")
    agreed.refresh_from_db()
    late = dt.datetime(2127, 3, 10, 14, tzinfo=BERLIN)  # 21:00 in Shanghai
    assert advert(agreed, 1, after=late).due_at == dt.datetime(2127, 3, 11, 1, tzinfo=BERLIN)
    assert advert(agreed, 2, after=night).due_at == night  # ten in the morning there
    assert advert(agreed, 3, after=late, purpose="").due_at == late
    sms = advert(None, 4, after=night, purpose="", way="sms", to="+49 151 2345678")
    assert sms.due_at == dt.datetime(2127, 3, 10, 8, tzinfo=BERLIN)
    answer = advert(None, 5, after=night, purpose="", way="sms", to="+49 151 2345678", is_answer=True)
    assert (answer.due_at, gate.wait_until(answer, night)) == (night, night)
    assert gate.wait_until(sms, night) == sms.due_at


@given(
    at=st.datetimes(FIRST, LAST, timezones=st.just(dt.UTC)),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
    opens=st.times(),
    closes=st.times(),
)
@settings(deadline=None)
def test_an_opening_lies_in_the_window_whatever_the_clocks_do(at, zone, opens, closes):
    zone = ZoneInfo(zone)
    found = quiet.opening(at, zone, opens=opens, closes=closes)
    assert at <= found
    if quiet.is_open(at, zone, opens=opens, closes=closes):
        assert found == at
    elif found != at:
        assert quiet.is_open(found, zone, opens=opens, closes=closes)
        assert found - at < dt.timedelta(days=3)


def test_a_zone_that_is_none_is_the_shops():
    assert quiet.zone_of("Mars/Olympus", BERLIN) == BERLIN == quiet.zone_of("", BERLIN)
