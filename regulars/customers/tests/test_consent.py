"""What customers agreed to: the ledger, what holds, and the confirmation mail's link."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.errors import Invalid
from regulars.customers import consents
from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import (
    ANSWER_WITHIN,
    AskedAlready,
    LinkTooOld,
    add_records,
    add_wording,
    ask_to_confirm,
    confirm,
    derive_consents,
    give_back_many,
    record_consent,
    token_of,
    withdraw_many,
)
from regulars.customers.models import ConfirmationRequest, Consent, ConsentRecord, Customer, Wording
from regulars.timeline.actions import acting
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def elodie(db):
    return create_customer(values={"name": "Élodie Marchetti", "email": "elodie@posteo.example", "language": "fr"})


def agree(customer, medium="email", **more):
    return record_consent(customer, medium=medium, state="agreed", **{"source": "checkout", **more})


def state_of(customer, medium="email"):
    return consents.states([customer.pk])[customer.pk].get(medium, "not_subscribed")


def test_what_somebody_agreed_to_is_kept_with_when_where_and_to_which_address(elodie):
    wording = consents.newest_wording(language="fr")
    at = timezone.now() - dt.timedelta(days=3)
    line = agree(elodie, at=at, wording=wording, proof={"ip": "192.0.2.1"})
    line.refresh_from_db()
    assert (line.state, line.value, line.at, line.wording.language) == ("agreed", "elodie@posteo.example", at, "en")
    assert line.proof == {"ip": "192.0.2.1"}
    assert [(one.medium.value, one.word) for one in consents.stands([elodie.pk])] == [
        ("email", "subscribed"),
        ("sms", "not_subscribed"),
        ("whatsapp", "not_subscribed"),
        ("phone", "not_subscribed"),
        ("post", "not_subscribed"),
    ]
    assert consents.may_reach(elodie, "email")
    assert not consents.may_reach(elodie, "sms")
    entry = Entry.objects.get(name="customer.consent_changed")
    assert entry.data["changes"] == {"email_subscription_status": ["not_subscribed", "subscribed"]}
    assert entry.at == at
    assert entry.recorded_at > at


def test_the_latest_word_holds_and_the_ledger_keeps_all(elodie):
    agree(elodie)
    record_consent(elodie, medium="email", state="refused", source="unsubscribe")
    assert state_of(elodie) == "unsubscribed"
    assert not consents.may_reach(elodie, "email")
    assert [one.state for one in consents.history([elodie.pk])] == ["refused", "agreed"]
    assert Consent.objects.count() == 1


def test_an_older_word_that_comes_late_changes_nothing(elodie):
    record_consent(elodie, medium="email", state="refused", source="unsubscribe")
    agree(elodie, at=timezone.now() - dt.timedelta(days=1))
    assert state_of(elodie) == "unsubscribed"
    assert ConsentRecord.objects.count() == 2
    assert Entry.objects.filter(name="customer.consent_changed").count() == 1


def test_of_two_words_of_one_moment_the_stricter_holds(elodie):
    at = timezone.now()
    record_consent(elodie, medium="email", state="refused", source="api", at=at)
    agree(elodie, at=at)
    assert state_of(elodie) == "unsubscribed"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"medium": "fax"}, "medium"),
        ({"state": "maybe"}, "state"),
        ({"source": "rumour"}, "source"),
        ({"source": "staff"}, "reason"),
        ({"source": "staff", "reason": "  "}, "reason"),
        ({"reason": "a\0b"}, "reason"),
        ({"at": timezone.now() + dt.timedelta(days=1)}, "at"),
        ({"medium": "sms"}, "medium"),
        ({"medium": "post"}, "medium"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(elodie, wrong, field):
    with pytest.raises(Invalid) as refused:
        record_consent(elodie, **{"medium": "email", "state": "agreed", "source": "checkout", **wrong})
    assert list(refused.value.fields) == [field]
    assert ConsentRecord.objects.count() == 0
    assert Consent.objects.count() == 0


def test_a_refusal_needs_no_address(elodie):
    record_consent(elodie, medium="sms", state="refused", source="staff", reason="said so on the phone")
    assert state_of(elodie, "sms") == "unsubscribed"


def test_who_wrote_it_down_is_kept(elodie, ada):
    with acting(ada.pk, "page"):
        line = agree(elodie, source="staff", reason="at the counter")
    assert line.actor_id == ada.pk


def test_a_blocked_customer_is_not_reached(elodie):
    agree(elodie)
    Customer.objects.update(is_blocked=True)
    assert not consents.may_reach(Customer.objects.get(), "email")


def test_nobody_agrees_before_they_click(elodie):
    request = ask_to_confirm(elodie)
    assert state_of(elodie) == "pending"
    assert not consents.may_reach(elodie, "email")
    assert Entry.objects.get(name="customer.confirmation_asked").data == {"request": request.pk}
    confirm(token_of(request), proof={"ip": "192.0.2.7"})
    assert state_of(elodie) == "subscribed"
    line = ConsentRecord.objects.get(state="agreed")
    assert (line.source, line.value, line.wording_id) == ("confirmation", elodie.email, request.wording_id)
    assert line.proof == {"ip": "192.0.2.7", "request": request.pk, "asked_at": request.asked_at.isoformat()}
    confirm(token_of(request), proof={"ip": "192.0.2.8"})
    assert ConsentRecord.objects.filter(state="agreed").count() == 1


def test_a_link_that_was_tampered_with_or_is_too_old_confirms_nothing(elodie):
    token = token_of(ask_to_confirm(elodie))
    for wrong in (token[:-1], token + "x", "", "1", "a:b:c"):
        with pytest.raises(LinkTooOld):
            confirm(wrong, proof={})
    with time_machine.travel(timezone.now() + ANSWER_WITHIN + dt.timedelta(seconds=1)), pytest.raises(LinkTooOld):
        confirm(token, proof={})
    assert state_of(elodie) == "pending"


def test_a_second_confirmation_mail_has_to_wait(elodie):
    ask_to_confirm(elodie)
    with pytest.raises(AskedAlready):
        ask_to_confirm(elodie)
    assert ConfirmationRequest.objects.count() == 1
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11)):
        ask_to_confirm(elodie)
    assert ConfirmationRequest.objects.count() == 2


def test_asking_again_takes_no_agreement_away(elodie):
    agree(elodie)
    ask_to_confirm(elodie)
    assert state_of(elodie) == "subscribed"


def test_nobody_without_an_email_is_asked_by_mail():
    with pytest.raises(Invalid, match="no e-mail"):
        ask_to_confirm(create_customer(values={"name": "Jonas"}))


def test_many_are_withdrawn_at_once_and_given_back_but_for_those_who_spoke_since(elodie):
    others = [create_customer(values={"name": f"N {n}", "email": f"n{n}@posteo.example"}) for n in range(3)]
    everybody = [elodie, *others]
    for one in everybody[:3]:
        agree(one)
    record_consent(others[0], medium="email", state="refused", source="unsubscribe")
    before = withdraw_many([one.pk for one in everybody], media=["email"], reason="the list was bought")
    assert sorted(before) == [elodie.pk, others[1].pk]
    assert [state_of(one) for one in everybody] == ["unsubscribed"] * 3 + ["not_subscribed"]
    record_consent(others[1], medium="email", state="refused", source="unsubscribe")
    assert give_back_many(before, reason="undone") == [others[1].pk]
    assert [state_of(one) for one in everybody] == [
        "subscribed",
        "unsubscribed",
        "unsubscribed",
        "not_subscribed",
    ]


def test_the_number_of_statements_does_not_grow_with_the_customers(elodie):
    others = [create_customer(values={"name": f"N {n}", "email": f"n{n}@posteo.example"}) for n in range(3)]
    counts = []
    for some in ([elodie], others):
        lines = [
            ConsentRecord(
                customer=one,
                medium="email",
                state="agreed",
                source="import",
                at=timezone.now(),
                recorded_at=timezone.now(),
            )
            for one in some
        ]
        with CaptureQueriesContext(connection) as asked:
            add_records(lines)
        # the debug log itself asks SQLite to quote what one statement for many rows has in common
        counts.append(sum(not query["sql"].startswith("SELECT quote(") for query in asked))
    assert counts[0] == counts[1] < 12


def test_new_words_are_a_new_version_and_the_old_ones_stay():
    first = consents.newest_wording()
    second = add_wording(text="Write to me.", language="en")
    assert (second.number, consents.newest_wording()) == (2, second)
    assert add_wording(text="Write to me.", language="en") == second
    assert Wording.objects.get(pk=first.pk).text == first.text
    assert consents.newest_wording(language="zh-Hans").language == "zh-hans"
    with pytest.raises(Invalid):
        add_wording(text=" ", language="en")


def test_one_person_of_two_records_has_said_what_either_said_last(elodie):
    other = create_customer(values={"name": "E. Marchetti", "email": "em@posteo.example"})
    agree(elodie, at=timezone.now() - dt.timedelta(days=2))
    record_consent(other, medium="email", state="refused", source="unsubscribe")
    Customer.everyone.filter(pk=other.pk).update(merged_into=elodie, is_listed=False)
    derive_consents([elodie.pk])
    assert [(one.customer_id, one.state) for one in Consent.objects.all()] == [(elodie.pk, "refused")]
    assert not consents.may_reach(elodie, "email")
    agree(other)
    assert [(one.customer_id, one.state) for one in Consent.objects.all()] == [(elodie.pk, "agreed")]
    Customer.everyone.filter(pk=other.pk).update(merged_into=None, is_listed=True)
    derive_consents([elodie.pk, other.pk])
    assert {(one.customer_id, one.record.customer_id) for one in Consent.objects.all()} == {
        (elodie.pk, elodie.pk),
        (other.pk, other.pk),
    }


_MOMENTS = st.integers(min_value=0, max_value=5)
_LINES = st.lists(st.tuples(st.sampled_from(["agreed", "refused", "asked"]), _MOMENTS), max_size=8)


@given(lines=_LINES, order=st.randoms())
def test_what_holds_does_not_depend_on_the_order_of_learning(lines, order):
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def record(number, state, minutes):
        at = start + dt.timedelta(minutes=minutes)
        return ConsentRecord(pk=number, customer_id=1, medium="email", purpose="marketing", state=state, at=at)

    records = [record(number, *line) for number, line in enumerate(lines)]
    shuffled = list(records)
    order.shuffle(shuffled)
    held, again = (consents.holding(some).get(("email", "marketing")) for some in (records, shuffled))
    assert held == again
    answers = [line for line in lines if line[0] != "asked"]
    if held is not None and held.state == "agreed":
        # nobody refused at that moment or later
        assert all(minutes < (held.at - start).seconds // 60 for state, minutes in answers if state == "refused")
    assert (held is None) == (not lines)
