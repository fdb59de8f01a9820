"""Acknowledgements: at once, in the customer's language, with a time that holds; never to a machine, never twice."""

import datetime as dt
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from bench import desk
from regulars.core import shop
from regulars.customers.actions import change_customer, create_customer
from regulars.inbox.acknowledging import estimating, expecting, keeping, moments, setting_up, telling, texts
from regulars.inbox.actions.receiving import receive
from regulars.inbox.models import Conversation, Expectation, Mailbox, Post, SpamSender, Status
from regulars.inbox.promises import clock
from regulars.messaging import sending
from regulars.messaging.models import Message
from regulars.timeline.actions import acting

CHINESE = "你好，上次的玉露已经喝完了。今年的新茶大概什么时候到？"


@pytest.fixture
def sofie(db):
    setting_up.change(is_on=True, ways=["email", "form"], texts={})
    return create_customer(values={"name": "Sofie Dahl", "email": "sofie@home.example"})


def ask(customer, text="Where is my parcel?", address="sofie@home.example", **values):
    number = Post.objects.count()
    values = {"by": "email", "at": timezone.now(), "subject": "Parcel", "mail_id": f"<{number}@home.example>", **values}
    post = receive(cause=f"test:{number}", customer=customer, text=text, people={"from": address}, **values)
    return post.conversation


def told():
    return list(Message.objects.filter(cause__startswith="acknowledge:").order_by("pk"))


def test_an_inquiry_is_acknowledged_at_once_and_it_stands_in_the_conversation(sofie, run_jobs):
    inquiry = ask(sofie)
    run_jobs()
    (message,) = told()
    assert (message.to, message.purpose, message.subject) == ("sofie@home.example", "service", "Re: Parcel")
    assert message.headers["Auto-Submitted"] == "auto-replied"
    assert message.headers["In-Reply-To"] == inquiry.posts.get(kind="in").mail_id
    assert "You will hear from us by " in message.text, "the promise is told while there is nothing to learn from"
    post = inquiry.posts.get(kind="auto")
    assert (post.text, post.message) == (message.text, message)
    inquiry.refresh_from_db()
    assert (inquiry.first_answer_at, inquiry.status) == (None, Status.OPEN)
    assert inquiry.due_at is not None, "an acknowledgement keeps no promise"
    assert inquiry.expectation.source == "promise"


def test_nobody_is_told_twice_about_one_inquiry_or_on_one_day(sofie, run_jobs):
    inquiry = ask(sofie)
    run_jobs()
    telling.acknowledge(conversation_id=inquiry.pk)
    receive(cause="more", customer=sofie, by="email", text="Well?", at=timezone.now(), conversation=inquiry)
    other = ask(sofie, "And another thing", "Sofie@Home.example")
    run_jobs()
    assert len(told()) == 1
    assert Expectation.objects.get(conversation=other).told_at is None


@pytest.mark.parametrize(
    "address", ["no-reply@bank.example", "MAILER-DAEMON@mx.example", "tea-request@lists.example", "desk@shop.example"]
)
def test_robots_lists_and_ourselves_are_never_answered(sofie, run_jobs, address):
    Mailbox.objects.create(name="Desk", address="desk@shop.example", host="mail.example", user="desk")
    ask(sofie, address=address)
    run_jobs()
    assert told() == []


def test_what_a_colleague_took_from_the_robots_mails_by_hand_is_left_to_them(sofie, run_jobs, ada):
    with acting(ada.pk, "page"):
        ask(sofie)
    run_jobs()
    assert told() == []
    assert Expectation.objects.count() == 1


def test_spam_what_is_old_what_needs_no_answer_and_what_was_switched_off_is_not_acknowledged(sofie, run_jobs):
    from regulars.inbox import digests

    SpamSender.objects.create(digest=digests.of("sofie@home.example"))
    ask(sofie)
    ask(sofie, address="other@home.example", at=timezone.now() - dt.timedelta(days=2))
    ask(sofie, address="third@home.example", wants_answer=False)
    ask(sofie, address="fourth@home.example", by="chat")
    setting_up.change(is_on=False, ways=["email"], texts={})
    ask(sofie, address="fifth@home.example")
    run_jobs()
    assert told() == []
    assert Conversation.objects.count() == 5


def test_what_the_gate_refuses_breaks_nothing(sofie, run_jobs, monkeypatch):
    def refuse(**_values):
        raise sending.MayNotWrite("They are restricted.")

    monkeypatch.setattr(telling.sending, "send", refuse)
    inquiry = ask(sofie)
    run_jobs()
    assert told() == []
    assert inquiry.posts.count() == 1
    assert Expectation.objects.get().told_at is None


def test_it_is_written_in_the_language_of_the_mail_and_on_the_clock_of_the_customer(sofie, run_jobs):
    change_customer(sofie, values={"time_zone": "Asia/Shanghai"})
    ask(sofie, CHINESE)
    run_jobs()
    (message,) = told()
    assert message.language == "zh-hans"
    assert "您的留言我们已收到" in message.text
    assert "前回复您" in message.text


@pytest.mark.parametrize(
    ("text", "known", "language"),
    [
        (CHINESE, "en", "zh-hans"),
        ("Is the 玉露 from Uji still there, or is it gone for the year?", "", "en"),
        ("抹茶の賞味期限はいつですか", "ja", "ja"),
        ("Guten Tag, wo bleibt mein Paket?", "de", "de"),
        ("Hello, this is in English", "zh-hans", "en"),
        ("???", "zh-hans", "zh-hans"),
    ],
)
def test_the_language_is_found_from_the_text_and_else_from_the_customer(text, known, language):
    assert texts.language_of(text, known) == language


def test_moments_are_rounded_up_to_kind_ones_and_never_later_than_a_promise_that_is_kept():
    berlin = ZoneInfo("Europe/Berlin")
    now = dt.datetime(2026, 11, 23, 9, 12, tzinfo=berlin)

    def said(minutes, promised=None, keeps=True):
        due = None if promised is None else clock.due(desk.HOURS, now, promised)
        found = moments.told(
            calendar=desk.HOURS, came=now, minutes=minutes, promised=due, keeps_promises=keeps, zone=berlin
        )
        return f"{found.astimezone(berlin):%a %H:%M}"

    assert said(61) == "Mon 10:30"
    assert said(48) == "Mon 10:00"
    assert said(10 * 60) == "Tue 11:00"
    assert said(61, promised=70) == "Mon 10:22"
    assert said(61, promised=60, keeps=False) == "Mon 10:30"


def test_four_of_five_hold_on_a_simulated_desk_and_are_far_shorter_than_the_promise():
    inquiries = desk.simulated(1500, seed=1)
    found = desk.replay(inquiries)
    assert 0.78 <= found.coverage <= 0.82
    assert found.tighter >= 0.3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_four_of_five_hold_over_months_of_drift(seed):
    found = desk.replay(desk.simulated(6000, seed))
    assert 0.78 <= found.coverage <= 0.82
    assert found.tighter >= 0.3


def test_the_level_rises_after_what_was_late_and_falls_after_what_held():
    assert estimating.level([]) == 0.8
    assert estimating.level([True]) > 0.8 > estimating.level([False])
    assert estimating.level([True, False, False, False, False]) == pytest.approx(0.8)


def test_what_was_learned_is_told_compared_and_shown(sofie, run_jobs, client_of, ada, ben, monkeypatch):
    shop.change(time_zone="Europe/Berlin")
    now = dt.datetime(2026, 3, 16, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    for module in (expecting, telling, keeping):
        monkeypatch.setattr(module, "timezone", SimpleNamespace(now=lambda: now))
    rows = [
        Conversation(
            customer=sofie,
            by="email",
            status=Status.CLOSED,
            began_at=(began := now - dt.timedelta(weeks=1 + number // 8, minutes=number % 8 * 5)),
            last_at=began,
            first_answer_at=began + dt.timedelta(minutes=30 + number % 8),
        )
        for number in range(81)
    ]
    Conversation.objects.bulk_create(rows)
    Post.objects.bulk_create(
        Post(conversation=row, customer=sofie, kind="in", by="email", at=row.began_at) for row in rows[:80]
    )
    assert expecting.catch_up() == 80
    assert expecting.catch_up() == 0

    inquiry = ask(sofie, at=now)
    row = expecting.expect(inquiry)
    assert (row.source, row.learned_from) == ("history", 80)
    assert 28 < row.minutes < 45
    assert row.said_at <= row.promised_at

    Conversation.objects.filter(pk=inquiry.pk).update(first_answer_at=now + dt.timedelta(minutes=20))
    inquiry.refresh_from_db()
    expecting.learn(inquiry)
    row.refresh_from_db()
    assert row.took == 20
    (week,), total, undecided = keeping.weeks()
    assert (week.count, week.held, undecided, total.share) == (1, 1, 0, 1.0)
    assert "It held in 100%" in client_of(ada).get("/inbox/kept").content.decode()
