"""What stands below answers: whose, in which language, with which values, and who writes it."""

import pytest
from django.utils import timezone

from regulars.core.errors import Invalid
from regulars.inbox.actions import answering, receiving, setting_up
from regulars.inbox.models import Conversation, Mailbox, Post, Signature
from regulars.inbox.people import sender_of
from regulars.inbox.queries import signatures
from regulars.messaging.models import Account, Message
from regulars.messaging.templating import MissingValues


@pytest.fixture
def mailbox(db):
    return Mailbox.objects.create(name="Returns", address="returns@hainhafen.example", host="mail.example", user="r")


@pytest.fixture
def inquiry(mailbox):
    who = "jonas@wieck.example"
    return receiving.receive(
        cause="s:1", customer=sender_of("email", who, "Jonas Wieck"), by="email", text="Wo ist mein Paket, bitte?",
        at=timezone.now(), people={"from": who}, subject="Paket", mailbox=mailbox,
    ).conversation  # fmt: skip


def keep(text, **place):
    return setting_up.save_signature(text=text, **place)


def test_the_nearest_one_stands_below(inquiry, mailbox, ben, ada):
    account = Account.objects.create(way="email", provider="smtp", name="Own server", address="hello@hainhafen.example")
    Conversation.objects.update(account=account, language="")
    inquiry.refresh_from_db()
    found = []
    for text, place in (
        ("The shop", {}),
        ("The account", {"account": account}),
        ("The mailbox", {"mailbox": mailbox}),
        ("Ben", {"user": ben}),
        ("Ben of returns", {"user": ben, "mailbox": mailbox}),
        ("Ada elsewhere", {"user": ada, "account": None}),
    ):
        keep(text, **place)
        found.append(signatures.below(inquiry, ben))
    assert found == ["The shop", "The account", "The mailbox", "Ben", "Ben of returns", "Ben of returns"]
    assert signatures.below(inquiry, None) == "The mailbox"
    keep("", user=ben, mailbox=mailbox)
    assert (signatures.below(inquiry, ben), Signature.objects.count()) == ("Ben", 5)


def test_it_comes_in_the_customers_language_with_its_gaps_filled_and_leaves_with_the_mail(inquiry, ben):
    keep("Kind regards, {{ agent.first_name }}", user=ben)
    keep("Viele Grüße, {{ agent.name }} ({{ shop.name }})", user=ben, language="de")
    keep("此致，{{ agent.name }}", user=ben, language="zh-hans")
    shop = signatures.shop.current().name
    said = {}
    for language in ("de", "fr", "zh-CN", "en"):
        inquiry.language = language
        said[language] = signatures.below(inquiry, ben)
    assert said == {
        "de": f"Viele Grüße, Ben Agent ({shop})", "fr": "Kind regards, Ben", "zh-CN": "此致，Ben Agent",
        "en": "Kind regards, Ben",
    }  # fmt: skip
    Conversation.objects.update(language="de")
    post = answering.answer(inquiry, author=ben, text="Es ist unterwegs.")
    assert post.quoted == f"-- \nViele Grüße, Ben Agent ({shop})"
    assert Message.objects.get().text == f"Es ist unterwegs.\n\n{post.quoted}"


def test_a_value_that_is_missing_or_unknown_is_named(inquiry, ben):
    with pytest.raises(Invalid, match=r"agent\.nmae"):
        keep("{{ agent.nmae }}", user=ben)
    keep("{{ agent.name }}, for {{ order.number }}", user=ben)
    assert signatures.shown(inquiry, ben) == "Ben Agent, for {{ order.number }}"
    with pytest.raises(MissingValues, match=r"order\.number"):
        answering.answer(inquiry, author=ben, text="It is on its way.")
    assert not Post.objects.filter(kind="out").exists()


def test_pages_write_them_show_them_and_say_what_is_wrong(client_of, ben, ada, mailbox):
    client = client_of(ben)
    looked = client.post("/settings/signature", {"text": "Yours, {{ agent.name }}", "look": "1"}).content.decode()
    assert "Yours, Ben Agent" in looked
    assert not Signature.objects.exists()
    page = f"/settings/signature?in={mailbox.public_id}"
    assert client.post(page, {"text": "Ben of returns", "text_zh-hans": "此致"}).url == page
    assert client.post("/settings/signature", {"text": "{{ bad"}).status_code == 422
    kept = Signature.objects.order_by("language").values_list("user", "mailbox", "language", "text")
    assert list(kept) == [(ben.pk, mailbox.pk, "", "Ben of returns"), (ben.pk, mailbox.pk, "zh-hans", "此致")]
    assert "Returns (returns@hainhafen.example)" in client.get(page).content.decode()
    assert client.get("/settings/signature?in=mbx_1").status_code == 404
    assert client.get("/settings/inbox/signatures").status_code == 403
    assert client_of(ada).post("/settings/inbox/signatures", {"text": "Hain & Hafen"}).status_code == 302
    assert Signature.objects.get(user=None).text == "Hain & Hafen"


@pytest.mark.parametrize("page", ["/settings/signature", "/settings/inbox/signatures"])
def test_charlie_writes_none(client_of, charlie, page):
    assert client_of(charlie).post(page, {"text": "Charlie"}).status_code == 403
    assert not Signature.objects.exists()
