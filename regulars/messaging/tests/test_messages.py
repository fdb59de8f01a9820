"""Mails: written down first, sent through a real server, and what becomes of them."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.config.environment import BadSetting, MailServer, mail_server
from regulars.core import shop
from regulars.customers import belongings, consents
from regulars.customers.actions import create_customer
from regulars.customers.actions.consent import ask_to_confirm, token_of
from regulars.customers.models import ConfirmationRequest, ConsentRecord
from regulars.messaging.delivering import deliver
from regulars.messaging.models import Message
from regulars.messaging.sending import send
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def elodie(db):
    shop.change(name="Hain & Hafen")
    return create_customer(values={"name": "Élodie Marchetti", "email": "elodie@posteo.example", "language": "fr"})


def note(customer=None, **more):
    return send(
        **{"cause": "test 1", "customer": customer, "to": "a@posteo.example", "subject": "S", "text": "T", **more}
    )


def test_a_mail_goes_out_once_for_each_cause(postbox, elodie, run_jobs):
    first = note(elodie)
    assert note(elodie, subject="another one") == first
    assert postbox.taken == []
    run_jobs()
    [(to, mail)] = postbox.taken
    assert to == ["a@posteo.example"]
    assert (mail["Subject"], mail["From"], mail["Auto-Submitted"]) == (
        "S",
        "Hain & Hafen <hello@hainhafen.example>",
        "auto-generated",
    )
    assert mail["Message-ID"] == f"<{first.public_id}@hainhafen.example>"
    first.refresh_from_db()
    assert first.state == "accepted"
    assert first.sent_at is not None
    assert Entry.objects.get(name="message.sent").data == {
        "message": first.public_id,
        "about": "S",
        "way": "email",
        "consent": "",
    }
    deliver(message_id=first.pk)
    assert len(postbox.taken) == 1


def test_an_address_that_is_refused_for_good_is_told_and_not_tried_again(postbox, elodie, run_jobs):
    postbox.replies["a@posteo.example"] = "550 no such mailbox"
    message = note(elodie)
    run_jobs()
    message.refresh_from_db()
    assert (message.state, message.problem) == ("failed", "no such mailbox")
    assert Entry.objects.get(name="message.failed").data["problem"] == "no such mailbox"
    assert not Entry.objects.filter(name="message.sent").exists()


def test_a_server_that_is_busy_is_tried_again(postbox, elodie, run_jobs):
    postbox.replies["a@posteo.example"] = "451 come back later"
    message = note(elodie)
    deliver(message_id=message.pk)
    message.refresh_from_db()
    assert (message.state, message.problem) == ("planned", "come back later")
    assert message.due_at > timezone.now() + dt.timedelta(seconds=50)
    postbox.replies.clear()
    deliver(message_id=message.pk)
    assert postbox.taken == []
    Message.objects.update(due_at=timezone.now())
    deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.state == "accepted"
    assert len(postbox.taken) == 1


def test_without_a_mail_server_a_mail_is_held_and_can_be_sent_later(settings, elodie, client_of, ada, run_jobs):
    settings.EMAIL_HOST = ""
    message = note(elodie)
    run_jobs()
    message.refresh_from_db()
    assert message.state == "held"
    client = client_of(ada)
    assert "No mail server is set." in client.get("/settings/messages/senders").content.decode()
    answer = client.post(f"/settings/messages/sent/{message.public_id}/act")
    assert answer.status_code == 409
    message.refresh_from_db()
    assert message.state == "held"


def test_a_held_mail_goes_out_when_it_is_sent_on(postbox, elodie, client_of, ada, run_jobs):
    message = note(elodie)
    Message.objects.update(state="held")
    assert client_of(ada).post(f"/settings/messages/sent/{message.public_id}/act").status_code == 302
    run_jobs()
    assert [to for to, _mail in postbox.taken] == [["a@posteo.example"]]


def test_no_header_can_be_smuggled_in(postbox, elodie, run_jobs):
    note(elodie, subject="Hello\r\nBcc: everybody@posteo.example")
    run_jobs()
    [(to, mail)] = postbox.taken
    assert to == ["a@posteo.example"]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello Bcc: everybody@posteo.example"


def test_charlie_sees_no_mails(client_of, charlie, elodie):
    message = note(elodie)
    client = client_of(charlie)
    assert client.get("/settings/messages/sent").status_code == 403
    assert client.post(f"/settings/messages/sent/{message.public_id}/act").status_code == 403


def test_the_page_of_mails_asks_the_same_for_one_and_for_three(client_of, ada, elodie):
    client = client_of(ada)
    client.get("/settings/messages/sent")
    counts = []
    for number in (1, 2, 3):
        note(elodie, cause=f"test {number}")
        if number != 2:
            with CaptureQueriesContext(connection) as queries:
                client.get("/settings/messages/sent")
            counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_customer_agrees_by_the_link_in_the_mail_and_not_by_opening_it(postbox, elodie, run_jobs, client):
    ask_to_confirm(elodie)
    run_jobs()
    [(to, mail)] = postbox.taken
    assert to == ["elodie@posteo.example"]
    assert mail["Subject"] == "May Hain & Hafen write to you?"
    text = mail.get_body("plain").get_content()
    assert "I can say no again at any time." in text
    [link] = re.findall(r"https://crm\.hainhafen\.example(/yes/\S+)", text)
    assert f"https://crm.hainhafen.example{link}" in mail.get_body("html").get_content()
    assert "Yes, write to me" in client.get(link).content.decode()
    client.head(link)
    assert not consents.may_reach(elodie, "email")
    assert "Thank you" in client.post(link, headers={"user-agent": "Firefox"}).content.decode()
    assert consents.may_reach(elodie, "email")
    proof = ConsentRecord.objects.get(state="agreed").proof
    assert (proof["ip"], proof["user_agent"]) == ("127.0.0.1", "Firefox")
    assert "Thank you" in client.get(link).content.decode()


def test_a_chinese_customer_is_asked_in_chinese(postbox, run_jobs, client):
    zhang = create_customer(values={"name": "张伟", "email": "zhang@posteo.example", "language": "zh-Hans"})
    ask_to_confirm(zhang)
    run_jobs()
    [(_to, mail)] = postbox.taken
    assert "我可以随时取消" in mail.get_body("plain").get_content()
    link = "/yes/" + token_of(ConfirmationRequest.objects.get())
    assert 'lang="zh-Hans"' in client.get(link).content.decode()


def test_a_link_that_is_not_ours_says_so(client):
    answer = client.get("/yes/made-up")
    assert answer.status_code == 410
    assert "too old or not complete" in answer.content.decode()


def test_one_confirmation_is_one_mail_however_often_the_reaction_runs(postbox, elodie, run_jobs):
    from regulars.messaging.confirmations import ask_by_mail

    ask_to_confirm(elodie)
    run_jobs()
    ask_by_mail(Entry.objects.get(name="customer.confirmation_asked"))
    run_jobs()
    assert len(postbox.taken) == 1


def test_a_person_gets_a_copy_of_their_mails_and_takes_them_along(elodie):
    note(elodie)
    holder = next(one for one in belongings.holders() if one.name == "messages")
    assert [row["text"] for row in holder.export(elodie)] == ["T"]
    holder.forget(elodie)
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", MailServer()),
        ("smtp://mail.example", MailServer("mail.example", 25)),
        ("smtp://a%40b:p%2Fw@mail.example", MailServer("mail.example", 587, "a@b", "p/w", has_starttls=True)),
        ("smtps://a:b@mail.example", MailServer("mail.example", 465, "a", "b", has_tls=True)),
        ("smtp://mail.example:2525?starttls=1", MailServer("mail.example", 2525, has_starttls=True)),
    ],
)
def test_a_mail_server_is_one_address(url, server):
    assert mail_server(url) == server


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:mail"])
def test_a_mail_server_that_is_none_is_said(url):
    with pytest.raises(BadSetting, match="REGULARS_MAIL"):
        mail_server(url)
