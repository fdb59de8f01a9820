"""The door for deliveries: what is genuine is kept before it is answered, and nothing else ever is."""

import json
import random
import time
from base64 import b64decode, b64encode

import pytest

from regulars.channels import bodies, flood, secrets
from regulars.channels.actions import change_connection, connect, pause, remove_connection, rotate_key
from regulars.channels.connectors import signatures
from regulars.channels.models import Channel, Connection, Delivery
from regulars.core.errors import Invalid
from regulars.timeline.models import Entry

CUSTOMER = {"type": "customer", "id": "7", "updated_at": "2026-03-12T09:42:00Z", "email": "li@example.com"}


def rows():
    return Delivery.objects.count()


def test_a_signed_delivery_is_kept_as_it_came(till):
    body = json.dumps(CUSTOMER).encode()
    assert till.send(body, event="msg_a").status_code == 202
    kept = Delivery.objects.get()
    assert (kept.connection_id, kept.event, kept.topic, kept.fate) == (
        till.connection.pk,
        "msg_a",
        "records",
        "waiting",
    )
    assert bodies.body_of(kept) == body
    assert b"li@example.com" not in bytes(kept.body)


def test_a_copy_is_answered_the_same_and_kept_once(till):
    body = json.dumps(CUSTOMER).encode()
    answers = [till.send(body, event="msg_a").status_code for _ in range(3)]
    assert answers == [202, 202, 202]
    assert rows() == 1


def test_the_answer_sets_no_cookie_and_asks_for_no_session(till, django_assert_max_num_queries):
    till.send(CUSTOMER)
    # a savepoint and its end, how the connection stands, the row, and the word to who sleeps on PostgreSQL
    with django_assert_max_num_queries(5) as asked:
        answer = till.send(CUSTOMER)
    assert answer.status_code == 202
    assert not answer.cookies
    assert not [query for query in asked.captured_queries if "staff_" in query["sql"]]


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_without_one_of_its_headers_it_is_refused(till, missing):
    body = json.dumps(CUSTOMER).encode()
    headers = till.headers(body)
    del headers[missing]
    answer = till.send(body, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/not-genuine"
    assert missing in answer.json()["detail"]
    assert rows() == 0


def test_a_body_that_was_cut_short_is_refused_and_taken_when_it_comes_whole(till):
    body = json.dumps(CUSTOMER).encode()
    headers = till.headers(body, event="msg_a")
    assert till.send(body[:-9], headers=headers).status_code == 401
    assert rows() == 0
    assert till.send(body, headers=headers).status_code == 202
    assert rows() == 1


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-290, 202), (290, 202), (310, 401)])
def test_only_a_fresh_signature_counts(till, seconds, status):
    assert till.send(CUSTOMER, at=time.time() + seconds).status_code == status
    assert rows() == (status == 202)


def test_both_keys_count_while_one_takes_the_place_of_the_other(till):
    old = till.key
    assert till.send(CUSTOMER).status_code == 202  # the door knows the old key by heart
    rotate_key(connection=till.connection)
    new = secrets.opened(Connection.objects.get())[secrets.KEY]
    assert new != old
    assert till.send(CUSTOMER, key=old).status_code == 202
    assert till.send(CUSTOMER, key=new).status_code == 202
    rotate_key(connection=till.connection, drop_old=True)
    assert till.send(CUSTOMER, key=old).status_code == 401
    assert till.send(CUSTOMER, key=new).status_code == 202
    assert rows() == 4


def test_a_paused_connection_is_not_found_at_once_and_takes_in_again_later(till):
    assert till.send(CUSTOMER).status_code == 202
    pause(connection=till.connection)
    assert till.send(CUSTOMER).status_code == 404
    pause(connection=till.connection, is_on=True)
    assert till.send(CUSTOMER).status_code == 202
    assert rows() == 2


def test_nobody_learns_which_connections_there_are(till, client):
    for path in ("/hooks/con_0000000000000", "/hooks/con_zzzzzzzzzzzzz", "/hooks/x"):
        assert client.post(path, b"{}", content_type="application/json").status_code == 404


def test_what_is_too_large_or_empty_or_read_is_refused(till, client):
    body = b" " * (2 * 1024 * 1024 + 1)
    assert till.send(body).status_code == 413
    assert till.send(b"").status_code in {400, 411}
    assert client.get(till.path).status_code == 405
    assert rows() == 0


def test_an_open_line_is_refused_where_the_shop_speaks_https(till, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = till.send(CUSTOMER)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/needs-https")
    assert rows() == 0


def test_an_address_that_forges_without_end_is_not_looked_at_any_more(till, monkeypatch):
    monkeypatch.setattr(flood, "monotonic", lambda: 1_000_000.0)
    wrong = {"webhook-id": "a", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
    answers = [till.send(CUSTOMER, headers=wrong).status_code for _ in range(flood.A_MINUTE + 5)]
    assert answers.count(401) >= flood.A_MINUTE
    assert answers[-1] == 429
    flood.forget()
    assert till.send(CUSTOMER).status_code == 202


def test_genuine_deliveries_are_never_too_many(till):
    assert {till.send(CUSTOMER).status_code for _ in range(flood.A_MINUTE + 5)} == {202}


def test_of_five_thousand_forgeries_none_is_taken(till, monkeypatch):
    monkeypatch.setattr(flood, "A_MINUTE", 10**9)
    flood.forget()
    chance = random.Random(20261122)
    body = json.dumps(CUSTOMER).encode()
    others = [till.headers(json.dumps({**CUSTOMER, "id": str(n)}).encode()) for n in range(20)]
    taken = 0
    for number in range(5_000):
        headers, sent = till.headers(body), body
        match number % 6:
            case 0:  # a bit of the signature
                raw = bytearray(b64decode(headers["webhook-signature"][3:]))
                raw[chance.randrange(32)] ^= 1 << chance.randrange(8)
                headers["webhook-signature"] = "v1," + b64encode(raw).decode()
            case 1:  # a bit of the body
                changed = bytearray(body)
                changed[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
                sent = bytes(changed)
            case 2:  # a header of another delivery
                name = chance.choice(sorted(headers))
                headers[name] = (
                    chance.choice(others)[name] if name != "webhook-timestamp" else str(int(time.time()) - 7)
                )
            case 3:  # an old stamp
                headers = till.headers(body, at=time.time() - chance.randrange(302, 10**6))
            case 4:  # the key of another shop
                headers = till.headers(body, key="whsec_" + b64encode(chance.randbytes(32)).decode())
            case 5:  # another version of the scheme, or what only looks like one
                words = (headers["webhook-signature"].replace("v1,", "v1a,"), "v1,", "v1", " ", "v1," + "é" * 44)
                headers["webhook-signature"] = chance.choice(words)
        taken += till.send(sent, headers=headers).status_code == 202
    assert (taken, rows()) == (0, 0)


def test_a_signature_is_the_one_of_the_standards_own_example():
    key, event, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    assert signatures.sign(key, event, at, b'{"test": 2432232314}') == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_body_opens_in_its_own_row_alone(till):
    till.send(CUSTOMER, event="msg_a")
    kept = Delivery.objects.get()
    kept.event = "msg_b"
    with pytest.raises(ValueError, match="changed"):
        bodies.body_of(kept)


def test_joining_is_written_down_without_the_key(till):
    entry = Entry.objects.get(name="channel.connected")
    assert entry.data == {"called": "Till", "system": "push", "code": "till"}
    assert till.key not in str(list(Entry.objects.values()))
    assert till.key not in Connection.objects.get().secrets


def test_what_a_connector_does_not_ask_for_is_refused(till):
    with pytest.raises(Invalid):
        connect(channel=Channel.objects.get(), provider="push", name="Second", options={"shop": "x"})
    with pytest.raises(Invalid):
        connect(channel=Channel.objects.get(), provider="nobody", name="Second")
    assert Connection.objects.count() == 1


def test_a_name_is_changed_and_told(till):
    changed = change_connection(connection=till.connection, name="Till by the door")
    assert (changed.name, changed.version) == ("Till by the door", 2)
    entry = Entry.objects.get(name="connection.changed")
    assert entry.data["changes"] == {"name": ["Till", "Till by the door"]}
    change_connection(connection=till.connection, name="Till by the door")
    assert Entry.objects.filter(name="connection.changed").count() == 1


def test_a_connection_goes_with_its_deliveries(till):
    till.send(CUSTOMER)
    remove_connection(connection=till.connection)
    assert (Connection.objects.count(), rows()) == (0, 0)
    assert Entry.objects.get(name="connection.removed").data["count"] == 1
    assert till.send(CUSTOMER).status_code == 404


def test_deliveries_follow_to_newer_keys(till):
    from regulars.core import datakeys

    till.send(CUSTOMER, event="msg_a")
    body = bodies.body_of(Delivery.objects.get())
    assert bodies.renew() == 0
    datakeys.add_generation("files")
    assert bodies.renew() == 1
    assert bytes(Delivery.objects.get().body)[1] == datakeys.named("files").newest
    assert bodies.body_of(Delivery.objects.get()) == body


def test_every_answer_says_how_long_it_is_so_that_the_sender_finds_the_next_one(till):
    taken, refused = till.send(CUSTOMER), till.send(b"{}", headers={"webhook-id": "msg_a"})
    assert (taken.status_code, taken.headers["Content-Length"]) == (202, "0")
    assert refused.headers["Content-Length"] == str(len(refused.content)) != "0"
