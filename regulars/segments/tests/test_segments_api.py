"""Groups for programs: saved, counted, listed and explained, with the place of what is wrong in a query."""

import json

import pytest

from regulars.customers.actions import create_customer
from regulars.customers.actions.tags import tag
from regulars.segments import following
from regulars.segments.models import Group

pytestmark = pytest.mark.django_db


def people(count):
    return [create_customer(values={"given_name": f"Person {number}"}) for number in range(count)]


def test_a_group_is_saved_read_changed_and_deleted(api_of, ada):
    program = api_of(ada)
    one, _two = people(2)
    tag(one, names=["gold"])
    made = program.post(
        "/segments", {"name": "Gold", "query": "customer_tags contains 'gold'", "folder": "Sales"}, Idempotency_Key="a1"
    )
    assert made.status_code == 201
    body = made.json()
    assert (body["query"], body["size"], body["folder"]) == ("customer_tags CONTAINS 'gold'", 1, "Sales")
    again = program.post(
        "/segments", {"name": "Gold", "query": "customer_tags contains 'gold'", "folder": "Sales"}, Idempotency_Key="a1"
    )
    assert (again.json()["id"], Group.objects.count()) == (body["id"], 1)
    address = f"/segments/{body['id']}"
    read = program.get(address)
    assert read.json() == body
    assert program.patch(address, {"name": "Or"}).status_code == 428
    changed = program.patch(address, {"name": "Or"}, If_Match=read["ETag"])
    assert (changed.status_code, changed.json()["name"], changed.json()["version"]) == (200, "Or", 2)
    assert program.patch(address, {"name": "X"}, If_Match=read["ETag"]).status_code == 412
    archived = program.patch(address, {"is_archived": True}, If_Match=changed["ETag"])
    assert archived.json()["is_archived"] is True
    assert program.get("/segments").json()["items"] == []
    assert [one["name"] for one in program.get("/segments", {"archived": "yes"}).json()["items"]] == ["Or"]
    assert program.delete(address, If_Match=archived["ETag"]).status_code == 204
    assert program.get(address).status_code == 404
    assert program.post(f"{address}/restore", {}).json()["name"] == "Or"


def test_a_bad_query_is_answered_with_its_place(api_of, ada):
    program = api_of(ada)
    for answer in (
        program.post("/segments/count", {"query": "status = 'active' AND number_of_ordrs > 1"}),
        program.post("/segments", {"name": "X", "query": "status = 'active' AND number_of_ordrs > 1"}),
    ):
        assert answer.status_code == 422
        problem = answer.json()
        assert (problem["type"], problem["span"]) == ("/problems/bad-query", [22, 37])
        assert problem["suggestion"] == "number_of_orders"
        assert problem["errors"][0]["field"] == "query"
    assert not Group.objects.exists()


def test_a_query_is_counted_without_saving_it(api_of, ada):
    people(3)
    answer = api_of(ada).post("/segments/count", {"query": "number_of_orders=0"})
    assert answer.json() == {"query": "number_of_orders = 0", "count": 3}
    assert api_of(ada).post("/segments/count", {"query": "", "as_of": "1999-01-01"}).status_code == 422
    assert api_of(ada).post("/segments/count", {"query": "", "as_of": "2026-02-30"}).status_code == 422
    assert not Group.objects.exists()


def test_members_come_in_pages(api_of, ada):
    program = api_of(ada)
    crowd = people(5)
    group = program.post("/segments", {"name": "All", "query": "number_of_orders = 0"}).json()
    address, ids, count = f"/segments/{group['id']}/members?limit=2", [], []
    while address:
        page = program.get(address.partition("/api/v1")[2] or address).json()
        ids += [one["id"] for one in page["items"]]
        count.append(page["count"])
        address = page["next"]
    assert ids == [one.public_id for one in crowd]
    assert count == [5, 5, 5]


def test_customers_are_put_into_hand_picked_groups(api_of, ada):
    program = api_of(ada)
    one, two = people(2)
    group = program.post("/segments", {"name": "Friends"}).json()
    address = f"/segments/{group['id']}/members"
    both = {"customers": [one.public_id, two.public_id]}
    assert program.post(address, both).json() == {"changed": 2, "size": 2}
    assert program.post(address, both).json() == {"changed": 0, "size": 2}
    assert program.post(f"{address}/remove", {"customers": [one.public_id]}).json() == {"changed": 1, "size": 1}
    assert program.post(address, {"customers": ["cus_0000000000000"]}).status_code == 422
    assert [one["id"] for one in program.get(address).json()["items"]] == [two.public_id]
    following.once()
    sizes = program.get(f"/segments/{group['id']}/sizes").json()["items"]
    assert [one["count"] for one in sizes] == [1]


def test_why_somebody_is_in_a_group(api_of, ada):
    program = api_of(ada)
    one, two = people(2)
    tag(one, names=["gold"])
    group = program.post("/segments", {"name": "Gold", "query": "customer_tags CONTAINS 'gold'"}).json()
    told = program.get(f"/segments/{group['id']}/members/{one.public_id}").json()
    assert told["is_in"] is True
    assert [reason["is_true"] for reason in told["reasons"]] == [True]
    assert program.get(f"/segments/{group['id']}/members/{two.public_id}").json()["is_in"] is False


def test_templates_are_listed(api_of, ada):
    items = api_of(ada).get("/segment_templates").json()["items"]
    assert len(items) >= 30
    assert {"key": "guests", "query": "is_guest = true"}.items() <= next(
        one for one in items if one["key"] == "guests"
    ).items()


def test_a_program_without_the_scope_learns_nothing_of_groups(api_of, ada):
    group = api_of(ada).post("/segments", {"name": "Friends"}).json()
    program = api_of(ada, "customers.view")
    for answer in (
        program.get("/segments"),
        program.get(f"/segments/{group['id']}"),
        program.get(f"/segments/{group['id']}/members"),
        program.post("/segments", {"name": "Mine"}),
        program.post("/segments/count", {"query": ""}),
        program.delete(f"/segments/{group['id']}", If_Match="*"),
    ):
        assert answer.status_code == 403
        assert "Friends" not in json.dumps(answer.json())
    assert Group.objects.count() == 1


def test_a_list_of_groups_asks_as_often_for_three_as_for_one(api_of, ada, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    program, counts = api_of(ada), []
    for number in range(3):
        program.post("/segments", {"name": f"Group {number}", "query": "number_of_orders = 0"})
        with CaptureQueriesContext(connection) as asked:
            program.get("/segments")
        counts.append(len(asked))
    assert counts[0] == counts[2]
