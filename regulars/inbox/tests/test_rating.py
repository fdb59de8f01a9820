"""After an inquiry is done its customer is asked once, says it with one click, and it stands on their timeline."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.inbox.actions.remembering import Said, remember
from regulars.inbox.models import By, Rating, Status
from regulars.inbox.rating import asking, saying
from regulars.messaging.models import Message
from regulars.timeline.models import Entry

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def anna(db):
    saying.change(is_on=True, after_hours=24)
    return create_customer(values={"name": "Anna Roth", "email": "anna@post.example"})


def done(customer, ada, *, cause="1", hours=26, status=Status.CLOSED, by=By.EMAIL, is_answered=True):
    began = timezone.now() - hours * HOUR - HOUR
    said = [Said(at=began, text="The lid is cracked.")]
    if is_answered:
        said.append(Said(at=began + HOUR, text="A new one leaves today.", author=ada))
    sender = "anna@post.example" if by == By.EMAIL else ""
    return remember(customer, cause=cause, by=by, subject="Lid", sender=sender, said=said, status=status, assignee=ada)


def link_in(message):
    return re.search(r"http\S+(/rate/\S+/)5", message.text)[1]


def test_they_are_asked_once_a_day_after(anna, ada):
    conversation = done(anna, ada)
    assert (asking.ask_due(), asking.ask_due()) == (1, 0)
    (message,) = Message.objects.filter(cause__startswith="rating ")
    assert (message.to, message.subject, message.customer) == ("anna@post.example", "How was our answer?", anna)
    assert message.text.count("/rate/") == 5
    rating = Rating.objects.get()
    assert (rating.conversation, rating.agent, rating.score) == (conversation, ada, None)


@pytest.mark.parametrize(
    "same",
    [
        {"hours": 23},
        {"hours": 24 * 5},
        {"status": Status.OPEN},
        {"is_answered": False},
        {"by": By.PHONE},
    ],
    ids=["too early", "long ago", "not done", "never answered", "by phone"],
)
def test_nobody_else_is_asked(anna, ada, same):
    done(anna, ada, **same)
    assert asking.ask_due() == 0
    assert not Message.objects.exists()


def test_nobody_is_asked_twice_a_month_or_while_it_is_switched_off(anna, ada):
    done(anna, ada)
    saying.change(is_on=False, after_hours=24)
    assert asking.ask_due() == 0
    saying.change(is_on=True, after_hours=24)
    assert asking.ask_due() == 1
    done(anna, ada, cause="2", hours=25)
    assert asking.ask_due() == 0
    assert Message.objects.count() == 1


def test_looking_keeps_nothing_and_the_button_keeps_it(anna, ada, client):
    conversation = done(anna, ada)
    asking.ask_due()
    address = link_in(Message.objects.get())
    seen = client.get(f"{address}4")
    assert seen.status_code == 200
    assert Rating.objects.get().score is None
    for score, comment in ((4, ""), (2, "Slow\0ly.")):
        assert client.post(f"{address}4", {"score": score, "comment": comment}).status_code in {200, 422}
    assert client.post(f"{address}4", {"score": 2, "comment": "Slowly."}).status_code == 200
    rating = Rating.objects.get()
    assert (rating.score, rating.comment) == (2, "Slowly.")
    told = Entry.objects.filter(customer=anna, name="inquiry.rated").order_by("pk")
    assert [entry.data for entry in told] == [
        {"conversation": conversation.public_id, "score": score} for score in (4, 2)
    ]


def test_what_is_not_one_to_five_or_not_ours_is_refused(anna, ada, client):
    done(anna, ada)
    asking.ask_due()
    address = link_in(Message.objects.get())
    for score in ("0", "6", "99"):
        assert client.post(f"{address}3", {"score": score}).status_code == 422
    assert client.get("/rate/nonsense/3").status_code == 410
    assert client.post(f"{address[:-3]}x/3").status_code == 410
    assert Rating.objects.get().score is None


def test_what_they_said_is_shown_to_who_sets_it_up(anna, ada, client_of, charlie):
    done(anna, ada)
    asking.ask_due()
    saying.rate(Rating.objects.get(), score=5, comment="Lovely.")
    page = client_of(ada).get("/settings/inbox/rating").content.decode()
    assert "Lovely." in page
    assert "1 asked, 1 answered; on average 5.0 of 5." in page
    assert client_of(charlie).get("/settings/inbox/rating").status_code == 403
    assert client_of(ada).post("/settings/inbox/rating", {"after_hours": "999"}).status_code == 422
    assert client_of(ada).post("/settings/inbox/rating", {"after_hours": "3"}).status_code == 302
    assert (asking.current().is_on, asking.current().after_hours) == (False, 3)


def test_a_rating_is_the_customers_even_where_a_colleague_is_signed_in(anna, ada, client_of):
    done(anna, ada)
    asking.ask_due()
    client_of(ada).post(f"{link_in(Message.objects.get())}4")
    assert Rating.objects.get().score == 4
    assert Entry.objects.get(name="inquiry.rated").actor is None
