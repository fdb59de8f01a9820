"""Conversations: taken in, worked on, answered, and taken back."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.customers.models import Customer
from regulars.inbox.actions import receiving, working
from regulars.inbox.models import Conversation, Post, SpamSender, Status
from regulars.inbox.people import sender_of
from regulars.timeline.models import Entry


@pytest.fixture
def jonas(db):
    """Jonas Wieck wrote to the shop."""
    return sender_of("email", "Jonas.Wieck@example.org", "Jonas Wieck")


def said(customer, text="Where is my order?", cause="mail:1", **more):
    given = {"by": "email", "at": timezone.now(), "people": {"from": customer.email}, "subject": "My order"}
    return receiving.receive(cause=cause, customer=customer, text=text, **{**given, **more})


def test_an_unknown_sender_becomes_a_guest_and_is_found_again(jonas):
    assert (jonas.name, jonas.email, jonas.is_guest) == ("Jonas Wieck", "jonas.wieck@example.org", True)
    assert sender_of("form", "JONAS.WIECK@example.org", "J. W.") == jonas
    chat = sender_of("telegram", "4711", "Li Na")
    said(chat, by="telegram", people={"from": "4711"}, cause="tg:1")
    assert sender_of("telegram", "4711") == chat
    assert sender_of("wechat", "4711") != chat
    number = sender_of("whatsapp", "491715550101", "Sofie Dahl")
    assert number.phone == "+491715550101"
    assert sender_of("sms", "+49 171 5550101") == number


def test_what_comes_twice_is_one_post(jonas):
    first, second = said(jonas), said(jonas, text="Something else")
    assert first == second
    assert (Post.objects.count(), Conversation.objects.count()) == (1, 1)
    assert list(Entry.objects.filter(name="inquiry.received").values_list("customer", flat=True)) == [jonas.pk]


def test_a_reply_opens_what_was_done_and_says_since_when_they_wait(jonas):
    conversation = said(jonas).conversation
    began = conversation.waiting_since
    closed = working.close(conversation)
    assert (closed.status, closed.waiting_since, closed.closed_at is not None) == (Status.CLOSED, None, True)
    post = said(jonas, cause="mail:2", conversation=conversation, text="Still nothing")
    again = post.conversation
    assert (again.pk, again.status, again.reopened_count, again.posts_count) == (conversation.pk, Status.OPEN, 1, 2)
    assert again.waiting_since == post.at > began
    assert again.preview == "Still nothing"
    fact = Entry.objects.get(name="inquiry.reply_received")
    assert fact.data["is_reopened"] is True


def test_spam_stays_spam_until_somebody_says_it_is_none(jonas):
    conversation = working.mark_spam(said(jonas).conversation)
    assert SpamSender.objects.count() == 1
    again = said(jonas, cause="mail:2").conversation
    assert (again.status, again.waiting_since) == (Status.SPAM, None)
    assert said(jonas, cause="mail:3", conversation=conversation).conversation.status == Status.SPAM
    assert not Entry.objects.filter(name="inquiry.reply_received").exists()
    heard = working.not_spam(again)
    assert (heard.status, heard.waiting_since is not None) == (Status.OPEN, True)
    assert said(jonas, cause="mail:4").conversation.status == Status.OPEN


def test_what_is_put_off_comes_back_by_the_clock(jonas):
    conversation = working.snooze(said(jonas).conversation, until=timezone.now() + dt.timedelta(hours=1))
    assert working.wake_due() == 0
    Conversation.objects.update(later_until=timezone.now() - dt.timedelta(seconds=1))
    assert working.wake_due() == 1
    conversation.refresh_from_db()
    assert (conversation.status, conversation.later_until) == (Status.OPEN, None)
    assert working.wake_due() == 0


def test_a_complaint_is_told_on_the_timeline(jonas, ben):
    conversation = said(jonas).conversation
    working.set_kind(conversation, kind="complaint")
    working.take(conversation, user=ben)
    told = Entry.objects.filter(customer=jonas, name__in=["inquiry.complaint_raised", "inquiry.changed"])
    assert sorted((one.name, str(one.data.get("changes", ""))) for one in told) == [
        ("inquiry.changed", "{'assignee': [None, '%s']}" % ben.public_id),
        ("inquiry.changed", "{'inquiry_kind': ['inquiry', 'complaint']}"),
        ("inquiry.complaint_raised", ""),
    ]


def test_who_is_slower_is_told_that_it_was_taken(jonas, ada, ben):
    conversation = said(jonas).conversation
    working.take(conversation, user=ben)
    with pytest.raises(working.TakenAlready, match="Ben Agent has taken"):
        working.take(conversation, user=ada)
    assert Conversation.objects.get().assignee == ben
    assert Customer.objects.count() == 1
