"""The pages and the API of outgoing webhooks."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.channels.models import Endpoint, Posting
from regulars.channels.outgoing import messages, signing, verbs
from regulars.channels.tests.receiver import Receiver
from regulars.channels.tests.test_webhooks_out import go
from regulars.customers.actions import create_customer
from regulars.staff.models import User
from regulars.timeline.models import Entry


@pytest.fixture
def receiver(settings):
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with Receiver() as server:
        yield server


def somebody(name="Li"):
    return create_customer(values={"given_name": name, "family_name": "Na"})


def test_a_webhook_is_added_on_the_page_and_its_secret_shown_once(client_of, ada, receiver):
    client = client_of(ada)
    assert "Nobody is told yet" in client.get("/settings/webhooks").content.decode()
    answer = client.post("/settings/webhooks", {"name": "Books", "url": receiver.url, "facts": ["customer.created"]})
    endpoint = Endpoint.objects.get()
    (secret,) = signing.living(endpoint)
    assert secret.text in answer.content.decode()
    assert (endpoint.name, endpoint.facts, endpoint.owner) == ("Books", ["customer.created"], ada)
    for address in ("/settings/webhooks", f"/settings/webhooks/{endpoint.public_id}"):
        page = client.get(address).content.decode()
        assert "Books" in page
        assert secret.text not in page
    entry = Entry.objects.get(name="webhook.added")
    assert entry.data["host"] == "127.0.0.1"
    assert "mine" not in str(entry.data)


def test_what_is_wrong_stays_in_the_form(client_of, ada, receiver):
    client = client_of(ada)
    answer = client.post("/settings/webhooks", {"name": "Books", "url": "http://shop.example/"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "is not an address we send to" in page
    assert 'value="Books"' in page
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ada)
    answer = client.post(f"/settings/webhooks/{endpoint.public_id}/change", {"name": "", "url": receiver.url})
    assert answer.status_code == 422
    answer = client.post(f"/settings/webhooks/{endpoint.public_id}/replay", {"what": "since", "since": "gestern"})
    assert answer.status_code == 422


def test_everything_can_be_done_on_the_page(client_of, ada, receiver):
    client = client_of(ada)
    endpoint, secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ada)
    here = f"/settings/webhooks/{endpoint.public_id}"
    assert "The test message was taken" in client.post(f"{here}/test").content.decode()
    receiver.answers = [500]
    assert "The answer was 500." in client.post(f"{here}/test").content.decode()
    somebody()
    go()
    (posting,) = endpoint.postings.all()
    name = messages.id_of(endpoint, posting.entry_id)
    assert name in client.get(here).content.decode()
    assert name in client.get(here, headers={"HX-Request": "true"}).content.decode()
    client.post(f"{here}/replay", {"message": name})
    assert go() == 1
    client.post(f"{here}/replay", {"what": "since", "since": timezone.now().date().isoformat()})
    go()
    assert [one.id for one in receiver.heard].count(name) == 3
    Posting.objects.update(state="given_up")
    assert name in client.get(f"{here}?state=given_up").content.decode()
    assert name not in client.get(f"{here}?state=sent").content.decode()
    client.post(f"{here}/replay", {"what": "given_up"})
    assert go() >= 1
    page = client.post(f"{here}/secret").content.decode()
    newer, former = signing.living(Endpoint.objects.get())
    assert newer.text in page
    assert (former.text, former.until is not None) == (secret, True)
    client.post(f"{here}/change", {"name": "Ledger", "url": receiver.url, "facts": ["order.placed"]})
    assert Endpoint.objects.values_list("name", "facts").get() == ("Ledger", ["order.placed"])
    client.post(f"{here}/switch")
    assert not Endpoint.objects.get().is_on
    client.post(f"{here}/switch", {"is_on": "on"})
    assert Endpoint.objects.get().is_on
    client.post(f"{here}/remove")
    assert not Endpoint.objects.exists()
    assert client.get(here).status_code == 404


def test_its_owner_reads_why_it_was_switched_off(client_of, ada, receiver):
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ada)
    Endpoint.objects.update(is_on=False, stopped_because="Nobody took a message there for three days.")
    client = client_of(ada)
    assert "Nobody took a message" in client.get(f"/settings/webhooks/{endpoint.public_id}").content.decode()
    assert "Nobody took a message" in client.get("/").content.decode()


def test_who_may_not_sees_nothing_of_it(client_of, ben, charlie, ada, receiver):
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ada)
    here = f"/settings/webhooks/{endpoint.public_id}"
    for person in (ben, charlie):
        client = client_of(person)
        for address in ("/settings/webhooks", here):
            assert client.get(address).status_code == 403
        for deed in ("change", "switch", "secret", "test", "replay", "remove"):
            assert client.post(f"{here}/{deed}").status_code == 403
        assert "/settings/webhooks" not in client.get("/settings/about").content.decode()
    assert Endpoint.objects.filter(is_on=True).exists()
    assert receiver.heard == []


def test_lists_ask_as_often_for_three_as_for_one(client_of, ada, receiver):
    client, counts = client_of(ada), []
    for _number in range(3):
        endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ada)
        somebody()
        go()
        client.get("/settings/webhooks")
        both = []
        for address in ("/settings/webhooks", f"/settings/webhooks/{endpoint.public_id}"):
            with CaptureQueriesContext(
                connection,
            ) as asked:
                client.get(address)
            both.append(len(asked))
        counts.append(both)
    assert counts[0] == counts[2]


def test_messages_are_paged(api_of, ada, receiver):
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ada)
    for name in ("Li", "Sofie", "Mara"):
        somebody(name)
    go()
    here = f"/webhooks/{endpoint.public_id}/messages"
    program = api_of(ada)
    first = program.get(here, {"limit": "2"}).json()
    second = program.get(first["next"].partition("/api/v1")[2]).json()
    numbers = [item["sequence"] for item in first["items"] + second["items"]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), second["next"]) == (3, None)
    assert program.get(here, {"state": "waiting"}).json()["items"] == []
    assert program.get(here, {"state": "lost"}).status_code == 422
    assert program.get(here, {"after": "x"}).status_code == 422


def test_a_program_does_the_same(api_of, ada, receiver):
    program = api_of(ada)
    answer = program.post("/webhooks", {"name": "Books", "url": receiver.url, "facts": ["customer.created"]})
    assert answer.status_code == 201, answer.content
    made, secret = answer.json()["webhook"], answer.json()["secret"]
    here = f"/webhooks/{made['id']}"
    assert answer["Location"] == f"/api/v1{here}"
    assert program.post(f"{here}/test").json() == {"is_taken": True, "status": 204, "error": ""}
    assert receiver.heard[0].is_signed_with(secret)
    somebody()
    go()
    assert secret not in program.get(here).content.decode()
    (message,) = program.get(f"{here}/messages").json()["items"]
    assert (message["fact"], message["state"], message["status"]) == ("customer.created", "sent", 204)
    assert program.post(f"{here}/messages/{message['id']}/replay").json()["state"] == "waiting"
    assert program.post(f"{here}/messages/msg_x_1/replay").status_code == 404
    go()
    assert receiver.heard[1].id == receiver.heard[2].id == message["id"]
    assert program.post(f"{here}/replay", {"given_up": True}).json() == {"count": 0}
    moment = (timezone.now() - dt.timedelta(hours=1)).isoformat()
    assert program.post(f"{here}/replay", {"since": moment}).json() == {"count": None}
    assert program.post(f"{here}/replay", {}).status_code == 422
    assert program.post(f"{here}/secret").json()["secret"] != secret
    assert program.patch(here, {"is_on": False}).status_code == 428
    answer = program.patch(here, {"is_on": False}, If_Match="*")
    assert answer.json()["is_on"] is False
    assert program.delete(here, If_Match=answer["ETag"]).status_code == 204
    assert program.get(here).status_code == 404
    assert program.get("/webhooks").json() == {"items": []}


def test_a_token_is_told_of_nothing_beyond_its_scopes(api_of, ada, receiver):
    program = api_of(ada, "webhooks.edit", "orders.view")
    assert program.post("/webhooks", {"name": "B", "url": receiver.url, "facts": ["order.placed"]}).status_code == 201
    for facts in (["customer.created"], []):
        answer = program.post("/webhooks", {"name": "B", "url": receiver.url, "facts": facts})
        assert answer.status_code == 422
        assert "customers.view" in answer.content.decode()
    here = f"/webhooks/{Endpoint.objects.get().public_id}"
    assert program.patch(here, {"facts": []}, If_Match="*").status_code == 422
    assert api_of(ada, "orders.view").get("/webhooks").status_code == 403
    assert Endpoint.objects.get().facts == ["order.placed"]


def test_facts_that_are_not_public_cannot_be_asked_for(api_of, ada, receiver):
    answer = api_of(ada).post("/webhooks", {"name": "B", "url": receiver.url, "facts": ["token.created"]})
    assert answer.status_code == 422
    assert "There is no public fact called" in answer.content.decode()


def test_whoever_leaves_hands_their_webhooks_over(ada, ben, receiver):
    from regulars.staff.actions.leaving import let_go

    User.objects.filter(pk=ben.pk).update(role="owner")
    ben = User.objects.get(pk=ben.pk)
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ben)
    done = let_go(ben, by=ada, successor=ada)
    endpoint.refresh_from_db()
    assert (endpoint.owner_id, endpoint.is_on) == (ada.pk, True)
    assert "1 webhook" in done.duties


def test_whoever_leaves_without_a_successor_has_theirs_switched_off(ada, ben, receiver):
    from regulars.staff.actions.leaving import let_go

    User.objects.filter(pk=ben.pk).update(role="owner")
    ben = User.objects.get(pk=ben.pk)
    endpoint, _secret = verbs.add_endpoint(name="Books", url=receiver.url, facts=[], by=ben)
    let_go(ben, by=ada)
    endpoint.refresh_from_db()
    assert (endpoint.is_on, endpoint.stopped_because) == (False, "Ben Agent left the shop")
