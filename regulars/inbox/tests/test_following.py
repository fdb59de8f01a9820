"""Where customers stay silent: an inquiry comes back, they are reminded, and in the end it is done."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.core.errors import Invalid
from regulars.inbox.actions import answering, receiving, setting_up
from regulars.inbox.following import reminding, silence
from regulars.inbox.models import Conversation, FollowUp, Post, Status
from regulars.inbox.people import sender_of
from regulars.messaging.models import Message
from regulars.staff.actions import let_go
from regulars.timeline.models import Entry

DAY = dt.timedelta(days=1)


def asked(number=1, **more):
    who = f"jonas{number}@wieck.example"
    said = {"text": "Which size fits?", "subject": "Teapot"} | more
    return receiving.receive(
        cause=f"f:{Post.objects.count()}", customer=sender_of("email", who, "Jonas Wieck"), by="email",
        at=timezone.now(), people={"from": who}, **said,
    ).conversation  # fmt: skip


def waiting(number=1, *, days=0, user=None):
    """One that waits for its customer since we answered so many days ago."""
    row = asked(number)
    at = timezone.now() - days * DAY
    Conversation.objects.filter(pk=row.pk).update(
        status=Status.WAITING, last_in_at=at - DAY, last_out_at=at, answers_count=1, waiting_since=None, assignee=user
    )
    row.refresh_from_db()
    return row


def later(days):
    """So many days go by for every reminder."""
    for one in FollowUp.objects.all():
        one.asked_at, one.due_at = one.asked_at - days * DAY, one.due_at - days * DAY if one.due_at else None
        one.save()
    Conversation.objects.update(last_in_at=timezone.now() - 30 * DAY)


@pytest.fixture
def gently(db):
    text = {"en": "Dear {{ customer.name }}, did you see our answer?", "de": "Haben Sie unsere Antwort gesehen?"}
    return setting_up.save_canned(name="Gently", shortcut="gently", texts=text)


def test_it_comes_back_with_a_note_where_they_did_not_answer(ben, ada):
    row = asked()
    reminding.remind(row, user=ben, days=3)
    row.refresh_from_db()
    assert (row.status, reminding.of(row).user, reminding.follow_due()) == (Status.WAITING, ben, 0)
    later(3)
    assert (reminding.follow_due(), reminding.follow_due()) == (1, 0)
    row.refresh_from_db()
    assert (row.status, row.assignee) == (Status.OPEN, ben)
    note = Post.objects.get(kind="note")
    assert (note.text, note.author) == ("The customer has not answered for 3 days.", None)
    assert Entry.objects.filter(name="inquiry.woken", subject_id=row.pk).count() == 1
    assert not Message.objects.exists()


def test_a_word_of_theirs_another_state_or_taking_it_back_ends_it(ben):
    answered, closed, taken_back = asked(1), asked(2), asked(3)
    for one in (answered, closed, taken_back):
        reminding.remind(one, user=ben, days=1)
    receiving.receive(
        cause="f:again", customer=answered.customer, by="email", text="The large one.", at=timezone.now() + DAY / 24,
        people={"from": "jonas1@wieck.example"}, conversation=answered,
    )  # fmt: skip
    Conversation.objects.filter(pk=closed.pk).update(status=Status.CLOSED)
    assert reminding.forget(taken_back)
    assert not reminding.forget(taken_back)
    FollowUp.objects.update(due_at=timezone.now() - DAY)
    assert reminding.follow_due() == 0
    assert (Post.objects.filter(kind="note").count(), FollowUp.objects.count()) == (0, 0)


def test_they_are_reminded_first_once_and_then_it_comes_back(ben, gently):
    row = asked()
    reminding.remind(row, user=ben, days=2, canned=gently)
    later(2)
    assert (reminding.follow_due(), reminding.follow_due()) == (1, 0)
    row.refresh_from_db()
    assert row.status == Status.WAITING
    post, message = Post.objects.get(kind="auto"), Message.objects.get()
    assert (post.text, message.to) == ("Dear Jonas Wieck, did you see our answer?", "jonas1@wieck.example")
    assert (message.subject, message.headers["Auto-Submitted"]) == ("Re: Teapot", "auto-generated")
    later(2)
    assert reminding.follow_due() == 1
    assert "They were reminded in between." in Post.objects.get(kind="note").text
    assert (Message.objects.count(), Conversation.objects.get().status) == (1, Status.OPEN)


def test_what_cannot_be_written_comes_back_at_once_and_says_why(ben):
    text = setting_up.save_canned(name="Order", shortcut="order", texts={"en": "Your order {{ order.number }}?"})
    reminding.remind(asked(), user=ben, days=2, canned=text)
    later(2)
    assert reminding.follow_due() == 1
    assert "order.number" in Post.objects.get(kind="note").text
    assert not Message.objects.exists()


def test_who_left_is_reminded_of_nothing(ben, ada):
    row = asked()
    reminding.remind(row, user=ben, days=1)
    let_go(ben, by=ada)
    later(1)
    assert reminding.follow_due() == 1
    row.refresh_from_db()
    assert (row.status, row.assignee) == (Status.OPEN, None)


def test_pages_ask_for_it_and_take_it_back(client_of, ben, charlie, gently):
    row = asked()
    work, client = f"/inbox/{row.public_id}/work", client_of(ben)
    assert client.post(work, {"act": "follow", "days": "0"}).status_code == 422
    assert client.post(work, {"act": "follow", "days": "4", "canned": gently.public_id}).status_code == 302
    kept = FollowUp.objects.get()
    assert (kept.user, kept.days, kept.canned) == (ben, 4, gently)
    assert "No reminder any more" in client.get(f"/inbox/{row.public_id}").content.decode()
    client.post(work, {"act": "follow-not"})
    assert not FollowUp.objects.exists()
    said = {"mode": "answer", "text": "The large one.", "then": "waiting-remind"}
    assert client.post(f"/inbox/{row.public_id}/answer", said | {"days": "x"}).status_code == 422
    assert not Post.objects.filter(kind="out").exists()
    assert client.post(f"/inbox/{row.public_id}/answer", said | {"days": "5"}).status_code == 302
    assert (FollowUp.objects.get().days, Post.objects.get(kind="out").data["then"]) == (5, "waiting")
    assert client_of(charlie).post(work, {"act": "follow", "days": "4"}).status_code == 403


def test_the_shop_reminds_once_and_closes_what_they_leave(gently, ben):
    with pytest.raises(Invalid):
        silence.change(remind_after=3, remind_with=None, close_after=0)
    silence.change(remind_after=3, remind_with=gently, close_after=7, close_with=gently)
    rows = {days: waiting(days, days=days) for days in (2, 4, 8, 40)}
    mine = waiting(99, days=8, user=ben)
    reminding.remind(mine, user=ben, days=30)
    assert silence.keep_silence() == 3
    assert silence.keep_silence() == 0
    assert {days: Conversation.objects.get(pk=row.pk).status for days, row in rows.items()} == {
        2: "waiting", 4: "waiting", 8: "closed", 40: "closed"
    }  # fmt: skip
    assert Conversation.objects.get(pk=mine.pk).status == Status.WAITING
    told = {message.to for message in Message.objects.all()}
    assert told == {"jonas4@wieck.example", "jonas8@wieck.example"}  # nobody hears of what was long ago
    at = timezone.now() - 8 * DAY
    Conversation.objects.filter(pk=rows[4].pk).update(last_out_at=at, last_in_at=at)
    assert silence.keep_silence() == 0  # a reminder is a word of ours, too
    FollowUp.objects.filter(conversation=rows[4]).update(reminded_at=timezone.now() - 7 * DAY)
    assert silence.keep_silence() == 1
    assert Conversation.objects.get(pk=rows[4].pk).status == Status.CLOSED


def test_the_page_says_how_many_before_anything_is_saved(client_of, ada, charlie, gently):
    waiting(1, days=8)
    said = {"remind_after": "3", "remind_with": gently.pk, "close_after": "7", "close_with": ""}
    page = client_of(ada).post("/settings/inbox/silence", said | {"look": "1"}).content.decode()
    assert "Now 1 would be reminded, and 1 would be done." in page
    assert silence.current().close_after == 0
    assert client_of(ada).post("/settings/inbox/silence", said | {"remind_with": ""}).status_code == 422
    assert client_of(ada).post("/settings/inbox/silence", said).status_code == 302
    assert (silence.current().remind_after, silence.current().close_after) == (3, 7)
    assert client_of(charlie).get("/settings/inbox/silence").status_code == 403


def test_a_call_that_reached_nobody_comes_back_when_it_was_said(ben):
    at = timezone.now() + DAY
    customer = sender_of("email", "jonas@wieck.example", "Jonas Wieck")
    row = answering.write_call(customer, author=ben, text="Nobody there.", outcome="nobody", follow_up=at).conversation
    row.refresh_from_db()
    assert (row.status, row.later_until, row.assignee) == (Status.LATER, at, ben)
