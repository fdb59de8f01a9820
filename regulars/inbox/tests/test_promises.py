"""Promises: which one holds, when its clock runs, and what becomes of it."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers.actions import create_customer
from regulars.inbox import turns
from regulars.inbox.models import Calendar, Conversation, Deadline, Promise, Status, Topic
from regulars.inbox.promises import deciding, recomputing, saying, setting_up, watching
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


def at(text):
    """A moment of the week of Monday 23 November 2026 in the shop: at("mon 09:30")."""
    day, time = text.split()
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(day)
    return dt.datetime.fromisoformat(f"2026-11-23 {time}").replace(tzinfo=BERLIN) + dt.timedelta(days=days)


@pytest.fixture
def promise(db):
    """Everybody: an answer within two hours, each further one within one, solved within ten; nine to six."""
    shop.change(time_zone="Europe/Berlin")
    Deadline.objects.all().delete()
    Promise.objects.all().delete()
    Calendar.objects.all().delete()
    week = [[["09:00", "18:00"]]] * 5 + [[], []]
    calendar = Calendar.objects.create(name="Desk", week=week, is_default=True)
    return Promise.objects.create(
        name="Everybody", is_default=True, calendar=calendar, first_minutes=120, next_minutes=60, solution_minutes=600
    )


@pytest.fixture
def inquiry(promise):
    customer = create_customer(values={"name": "Sofie Dahl", "email": "sofie@home.example"})
    return ask(customer, "mon 09:30")


def ask(customer, when, **values):
    moment = at(when)
    values = {"by": "email", "began_at": moment, "last_at": moment, "waiting_since": moment, **values}
    conversation = Conversation.objects.create(customer=customer, **values)
    turns.customer_wrote(conversation, moment)
    return conversation


def answer(conversation, when, status=Status.WAITING):
    conversation.status, conversation.waiting_since = status, None
    conversation.first_answer_at = conversation.first_answer_at or at(when)
    conversation.save()
    turns.we_answered(conversation, at(when))


def write(conversation, when):
    conversation.status, conversation.waiting_since = Status.OPEN, at(when)
    conversation.save()
    turns.customer_wrote(conversation, at(when))


def close(conversation, when):
    conversation.status = Status.CLOSED
    conversation.save()
    turns.closed(conversation, at(when))


def deadline(conversation, kind):
    return Deadline.objects.filter(conversation=conversation, kind=kind).latest("pk")


def due(conversation):
    conversation.refresh_from_db()
    return conversation.due_at


def missed():
    return [(one.data["promised"], one.at) for one in Entry.objects.filter(name="promise.missed").order_by("id")]


def test_a_new_inquiry_is_promised_an_answer_and_a_solution(inquiry):
    assert due(inquiry) == at("mon 11:30")
    assert deadline(inquiry, "solution").due_at == at("tue 10:30")


def test_a_second_mail_of_the_customer_gives_nobody_more_time(inquiry):
    write(inquiry, "mon 11:00")
    assert due(inquiry) == at("mon 11:30")
    assert Deadline.objects.count() == 2


def test_an_answer_meets_the_promise_and_lets_the_solution_stand_still(inquiry):
    answer(inquiry, "mon 10:30")
    first, solution = deadline(inquiry, "first"), deadline(inquiry, "solution")
    assert (first.met_at, first.missed_at, first.left) == (at("mon 10:30"), None, dt.timedelta(hours=1))
    assert (solution.due_at, solution.left) == (None, dt.timedelta(hours=9))
    assert due(inquiry) is None

    write(inquiry, "tue 17:30")
    assert due(inquiry) == at("wed 09:30"), "the next answer within an hour of working time"
    assert deadline(inquiry, "solution").due_at == at("wed 17:30"), "nine hours were left"


def test_an_automatic_answer_keeps_no_promise(inquiry):
    turns.we_answered(inquiry, at("mon 09:31"), is_automatic=True)
    assert due(inquiry) == at("mon 11:30")
    assert deadline(inquiry, "first").met_at is None


def test_closing_meets_the_solution_and_reopening_takes_it_up_again(inquiry):
    answer(inquiry, "mon 10:30", Status.OPEN)
    close(inquiry, "mon 12:30")
    solution = deadline(inquiry, "solution")
    assert (solution.met_at, solution.left) == (at("mon 12:30"), dt.timedelta(hours=7))
    assert due(inquiry) is None

    write(inquiry, "wed 09:00")
    solution.refresh_from_db()
    assert (solution.ended_at, solution.met_at, solution.due_at) == (None, None, at("wed 16:00"))
    assert Deadline.objects.filter(kind="solution").count() == 1


def test_what_is_missed_is_said_once_and_as_of_its_moment(inquiry, run_jobs, monkeypatch):
    monkeypatch.setattr(watching.timezone, "now", lambda: at("mon 11:35"))
    watching.watch()
    watching.watch()
    assert missed() == [("first", at("mon 11:30"))]
    assert due(inquiry) == at("mon 11:30"), "it stays due until it is answered"
    answer(inquiry, "mon 12:00")
    assert missed() == [("first", at("mon 11:30"))]
    assert (deadline(inquiry, "first").met_at, deadline(inquiry, "first").missed_at) == (
        at("mon 12:00"),
        at("mon 11:30"),
    )


def test_an_answer_that_is_late_is_missed_even_before_the_clock_looked(inquiry):
    answer(inquiry, "mon 11:31")
    assert missed() == [("first", at("mon 11:30"))]


def test_a_promise_is_warned_of_once_before_it_is_missed(inquiry, monkeypatch):
    for when in ("mon 10:59", "mon 11:01", "mon 11:02"):
        monkeypatch.setattr(watching.timezone, "now", lambda when=when: at(when))
        watching.watch()
        soon = Entry.objects.filter(name="promise.soon_due").count()
        assert soon == (when != "mon 10:59")
    assert missed() == []


def test_put_off_for_later_the_clock_runs_or_stands_as_the_promise_says(inquiry, promise):
    turns.put_off(inquiry, at("mon 10:00"))
    assert due(inquiry) == at("mon 11:30")
    promise.runs_on_later = False
    promise.save()
    other = ask(inquiry.customer, "mon 09:30")
    turns.put_off(other, at("mon 10:00"))
    assert due(other) is None
    turns.woken(other, at("wed 09:00"))
    assert due(other) == at("wed 10:30")


def test_spam_is_owed_nothing(inquiry):
    turns.is_spam(inquiry, at("mon 09:40"))
    assert (due(inquiry), deadline(inquiry, "first").met_at) == (None, None)
    assert not Deadline.objects.filter(ended_at__isnull=True).exists()


def test_the_first_promise_that_fits_holds_and_another_topic_decides_anew(inquiry, promise):
    topic = Topic.objects.create(name="Delivery")
    quick = setting_up.save_promise(
        values={"name": "Delivery", "calendar": promise.calendar, "topic": topic, "first_minutes": 30}
    )
    assert deciding.fitting(inquiry) == promise
    inquiry.topic = topic
    inquiry.save()
    assert deciding.fitting(inquiry) == quick
    turns.changed(inquiry, at("mon 09:40"))
    assert due(inquiry) == at("mon 10:00")
    assert deadline(inquiry, "solution").ended_at == at("mon 09:40"), "nothing is promised about it any more"
    answer(inquiry, "mon 09:50")
    inquiry.topic = None
    inquiry.save()
    turns.changed(inquiry, at("mon 10:00"))
    assert deadline(inquiry, "first").minutes == 30, "what was kept stays as it was"


def test_of_two_that_are_one_the_earlier_promise_holds(inquiry):
    other = ask(inquiry.customer, "mon 09:00")
    turns.merged(inquiry, other, at("mon 10:00"))
    assert due(inquiry) == at("mon 11:00")
    assert due(other) is None
    assert Deadline.objects.filter(ended_at__isnull=True, conversation=inquiry).count() == 2


def test_a_changed_promise_is_counted_before_and_carried_out_behind(inquiry, promise, run_jobs):
    answered = ask(inquiry.customer, "mon 09:30")
    answer(answered, "mon 10:00")

    def change():
        setting_up.save_promise(promise, values={"first_minutes": 240})

    seen = recomputing.preview(change)
    assert (seen.open, seen.moved, seen.ended) == (3, 1, 0)
    promise.refresh_from_db()
    assert (promise.first_minutes, due(inquiry)) == (120, at("mon 11:30"))

    change()
    run_jobs()
    if deadline(inquiry, "first").missed_at is None:
        assert due(inquiry) == at("mon 13:30")
    assert deadline(answered, "first").minutes == 120
    assert Entry.objects.filter(name="promises.changed").count() == 1


def test_a_changed_calendar_moves_what_runs(inquiry, promise, run_jobs, monkeypatch):
    monkeypatch.setattr(recomputing.timezone, "now", lambda: at("mon 09:35"))
    setting_up.save_calendar(
        promise.calendar,
        values={"days": [{"on": at("mon 00:00").date(), "name": "Inventory", "windows": [["09:00", "10:00"]]}]},
    )
    run_jobs()
    assert due(inquiry) == at("tue 10:30")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"week": [[]] * 7}, "week"),
        ({"week": [[["09:00", "9"]]] * 7}, "week"),
        ({"week": [[["09:00", "12:00"], ["11:00", "18:00"]]] * 7}, "week"),
        ({"time_zone": "Europe/Hamburg"}, "time_zone"),
        ({"days": [{"on": dt.date(2026, 12, 25)}, {"on": dt.date(2026, 12, 25)}]}, "days"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_with_its_reason(promise, values, field):
    with pytest.raises(Invalid) as refused:
        setting_up.save_calendar(promise.calendar, values=values)
    assert list(refused.value.fields) == [field]


def test_what_is_left_is_said_plainly_soon_and_late(inquiry, promise):
    first = deadline(inquiry, "first")

    def said(when, one=first):
        found = saying.left(one, at(when))
        return found.words, found.short, round(found.share, 2), found.state

    assert said("mon 09:31") == ("1 h 59 left", "1 h 59", 0.99, "plain")
    assert said("mon 10:41") == ("49 min left", "49 min", 0.41, "soon")
    assert said("mon 11:42") == ("12 min late", "12 min late", 0.0, "late")
    assert said("mon 09:31", deadline(inquiry, "solution"))[0] == "Tomorrow"
    assert saying.sentences(promise)[0] == "Everybody: first answer within 2 hours of working time."
    assert saying.nearest([inquiry])[inquiry.pk] == first
