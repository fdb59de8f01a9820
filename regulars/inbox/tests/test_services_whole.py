"""The whole way of a chat: written at a service, read here, answered, arrived there; and answered once more."""

import pytest

from regulars.inbox.actions.answering import answer
from regulars.inbox.models import Conversation, Post
from regulars.messaging.connected import verbs
from regulars.messaging.models import Limits, Message
from regulars.messaging.tests import speaking
from regulars.messaging.tests.services import PNG, served
from regulars.messaging.tests.speaking import OPTIONS, Speaker


@pytest.fixture(scope="module")
def world():
    with served() as services:
        yield services


def test_a_question_by_whatsapp_is_answered_by_whatsapp(world, client, db, ben, run_jobs, settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]
    Limits.objects.create(is_quiet=False)
    options, secrets = OPTIONS["whatsapp"]
    account, made = verbs.connect(
        provider="whatsapp", name="WhatsApp", secrets=secrets, options={**options, "api": f"{world.url}/whatsapp/v23.0"}
    )
    service = Speaker(client, account, made)
    world.files["m1"] = PNG
    image = {"type": "image", "image": {"id": "m1", "mime_type": "image/png", "caption": "Die Kanne ist kaputt 🫖"}}
    body = speaking.whatsapp({**speaking.wa_text(""), **image})
    assert [service.post(body).status_code for _time in range(2)] == [200, 200]
    run_jobs()
    conversation = Conversation.objects.get()
    asked = Post.objects.get()
    assert (asked.text, asked.files.get().media_type) == ("Die Kanne ist kaputt 🫖", "image/png")
    assert (conversation.customer.name, conversation.customer.phone) == ("Jonas Wieck", "+4915112345678")

    answer(conversation, author=ben, text="Das tut uns leid. Morgen kommt eine neue.")
    run_jobs()
    message = Message.objects.get(way="whatsapp", text__isnull=False)
    assert world.taken[-1]["text"]["body"] == "Das tut uns leid. Morgen kommt eine neue."
    assert world.taken[-1]["to"] == "4915112345678"
    state = {
        "id": message.provider_id,
        "status": "delivered",
        "timestamp": "1767225600",
        "recipient_id": "4915112345678",
    }
    service.post(speaking.whatsapp(statuses=[state]))
    service.post(speaking.whatsapp(speaking.wa_text("Danke!", 2, context={"id": message.provider_id})))
    run_jobs()
    message.refresh_from_db()
    conversation.refresh_from_db()
    assert message.state == "delivered"
    assert {"in": "Danke!"} in [{post.kind: post.text} for post in conversation.posts.all()]
    assert (Conversation.objects.count(), conversation.status) == (1, "open")
