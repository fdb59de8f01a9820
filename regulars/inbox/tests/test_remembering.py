"""Conversations of another desk come in as they went, and nothing is sent anew."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.core.errors import Invalid
from regulars.customers.actions import create_customer
from regulars.inbox.actions.remembering import Said, remember
from regulars.inbox.models import By, Conversation, Deadline, Kind, Post, Status
from regulars.messaging.models import Message
from regulars.timeline.models import Entry

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def anna(db):
    return create_customer(values={"name": "Anna Roth", "email": "anna@post.example"})


def talk(ada, began):
    return [
        Said(at=began, text="The lid is cracked."),
        Said(at=began + HOUR, text="Third one.", author=ada, is_note=True),
        Said(at=began + 2 * HOUR, text="A new one leaves today.", author=ada),
    ]


def test_what_was_settled_long_ago_stands_as_it_went(anna, ada):
    began = timezone.now() - dt.timedelta(days=40)
    same = {
        "cause": "old 7",
        "by": By.EMAIL,
        "subject": "Lid",
        "sender": "anna@post.example",
        "said": talk(ada, began),
        "kind": Kind.COMPLAINT,
        "assignee": ada,
    }
    found = remember(anna, **same)
    assert remember(anna, **same) == found
    assert Conversation.objects.count() == 1
    found.refresh_from_db()
    assert (found.status, found.kind, found.assignee, found.subject) == (Status.CLOSED, Kind.COMPLAINT, ada, "Lid")
    assert (found.began_at, found.first_answer_at, found.closed_at) == (began, began + 2 * HOUR, began + 2 * HOUR)
    assert (found.posts_count, found.answers_count, found.waiting_since, found.due_at) == (3, 1, None, None)
    assert [(post.kind, post.at - began) for post in Post.objects.order_by("pk")] == [
        ("in", 0 * HOUR),
        ("note", HOUR),
        ("out", 2 * HOUR),
    ]
    assert not Message.objects.exists()
    # an answer within a working day was promised, and is kept; nothing is owed any more
    assert [(one.kind, one.met_at) for one in Deadline.objects.all()] == [("first", began + 2 * HOUR)]
    told = Entry.objects.filter(customer=anna, name__startswith="inquiry.").order_by("at", "pk")
    assert [(entry.name, entry.at - began) for entry in told] == [
        ("inquiry.received", 0 * HOUR),
        ("inquiry.complaint_raised", 0 * HOUR),
        ("inquiry.changed", 2 * HOUR),
        ("inquiry.answered", 2 * HOUR),
        ("inquiry.closed", 2 * HOUR),
    ]


def test_what_is_open_waits_since_they_wrote(anna, ada):
    began = timezone.now() - 3 * HOUR
    found = remember(anna, cause="open", by=By.EMAIL, said=talk(ada, began)[:2], status=Status.OPEN)
    found.refresh_from_db()
    assert (found.status, found.waiting_since, found.answers_count) == (Status.OPEN, began, 0)
    assert found.due_at is not None


def test_an_order_that_cannot_be_is_refused(anna, ada):
    began = timezone.now() - HOUR
    for said in ([], [Said(at=began, text="Hello", author=ada)], talk(ada, began), talk(ada, began - 9 * HOUR)[::-1]):
        with pytest.raises(Invalid):
            remember(anna, cause="never", by=By.EMAIL, said=said)
    assert not Conversation.objects.exists()
