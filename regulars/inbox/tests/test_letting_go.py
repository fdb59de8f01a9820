"""What is old is let go of at night, as far as the shop said so: with everything it had, and nothing else."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.core.errors import Invalid
from regulars.customers.models import Limit
from regulars.inbox.actions import answering, merging, receiving, working
from regulars.inbox.files import Incoming, path_of
from regulars.inbox.keeping import letting_go
from regulars.inbox.mail import raw
from regulars.inbox.models import Arrival, Conversation, File, Outcome, Post
from regulars.inbox.people import sender_of
from regulars.messaging.models import Message
from regulars.timeline.models import Entry

DAY = dt.timedelta(days=1)


def asked(number, **more):
    who = f"jonas{number}@wieck.example"
    return receiving.receive(
        cause=f"l:{number}", customer=sender_of("email", who, "Jonas Wieck"), by="email", text="Where is it?",
        at=timezone.now(), people={"from": who}, subject="Parcel", **more,
    ).conversation  # fmt: skip


def done(number, *, days, **more):
    """One that was done so many days ago."""
    row = asked(number, **more)
    working.close(row)
    at = timezone.now() - days * DAY
    Conversation.objects.filter(pk=row.pk).update(closed_at=at, last_at=at)
    return row


def arrived(number, *, days, outcome=Outcome.INQUIRY):
    kept = raw.keep([b"From: jonas@wieck.example\r\n\r\nHello"])
    return Arrival.objects.create(
        source="lmtp", key=kept.key, size=kept.size, sha256=kept.sha256, outcome=outcome,
        received_at=timezone.now() - days * DAY, about={"subject": f"Parcel {number}"},
    )  # fmt: skip


def numbers():
    return set(Conversation.objects.values_list("pk", flat=True))


def test_a_new_shop_keeps_everything(db):
    done(1, days=4000)
    assert letting_go.keep_inquiries() == 0
    assert not Entry.objects.filter(name="inbox.let_go").exists()


def test_what_was_done_long_ago_goes_with_all_it_had(ben, django_capture_on_commit_callbacks):
    old = done(1, days=400, files=[Incoming("a.txt", "text/plain", b"hello")])
    with_it, young, opened = asked(2), done(3, days=300), done(4, days=400)
    merging.merge(with_it, into=old, is_sure=True)
    answering.answer(old, author=ben, text="It is on its way.")
    arrival = arrived(1, days=400)
    Post.objects.filter(conversation=old, kind="in").update(arrival=arrival)
    Conversation.objects.filter(pk=old.pk).update(status="closed", closed_at=timezone.now() - 400 * DAY)
    Conversation.objects.filter(pk=opened.pk).update(status="open")
    file = File.objects.get()
    said = {"done_months": 12, "spam_days": 0, "raw_days": 0}
    assert letting_go.would(**said) == letting_go.Would(done=1)
    letting_go.change(**said)
    with django_capture_on_commit_callbacks(execute=True):
        assert letting_go.keep_inquiries() == 1
    assert numbers() == {young.pk, opened.pk}
    assert (Message.objects.count(), File.objects.count(), path_of(file.key).exists()) == (0, 0, False)
    arrival.refresh_from_db()
    assert (arrival.is_erased, arrival.about, raw.path_of(arrival.key).exists()) == (True, {}, False)
    assert [entry.data for entry in Entry.objects.filter(name="inbox.let_go")] == [{"what": "done", "count": 1}]
    assert letting_go.current().went == {"done": 1, "spam": 0, "raw": 0}


def test_spam_and_mails_as_they_came_go_after_days(db, django_capture_on_commit_callbacks):
    spam, real = asked(1), asked(2)
    working.mark_spam(spam)
    Conversation.objects.update(last_at=timezone.now() - 40 * DAY)
    old, young, unread = arrived(1, days=40), arrived(2, days=20), arrived(3, days=40, outcome=Outcome.QUARANTINE)
    letting_go.change(done_months=0, spam_days=30, raw_days=30)
    with django_capture_on_commit_callbacks(execute=True):
        assert letting_go.keep_inquiries() == 2
    assert numbers() == {real.pk}
    assert [raw.path_of(one.key).exists() for one in (old, young, unread)] == [False, True, True]
    assert [one.is_erased for one in Arrival.objects.order_by("pk")] == [True, False, False]


def test_a_legal_hold_keeps_what_somebody_wrote(db):
    row = done(1, days=400)
    Limit.objects.create(customer=row.customer, kind=Limit.Kind.LEGAL_HOLD, reason="A lawsuit", since=timezone.now())
    letting_go.change(done_months=1, spam_days=0, raw_days=0)
    assert letting_go.would(done_months=1, spam_days=0, raw_days=0) == letting_go.Would(kept=1)
    assert (letting_go.keep_inquiries(), numbers()) == (0, {row.pk})


def test_the_page_says_how_many_before_it_is_switched_on(client_of, ada, charlie):
    done(1, days=400)
    said = {"done_months": "12", "spam_days": "0", "raw_days": "0"}
    page = client_of(ada).post("/settings/inbox/keeping", said | {"look": "1"}).content.decode()
    assert "would let go of: inquiries that are done 1, spam 0, mails as they came 0." in page
    assert (letting_go.current().done_months, len(numbers())) == (0, 1)
    assert client_of(ada).post("/settings/inbox/keeping", said | {"done_months": "9999"}).status_code == 422
    assert client_of(ada).post("/settings/inbox/keeping", said).status_code == 302
    assert letting_go.current().done_months == 12
    assert client_of(charlie).get("/settings/inbox/keeping").status_code == 403
    with pytest.raises(Invalid):
        letting_go.change(done_months=-1, spam_days=0, raw_days=0)
