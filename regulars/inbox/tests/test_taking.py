"""What people write over message services: a post in the right conversation, once, and answered the same way."""

import datetime as dt

import pytest
from django.utils import timezone

from regulars.customers.actions import create_customer
from regulars.customers.models import Consent, Customer
from regulars.inbox import taking
from regulars.inbox.actions.answering import answer
from regulars.inbox.models import Conversation, File, Post, Status
from regulars.messaging.connected import verbs
from regulars.messaging.incoming import Incoming
from regulars.messaging.models import Limits, Message
from regulars.messaging.providers.base import Attached

NOW = timezone.now()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def whatsapp(db):
    Limits.objects.create(is_quiet=False)
    options, secrets = {"phone_number_id": "111"}, {"token": "t", "app_secret": "s"}
    return verbs.connect(provider="whatsapp", name="WhatsApp", options=options, secrets=secrets)[0]


@pytest.fixture
def telegram(db):
    return verbs.connect(provider="telegram", name="Telegram", secrets={"bot_token": "t"})[0]


def hear(account, text, number=1, *, at=NOW, sender="+4915112345678", **more):
    """Something that came in, taken in."""
    taking.take(
        Incoming(
            account_id=account.pk,
            way=account.way,
            provider_id=f"in{number}",
            sender=sender,
            sender_name=more.pop("sender_name", "Jonas Wieck"),
            text=text,
            files=more.pop("files", []),
            at=at,
            **more,
        )
    )
    return Post.objects.filter(cause=f"message {account.pk} in{number}").first()


def test_a_first_message_is_an_inquiry_of_whoever_has_the_number(whatsapp):
    jonas = create_customer(values={"name": "Jonas Wieck", "phone": "+49 151 12345678"})
    files = [Attached("Kanne.exe.png", "application/x-msdownload", PNG)]
    post = hear(whatsapp, "Die Kanne ist kaputt 🫖\n茶壶坏了", files=files, data={"kind": "text", "secret": "x"})
    conversation = post.conversation
    assert (conversation.customer, conversation.by, conversation.account) == (jonas, "whatsapp", whatsapp)
    assert (conversation.reply_to, conversation.status) == ("+4915112345678", Status.OPEN)
    assert (post.text, post.kind) == ("Die Kanne ist kaputt 🫖\n茶壶坏了", "in")
    assert conversation.waiting_since is not None
    assert File.objects.get().media_type == "image/png", "what its bytes say, not what its sender says"
    assert "secret" not in post.data


def test_an_unknown_number_is_a_guest_and_the_same_one_the_next_time(telegram):
    first = hear(telegram, "Hallo", sender="77", sender_name="Li Na")
    second = hear(telegram, "Noch etwas", 2, sender="77", sender_name="Li Na", at=NOW + dt.timedelta(seconds=5))
    other = hear(telegram, "Hallo", 3, sender="78", sender_name="")
    assert first.conversation == second.conversation != other.conversation
    assert first.conversation.customer.is_guest
    assert first.conversation.customer.name == "Li Na"
    assert Customer.objects.count() == 2


def test_a_message_that_is_told_twice_is_one_post(whatsapp):
    posts = {hear(whatsapp, "Hallo").pk for _time in range(3)}
    assert len(posts) == Post.objects.count() == 1


def test_messages_out_of_order_stand_in_the_order_they_were_written(whatsapp):
    late = hear(whatsapp, "zweitens", 2, at=NOW)
    early = hear(whatsapp, "erstens", 1, at=NOW - dt.timedelta(minutes=5))
    conversation = Conversation.objects.get()
    assert [post.pk for post in conversation.posts.order_by("at")] == [early.pk, late.pk]
    assert conversation.waiting_since == early.at
    assert (conversation.last_in_at, conversation.last_at) == (late.at, late.at)


def test_a_conversation_settled_a_week_ago_is_over(whatsapp):
    first = hear(whatsapp, "Hallo", at=NOW - dt.timedelta(days=9))
    rows = Conversation._base_manager.filter(pk=first.conversation.pk)
    rows.update(status="closed", closed_at=NOW - dt.timedelta(days=6))
    second = hear(whatsapp, "Doch noch etwas", 2)
    assert second.conversation == first.conversation
    second.conversation.refresh_from_db()
    assert (second.conversation.status, second.joined_by) == (Status.OPEN, "sender")
    rows.update(status="closed", closed_at=NOW - dt.timedelta(days=8))
    assert hear(whatsapp, "Etwas Neues", 3).conversation != first.conversation


def test_nobody_joins_a_strangers_conversation_by_the_id_of_its_message(whatsapp):
    own = hear(whatsapp, "Hallo")
    forged = hear(whatsapp, "Ich bin es", 2, sender="+4915999999999", in_reply_to="in1")
    assert forged.conversation != own.conversation


def test_a_reply_to_an_older_message_goes_where_that_stands(whatsapp, ben):
    old = hear(whatsapp, "Wegen der Kanne", at=NOW - dt.timedelta(hours=3))
    answered = answer(old.conversation, author=ben, text="Wir schicken eine neue.")
    Message._base_manager.filter(pk=answered.message_id).update(provider_id="wamid.out1")
    Conversation._base_manager.update(status="closed", closed_at=NOW - dt.timedelta(days=10))
    new = hear(whatsapp, "Etwas anderes", 2, at=NOW - dt.timedelta(hours=1))
    assert new.conversation != old.conversation
    Conversation._base_manager.filter(pk=old.conversation.pk).update(status="waiting", closed_at=None)
    post = hear(whatsapp, "Danke!", 3, in_reply_to="wamid.out1")
    assert (post.conversation, post.joined_by) == (old.conversation, "reply")


def test_an_answer_leaves_by_the_account_that_was_written_to(whatsapp, ben):
    hear(whatsapp, "Hallo")
    other = verbs.connect(
        provider="whatsapp", name="Second", options={"phone_number_id": "2"}, secrets={"token": "t", "app_secret": "s"}
    )[0]
    post = hear(other, "Hier auch", 2)
    answer(post.conversation, author=ben, text="Gern.")
    message = Message.objects.get()
    assert (message.way, message.account, message.to) == ("whatsapp", other, "+4915112345678")


def test_after_a_day_the_gate_refuses_an_answer_in_a_sentence(whatsapp, ben):
    from regulars.messaging.gate import MayNotWrite

    post = hear(whatsapp, "Hallo", at=NOW - dt.timedelta(hours=25))
    assert taking.last_heard(whatsapp, "+49 151 12345678") == post.at
    with pytest.raises(MayNotWrite, match="More than 24 hours"):
        answer(post.conversation, author=ben, text="Zu spät.")
    assert not Message.objects.exists()
    hear(whatsapp, "Hallo?", 2, at=NOW)
    answer(post.conversation, author=ben, text="Jetzt geht es.")
    assert Message.objects.count() == 1


def test_stop_refuses_marketing_and_wants_no_answer(db, whatsapp):
    post = hear(whatsapp, "Stop", choice="stop")
    held = Consent.objects.get(customer=post.conversation.customer, medium="whatsapp")
    assert held.state == "refused"
    assert post.conversation.waiting_since is None
    asked = hear(whatsapp, "Wo ist mein Paket?", 2)
    asked.conversation.refresh_from_db()
    assert asked.conversation.waiting_since is not None, "whoever wants no advertising still has questions"


def test_whoever_only_stops_a_bot_begins_no_conversation(telegram):
    hear(telegram, "", sender="77", choice="stop", is_notice=True)
    assert not Conversation.objects.exists()
    assert not Customer.objects.exists()


def test_a_reaction_wants_no_answer(whatsapp):
    post = hear(whatsapp, "👍", data={"is_reaction": True})
    assert post.conversation.waiting_since is None


def test_what_comes_for_an_account_that_is_gone_is_left(whatsapp):
    pk = whatsapp.pk
    verbs.remove(whatsapp)
    whatsapp.pk = pk
    assert hear(whatsapp, "Hallo") is None
