"""Inquiries, for programs."""

import base64

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.customers.actions import create_customer
from regulars.inbox.actions import setting_up
from regulars.inbox.models import Conversation, Post


@pytest.fixture
def jonas(db):
    return create_customer(values={"name": "Jonas Wieck", "email": "jonas.wieck@example.org"})


def test_an_inquiry_is_taken_in_answered_and_closed(api_of, ben, jonas, settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    api = api_of(ben)
    cup = base64.b64encode(b"plain text").decode()
    made = api.post("/conversations", {"email": "Jonas.Wieck@example.org", "text": "Blue?", "subject": "Teapot",
                                       "files": [{"name": "cup.txt", "data": cup}]})  # fmt: skip
    assert made.status_code == 201, made.content
    inquiry = made.json()
    assert (inquiry["customer"], inquiry["status"], inquiry["by"]) == (jonas.public_id, "open", "api")
    address = f"/conversations/{inquiry['id']}"
    (post,) = api.get(f"{address}/posts").json()["items"]
    assert (post["kind"], post["text"], post["files"][0]["media_type"]) == ("in", "Blue?", "text/plain")
    file = api.get(f"{address}/files/{post['files'][0]['id']}").json()
    assert base64.b64decode(file["data"]) == b"plain text"
    stale = api.post(f"{address}/answers", {"text": "Yes.", "seen_version": 0})
    assert (stale.status_code, stale.json()["type"].rpartition("/")[2]) == (409, "answers-cross")
    answer = api.post(f"{address}/answers", {"text": "Yes.", "seen_version": inquiry["version"]})
    assert (answer.status_code, answer.json()["author"]) == (201, ben.public_id)
    assert api.post(f"{address}/notes", {"text": "Two left"}).status_code == 201
    again = api.get(address)
    topic = setting_up.save_topic(name="Teapots")
    changed = api.patch(
        address, {"status": "closed", "topic": topic.public_id, "kind": "compliment"}, if_match=again["ETag"]
    )
    assert changed.status_code == 200, changed.content
    assert (changed.json()["status"], changed.json()["topic"]) == ("closed", topic.public_id)
    assert [one["id"] for one in api.get("/conversations?status=closed&q=blue").json()["items"]] == [inquiry["id"]]
    assert api.get("/conversations?status=open").json()["items"] == []
    given = api.patch(address, {"assignee": ben.public_id}, if_match=changed["ETag"])
    assert given.json()["assignee"] == ben.public_id
    assert len(api.get(f"/conversations?assignee={ben.public_id}&has_files=true").json()["items"]) == 1


def test_who_may_not_is_refused(api_of, ben, jonas):
    assert api_of(ben, "customers.view").get("/conversations").status_code == 403
    assert api_of(ben, "inbox.view").post("/conversations", {"email": "a@example.org", "text": "x"}).status_code == 403
    assert not Conversation.objects.exists()


def test_a_list_asks_as_often_for_three_as_for_one(api_of, ben, jonas):
    api = api_of(ben)
    counts = []
    for number in (1, 2):
        for _n in range(number):
            api.post("/conversations", {"customer": jonas.public_id, "text": "Hello"})
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get("/conversations").json()["items"]) == (1 if number == 1 else 3)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_two_inquiries_are_put_together(api_of, ben, jonas):
    api = api_of(ben)
    one, other = (api.post("/conversations", {"customer": jonas.public_id, "text": "Hello"}).json() for _n in range(2))
    merged = api.post(f"/conversations/{other['id']}/merge", {"into": one["id"]})
    assert (merged.status_code, merged.json()["posts_count"]) == (200, 2)
    assert len(api.get(f"/conversations/{one['id']}/posts").json()["items"]) == 2
    assert len(api.get("/conversations").json()["items"]) == 1
    alone = api.post(f"/conversations/{other['id']}/unmerge", {})
    assert (alone.json()["merged_into"], Post.objects.count()) == (None, 2)
