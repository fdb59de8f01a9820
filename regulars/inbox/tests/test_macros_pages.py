"""Macros started from the inbox: on one inquiry or many, taken back as one, and by whom."""

import pytest
from django.utils import timezone

from regulars.inbox.actions import answering, receiving, setting_up
from regulars.inbox.models import Conversation, Post, Status, Work
from regulars.inbox.people import sender_of
from regulars.inbox.queries import macros
from regulars.messaging.models import Message


def asked(number=1):
    who = f"jonas{number}@wieck.example"
    return receiving.receive(
        cause=f"m:{number}", customer=sender_of("email", who, "Jonas Wieck"), by="email", text="Where is it?",
        at=timezone.now(), people={"from": who}, subject="Parcel",
    ).conversation  # fmt: skip


@pytest.fixture
def late(db):
    """A macro that sorts, answers and closes."""
    text = {"en": "Dear {{ customer.name }}, it is on its way."}
    answer = setting_up.save_canned(name="Late", shortcut="late", texts=text)
    steps = [{"do": "kind", "value": "complaint"}, {"do": "answer", "value": answer.public_id}, {"do": "close"}]
    return setting_up.save_macro(name="Parcel is late", key="w", steps=steps)


def test_one_is_done_from_the_conversation_and_taken_back_with_its_mail(client_of, ben, late):
    inquiry, client = asked(), client_of(ben)
    page = client.get(f"/inbox/{inquiry.public_id}").content.decode()
    assert (
        page.count(f'value="macro:{late.public_id}" data-macro="w" data-alone') == 3
    )  # its bar, its menu, the bulk bar
    work = f"/inbox/{inquiry.public_id}/work"
    inquiry.refresh_from_db()
    said = client.post(work, {"act": f"macro:{late.public_id}", "version": inquiry.version}, follow=True)
    assert "“Parcel is late” is done." in said.content.decode()
    inquiry.refresh_from_db()
    assert (inquiry.kind, inquiry.assignee, inquiry.answers_count) == ("complaint", ben, 0)
    assert Post.objects.get(kind="out").text == "Dear Jonas Wieck, it is on its way."
    client.post(f"/inbox/done/{Work.objects.get().public_id}/undo")
    inquiry.refresh_from_db()
    assert (inquiry.kind, inquiry.status, inquiry.posts_count) == ("inquiry", Status.OPEN, 1)
    assert Message.objects.get().state == "cancelled"


def test_many_are_done_as_one_and_all_or_none(client_of, ben, late):
    inquiries, client = [asked(1), asked(2)], client_of(ben)
    chosen = {"chosen": [one.public_id for one in inquiries], "act": f"macro:{late.public_id}"}
    assert client.post("/inbox/bulk", chosen).status_code == 302
    assert list(Conversation.objects.values_list("kind", flat=True)) == ["complaint", "complaint"]
    assert (Post.objects.filter(kind="out").count(), Work.objects.get().act) == (2, "Parcel is late")
    setting_up.remove(setting_up.Canned.objects.get())
    assert client.post("/inbox/bulk", chosen).status_code == 422
    assert Post.objects.filter(kind="out").count() == 2


def test_it_stops_where_something_was_said_meanwhile_or_it_is_off_or_gone(client_of, ben, ada, late):
    inquiry, client = asked(), client_of(ben)
    seen = Conversation.objects.get().version
    answering.note(inquiry, author=ada, text="I am on it.")
    work, act = f"/inbox/{inquiry.public_id}/work", f"macro:{late.public_id}"
    assert client.post(work, {"act": act, "version": seen}).status_code == 412
    setting_up.switch(late, is_on=False)
    assert client.post(work, {"act": act}).status_code == 422
    assert act not in client.get(f"/inbox/{inquiry.public_id}").content.decode()
    assert client.post(work, {"act": "macro:mac_0"}).status_code == 409
    assert not Post.objects.filter(kind="out").exists()


def test_charlie_starts_none(client_of, charlie, late):
    inquiry = asked()
    act = {"act": f"macro:{late.public_id}", "chosen": inquiry.public_id}
    assert client_of(charlie).post(f"/inbox/{inquiry.public_id}/work", act).status_code == 403
    assert client_of(charlie).post("/inbox/bulk", act).status_code == 403
    assert not Work.objects.exists()


def test_a_key_that_means_something_else_waits_behind_m(client_of, ada, late):
    setting_up.save_macro(name="Label it", key="l", steps=[{"do": "take"}])
    assert {one.macro.key: one.is_alone for one in macros.offered()} == {"w": True, "l": False}
    page = client_of(ada).get("/settings/inbox/macros").content.decode()
    assert "<kbd>m</kbd> <kbd>l</kbd>" in page
    assert "<kbd>m</kbd> <kbd>w</kbd>" not in page
