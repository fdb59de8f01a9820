"""Whoever leaves hands over their inquiries: to a colleague, or back to the queue; nothing stays with nobody."""

import pytest
from django.utils import timezone

from regulars.inbox import handing_over
from regulars.inbox.actions import receiving, working
from regulars.inbox.models import Conversation
from regulars.inbox.people import sender_of
from regulars.staff.actions import change_colleague, create_role, let_go, switch_off
from regulars.staff.grants import Grant
from regulars.timeline.models import Entry


def asked(number, cause=""):
    who = f"jonas{number}@wieck.example"
    return receiving.receive(
        cause=cause or f"h:{number}", customer=sender_of("email", who, "Jonas Wieck"), by="email", text="Where is it?",
        at=timezone.now(), people={"from": who}, subject="Parcel", conversation=None,
    ).conversation  # fmt: skip


@pytest.fixture
def of_ben(ben):
    """One of Ben's of each state, and one that nobody has."""
    found = [asked(number) for number in range(6)]
    for one in found[:5]:
        working.assign(one, to=ben)
    working.set_status(found[1], status="waiting")
    working.snooze(found[2], until=timezone.now() + timezone.timedelta(days=2))
    working.close(found[3])
    working.mark_spam(found[4])
    return found


def owners():
    return list(Conversation.objects.order_by("pk").values_list("assignee", flat=True))


def test_a_colleague_takes_over_what_is_not_done(of_ben, ada, ben, client_of):
    page = client_of(ada).get(f"/settings/people/{ben.public_id}/leaving").content.decode()
    assert "3 inquiries" in page
    done = let_go(ben, by=ada, successor=ada)
    assert done.duties == ["3 inquiries"]
    assert owners() == [ada.pk, ada.pk, ada.pk, ben.pk, ben.pk, None]
    assert handing_over.count(ben) == 0
    told = Entry.objects.filter(name="inquiry.changed", subject_id=of_ben[0].pk).order_by("pk").last()
    assert told.data["changes"]["assignee"] == [ben.public_id, ada.public_id]


def test_who_may_not_answer_takes_over_nothing(of_ben, ada, ben, charlie):
    let_go(ben, by=ada, successor=charlie)
    assert owners() == [None, None, None, ben.pk, ben.pk, None]


def test_who_is_switched_off_gives_everything_back(of_ben, ada, ben, run_jobs):
    switch_off(ben, by=ada)
    run_jobs()
    assert owners() == [None, None, None, ben.pk, ben.pk, None]


def test_many_are_handed_over_in_the_background(of_ben, ada, ben, monkeypatch, run_jobs):
    monkeypatch.setattr(handing_over, "AT_HAND", 2)
    let_go(ben, by=ada)
    assert owners()[:3] == [ben.pk] * 3
    run_jobs()
    assert owners()[:3] == [None] * 3


def test_what_comes_back_after_they_left_is_nobodys(of_ben, ada, ben):
    let_go(ben, by=ada, successor=ada)
    working.reopen(of_ben[3])
    assert Conversation.objects.get(pk=of_ben[3].pk).assignee is None


def test_a_colleague_gets_none_whose_customer_they_do_not_see(of_ben, ada, ben, charlie):
    seeing_own = Grant(permissions=frozenset({"customers.view", "inbox.view", "inbox.edit"}), sees="own")
    role = create_role(by=ada, name="Own only", grant=seeing_own)
    change_colleague(charlie, by=ada, role=role.key)
    charlie.refresh_from_db()
    let_go(ben, by=ada, successor=charlie)
    assert owners()[:3] == [None] * 3
