"""Conversations: taken in, worked on, answered, and taken back."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.customers.models import Customer
from regulars.inbox import files
from regulars.inbox.actions import answering, drafts, leaving, merging, receiving, working
from regulars.inbox.files import Incoming
from regulars.inbox.models import Conversation, Draft, File, Post, PostMention, SpamSender, Status
from regulars.inbox.people import sender_of
from regulars.messaging.models import Message
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
        ("inquiry.changed", f"{{'assignee': [None, '{ben.public_id}']}}"),
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


def test_an_answer_waits_ten_seconds_and_can_be_taken_back(jonas, ben):
    post = said(jonas)
    conversation = post.conversation
    waits = conversation.waiting_since
    out = answering.answer(conversation, author=ben, text="On its way.", after=timezone.now() + answering.UNDO)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.assignee, conversation.answers_count) == (Status.WAITING, ben, 0)
    assert conversation.waiting_since == waits  # nothing has left yet
    assert (out.message.to, out.message.subject) == ("jonas.wieck@example.org", "Re: My order")
    answering.undo(out)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.posts_count) == (Status.OPEN, 1)
    assert Draft.objects.get().text == "On its way."
    assert Message.objects.get().state == "cancelled"


def test_what_has_left_is_an_answer(jonas, ben):
    conversation = said(jonas).conversation
    out = answering.answer(conversation, author=ben, text="On its way.", then="closed")
    Message.objects.update(state="accepted", sent_at=timezone.now())
    out.message.refresh_from_db()
    leaving.left(out.message)
    assert leaving.left(out.message) is None
    conversation.refresh_from_db()
    assert (conversation.status, conversation.answers_count, conversation.waiting_since) == (Status.CLOSED, 1, None)
    assert conversation.first_answer_at == conversation.last_out_at == out.message.sent_at
    with pytest.raises(answering.TooLate):
        answering.undo(out)
    leaving.failed(out.message)
    conversation.refresh_from_db()
    assert (conversation.status, conversation.waiting_since is not None) == (Status.OPEN, True)
    assert Entry.objects.filter(name="inquiry.answer_failed").count() == 1


def test_answers_do_not_cross(jonas, ada, ben):
    first = said(jonas)
    version = first.conversation.version
    second = said(jonas, cause="mail:2", conversation=first.conversation, text="Found it!")
    with pytest.raises(answering.AnswersCross) as crossed:
        answering.answer(first.conversation, author=ben, text="We look for it.", seen_version=version)
    assert crossed.value.posts == [second]
    with pytest.raises(answering.AnswersCross):
        answering.answer(first.conversation, author=ben, text="We look for it.", seen=first.pk)
    assert not Post.objects.filter(kind="out").exists()
    answering.answer(first.conversation, author=ben, text="Lovely.", seen=second.pk)
    with pytest.raises(answering.AnswersCross):
        answering.answer(first.conversation, author=ada, text="Lovely.", seen=second.pk)


def test_a_chat_is_answered_without_a_message(ben):
    guest = sender_of("chat", "c-1", "Li Na")
    conversation = said(guest, by="chat", people={"from": "c-1"}, cause="chat:1").conversation
    answering.answer(conversation, author=ben, text="你好")
    conversation.refresh_from_db()
    assert (conversation.answers_count, conversation.waiting_since, Message.objects.count()) == (1, None, 0)


def test_a_note_names_a_colleague_who_finds_it(jonas, ada, ben):
    conversation = said(jonas).conversation
    answering.note(conversation, author=ben, text="@Ada can we send another one?")
    assert list(PostMention.objects.values_list("user", "seen_at")) == [(ada.pk, None)]
    assert drafts.see_mentions(conversation, user=ada) == 1
    conversation.refresh_from_db()
    assert (conversation.posts_count, conversation.status) == (2, Status.OPEN)


def test_a_call_is_written_down_and_comes_back(jonas, ben):
    later = timezone.now() + dt.timedelta(hours=2)
    post = answering.write_call(jonas, author=ben, text="Asked for a lid.", minutes=4, outcome="later", follow_up=later)
    call = post.conversation
    assert (call.status, call.later_until, post.data["minutes"]) == (Status.LATER, later, 4)


def test_two_inquiries_are_one_and_two_again(jonas, ada):
    one, other = said(jonas).conversation, said(jonas, cause="mail:2", text="Again").conversation
    kept = merging.merge(other, into=one)
    assert (kept.posts_count, kept.waiting_since) == (2, one.waiting_since)
    late = said(jonas, cause="mail:3", conversation=other)
    assert late.conversation_id == one.pk
    apart = merging.unmerge(other)
    assert (apart.merged_into, apart.posts_count) == (None, 1)
    one.refresh_from_db()
    assert one.posts_count == 2
    stranger = said(sender_of("email", "li.na@example.cn"), cause="mail:4").conversation
    with pytest.raises(merging.OtherCustomer):
        merging.merge(stranger, into=one)
    assert merging.merge(stranger, into=one, is_sure=True) == one


def test_files_lie_sealed_and_go_with_the_person(jonas, settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    picture = b"\x89PNG\r\n\x1a\n" + b"broken cup" * 40
    post = said(jonas, files=[Incoming("../cup.png", "text/html", picture), Incoming("x", "", b"\0\1\2")])
    file, other = File.objects.order_by("pk")
    assert (file.name, file.media_type, other.media_type) == ("cup.png", "image/png", "application/octet-stream")
    lies = files.path_of(file.key)
    assert b"broken cup" not in lies.read_bytes()
    assert files.read(file).data == picture
    assert post.customer == jonas
    assert said(jonas, files=[Incoming("late.png", "", picture)]) == post
    assert sum(1 for path in files.folder().rglob("*") if path.is_file()) == 2
