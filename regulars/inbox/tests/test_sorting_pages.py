"""The settings of topics, labels, canned answers, macros and rules."""

import pytest
from django.utils import timezone

from regulars.inbox.actions import receiving, setting_up
from regulars.inbox.models import Canned, Label, Macro, Rule, Signature, Topic
from regulars.inbox.people import sender_of

PAGES = ("topics", "answers", "answers/new", "macros", "macros/new", "rules", "rules/new")


@pytest.mark.parametrize("page", PAGES)
def test_charlie_sees_none_of_it(client_of, charlie, page):
    assert client_of(charlie).get(f"/settings/inbox/{page}").status_code == 403


def test_all_of_it_is_set_up_on_pages(client_of, ada, ben):
    client = client_of(ada)
    for page in PAGES:
        assert client.get(f"/settings/inbox/{page}").status_code == 200, page
    assert client.post("/settings/inbox/topics", {"what": "topic", "name": "Parcels"}).status_code == 302
    assert client.post("/settings/inbox/topics", {"what": "topic", "name": "parcels"}).status_code == 422
    assert client.post("/settings/inbox/topics", {"what": "label", "name": "Fragile"}).status_code == 302
    topic, label = Topic.objects.get(), Label.objects.get()
    said = {"name": "Late", "shortcut": "late", "text_en": "Dear {{ customer.name }}", "text_zh-hans": "您好"}
    assert client.post("/settings/inbox/answers/new", said).status_code == 302
    assert client.post("/settings/inbox/answers/new", said | {"text_en": "{{ bad"}).status_code == 422
    answer = Canned.objects.get()
    macro = {"name": "Late", "key": "l", "do_0": "topic", "value_0": topic.public_id, "do_1": "answer",
             "value_1": answer.public_id, "do_2": "note", "typed_2": "Said so.", "do_3": "close"}  # fmt: skip
    assert client.post("/settings/inbox/macros/new", macro).status_code == 302
    assert [step["do"] for step in Macro.objects.get().steps] == ["topic", "answer", "note", "close"]
    rule = {"name": "Parcels", "on_0": "words", "typed_is_0": "parcel, 包裹", "on_1": "by", "is_1": "by:email",
            "do_0": "label", "value_0": label.public_id}  # fmt: skip
    receiving.receive(
        cause="p:1", customer=sender_of("email", "jonas.wieck@example.org"), by="email", text="My PARCEL?",
        at=timezone.now(),
    )  # fmt: skip
    tried = client.post("/settings/inbox/rules/new", rule | {"look": "1"})
    assert (tried.status_code, Rule.objects.count()) == (200, 0)
    assert "It fits 1 of the last 1 inquiries" in tried.content.decode()
    assert client.post("/settings/inbox/rules/new", rule).status_code == 302
    kept = Rule.objects.get()
    assert kept.conditions == [{"on": "words", "is": ["parcel", "包裹"]}, {"on": "by", "is": ["email"]}]
    for what, row in (("answers", answer), ("macros", Macro.objects.get()), ("rules", kept)):
        assert client.get(f"/settings/inbox/{what}/{row.public_id}").status_code == 200
    assert client.get("/settings/inbox/rules").status_code == 200
    assert client.get("/settings/inbox/macros").status_code == 200
    client.post(f"/settings/inbox/switch/rule/{kept.public_id}")
    assert Rule.objects.get().is_on is False
    client.post(f"/settings/inbox/remove/rule/{kept.public_id}")
    assert not Rule.objects.exists()
    assert client_of(ben).get("/settings/inbox/answers").status_code == 200
    assert client_of(ben).post("/settings/signature", {"text": "Ben"}).status_code == 302
    assert Signature.objects.get().user == ben
    assert client_of(ben).get("/settings/inbox/rules").status_code == 403


def test_lists_ask_as_often_for_three_as_for_one(client_of, ada, django_assert_max_num_queries):
    client = client_of(ada)
    for number in range(3):
        setting_up.save_topic(name=f"T{number}")
        setting_up.save_canned(name=f"A{number}", shortcut=f"a{number}", texts={"en": "Hello"})
    for page in ("topics", "answers"):
        client.get(f"/settings/inbox/{page}")
        with django_assert_max_num_queries(16):
            client.get(f"/settings/inbox/{page}")
