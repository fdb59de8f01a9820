"""Bulk work by page, API and command line: who may, what is asked, what is shown, and how many questions that takes."""

from __future__ import annotations

import json
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.customers.actions import bulk, change_customer, create_customer
from regulars.customers.actions.custom_fields import create_field, set_custom_values
from regulars.customers.bulk import action as actions
from regulars.customers.bulk.selection import Selection
from regulars.customers.models import ChangeSet, Customer, CustomValue, Tagging

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(db):
    return [create_customer(values={"name": name}) for name in ("Ada Lovelace", "Ben Okafor", "张三")]


def ids(customers):
    return [one.public_id for one in customers]


def a_plan(customers, name="tag", params=None):
    selection = Selection(ids=tuple(one.pk for one in customers))
    return bulk.plan(action=actions.get(name), params=params or {"tags": ["vip"]}, selection=selection)


# ── pages


def test_a_selection_is_tagged_by_way_of_a_plan_and_the_toast_takes_it_back(client_of, ada, three):
    client = client_of(ada)
    asked = client.post("/customers/bulk", {"action": "tag", "ids": ids(three[:2]), "query": "sort=-amount_spent"})
    assert asked.status_code == 200
    assert "2 customers" in asked.content.decode()
    planned = client.post(
        "/customers/bulk",
        {"action": "tag", "ids": ids(three[:2]), "query": "sort=-amount_spent", "_plan": "1", "tags": "vip, Spring"},
    )
    page = client.get(planned.url)
    text = page.content.decode()
    assert "<b>2</b> customers would be changed." in text
    assert re.search(r"Tags: <span class=\"faint\">empty</span> → <span class=\"chg\">vip, Spring</span>", text)
    assert not Tagging.objects.exists()
    done = client.post(f"{planned.url}/apply")
    assert done.url == "/customers?sort=-amount_spent"
    assert Tagging.objects.count() == 4
    assert f"{planned.url}/undo" in client.get(done.url).content.decode()
    client.post(f"{planned.url}/undo")
    assert not Tagging.objects.exists()


def test_everybody_of_a_list_is_meant_where_it_says_so(client_of, ada, three):
    client = client_of(ada)
    data = {"action": "status", "ids": ids(three[:1]), "all": "1", "query": "q=o", "_plan": "1", "value": "inactive"}
    client.post(client.post("/customers/bulk", data).url + "/apply")
    assert list(Customer.objects.order_by("pk").values_list("status", flat=True)) == ["inactive", "inactive", "active"]


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_planned(client_of, ada, three):
    client = client_of(ada)
    for data in (
        {"action": "tag", "tags": "  "},
        {"action": "status", "value": "asleep"},
        {"action": "field", "field": "payment_days", "value": "many"},
        {"action": "field", "field": "is_blocked", "value": "on"},
        {"action": "field", "field": "email", "value": "a@b.example"},
        {"action": "withdraw"},
    ):
        answer = client.post("/customers/bulk", {**data, "ids": ids(three), "_plan": "1"})
        assert answer.status_code == 422, data
        assert 'class="err"' in answer.content.decode(), data
    assert client.post("/customers/bulk", {"action": "nonsense", "ids": ids(three)}).status_code == 404
    assert client.post("/customers/bulk", {"action": "tag"}).url == "/customers"
    assert not ChangeSet.objects.exists()


def test_deleting_asks_why_first(client_of, ada, three):
    client = client_of(ada)
    planned = client.post("/customers/bulk", {"action": "delete", "ids": ids(three)})
    refused = client.post(f"{planned.url}/apply", {"reason": ""})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert Customer.objects.count() == 3
    client.post(f"{planned.url}/apply", {"reason": "Test data"})
    assert Customer.objects.count() == 0
    assert "Test data" in client.get("/customers/changes").content.decode()


def test_who_is_deleted_comes_back_in_bulk(client_of, ada, three):
    client = client_of(ada)
    client.post(client.post("/customers/bulk", {"action": "delete", "ids": ids(three)}).url + "/apply", {"reason": "x"})
    assert "Ada Owner" in client.get("/customers/deleted").content.decode()
    planned = client.post("/customers/bulk", {"action": "restore", "ids": ids(three), "of": "deleted"})
    client.post(f"{planned.url}/apply")
    assert Customer.objects.count() == 3


def test_one_of_the_shops_own_fields_is_set_for_all_and_goes_back(client_of, ada, three):
    size = create_field(label="Size", type="one_of", options=["Small", "Large"])
    set_custom_values(three[0], values={size.key: "small"}, reader=ada)
    before = list(CustomValue.objects.order_by("pk").values())
    client = client_of(ada)
    asked = client.post("/customers/bulk", {"action": "field", "ids": ids(three), "field": size.name})
    assert "Large" in asked.content.decode()
    data = {"action": "field", "ids": ids(three), "field": size.name, "value": "large", "_plan": "1"}
    planned = client.post("/customers/bulk", data)
    assert "Size: Large" in client.get(planned.url).content.decode()
    client.post(f"{planned.url}/apply")
    assert set(CustomValue.objects.values_list("text", flat=True)) == {"large"}
    assert CustomValue.objects.count() == 3
    client.post(f"{planned.url}/undo")
    assert list(CustomValue.objects.order_by("pk").values()) == before


def test_a_field_for_some_roles_is_neither_offered_nor_shown_to_others(client_of, ada, ben, three):
    secret = create_field(label="Margin", type="text", seen_by=["manager"])
    plan = a_plan(three, "field", {"field": secret.name, "value": "high"})
    client = client_of(ben)
    assert "Margin" not in client.post("/customers/bulk", {"action": "field", "ids": ids(three)}).content.decode()
    data = {"action": "field", "ids": ids(three), "field": secret.name, "value": "x", "_plan": "1"}
    assert client.post("/customers/bulk", data).status_code == 422
    page = client.get(f"/customers/changes/{plan.public_id}").content.decode()
    assert "Margin" not in page
    assert "high" not in client.get("/customers/changes").content.decode()


def test_undo_lists_what_it_kept(client_of, ada, three):
    plan = a_plan(three, "status", {"field": "status", "value": "inactive"})
    bulk.apply(plan)
    change_customer(three[0], values={"status": "active"})
    client = client_of(ada)
    answer = client.post(f"/customers/changes/{plan.public_id}/undo", follow=True)
    text = answer.content.decode()
    assert "<b>1</b> was changed by somebody since, and stays so." in text
    assert "Status was changed since, to “active”, and stays so." in text
    assert "Ada Lovelace" in text


def test_a_plan_can_be_thrown_away_and_what_is_done_cannot_be_done_again(client_of, ada, three):
    client = client_of(ada)
    plan = a_plan(three)
    assert client.post(f"/customers/changes/{plan.public_id}/discard").url == "/customers"
    assert client.get(f"/customers/changes/{plan.public_id}").status_code == 404
    plan = a_plan(three)
    bulk.apply(plan)
    for way in ("apply", "stop", "discard"):
        assert client.post(f"/customers/changes/{plan.public_id}/{way}").status_code == 409
    assert Tagging.objects.count() == 3


def test_the_timeline_names_the_work_and_leads_to_it(client_of, ada, three):
    plan = bulk.apply(a_plan(three))
    text = client_of(ada).get(f"/customers/{three[0].public_id}").content.decode()
    assert f'<a class="link" href="/customers/changes/{plan.public_id}">Tag “vip”</a>' in text


@pytest.mark.parametrize("way", ["", "/apply", "/undo", "/stop", "/discard"])
def test_charlie_and_strangers_do_nothing_in_bulk(client_of, client, charlie, three, way):
    plan = a_plan(three)
    url = f"/customers/changes/{plan.public_id}{way}"
    assert client.post(url).status_code == 302
    signed_in = client_of(charlie)
    answer = signed_in.post(url) if way else signed_in.get(url)
    assert answer.status_code == 403
    assert "Lovelace" not in answer.content.decode()
    assert signed_in.post("/customers/bulk", {"action": "tag", "ids": ids(three)}).status_code == 403
    plan.refresh_from_db()
    assert plan.state == "planned"


def test_who_may_edit_but_not_delete_deletes_nobody_in_bulk(client_of, ben, three):
    client = client_of(ben)
    assert 'value="delete"' not in client.get("/customers").content.decode()
    assert client.post("/customers/bulk", {"action": "delete", "ids": ids(three)}).status_code == 403
    plan = a_plan(three, "delete", {"x": 1})
    assert client.post(f"/customers/changes/{plan.public_id}/apply", {"reason": "x"}).status_code == 403
    assert Customer.objects.count() == 3


def test_the_log_and_a_plan_ask_as_much_for_three_rows_as_for_one(client_of, ada, three):
    client = client_of(ada)
    counts = []
    for number in (1, 3):
        plan = a_plan(three[:number])
        for _ in range(number - 1):
            a_plan(three)
        asked_of = []
        for url in ("/customers/changes", f"/customers/changes/{plan.public_id}"):
            client.get(url)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(url).status_code == 200
            asked_of.append(len(asked))
        counts.append(asked_of)
    assert counts[0] == counts[1]


def test_a_long_plan_is_shown_page_by_page(client_of, ada, three, monkeypatch):
    monkeypatch.setattr("regulars.customers.bulk.reading.PAGE", 2)
    plan = a_plan(three)
    client = client_of(ada)
    first = client.get(f"/customers/changes/{plan.public_id}")
    assert [line.change.label for line in first.context["lines"]] == ["Ada Lovelace", "Ben Okafor"]
    second = client.get(f"/customers/changes/{plan.public_id}", {"after": first.context["after"]})
    assert [line.change.label for line in second.context["lines"]] == ["张三"]
    assert second.context["after"] is None


# ── programs


def test_a_program_plans_looks_applies_and_undoes(api_of, ada, three):
    program = api_of(ada)
    body = {"action": "tag", "params": {"tags": ["vip"]}, "ids": [*ids(three), "cus_0000000000000"]}
    made = program.post("/customers/bulk", body)
    assert (made.status_code, made.json()["state"]) == (202, "planned")
    assert made.json()["counts"] == {"changed": 3, "refused": 1}
    path = made["Location"]
    lines = program.get(f"{path}/lines", {"limit": "2"}).json()
    assert [line["label"] for line in lines["items"]] == ["Ada Lovelace", "Ben Okafor"]
    assert lines["items"][0]["changes"] == {"tags": ["", ["vip"]]}
    rest = program.get(lines["next"]).json()
    assert ([line["label"] for line in rest["items"]], rest["next"]) == (["张三", ""], None)
    refused = program.get(f"{path}/lines", {"outcome": "refused"}).json()["items"]
    assert [(line["customer"], line["outcome"]) for line in refused] == [(None, "refused")]
    assert program.post(f"{path}/apply", {"reason": "spring"}).json()["counts"]["applied"] == 3
    assert Tagging.objects.count() == 3
    again = program.post(f"{path}/apply", {})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-possible-now")
    assert program.post(f"{path}/undo").json()["state"] == "undone"
    assert not Tagging.objects.exists()
    assert [one["id"] for one in program.get("/customers/bulk").json()["items"]] == [made.json()["id"]]


def test_a_program_means_a_list_by_its_query(api_of, ada, three):
    made = api_of(ada).post("/customers/bulk", {"action": "status", "params": {"value": "inactive"}, "query": "q=ada"})
    assert made.json()["counts"] == {"changed": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "tag", "params": {"tags": ["vip"]}}, "ids"),
        ({"action": "tag", "params": {"tags": ["vip"]}, "ids": [], "query": ""}, "ids"),
        ({"action": "nonsense", "query": ""}, "action"),
        ({"action": "tag", "params": {"tags": []}, "query": ""}, "params.tags"),
        ({"action": "tag", "params": {"tag": "vip"}, "query": ""}, "params.tag"),
        ({"action": "status", "params": {"value": "asleep"}, "query": ""}, "params.value"),
        ({"action": "field", "params": {"field": "gender", "value": "?"}, "query": ""}, "params.value"),
        ({"action": "tag", "params": {"tags": ["vip"]}, "query": "no.such=filter"}, "no.such"),
        ({"action": "tag", "params": {"tags": ["vip"]}, "ids": ["ord_0000000000000"]}, "ids"),
    ],
)
def test_what_a_program_sends_wrong_is_named(api_of, ada, three, body, field):
    answer = api_of(ada).post("/customers/bulk", body)
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.json()["errors"]}
    assert not ChangeSet.objects.exists()


def test_a_program_needs_the_permission_of_the_work(api_of, ada, ben, three):
    program = api_of(ben)
    refused = program.post("/customers/bulk", {"action": "delete", "ids": ids(three)})
    assert (refused.status_code, refused.json()["scope"]) == (403, "customers.delete")
    plan = a_plan(three, "delete", {"x": 1})
    assert program.post(f"/customers/bulk/{plan.public_id}/apply", {"reason": "x"}).status_code == 403
    reader = api_of(ada, "customers.view")
    assert reader.post("/customers/bulk", {"action": "tag", "ids": ids(three)}).status_code == 403
    assert reader.get(f"/customers/bulk/{plan.public_id}").status_code == 200
    assert Customer.objects.count() == 3


# ── the command line


def test_the_command_line_lists_and_undoes(three, capsys):
    from regulars.config.cli import run

    plan = bulk.apply(a_plan(three))
    assert run(["bulk", "list", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["id"], one["state"], one["counts"]["applied"]) for one in told["changes"]] == [
        (plan.public_id, "applied", 3)
    ]
    assert run(["bulk", "undo", plan.public_id]) == 0
    assert "3 customers were changed back" in capsys.readouterr().out
    assert not Tagging.objects.exists()
    assert run(["bulk", "undo", plan.public_id]) == 2
    assert run(["bulk", "undo", "chg_nonsense"]) == 2
