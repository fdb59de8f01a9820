"""Tags, own fields and notes through the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.customers.actions import tags
from regulars.customers.actions.custom_fields import create_field
from regulars.customers.models import Customer, CustomField, CustomValue, Note, Tag


@pytest.fixture
def program(api_of, ada):
    return api_of(ada)


@pytest.fixture
def made(program):
    answer = program.post("/customers", {"name": "Élodie", "tags": ["VIP", "Tea"]})
    assert answer.status_code == 201, answer.content
    return answer


def test_tags_and_values_are_written_with_a_customer_and_read_again(program, made):
    create_field(label="Size", type="number")
    create_field(label="Colours", type="several_of", options=["Red", "Blue"])
    create_field(label="Member", type="yes_no")
    place = made["Location"].removeprefix("/api/v1")
    assert made.json()["tags"] == ["Tea", "VIP"]
    etag = program.get(place)["ETag"]
    body = {"tags": ["vip", "New"], "custom_fields": {"size": 38.5, "colours": ["blue", "Red"], "member": True}}
    changed = program.patch(place, body, If_Match=etag)
    assert changed.status_code == 200, changed.content
    assert changed.json()["tags"] == ["New", "VIP"]
    assert changed.json()["custom_fields"] == {"size": 38.5, "colours": ["red", "blue"], "member": True}
    assert changed["ETag"] != etag
    assert program.get(place).json() == changed.json()
    # what is not sent stays, null clears
    again = program.patch(place, {"custom_fields": {"size": None}}, If_Match=changed["ETag"]).json()
    assert again["custom_fields"] == {"size": None, "colours": ["red", "blue"], "member": True}
    assert again["tags"] == ["New", "VIP"]
    assert [one["name"] for one in program.get("/customers", {"metafields.custom.colours": "red"}).json()["items"]] == [
        "Élodie"
    ]


def test_a_bad_value_names_its_field_and_nothing_of_the_call_is_kept(program, made):
    create_field(label="Size", type="number")
    refused = program.patch(
        made["Location"].removeprefix("/api/v1"),
        {"name": "Other", "tags": ["Third"], "custom_fields": {"size": "large", "nothing": 1}},
        If_Match="*",
    )
    assert refused.status_code == 422
    assert {error["field"] for error in refused.json()["errors"]} == {
        "custom_fields.size",
        "custom_fields.nothing",
    }
    assert Customer.objects.get().name == "Élodie"
    assert not CustomValue.objects.exists()
    assert not Tag.objects.filter(name="Third").exists()


def test_somebody_new_needs_what_is_required(program):
    create_field(label="Size", type="number", is_required=True)
    create_field(label="Level", type="text", default="Bronze")
    assert program.post("/customers", {"name": "New"}).status_code == 422
    assert not Customer.objects.exists()
    made = program.post("/customers", {"name": "New", "custom_fields": {"size": 5}})
    assert made.json()["custom_fields"] == {"size": 5, "level": "Bronze"}


def test_notes_are_written_changed_pinned_deleted_and_brought_back(program, made, api_of, ben):
    place = f"{made['Location'].removeprefix('/api/v1')}/notes"
    note = program.post(place, {"text": "First", "kind": "complaint"})
    assert note.status_code == 201
    one = note["Location"].removeprefix("/api/v1")
    other = api_of(ben)
    refused = other.patch(one, {"text": "Mine"}, If_Match="*")
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (409, "not-your-note")
    assert other.patch(one, {"is_pinned": True}, If_Match=note["ETag"]).json()["is_pinned"] is True
    assert program.patch(one, {"text": "Late"}, If_Match=note["ETag"]).status_code == 412
    changed = program.patch(one, {"text": "Second"}, If_Match="*")
    assert changed.json()["text"] == "Second"
    for number in range(3):
        program.post(place, {"text": f"Note {number}"})
    page = program.get(place, {"limit": "3"}).json()
    assert [item["text"] for item in page["items"]] == ["Note 2", "Note 1", "Note 0"]
    assert [item["text"] for item in program.get(place, {"kind": "complaint"}).json()["items"]] == ["Second"]
    assert program.delete(one, If_Match="*").status_code == 204
    assert program.get(one).status_code == 404
    assert program.post(f"{one}/restore").json()["text"] == "Second"
    assert Note.objects.count() == 4


def test_fields_and_tags_are_set_up(program, made, api_of, ben):
    field = program.post("/customer_fields", {"label": "Water", "type": "one_of", "options": [{"label": "Soft"}]})
    assert field.status_code == 201, field.content
    place = field["Location"].removeprefix("/api/v1")
    changed = program.patch(
        place, {"options": [{"key": "soft", "label": "Very soft"}, {"label": "Hard"}]}, If_Match=field["ETag"]
    )
    assert changed.json()["options"] == [{"key": "soft", "label": "Very soft"}, {"key": "hard", "label": "Hard"}]
    assert program.patch(place, {"is_archived": True}, If_Match="*").json()["is_archived"] is True
    assert program.get("/customer_fields").json() == {"items": []}
    tag = next(one for one in program.get("/tags").json()["items"] if one["name"] == "VIP")
    assert tag["customers"] == 1
    renamed = program.patch(f"/tags/{tag['id']}", {"name": "Tea"}, If_Match="*")
    assert renamed.status_code == 409
    assert program.delete(f"/tags/{tag['id']}", If_Match="*").status_code == 204
    assert [one.name for one in Tag.objects.all()] == ["Tea"]
    agent = api_of(ben)
    assert agent.post("/customer_fields", {"label": "x", "type": "text"}).status_code == 403
    assert agent.delete(f"/tags/{Tag.objects.get().public_id}", If_Match="*").status_code == 403
    assert CustomField.objects.count() == Tag.objects.count() == 1


def test_a_page_of_customers_takes_as_many_queries_for_one_as_for_three(program, db):
    create_field(label="Size", type="number")
    counts = []
    for number in range(3):
        program.post("/customers", {"name": f"C{number}", "tags": ["VIP"], "custom_fields": {"size": number}})
        program.get("/customers")
        with CaptureQueriesContext(connection) as found:
            items = program.get("/customers").json()["items"]
        counts.append(len(found))
    assert len(items) == 3
    assert counts[0] == counts[2]


def test_a_token_without_its_scope_reads_and_writes_nothing(api_of, ada, made):
    customer = Customer.objects.get()
    program = api_of(ada, "orders.view")
    for address in ("/tags", "/customer_fields", f"/customers/{customer.public_id}/notes"):
        assert program.get(address).status_code == 403
    assert program.post(f"/customers/{customer.public_id}/notes", {"text": "x"}).status_code == 403
    assert not Note.objects.exists()
    assert len(tags.tags_of(customer)) == 2
