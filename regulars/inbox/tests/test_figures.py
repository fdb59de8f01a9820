"""Figures: what is counted, what stands behind each number, and what nobody else sees."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers.actions import create_customer
from regulars.inbox.figures import counting, periods
from regulars.inbox.figures.commands import figures_command
from regulars.inbox.models import Conversation, Deadline, Expectation, Kind, Post, Rating, Status, Topic
from regulars.staff.models import User

pytestmark = pytest.mark.django_db
MONDAY = dt.date(2026, 3, 2)
PERIOD = periods.Period(MONDAY, MONDAY + dt.timedelta(days=6))
SPAN = "from=2026-03-02&to=2026-03-08"


@pytest.fixture(autouse=True)
def _shop(db):
    shop.change(time_zone="Europe/Berlin")


@pytest.fixture
def sofie(db):
    return create_customer(values={"name": "Sofie Dahl", "email": "sofie@home.example"})


def at(day, hour=10):
    return shop.start_of(MONDAY + dt.timedelta(days=day)) + dt.timedelta(hours=hour)


def inquiry(customer, day, took=None, *, is_late=False, closed=None, **values):
    """One that came on that day at ten, was answered after so many minutes, in time or not, and closed on a day."""
    began = at(day)
    answered = None if took is None else began + dt.timedelta(minutes=took)
    values = {"by": "email", "status": Status.CLOSED if closed is not None else Status.OPEN, **values}
    values["closed_at"] = at(closed, 17) if closed is not None else None
    row = Conversation.objects.create(
        customer=customer, began_at=began, last_at=began, first_answer_at=answered, **values
    )
    missed = began + dt.timedelta(minutes=60) if is_late else None
    terms = {"promise_name": "Everybody", "minutes": 60, "left": dt.timedelta()}
    Deadline.objects.create(
        conversation=row, kind="first", started_at=began, resumed_at=began, met_at=answered, ended_at=answered,
        missed_at=missed, **terms,
    )  # fmt: skip
    Expectation.objects.create(
        conversation=row, by=row.by, came_at=began, hour=10, queue=0, people=1, source="promise", answered_at=answered,
        took=took, topic=row.topic,
    )  # fmt: skip
    return row


def test_a_week_is_counted_and_each_number_says_of_whom(sofie, ben):
    topic = Topic.objects.create(name="Delivery")
    quick = inquiry(sofie, 0, 20, closed=0, topic=topic, assignee=ben)
    slow = inquiry(sofie, 1, 90, is_late=True, by="form", kind=Kind.COMPLAINT)
    waiting = inquiry(sofie, 6)
    inquiry(sofie, 2, 30, status=Status.SPAM)
    inquiry(sofie, -3, 30, closed=-2)
    Post.objects.create(conversation=quick, customer=sofie, kind="out", by="email", author=ben, at=at(0, 11))

    found = counting.figures(PERIOD)
    assert (found.came, found.answered, found.in_time, found.late, found.done) == (3, 2, 1, 1, 1)
    assert (found.median, found.nine_of_ten, found.share) == (55, 83, 0.5)
    assert found.backlog == [0, 1, 1, 1, 1, 1, 2]
    lines = {
        line.name: (line.came, line.in_time, line.late, line.answers, line.median) for line in found.groups["agent"]
    }
    assert lines == {"Ben Agent": (1, 1, 0, 1, 20), "nobody": (2, 0, 1, 0, 90)}
    assert [(one["promise"], one["kept"], one["missed"]) for one in found.promises] == [("Everybody", 1, 1)]
    assert counting.glance(PERIOD) == (1, 2)

    def behind(what, **more):
        return set(counting.behind(what, PERIOD, **more))

    assert behind("came") == {quick, slow, waiting}
    assert behind("came", group="topic", key=str(topic.pk)) == {quick}
    assert behind("came", group="topic") == {slow, waiting}
    assert (behind("late"), behind("in_time"), behind("done")) == ({slow}, {quick}, {quick})
    assert behind("late", group="way", key="form") == {slow}
    assert (behind("open"), behind("complaints")) == ({slow, waiting}, {slow})


def rated(conversation, agent, score, *, asked=2, said=3):
    return Rating.objects.create(
        conversation=conversation, customer=conversation.customer, agent=agent, asked_at=at(asked), score=score,
        rated_at=None if score is None else at(said),
    )  # fmt: skip


def test_what_customers_said_is_counted_by_topic_colleague_and_way(sofie, ben, ada, api_of, client_of):
    topic = Topic.objects.create(name="Delivery")
    good = inquiry(sofie, 0, 20, closed=0, topic=topic, assignee=ben)
    bad = inquiry(sofie, 0, 20, closed=0, by="form", assignee=ben)
    silent = inquiry(sofie, 0, 20, closed=0, topic=topic, assignee=ben)
    earlier = inquiry(sofie, 0, 20, closed=0)
    spam = inquiry(sofie, 0, 20, status=Status.SPAM)
    later = inquiry(sofie, 0, 20, closed=0)
    rated(good, ben, 4)
    rated(bad, ada, 3)
    rated(silent, ben, None)
    rated(earlier, ben, 5, asked=-2)
    rated(spam, ben, 1)
    rated(later, ben, 5, said=9)
    found = counting.figures(PERIOD)
    now = found.satisfaction
    assert (now.asked, now.answered, now.rated, now.good) == (4, 3, 3, 2)
    assert (round(now.good_share, 4), now.answer_rate) == (0.6667, 0.75)

    def lines(group):
        rows = [(line.name, line.satisfaction) for line in found.groups[group]]
        return {name: (one.asked, one.answered, one.rated, one.good) for name, one in rows if one.asked or one.rated}

    assert lines("topic") == {"Delivery": (2, 1, 1, 1), "without a topic": (2, 2, 2, 1)}
    assert lines("agent") == {"Ben Agent": (3, 2, 2, 2), "Ada Owner": (1, 1, 1, 0)}
    assert lines("way") == {"E-mail": (3, 2, 2, 2), "Contact form": (1, 1, 1, 0)}

    def behind(what, **more):
        return set(counting.behind(what, PERIOD, **more))

    assert (behind("rated"), behind("good"), behind("asked")) == (
        {good, bad, earlier}, {good, earlier}, {good, bad, silent, later}
    )  # fmt: skip
    assert behind("rated", group="agent", key=str(ada.pk)) == {bad}
    assert behind("asked", group="topic", key=str(topic.pk)) == {good, silent}
    said = api_of(ada).get("/inbox/figures", {"from": "2026-03-02", "to": "2026-03-08"}).json()
    assert (said["good_share"], said["rating_rate"], said["rated"]) == (0.6667, 0.75, 3)
    assert {line["name"]: line["good"] for line in said["by_agent"] if line["rated"]} == {
        "Ben Agent": 2,
        "Ada Owner": 0,
    }
    page = client_of(ada).get(f"/inbox/figures?{SPAN}").content.decode()
    assert "67%" in page
    assert "2 of 3" in page
    assert client_of(ada).get(f"/inbox/figures/behind?what=good&{SPAN}&group=agent&key={ben.pk}").status_code == 200


def test_a_deadline_that_passed_counts_as_late_before_anybody_answers(sofie):
    inquiry(sofie, 0, is_late=True)
    assert counting.glance(PERIOD) == (0, 1)


@pytest.mark.parametrize("query", [{"from": "2026-03-09", "to": "2026-03-02"}, {"from": "1"}, {"to": "0001-01-01"}])
def test_days_that_cannot_be_are_refused(query):
    with pytest.raises(Invalid):
        periods.read(query)


def test_the_page_its_table_and_what_is_behind_need_as_many_queries_for_one_as_for_three(client_of, ada, sofie):
    client = client_of(ada)
    counts = []
    for rounds in (1, 2):
        for number in range(rounds):
            topic = Topic.objects.create(name=f"Topic {rounds} {number}")
            user = User.objects.create(
                name=f"U {rounds}{number}", email=f"u{rounds}{number}@shop.example", password="!"
            )
            inquiry(sofie, number, 20, topic=topic, assignee=user, subject=f"Question {rounds}{number}")
        client.get(f"/inbox/figures?{SPAN}")
        taken = []
        for path in (f"/inbox/figures?{SPAN}", f"/inbox/figures/behind?what=came&{SPAN}"):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(path)
            assert answer.status_code == 200
            taken.append(len(queries))
        counts.append(taken)
    assert counts[0] == counts[1]
    assert "Question 21" in answer.content.decode()
    table = client.get(f"/inbox/figures?{SPAN}&as=csv")
    assert table["Content-Type"].startswith("text/csv")
    assert "all,,came,3" in table.content.decode("utf-8-sig")


def test_programs_and_the_command_line_get_the_same(api_of, ada, sofie):
    inquiry(sofie, 0, 20)
    answer = api_of(ada).get("/inbox/figures", {"from": "2026-03-02", "to": "2026-03-08"})
    assert answer.status_code == 200
    said = CliRunner().invoke(figures_command, ["--from", "2026-03-02", "--to", "2026-03-08", "--json"])
    assert json.loads(said.output)["in_time"] == answer.json()["in_time"] == 1
    assert api_of(ada).get("/inbox/figures", {"from": "never"}).status_code == 422


@pytest.mark.parametrize("path", ["/inbox/figures", f"/inbox/figures/behind?what=came&{SPAN}"])
def test_whoever_may_not_read_inquiries_sees_no_figures(client_of, charlie, path):
    assert client_of(charlie).get(path).status_code == 403
