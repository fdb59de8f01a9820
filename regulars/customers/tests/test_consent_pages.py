"""Consent on the customer page, on its own page, in filters and through the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import record_consent
from regulars.customers.models import ConfirmationRequest, ConsentRecord, Wording

pytestmark = pytest.mark.django_db


@pytest.fixture
def elodie(db):
    return create_customer(values={"name": "Élodie Marchetti", "email": "elodie@posteo.example"})


def text_of(answer):
    return answer.content.decode()


def agree(customer, **more):
    return record_consent(customer, **{"medium": "email", "state": "agreed", "source": "checkout", **more})


def test_the_rail_says_how_a_customer_stands_to_each_channel(client_of, ben, elodie):
    agree(elodie)
    page = text_of(client_of(ben).get(f"/customers/{elodie.public_id}"))
    assert "Agreed" in page
    assert page.count('<span class="soft">Never asked</span>') == 4


def test_staff_write_down_what_they_were_told_and_how(client_of, ben, elodie):
    client = client_of(ben)
    sent = {"medium": "email", "state": "agreed", "reason": "at the counter"}
    assert client.post(f"/customers/{elodie.public_id}/consent/record", sent).status_code == 302
    line = ConsentRecord.objects.get()
    assert (line.state, line.source, line.reason, line.actor_id) == ("agreed", "staff", "at the counter", ben.pk)
    page = text_of(client.get(f"/customers/{elodie.public_id}/consent"))
    assert "at the counter" in page
    changes = text_of(client.get(f"/customers/{elodie.public_id}/changes"))
    assert "E-mail consent" in changes
    assert "Never asked" in changes


def test_what_is_missing_is_said_at_its_field_and_nothing_is_written(client_of, ben, elodie):
    client = client_of(ben)
    without_reason = {"medium": "email", "state": "agreed", "reason": ""}
    answer = client.post(f"/customers/{elodie.public_id}/consent/record", without_reason)
    assert answer.status_code == 422
    assert 'data-first-bad="reason"' in text_of(answer)
    without_phone = {"medium": "sms", "state": "agreed", "reason": "on the phone"}
    answer = client.post(f"/customers/{elodie.public_id}/consent/record", without_phone)
    assert answer.status_code == 422
    assert "There is no phone number to reach." in text_of(answer)
    assert not ConsentRecord.objects.exists()


def test_asking_by_mail_twice_says_that_a_mail_is_on_its_way(client_of, ben, elodie):
    client = client_of(ben)
    assert client.post(f"/customers/{elodie.public_id}/consent/question").status_code == 302
    answer = client.post(f"/customers/{elodie.public_id}/consent/question")
    assert answer.status_code == 409
    assert "a moment ago" in text_of(answer)
    assert ConfirmationRequest.objects.count() == 1


def test_charlie_neither_sees_nor_writes_consent(client_of, charlie, elodie):
    client = client_of(charlie)
    assert client.get(f"/customers/{elodie.public_id}/consent").status_code == 403
    assert client.post(f"/customers/{elodie.public_id}/consent/question").status_code == 403
    sent = {"medium": "email", "state": "agreed", "reason": "x"}
    assert client.post(f"/customers/{elodie.public_id}/consent/record", sent).status_code == 403
    assert client.get("/customers/wordings").status_code == 403
    assert not ConsentRecord.objects.exists()


def test_the_page_asks_the_same_for_one_line_and_for_three(client_of, ben, elodie):
    client = client_of(ben)
    client.get(f"/customers/{elodie.public_id}/consent")  # what is kept for some seconds is read
    counts = []
    for medium, _is_counted in (("email", True), ("post", False), ("sms", True)):
        record_consent(elodie, medium=medium, state="refused", source="api")
        with CaptureQueriesContext(connection) as asked:
            client.get(f"/customers/{elodie.public_id}/consent")
        counts.append(len(asked))
    assert counts[0] == counts[2]


def test_new_words_count_from_now_on(client_of, ada):
    client = client_of(ada)
    assert client.post("/customers/wordings", {"language": "en", "text": "Write to me."}).status_code == 302
    assert Wording.objects.get(language="en", number=2).text == "Write to me."
    page = text_of(client.get("/customers/wordings"))
    assert "Write to me." in page
    assert client.post("/customers/wordings", {"language": "en", "text": " "}).status_code == 422


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("email_subscription_status=subscribed", ["Élodie Marchetti"]),
        ("email_subscription_status=unsubscribed", ["Refuser"]),
        ("email_subscription_status=subscribed,unsubscribed", ["Refuser", "Élodie Marchetti"]),
        ("email_subscription_status.not=subscribed", ["Nobody asked", "Refuser"]),
        ("email_subscription_status.is_empty=yes", ["Nobody asked"]),
        ("sms_subscription_status.is_set=yes", []),
    ],
)
def test_the_list_asks_who_agreed(client_of, ben, elodie, question, names):
    agree(elodie)
    record_consent(create_customer(values={"name": "Refuser"}), medium="email", state="refused", source="api")
    create_customer(values={"name": "Nobody asked"})
    page = text_of(client_of(ben).get(f"/customers?{question}"))
    found = [name for name in ("Nobody asked", "Refuser", "Élodie Marchetti") if f">{name}<" in page]
    assert found == names


def test_a_program_records_and_reads_consent(api_of, ada, elodie):
    api = api_of(ada, "customers.view", "customers.edit")
    path = f"/customers/{elodie.public_id}/consents"
    sent = {
        "medium": "email",
        "state": "agreed",
        "source": "checkout",
        "at": "2026-01-02T03:04:05Z",
        "proof": {"ip": "::1"},
    }
    made = api.post(path, sent)
    assert made.status_code == 201
    assert made.json()["at"] == "2026-01-02T03:04:05Z"
    found = api.get(path).json()
    assert found["current"]["email"] == "subscribed"
    assert found["current"]["sms"] == "not_subscribed"
    assert [(line["state"], line["value"]) for line in found["items"]] == [("agreed", "elodie@posteo.example")]
    refused = api.post(path, {"medium": "sms", "state": "agreed"})
    assert refused.status_code == 422
    assert api.post(path, {"medium": "fax", "state": "agreed"}).status_code == 422
    assert ConsentRecord.objects.count() == 1
