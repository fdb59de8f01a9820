"""Chats on the shop's pages: begun with the first word, answered where it was written, by mail when nobody is left."""

import datetime as dt
import json
import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.core.models import LiveEvent
from regulars.customers.actions import create_customer
from regulars.customers.belongings import holders
from regulars.customers.models import Customer
from regulars.inbox import threading
from regulars.inbox.actions import answering, merging, working
from regulars.inbox.actions.receiving import receive
from regulars.inbox.chat import here, mailing, setting_up, showing, throttle, tokens
from regulars.inbox.models import Calendar, Chat, ChatVisitor, Conversation, Post
from regulars.messaging.models import Message
from regulars.staff.models import Session
from regulars.timeline.models import Entry

SHOP = "https://hain.example"


@pytest.fixture(autouse=True)
def _all_speak():
    throttle.forget()


@pytest.fixture
def chat(db):
    """A chat on the pages of one shop, at all hours, whoever is signed in."""
    return Chat.objects.create(
        name="Shop", origins=[SHOP], calendar=Calendar.objects.create(name="Always", week=[[["00:00", "24:00"]]] * 7),
        greeting={"en": "Ahoy!", "zh-hans": "你好！"}, away_after=0,
    )  # fmt: skip


class Visitor:
    """A browser on a page of the shop: what it sends is what the script sends."""

    def __init__(self, client, chat, token="", origin=SHOP, address="203.0.113.9"):
        self.client, self.path = client, f"/chat/{chat.public_id}/talk"
        self.headers, self.address = {"Origin": origin}, address
        self.count = 0
        self.token = token or self.open().json()["token"]

    def open(self, lang="en"):
        return self.client.get(self.path, {"lang": lang}, headers=self.headers, REMOTE_ADDR=self.address)

    def look(self, seen=""):
        return self.send(json.dumps({"token": self.token}), seen=seen)

    def say(self, text, *, key="", **more):
        self.count += 1
        return self.send(
            json.dumps({"token": self.token, "id": key or f"message-{self.count:04}", "text": text, **more})
        )

    def send(self, body, *, seen=""):
        address = f"{self.path}?lang=en&seen={seen}"
        return self.client.post(
            address, body, content_type="text/plain", headers=self.headers, REMOTE_ADDR=self.address
        )

    @property
    def reads(self):
        return [(post.get("who", ""), post["text"]) for post in self.look().json()["posts"]]


@pytest.fixture
def visitor(client, chat):
    return Visitor(client, chat)


def test_looking_makes_nothing_and_the_first_word_a_guest(client, chat):
    before = Customer.objects.count()
    visitor = Visitor(client, chat)
    said = visitor.open(lang="zh").json()
    assert (said["posts"], said["here"], said["words"]["greeting"]) == ([], True, "你好！")
    assert "ticket" not in said
    assert (Customer.objects.count(), ChatVisitor.objects.count(), Entry.objects.count()) == (before, 0, 0)
    answer = visitor.say("Is the teapot back?", name="Li Na")
    assert [post["text"] for post in answer.json()["posts"]] == ["Is the teapot back?"]
    conversation = Conversation.objects.get()
    assert (conversation.by, conversation.status, conversation.customer.name) == ("chat", "open", "Li Na")
    assert (conversation.customer.is_guest, conversation.customer.email) == (True, "")
    visitor.say("The green one.")
    assert (Conversation.objects.count(), Customer.objects.count()) == (1, before + 1)


def test_a_word_sent_again_is_one_post(visitor):
    for _try in range(3):
        assert visitor.say("Hello?", key="the-same-one").status_code == 200
    assert (Post.objects.count(), visitor.reads) == (1, [("", "Hello?")])


def test_an_answer_is_there_at_once_and_has_arrived_when_it_is_read(visitor, ben, run_jobs):
    visitor.say("Hello?")
    conversation = Conversation.objects.get()
    post = answering.answer(
        conversation, author=ben, text="Yes, it is.", after=timezone.now() + answering.UNDO, then="waiting"
    )
    conversation.refresh_from_db()
    assert (conversation.answers_count, conversation.waiting_since, conversation.status) == (1, None, "waiting")
    assert Message.objects.get().state == "accepted"
    digest = ChatVisitor.objects.get().digest
    told = LiveEvent.objects.filter(topic=f"chat.{digest}").order_by("pk").values_list("data", flat=True)
    assert list(told) == [{"said": "own"}, {"said": "answer"}]
    assert visitor.reads == [("", "Hello?"), ("Ben", "Yes, it is.")]
    assert Message.objects.get().state == "accepted"  # fetched, and nobody has looked
    visitor.look(seen="1")
    assert Message.objects.get().state == "delivered"
    run_jobs()
    conversation.refresh_from_db()
    assert (conversation.answers_count, Post.objects.get(pk=post.pk).data["left"]) == (1, True)


def test_the_visitor_sees_who_writes_and_the_desk_where_an_answer_goes(visitor, chat, ben):
    visitor.say("Hello?", email="li@na.example")
    talk = Conversation.objects.get()
    desk = Client()
    desk.force_login(ben)
    assert "the chat, and li@na.example when they are gone" in desk.get(f"/inbox/{talk.public_id}").content.decode()
    for shows_names, who in ((True, "Ben"), (False, "Regulars")):
        chat.shows_names = shows_names
        chat.save()
        desk.post(f"/inbox/{talk.public_id}/here", {"state": "writing"})
        topic = f"chat.{ChatVisitor.objects.get().digest}"
        assert LiveEvent.objects.filter(topic=topic).last().data == {"typing": who}


def test_what_is_sent_later_is_not_there_before(visitor, ben):
    visitor.say("Hello?")
    later = timezone.now() + dt.timedelta(hours=2)
    post = answering.answer(Conversation.objects.get(), author=ben, text="Tomorrow.", after=later)
    assert visitor.reads == [("", "Hello?")]
    answering.undo(post)
    assert Message.objects.get().state == "cancelled"


def test_the_shop_may_keep_names_to_itself(visitor, chat, ben):
    chat.shows_names = False
    chat.save()
    visitor.say("Hello?")
    answering.answer(Conversation.objects.get(), author=ben, text="Yes.")
    assert visitor.reads[1] == ("Regulars", "Yes.")


def test_notes_mails_and_what_was_merged_are_never_read_by_the_token(visitor, ben):
    jonas = create_customer(values={"name": "Jonas Wieck", "email": "jonas@wieck.example"})
    visitor.say("Hello?", email="jonas@wieck.example")
    talk = Conversation.objects.get()
    answering.note(talk, author=ben, text="Is it Jonas?")
    theirs = receive(
        cause="t", customer=jonas, by="email", at=timezone.now(), text="My address is secret.",
        people={"from": "jonas@wieck.example"},
    ).conversation  # fmt: skip
    merging.merge(theirs, into=talk, is_sure=True)
    assert visitor.reads == [("", "Hello?")]
    other = Conversation.objects.get(pk=theirs.pk)
    assert other.customer == jonas
    assert talk.customer != jonas


def test_an_address_is_a_claim_and_tells_nothing(client, chat):
    create_customer(values={"name": "Jonas Wieck", "email": "jonas@wieck.example"})
    answers = []
    for number, email in enumerate(("jonas@wieck.example", "nobody@else.example")):
        visitor = Visitor(client, chat)
        said = visitor.say("Hello?", email=email, key=f"first-message-{number}").json()
        answers.append({name: value for name, value in said.items() if name not in {"ticket", "mark", "posts", "due"}})
    assert answers[0] == answers[1]
    assert Conversation.objects.count() == 2
    assert not Conversation.objects.filter(customer__email="jonas@wieck.example").exists()
    assert [one.email for one in ChatVisitor.objects.order_by("pk")] == ["jonas@wieck.example", "nobody@else.example"]


def test_what_nobody_fetched_is_mailed_and_the_reply_goes_on_by_mail(visitor, ben, run_jobs, settings):
    settings.EMAIL_HOST = "localhost"
    visitor.say("Hello?", email="Li@Na.example")
    talk, found = Conversation.objects.get(), ChatVisitor.objects.get()
    answering.answer(talk, author=ben, text="One moment.")
    answering.answer(talk, author=ben, text="Yes, it is back.")
    assert not Message.objects.filter(way="email").exists()
    assert mailing.mail_unseen(visitor_id=found.pk)
    assert not mailing.mail_unseen(visitor_id=found.pk)  # once
    sent = Message.objects.get(way="email")
    assert (sent.to, sent.text.count("One moment."), sent.text.count("Yes, it is back.")) == ("li@na.example", 1, 1)
    assert f".{talk.pk}." in sent.message_id
    assert threading.knows(talk, "li@na.example")
    assert not threading.knows(talk, "somebody@else.example")
    replied = receive(
        cause="m", customer=create_customer(values={"name": "Li", "email": "li@na.example"}), by="email",
        at=timezone.now(), text="Thank you, this is my address: …", conversation=talk, people={"from": "li@na.example"},
    )  # fmt: skip
    talk.refresh_from_db()
    assert (talk.by, talk.reply_to, replied.conversation) == ("email", "li@na.example", talk)
    assert [text for _who, text in visitor.reads] == ["Hello?", "One moment.", "Yes, it is back."]
    visitor.say("Still me?")
    new = Conversation.objects.exclude(pk=talk.pk).get()
    assert (new.by, Conversation.objects.count()) == ("chat", 2)
    answering.answer(talk, author=ben, text="By mail alone.", after=timezone.now() + dt.timedelta(hours=1))
    assert "By mail alone." not in str(visitor.reads)
    assert mail.outbox == []


def test_what_was_read_is_not_mailed(visitor, ben):
    visitor.say("Hello?", email="li@na.example")
    answering.answer(Conversation.objects.get(), author=ben, text="Yes.")
    visitor.look(seen="1")
    assert not mailing.mail_unseen(visitor_id=ChatVisitor.objects.get().pk)


def test_a_mail_that_comes_back_opens_the_inquiry_again(visitor, ben, settings):
    settings.EMAIL_HOST = "localhost"
    visitor.say("Hello?", email="li@na.example")
    talk = Conversation.objects.get()
    answering.answer(talk, author=ben, text="Yes.", then="closed")
    mailing.mail_unseen(visitor_id=ChatVisitor.objects.get().pk)
    mailing.mail_failed(Entry(data={"message": Message.objects.get(way="email").public_id}))
    talk.refresh_from_db()
    assert (talk.status, talk.waiting_since is not None) == ("open", True)


def test_spam_closes_the_chat_for_its_token_alone(visitor, client, chat):
    visitor.say("Buy pills")
    working.mark_spam(Conversation.objects.get())
    refused = visitor.say("More pills")
    assert (refused.status_code, refused.json()["problem"]) == (403, "This chat is closed.")
    assert Post.objects.count() == 1
    assert Visitor(client, chat).say("Hello?").status_code == 200


def test_only_pages_of_the_shop_and_our_own_may_speak(client, chat, visitor):
    assert visitor.look().headers["Access-Control-Allow-Origin"] == SHOP
    assert "Set-Cookie" not in visitor.look().headers
    for origin in ("https://evil.example", "http://hain.example", "null"):
        visitor.headers = {"Origin": origin}
        for answer in (visitor.look(), visitor.say("Hello?")):
            assert answer.status_code == 403
            assert "Access-Control-Allow-Origin" not in answer.headers
    assert Post.objects.count() == 0
    visitor.headers = {"Origin": "http://testserver"}
    assert visitor.say("From the preview").status_code == 200


def test_a_token_opens_its_own_talk_alone(client, chat, visitor):
    visitor.say("Mine")
    other = Chat.objects.create(name="Other", origins=[SHOP])
    assert tokens.digest_of(other, visitor.token) == ""
    for bad in ("", visitor.token[:-1], visitor.token + "x", "x" * 5000, "a:b:c", Visitor(client, other).token):
        stranger = Visitor(client, chat, token=bad or "none")
        assert (stranger.look().status_code, stranger.say("Hello?").status_code) == (401, 401)
    assert Post.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{", "This is not what a chat sends."),
        ("[1]", "This is not what a chat sends."),
        ('{"text": 5}', "This is not what a chat sends."),
        (json.dumps({"id": "a-good-name", "text": " "}), "There is nothing in it. Write something."),
        (json.dumps({"id": "x", "text": "y"}), "This message has no name of its own. Load the page anew."),
        (json.dumps({"id": "a-good-name", "text": "y" * 4001}), "4,000|4000"),
        (json.dumps({"id": "a-good-name", "text": "y", "email": "not one"}), "not one"),
        ("x" * 70_000, "This is not what a chat sends."),
    ],
)
def test_bad_input_is_refused_with_a_sentence(visitor, body, sentence):
    answer = visitor.send(body.replace('{"id"', f'{{"token": "{visitor.token}", "id"'))
    assert answer.status_code == 422
    assert re.search(sentence, answer.json()["problem"])
    assert Customer.objects.filter(is_guest=True).count() == 0


def test_who_writes_too_much_waits(client, chat, visitor, monkeypatch):
    monkeypatch.setattr(throttle, "monotonic", lambda: 1.0)
    throttle.forget()
    answers = [visitor.say(f"No. {number}") for number in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    begun = [Visitor(client, chat, address=f"198.51.100.{number}").say("Hi").status_code for number in range(31)]
    assert begun == [200] * 30 + [429]


def test_somebody_is_there_in_the_hours_while_signed_in(chat, ben):
    now = timezone.now()
    assert here.is_here(chat, now)
    chat.away_after = 15
    assert not here.is_here(chat, now)
    Session.objects.create(key="k", user=ben, seen_at=now - dt.timedelta(minutes=14), expires_at=now + dt.timedelta(1))
    assert here.is_here(chat, now)
    assert not here.is_here(chat, now + dt.timedelta(minutes=2))
    chat.calendar = Calendar.objects.create(name="Never", week=[[]] * 7)
    assert not here.is_here(chat, now)


def test_when_nobody_is_there_an_address_is_asked_and_can_come_later(visitor, chat):
    chat.calendar = Calendar.objects.create(name="Never", week=[[]] * 7)
    chat.save()
    assert visitor.look().json()["asks"] == {"name": True, "email": True}
    visitor.say("Hello?")
    assert visitor.say("", email="no").status_code == 422
    assert visitor.say("", email="li@na.example").json()["hasEmail"] is True
    assert (ChatVisitor.objects.get().email, Post.objects.count()) == ("li@na.example", 1)


def test_the_page_is_kept_only_where_the_shop_says_so(visitor, chat):
    visitor.say("Hello?", page=f"{SHOP}/teapots?who=me#x")
    assert Post.objects.get().quoted == ""
    chat.keeps_page = True
    chat.save()
    visitor.say("And now?", page=f"{SHOP}/teapots?who=me#x")
    visitor.say("From elsewhere", page="https://evil.example/x")
    kept = list(Post.objects.order_by("pk").values_list("quoted", flat=True))
    assert kept == ["", f"Written on {SHOP}/teapots", ""]


def test_the_script_is_one_small_file_that_anybody_may_load(client, chat):
    answer = client.get(f"/chat/{chat.public_id}.js")
    text = answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(text) < 13_000
    assert not re.search(r"innerHTML|eval|document\.cookie|https?://", text)
    assert f'"{chat.public_id}"' in text
    assert client.get(f"/chat/{chat.public_id}.js", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    setting_up.switch(chat)
    assert "switched off" in client.get(f"/chat/{chat.public_id}.js").content.decode()
    assert client.get(f"/chat/{chat.public_id}/talk").status_code == 404
    assert client.get("/chat/nothing.js").content.startswith(b"//")


def test_writing_on_a_colour_can_be_read():
    assert [showing.ink_on(colour) for colour in ("#1f4e4a", "#ffd400", "#ffffff")] == ["#ffffff", "#000000", "#000000"]


def test_a_chat_is_set_up_switched_and_shown(client_of, ada):
    client = client_of(ada)
    given = {"name": "Tea", "colour": "#AA0000", "side": "left", "away_after": "10", "asks_name": "never",
             "asks_email": "optional", "greeting_en": "Hi",
             "origins": "shop.example\nhttps://b.example:443/x"}  # fmt: skip
    answer = client.post("/settings/inbox/chat/new", given)
    made = Chat.objects.get()
    assert answer.url == f"/settings/inbox/chat/{made.public_id}"
    assert (made.colour, made.origins) == ("#aa0000", ["https://shop.example", "https://b.example"])
    assert (made.greeting, made.shows_names) == ({"en": "Hi"}, False)
    page = client.get(answer.url).content.decode()
    assert f"/chat/{made.public_id}.js" in page
    for name, value in (("colour", "red"), ("origins", "https://a b, ftp://x"), ("name", "")):
        refused = client.post("/settings/inbox/chat/new", {**given, "name": "Other", name: value})
        assert refused.status_code == 422
    assert client.post("/settings/inbox/chat/new", given).status_code == 422  # the name is taken
    assert setting_up.set_up_usual("Another", {"en": "Hi"}) == made
    assert client.post(f"{answer.url}/switch").status_code == 302
    assert Chat.objects.get().is_on is False
    assert "switched off" in client.get(f"{answer.url}/preview").content.decode()


def test_the_list_asks_as_often_for_three_as_for_one(client_of, ada, chat):
    client = client_of(ada)
    client.get("/settings/inbox/chat")
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get("/settings/inbox/chat")
    for name in ("Two", "Three"):
        Chat.objects.create(name=name)
    with CaptureQueriesContext(connection) as three:
        client.get("/settings/inbox/chat")
    assert len(three) == len(one)


def test_charlie_sets_up_nothing(client_of, charlie, chat):
    client = client_of(charlie)
    path = f"/settings/inbox/chat/{chat.public_id}"
    for answer in (client.get("/settings/inbox/chat"), client.post(path, {}), client.post(f"{path}/switch")):
        assert answer.status_code == 403
    assert Chat.objects.get().is_on is True


def test_the_copy_of_a_person_has_it_and_erasing_takes_it(visitor):
    visitor.say("Hello?", email="li@na.example")
    customer = Conversation.objects.get().customer
    (holder,) = [one for one in holders() if one.name == "chat_visitors"]
    assert [row["email"] for row in holder.export(customer)] == ["li@na.example"]
    holder.forget(customer)
    assert ChatVisitor.objects.count() == 0
    assert visitor.look().json()["posts"] == []
