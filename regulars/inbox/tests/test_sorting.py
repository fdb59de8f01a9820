"""Every mail of the ledger ends as something, once, and with a reason."""

import pytest
from django.db import OperationalError
from django.test import TestCase
from django_tasks_db.models import DBTaskResult

from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.inbox import reading
from regulars.inbox.actions.mails import NotThisMail, make_inquiry, mark_as_spam, read_again
from regulars.inbox.mail import ledger, raw, sorting
from regulars.inbox.mail.holding import HOLDER
from regulars.inbox.models import Arrival, Conversation, Mailbox, Outcome, Post, SpamSender
from regulars.messaging.models import Message
from regulars.messaging.sending import send
from regulars.messaging.tests.test_bounces import DSN

OURS = "service@hain.example"


@pytest.fixture(autouse=True)
def _at_home(settings, tmp_path, db):
    settings.REGULARS_HOME = tmp_path
    Mailbox.objects.create(name="Service", address=OURS, host="imap.hain.example", user="service")


def mail(
    number=1, *more, sender="Erika Wind <erika@customer.example>", subject="Where is my tea?", text="Hello, where?"
):
    head = [f"From: {sender}", f"To: {OURS}", f"Subject: {subject}", f"Message-ID: <{number}@customer.example>", *more]
    return ("\r\n".join(head) + f"\r\n\r\n{text}\r\n").encode()


def taken(data, run_jobs, **said):
    row, _is_new = ledger.take(data, source=Arrival.Source.LMTP, recipients=[OURS], **said)
    run_jobs()
    row.refresh_from_db()
    return row


def test_a_mail_of_a_person_becomes_an_inquiry(run_jobs):
    row = taken(mail(), run_jobs)
    assert (row.outcome, row.reason) == (Outcome.INQUIRY, "")
    assert row.about == {"to": OURS, "sender": "Erika Wind <erika@customer.example>", "subject": "Where is my tea?"}
    post = Post.objects.get(arrival=row)
    assert (post.text, post.conversation.subject, post.customer.name) == (
        "Hello, where?",
        row.about["subject"],
        "Erika Wind",
    )
    assert row.customer_id == post.customer_id
    assert raw.read(row) == mail()
    # read again by a job that was tried twice
    sorting.read_mails(ids=[row.pk])
    assert (Post.objects.count(), Conversation.objects.count()) == (1, 1)


def test_an_answer_joins_its_conversation(run_jobs):
    first = taken(mail(), run_jobs)
    answer = taken(mail(2, "In-Reply-To: <1@customer.example>", subject="Re: Where is my tea?"), run_jobs)
    assert (first.outcome, answer.outcome) == (Outcome.INQUIRY, Outcome.REPLY)
    assert Conversation.objects.get().posts_count == 2


def test_the_same_mail_is_one_whichever_way_it_comes(run_jobs):
    row = taken(mail(), run_jobs)
    again, is_new = ledger.take(mail(), source=Arrival.Source.LMTP, recipients=[OURS])
    assert (again, is_new) == (row, False)
    assert len(list(raw.folder().glob("*/*"))) == 1
    other = taken(b"Received: by another way\r\n" + mail(), run_jobs)
    assert (other.outcome, other.reason) == (Outcome.COPY, row.public_id)
    forged = taken(mail(text="Quite another thing"), run_jobs)
    assert forged.outcome != Outcome.COPY
    assert Post.objects.count() == 2
    # one that says no id is known by its own bytes
    nameless = mail().replace(b"Message-ID: <1@customer.example>\r\n", b"")
    assert taken(nameless, run_jobs).outcome in {Outcome.INQUIRY, Outcome.REPLY}
    copy = Arrival.objects.latest("pk")
    copy.pk, copy.key, copy.outcome = None, raw.keep([nameless]).key, Outcome.WAITING
    copy.save()
    sorting.read_mails(ids=[copy.pk])
    copy.refresh_from_db()
    assert copy.outcome == Outcome.COPY


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("Auto-Submitted: auto-replied", "An automatic reply."),
        ("List-Id: <news.customer.example>", "It went to a list of many people."),
    ],
)
def test_what_no_person_wrote_is_no_inquiry(run_jobs, more, reason):
    row = taken(mail(1, more), run_jobs)
    assert (row.outcome, row.reason) == (Outcome.AUTO, reason)
    assert not Customer.objects.exists()
    # unless somebody says that it is one
    post = make_inquiry(row)
    row.refresh_from_db()
    assert (row.outcome, post.text) == (Outcome.INQUIRY, "Hello, where?")
    assert make_inquiry(row) == post
    with pytest.raises(NotThisMail):
        mark_as_spam(row)


def test_a_bounce_is_told_to_the_gate_and_is_no_inquiry(run_jobs):
    person = create_customer(values={"name": "Lena", "email": "lena@posteo.example"})
    message = send(cause="test", customer=person, to="lena@posteo.example", subject="Hello", text="T")
    Message.objects.filter(pk=message.pk).update(state="accepted")
    text = DSN % ("failed", "5.1.1", "550 5.1.1 User unknown")
    row = taken(text.replace("<m1@hainhafen.example>", message.message_id).encode(), run_jobs)
    assert (row.outcome, row.customer_id) == (Outcome.BOUNCE, person.pk)
    message.refresh_from_db()
    assert message.state == "bounced"
    unknown = taken(text.encode(), run_jobs)
    assert (unknown.outcome, unknown.customer_id) == (Outcome.BOUNCE, None)
    assert not Post.objects.exists()


def test_a_form_that_writes_in_our_name_asks_for_whom_it_names(run_jobs):
    row = taken(mail(1, "Reply-To: jonas@posteo.example", sender=OURS), run_jobs)
    assert row.outcome == Outcome.INQUIRY
    assert Conversation.objects.get().reply_to == "jonas@posteo.example"


def test_what_cannot_be_read_is_tried_once_more_and_then_kept_with_the_reason(run_jobs, monkeypatch):
    tries = []

    def broken(data):
        tries.append(len(data))
        return reading.Mail(failure="it took too long")

    monkeypatch.setattr(reading, "read_safely", broken)
    row = taken(mail(), run_jobs)
    assert len(tries) == 2
    assert (row.outcome, row.reason) == (Outcome.QUARANTINE, "It could not be read: it took too long.")
    # as a file, where somebody wants it now
    post = make_inquiry(Arrival.objects.get())
    assert [file.name for file in post.files.all()] == [f"{row.public_id}.eml"]
    assert post.customer.name == "Erika Wind"
    # and read again after a fix
    other = taken(mail(2), run_jobs)
    assert other.outcome == Outcome.QUARANTINE
    monkeypatch.undo()
    assert read_again(Arrival.objects.filter(outcome=Outcome.QUARANTINE)) == 1
    run_jobs()
    other.refresh_from_db()
    assert (other.outcome, other.attempts) == (Outcome.REPLY, 0) or other.outcome == Outcome.INQUIRY


def test_an_error_of_ours_keeps_a_mail_and_one_of_the_database_is_not_its_fault(run_jobs, monkeypatch):
    def failing(error):
        def sort(*_given):
            raise error

        monkeypatch.setattr(sorting, "sort", sort)

    row, _is_new = ledger.take(mail(), source=Arrival.Source.LMTP)
    failing(OperationalError("locked"))
    with pytest.raises(OperationalError):
        sorting.read_mails(ids=[row.pk])
    failing(KeyError("secret words"))
    run_jobs()
    row.refresh_from_db()
    assert (row.outcome, row.reason, row.attempts) == (Outcome.QUARANTINE, "Reading it failed (KeyError).", 2)


def test_what_was_left_over_is_read_all_the_same(run_jobs):
    row, _is_new = ledger.take(mail(), source=Arrival.Source.LMTP)
    assert sorting.read_left_over() == 0
    DBTaskResult.objects.all().delete()
    assert sorting.read_left_over() == 1
    run_jobs()
    row.refresh_from_db()
    assert row.outcome == Outcome.INQUIRY


def test_spam_is_nobodys_inquiry_and_its_sender_is_remembered(run_jobs):
    row = taken(mail(1, "List-Id: <news.customer.example>"), run_jobs)
    mark_as_spam(row)
    row.refresh_from_db()
    assert (row.outcome, row.reason) == (Outcome.AUTO, "Spam, as a colleague said.")
    assert SpamSender.objects.count() == 1
    taken(mail(2), run_jobs)
    assert Conversation.objects.get().status == "spam"


def test_of_somebody_who_is_erased_no_mail_stays(run_jobs):
    row = taken(mail(), run_jobs)
    auto = taken(mail(2, "Auto-Submitted: auto-replied"), run_jobs)
    assert auto.customer_id == row.customer_id
    stranger = taken(mail(3, sender="jonas@posteo.example"), run_jobs)
    with_customer = Customer.objects.get(pk=row.customer_id)
    assert [one["subject"] for one in HOLDER.export(with_customer)] == ["Where is my tea?"] * 2
    with TestCase.captureOnCommitCallbacks(execute=True):
        HOLDER.forget(with_customer)
    for one in (row, auto):
        one.refresh_from_db()
        assert (one.is_erased, one.about, one.customer_id, one.sender_digest) == (True, {}, None, "")
        assert not raw.path_of(one.key).exists()
    assert raw.read(stranger)
    # what the server hands out once more is not taken in again
    again = Arrival.objects.get(pk=row.pk)
    kept = raw.keep([mail()])
    again.pk, again.key, again.outcome, again.is_erased = None, kept.key, Outcome.WAITING, False
    again.save()
    with TestCase.captureOnCommitCallbacks(execute=True):
        sorting.read_mails(ids=[again.pk])
    again.refresh_from_db()
    assert (again.outcome, again.is_erased) == (Outcome.COPY, True)
    assert not raw.path_of(kept.key).exists()
