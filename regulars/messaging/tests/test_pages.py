"""The pages and the API of messages, and the way out for customers."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.core import shop
from regulars.customers import consents
from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import record_consent
from regulars.customers.models import ConsentRecord
from regulars.messaging import accounts, published
from regulars.messaging.delivering import deliver
from regulars.messaging.gate import limits
from regulars.messaging.models import Account, Message, SigningKey, Suppression
from regulars.messaging.sending import send
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db
TO = "elodie@posteo.example"


@pytest.fixture
def elodie(db):
    shop.change(name="Hain & Hafen")
    row = create_customer(values={"name": "Élodie Marchetti", "email": TO, "language": "fr"})
    record_consent(row, medium="email", state="agreed", source="checkout", value=TO)
    return row


@pytest.fixture
def advert(elodie, postbox, client_of, ada):
    client_of(ada).post(
        "/settings/messages/limits", {"is_counted": "on", "most": 2, "days": 7, "opens": "08:00", "closes": "20:00"}
    )
    message = send(cause="a", to=TO, customer=elodie, purpose="marketing", subject="New tea", text="It is here.")
    deliver(message_id=message.pk)
    return message


# ── the way out


def test_an_advert_carries_a_way_out_that_one_click_takes(advert, elodie, postbox, client):
    [(_to, mail)] = postbox.taken
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [link] = re.findall(r"^<https://crm\.hainhafen\.example(/unsubscribe/\S+)>$", mail["List-Unsubscribe"])
    assert "No more advertising from Hain &amp; Hafen?" in client.get(link).content.decode()
    assert consents.may_reach(elodie, "email")
    answer = client.post(link, {"List-Unsubscribe": "One-Click"}, headers={"user-agent": "Mailer"})
    assert answer.status_code == 200
    assert not consents.may_reach(elodie, "email")
    line = ConsentRecord.objects.get(state="refused")
    assert (line.source, line.value, line.proof["is_one_click"]) == ("unsubscribe", TO, True)
    assert line.proof["message"] == advert.public_id
    row = Suppression.objects.get()
    assert (row.reason, row.purpose, row.address, row.message) == ("unsubscribed", "marketing", TO, advert)
    client.post(link)
    assert ConsentRecord.objects.filter(state="refused").count() == 1
    assert "You are unsubscribed" in client.get(link).content.decode()


def test_the_way_out_works_when_the_message_is_forgotten(advert, postbox, client):
    link = "/" + postbox.taken[0][1]["List-Unsubscribe"].strip("<>").split("/", 3)[3]
    Message.objects.all().delete()
    assert client.post(link).status_code == 200
    assert Suppression.objects.get().address == ""


def test_a_link_that_is_not_ours_changes_nothing(client, db):
    for token in ("made-up", "WzEsImVtYWlsIl0:1:x"):
        assert client.post(f"/unsubscribe/{token}").status_code == 410
    assert Suppression.objects.count() == 0


def test_a_service_mail_has_no_way_out_of_advertising(elodie, postbox):
    deliver(message_id=send(cause="s", to=TO, customer=elodie, subject="S", text="T").pk)
    assert postbox.taken[0][1]["List-Unsubscribe"] is None


def test_the_receipt_tells_which_line_allowed_it(advert):
    line = ConsentRecord.objects.get(state="agreed")
    said = Entry.objects.get(name="message.sent").data
    assert said["consent"] == f"email marketing, agreed {line.at:%Y-%m-%d}, checkout"


# ── what was sent


def test_the_list_finds_by_state_and_address_and_asks_the_same_for_one_and_three(client_of, ada, elodie):
    client = client_of(ada)
    client.get("/settings/messages/sent")
    counts = []
    for number in (1, 2, 3):
        send(cause=f"n{number}", to=TO, customer=elodie, subject=f"Mail {number}", text="T")
        if number != 2:
            with CaptureQueriesContext(connection) as queries:
                assert "Mail 1" in client.get("/settings/messages/sent").content.decode()
            counts.append(len(queries))
    assert counts[0] == counts[1]
    assert "Mail 1" in client.get("/settings/messages/sent", {"to": TO.upper()}).content.decode()
    for query in ({"to": "x@y.example"}, {"state": "bad"}, {"way": "sms"}):
        assert "Mail 1" not in client.get("/settings/messages/sent", query).content.decode()


def test_a_message_says_how_it_went_and_can_be_taken_back(client_of, ada, charlie, elodie):
    message = send(cause="m", to=TO, customer=elodie, subject="S", text="The words")
    page = f"/settings/messages/sent/{message.public_id}"
    assert "The words" in client_of(ada).get(page).content.decode()
    assert client_of(charlie).get(page).status_code == 403
    assert client_of(charlie).post(f"{page}/act", {"what": "cancel"}).status_code == 403
    client_of(ada).post(f"{page}/act", {"what": "cancel"})
    message.refresh_from_db()
    assert message.state == "cancelled"


def test_what_nobody_knows_is_decided_on_the_page(client_of, ada, elodie):
    message = send(cause="m", to=TO, customer=elodie, subject="S", text="T")
    Message.objects.update(state="unknown")
    assert "Of one message nobody knows" in client_of(ada).get("/settings/messages/sent").content.decode()
    client_of(ada).post(f"/settings/messages/sent/{message.public_id}/act", {"what": "arrived"})
    message.refresh_from_db()
    assert message.state == "accepted"


def test_the_text_of_a_link_that_lets_somebody_in_is_shown_to_nobody(client_of, ada, api_of):
    message = send(cause="m", to="ben@hainhafen.example", subject="S", text="https://x/secret", is_fleeting=True)
    assert "secret" not in client_of(ada).get(f"/settings/messages/sent/{message.public_id}").content.decode()


# ── senders

SENDER = {
    "name": "Hain & Hafen", "address": "hello@hainhafen.example", "host": "Mail.hainhafen.example", "port": 587,
    "security": "starttls", "user": "hello", "password": "geheim-7",
}  # fmt: skip


def test_a_sender_is_added_and_its_password_never_shown_again(client_of, ada, charlie):
    assert client_of(charlie).post("/settings/messages/senders/new", SENDER).status_code == 403
    client = client_of(ada)
    assert client.post("/settings/messages/senders/new", SENDER).status_code == 302
    row = Account.objects.get()
    assert (row.is_default, row.options["host"], "geheim" in row.secrets) == (True, "mail.hainhafen.example", False)
    assert accounts.secrets_of(row) == {"password": "geheim-7"}
    page = f"/settings/messages/senders/{row.public_id}"
    assert "geheim" not in client.get(page).content.decode()
    assert client.post(page, {**SENDER, "password": "", "name": "H&H"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, accounts.secrets_of(row)) == ("H&H", {"password": "geheim-7"})
    answer = client.post(page, {**SENDER, "password": "", "host": "mail.elsewhere.example"})
    assert (answer.status_code, "enter the password anew" in answer.content.decode()) == (422, True)
    assert not Entry.objects.filter(data__icontains="geheim").exists()
    assert client.post(f"{page}/act", {"what": "remove"}).status_code == 302
    assert Account.objects.count() == 0


def test_a_sender_in_our_own_network_is_not_asked(client_of, ada):
    client_of(ada).post("/settings/messages/senders/new", {**SENDER, "host": "127.0.0.1"})
    row = Account.objects.get()
    answer = client_of(ada).post(f"/settings/messages/senders/{row.public_id}/act", {"what": "check"})
    assert (answer.status_code, "is not a place out in the world" in answer.content.decode()) == (502, True)
    row.refresh_from_db()
    assert "127.0.0.1" in row.problem


def test_the_key_of_a_domain_is_made_shown_and_switched_on(client_of, ada, monkeypatch):
    client = client_of(ada)
    client.post("/settings/messages/senders/new", SENDER)
    page = "/settings/messages/senders/domains/hainhafen.example"
    client.post(page, {"what": "make"})
    key = SigningKey.objects.get()
    assert f"v=DKIM1; k=rsa; p={key.public}" in client.get(page).content.decode()
    assert key.is_on is False
    monkeypatch.setattr(published, "texts", lambda name: ["v=spf1 -all"] if name == "hainhafen.example" else None)
    said = client.post(page, {"what": "look"}).content.decode()
    assert ("v=spf1 -all" in said, "No DNS answered." in said) == (True, True)
    client.post(page, {"what": "on"})
    assert SigningKey.objects.get().is_on is True
    assert client.get("/settings/messages/senders/domains/elsewhere.example").status_code == 404


# ── limits


def test_limits_are_changed_and_an_address_comes_and_goes_by_hand(client_of, ada, charlie):
    client, page = client_of(ada), "/settings/messages/limits"
    client.post(page, {"most": 5, "days": 30, "is_quiet": "on", "opens": "09:30", "closes": "18:00"})
    assert (limits().is_counted, limits().most, f"{limits().opens:%H:%M}") == (False, 5, "09:30")
    assert client.post(page, {"most": 0, "days": 30, "opens": "x", "closes": "18:00"}).status_code == 422
    added = {"way": "email", "address": TO, "purpose": "", "note": "They phoned"}
    assert client_of(charlie).post(f"{page}/suppress", added).status_code == 403
    client = client_of(ada)
    assert client.post(f"{page}/suppress", added).status_code == 302
    row = Suppression.objects.get()
    assert (row.reason, row.made_by) == ("by_hand", ada)
    assert TO in client.get(page, {"address": TO}).content.decode()
    assert client.post(f"{page}/{row.public_id}/lift", {"reason": ""}).status_code == 422
    assert client.post(f"{page}/{row.public_id}/lift", {"reason": "They wrote"}).status_code == 302
    row.refresh_from_db()
    assert (row.ended_by, row.ended_reason) == (ada, "They wrote")
    assert "They wrote" in client.get(page, {"past": "1"}).content.decode()


def test_the_list_of_addresses_asks_the_same_for_one_and_three(client_of, ada):
    client, page = client_of(ada), "/settings/messages/limits"
    client.get(page)
    counts = []
    for number in (1, 2, 3):
        client.post(f"{page}/suppress", {"way": "email", "address": f"{number}@b.example", "purpose": "", "note": "N"})
        if number != 2:
            with CaptureQueriesContext(connection) as queries:
                client.get(page)
            counts.append(len(queries))
    assert counts[0] == counts[1]


# ── for programs


def test_a_program_writes_and_reads_through_the_gate(api_of, ada, elodie):
    api = api_of(ada)
    body = {"customer": elodie.public_id, "subject": "Your teapot", "text": "It is here."}
    made = api.post("/api/v1/messages", body)
    assert made.status_code == 201, made.content
    found = made.json()
    assert (found["to"], found["state"], found["purpose"], found["text"]) == (TO, "held", "service", "It is here.")
    assert api.get(f"/api/v1/messages/{found['id']}").json()["mail_id"] == found["mail_id"]
    assert [one["id"] for one in api.get(f"/api/v1/messages?to={TO}&state=held").json()["items"]] == [found["id"]]
    assert api.get("/api/v1/messages?state=accepted").json()["items"] == []
    assert api.get("/api/v1/messages?nonsense=1").status_code == 422
    record_consent(elodie, medium="email", state="refused", source="unsubscribe", value=TO, at=timezone.now())
    refused = api.post("/api/v1/messages", {**body, "purpose": "marketing"})
    assert (refused.status_code, "may-not-write" in refused.json()["type"]) == (409, True)
    assert Message.objects.count() == 1


def test_a_program_without_the_scope_gets_nothing(api_of, ada, elodie):
    api = api_of(ada, "customers.view")
    assert api.get("/api/v1/messages").status_code == 403
    assert api.post("/api/v1/messages", {"customer": elodie.public_id, "text": "T"}).status_code == 403
    assert Message.objects.count() == 0
