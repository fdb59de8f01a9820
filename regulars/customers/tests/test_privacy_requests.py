"""Requests have a day until which they are answered, who asks is checked, and limits hold wherever somebody is used."""

import datetime as dt

import pytest

from regulars.core.errors import Invalid
from regulars.customers import privacy
from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.merging import merge
from regulars.customers.actions.privacy import (
    answer_request,
    ask_for_right,
    change_privacy_settings,
    check_identity,
    lift_limit,
    limit_person,
    put_off,
)
from regulars.customers.consents import may_reach
from regulars.customers.models import Customer, Limit, PrivacyRequest, Suppression
from regulars.customers.privacy import laws, permitting
from regulars.timeline.models import Entry


@pytest.fixture
def elodie(db):
    return create_customer(values={"name": "Élodie Marchetti", "email": "elodie@posteo.example"})


@pytest.mark.parametrize(
    ("law", "asked", "due", "longest"),
    [
        ("gdpr", "2026-01-31", "2026-02-28", "2026-04-30"),
        ("gdpr", "2026-03-12", "2026-04-12", "2026-06-12"),
        ("ccpa", "2026-03-12", "2026-04-26", "2026-06-10"),
        ("pipl", "2026-03-12", "2026-03-27", "2026-06-12"),
    ],
)
def test_until_when_an_answer_is_due_follows_from_the_law(db, law, asked, due, longest):
    day = dt.date.fromisoformat(asked)
    assert laws.due(law, day).isoformat() == due
    assert laws.longest(law, day).isoformat() == longest


def test_a_request_is_written_down_checked_and_answered_and_all_of_it_is_in_the_log(elodie, ada):
    asked = ask_for_right(elodie, kind="copy", law="gdpr", way="letter", asked_on=dt.date(2026, 3, 2))
    assert (asked.due_on, asked.state) == (dt.date(2026, 4, 2), "open")
    with pytest.raises(Invalid, match="Make sure first"):
        answer_request(asked, state="done", answer="Sent by mail.")
    check_identity(asked, check="call")
    done = answer_request(asked, state="done", answer="Sent by mail.")
    assert (done.state, done.answer) == ("done", "Sent by mail.")
    with pytest.raises(Invalid, match="answered already"):
        answer_request(asked, state="refused", answer="Twice.")
    names = list(Entry.objects.filter(customer=elodie, name__startswith="privacy.").values_list("name", flat=True))
    assert sorted(names) == ["privacy.answered", "privacy.request_changed", "privacy.requested"]


def test_an_answer_is_put_off_with_a_reason_and_not_beyond_the_law(elodie):
    asked = ask_for_right(elodie, kind="erasure", law="gdpr", asked_on=dt.date(2026, 3, 2))
    with pytest.raises(Invalid, match="2026-06-02"):
        put_off(asked, due_on=dt.date(2026, 6, 3), reason="Many orders")
    with pytest.raises(Invalid, match="why it takes longer"):
        put_off(asked, due_on=dt.date(2026, 5, 3), reason=" ")
    assert put_off(asked, due_on=dt.date(2026, 6, 2), reason="Many orders").due_on == dt.date(2026, 6, 2)


def test_somebody_unknown_says_who_they_are(db):
    with pytest.raises(Invalid, match="Say who asks"):
        ask_for_right(None, kind="copy")
    assert ask_for_right(None, kind="copy", asked_by="Rosa Lind").asked_by == "Rosa Lind"
    assert PrivacyRequest.objects.count() == 1


def test_an_objection_to_marketing_stops_mail_and_nothing_else(elodie):
    record_consent(elodie, medium="email", state="agreed", source="form")
    assert may_reach(elodie, "email")
    limit = limit_person(elodie, kind="no_marketing", reason="Wrote a letter")
    assert not may_reach(elodie, "email")
    assert "Wrote a letter" in privacy.may(elodie, "marketing")
    assert privacy.may(elodie, "profiling") is None
    assert privacy.may(elodie, "duplicates") is None
    lift_limit(limit, reason="Asked for the newsletter again")
    assert may_reach(elodie, "email")
    assert Limit.objects.get().lifted_reason == "Asked for the newsletter again"


def test_a_restriction_stops_everything_and_holds_for_all_records_of_a_person(elodie):
    other = create_customer(values={"name": "E. Marchetti", "email": "em@posteo.example"})
    limit_person(other, kind="restricted", reason="The address is disputed")
    merge(keep=elodie, others=[other])
    elodie = Customer.objects.get(pk=elodie.pk)
    for purpose in permitting.Purpose:
        assert "The address is disputed" in privacy.may(elodie, purpose)
    assert set(permitting.not_for("duplicates")) == {elodie.pk}


def test_a_limit_is_set_once_and_needs_a_reason(elodie):
    with pytest.raises(Invalid, match="Say why"):
        limit_person(elodie, kind="restricted", reason="")
    first = limit_person(elodie, kind="restricted", reason="Disputed")
    assert limit_person(elodie, kind="restricted", reason="Again") == first
    assert Limit.objects.count() == 1


def test_a_child_is_written_to_only_when_a_guardian_agreed(elodie):
    child = create_customer(values={"name": "Nils Wieck", "email": "nils@posteo.example", "birth_date": "2016-05-01"})
    record_consent(child, medium="email", state="agreed", source="form")
    assert "guardian" in privacy.may(child, "marketing")
    assert not may_reach(child, "email")
    record_consent(child, medium="any", state="agreed", source="staff", purpose="guardian", reason="Father, by letter")
    assert privacy.may(child, "marketing") is None
    assert may_reach(child, "email")
    assert privacy.may(elodie, "marketing") is None


def test_sending_abroad_wants_a_consent_of_its_own_where_the_law_does(elodie):
    change_privacy_settings(needs_separate_consent=True, recipients={"mail": {"is_abroad": True}})
    assert "abroad" in privacy.may(elodie, "marketing")
    record_consent(elodie, medium="any", state="agreed", source="form", purpose="abroad")
    assert privacy.may(elodie, "marketing") is None
    assert "sensitive" in privacy.may(elodie, "sensitive")


def test_an_erased_e_mail_is_known_by_a_hash_alone(elodie):
    permitting.suppress({("email", "elodie@posteo.example")}, at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
    row = Suppression.objects.get()
    assert "elodie" not in f"{row.kind} {row.hash}"
    assert permitting.is_suppressed("email", "Elodie@Posteo.example ")
    assert not permitting.is_suppressed("email", "elodie2@posteo.example")
    assert "erased" in privacy.may(elodie, "marketing")
