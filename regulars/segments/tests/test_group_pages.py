"""The pages of groups: what they say, what they save, who may, and without scripts."""

import datetime as dt
import json
import re

import pytest
from django.utils import timezone

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.customers.actions.tags import tag
from regulars.customers.models import Customer
from regulars.orders.actions import place_order
from regulars.segments.actions.groups import archive_group, change_group, create_group
from regulars.segments.actions.picking import pick
from regulars.segments.bits import unpacked
from regulars.segments.models import Folder, Group, Size
from regulars.staff.models import StaffRole, User
from regulars.timeline.actions import take_in_reads
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(db):
    """Three customers: Élodie bought twice and is tagged, Tomasz bought once, Zoe never."""
    shop.change(currency="EUR", time_zone="Europe/Berlin", country="DE")
    web, now = channel_for("web"), timezone.now()
    found = {
        name: create_customer(values={"name": name, "email": f"{name.split()[0].lower()}@posteo.example"})
        for name in ("Elodie Marchetti", "Tomasz Quell", "Zoe Quiet")
    }
    sales = [("Elodie Marchetti", 90), ("Elodie Marchetti", 20), ("Tomasz Quell", 10)]
    for number, (name, days) in enumerate(sales):
        place_order(
            values={"number": f"HH-{number}", "placed_at": now - dt.timedelta(days=days)},
            lines=[{"sku": "GYO", "title": "Gyokuro", "quantity": 1, "unit_price": "50"}],
            customer=found[name],
            channel=web,
        )
    tag(found["Elodie Marchetti"], names=["vip"])
    return found


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def tried(client, **data):
    answer = client.post("/groups/try", data)
    assert answer.status_code == 200
    return json.loads(answer.content)


def counts(lines):
    return [found.strip() for found in re.findall(r'<span class="left">.*?(?:<b>(.*?)</b>)?</span></li>', lines)]


def test_the_list_says_rules_in_words_and_who_uses_what(client_of, ada, people):
    create_group(name="VIP", query="customer_tags CONTAINS 'vip'", folder="Spring", by=ada)
    create_group(name="VIP who bought", query="segment IN ('VIP') AND number_of_orders >= 2", by=ada)
    archive_group(create_group(name="Gone", query="number_of_orders = 0", by=ada))
    Size.objects.create(group=Group.objects.get(key="vip"), day=shop.today() - dt.timedelta(days=40), count=4)
    answer = client_of(ada).get("/groups")
    said = text_of(answer)
    assert answer.status_code == 200
    assert "Spring 1" in said
    assert "1 group put away" in said
    vip, other = (one for drawer in answer.context["shelf"].drawers[::-1] for one in drawer.groups)
    assert (vip.group.name, vip.group.size, vip.change, [one.name for one in vip.used_by]) == (
        "VIP", 1, -3, ["VIP who bought"],
    )  # fmt: skip
    assert "vip" in vip.sentence
    assert other.used_by == []
    assert [one.group.name for one in client_of(ada).get("/groups?q=bought").context["shelf"].drawers[0].groups] == [
        "VIP who bought"
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_much_for_one_group_as_for_three(client_of, ada, people, django_assert_num_queries, count):
    for number in range(count):
        create_group(name=f"Group {number}", query=f"number_of_orders >= {number}", by=ada)
    client = client_of(ada)
    client.get("/groups")
    with django_assert_num_queries(7):
        client.get("/groups")


def test_folders_are_made_renamed_and_removed_and_groups_move(client_of, ada, people):
    client, group = client_of(ada), create_group(name="New", query="number_of_orders = 0", by=ada)
    client.post("/groups/folders", {"name": "Winter"})
    winter = Folder.objects.get()
    assert client.post("/groups/folders", {"name": "Winter"}).status_code == 422
    client.post(f"/groups/{group.public_id}/move", {"folder": winter.public_id})
    assert Group.objects.get().folder == winter
    said = client.get("/groups")
    undo = re.search(r'action="(/groups/undo/[^"]+)"', said.content.decode())[1]
    client.post(undo)
    assert Group.objects.get().folder is None
    client.post(f"/groups/folders/{winter.public_id}", {"name": "Spring"})
    assert Folder.objects.get().name == "Spring"
    client.post(f"/groups/folders/{winter.public_id}", {"act": "remove"})
    assert not Folder.objects.exists()


def test_what_was_put_away_or_deleted_comes_back_by_undo(client_of, ada, people):
    client, group = client_of(ada), create_group(name="New", query="number_of_orders = 0", by=ada)
    for deed, column in (("archive", "archived_at"), ("delete", "deleted_at")):
        client.post(f"/groups/{group.public_id}/{deed}")
        assert getattr(Group.everything.get(), column) is not None
        undo = re.search(r'action="(/groups/undo/[^"]+)"', client.get("/groups").content.decode())[1]
        client.post(undo)
        assert getattr(Group.objects.get(), column) is None
    assert client.post("/groups/undo/forged").status_code == 404


def test_a_text_is_counted_line_by_line_and_becomes_rows(client_of, ada, people):
    said = tried(client_of(ada), source="text", text="number_of_orders >= 1\nAND customer_tags CONTAINS 'vip'")
    assert counts(said["lines"]) == ["2", "1"]
    assert said["wrong"] is None
    assert "1" in said["parts"]["g-now"]
    assert "Elodie Marchetti" in said["parts"]["g-people"]
    assert "Tomasz" not in said["parts"]["g-people"]
    assert "€100.00" in said["parts"]["g-people"]
    rows = said["parts"]["g-build"]
    assert re.findall(r'name="(r\d-name)".*?selected', rows) == ["r0-name", "r1-name"]
    assert 'data-line="1"' in rows
    assert said["parts"]["g-words"].strip().endswith(".")


def test_rows_become_a_text_and_a_row_that_says_nothing_waits(client_of, ada, people):
    sent = {
        "source": "rows", "row": ["0", "1", "2"],
        "r0-depth": "0", "r0-joiner": "", "r0-name": "number_of_orders", "r0-was": "attribute:number_of_orders",
        "r0-test": "0", "r0t0-op": ">=", "r0t0-v": "1", "r0t0-was": "number_of_orders:number",
        "r1-depth": "0", "r1-joiner": "and not", "r1-name": "is_guest",
        "r2-depth": "0", "r2-joiner": "and", "r2-name": "",
    }  # fmt: skip
    said = tried(client_of(ada), **sent)
    assert said["text"] == "number_of_orders >= 1\nAND NOT is_guest = true"
    assert counts(said["lines"]) == ["2", "2"]
    assert said["parts"]["g-build"].count('name="row"') == 3


def test_what_is_wrong_is_said_with_its_place_and_nothing_is_counted(client_of, ada, people):
    said = tried(client_of(ada), source="text", text="number_of_orders >= 1\nAND custmer_tags CONTAINS 'vip'")
    assert said["wrong"] == [26, 38]
    assert "customer_tags" in said["parts"]["said"]
    assert said["lines"] is None
    assert set(said["parts"]) == {"said", "g-asof"}


def test_a_line_that_is_turned_off_is_left_out_and_not_saved(client_of, ada, people):
    client = client_of(ada)
    text = "-- number_of_orders >= 2\nAND number_of_orders >= 1"
    assert counts(tried(client, source="text", text=text)["lines"]) == ["", "2"]
    client.post("/groups/new", {"act": "save", "name": "Bought", "description": "", "text": text})
    assert Group.objects.get().query == "number_of_orders >= 1"


def test_why_somebody_is_in_and_why_somebody_is_not(client_of, ada, people):
    client = client_of(ada)
    text = "number_of_orders >= 1\nAND NOT (customer_tags CONTAINS 'vip')"
    tomasz, elodie = people["Tomasz Quell"], people["Elodie Marchetti"]
    said = tried(client, source="text", text=text, why=tomasz.public_id, whynot=elodie.public_id)["parts"]
    assert "Why is Tomasz Quell in?" in said["g-why"]
    assert said["g-why"].count("Does not fit") == 0
    assert "One line keeps Elodie Marchetti out: line 2." in said["g-notin"]
    take_in_reads()
    read = Entry.objects.filter(name="customer.opened").values_list("customer_id", "data__part")
    assert set(read) == {(tomasz.pk, "group"), (elodie.pk, "group")}


def test_looking_for_a_person_by_a_query_is_written_down_and_for_a_crowd_is_not(client_of, ada, people):
    client = client_of(ada)
    tried(client, source="text", text="number_of_orders >= 1")
    take_in_reads()
    assert not Entry.objects.filter(name="customers.searched").exists()
    tried(client, source="text", text="email = 'zoe@posteo.example'")
    take_in_reads()
    [entry] = Entry.objects.filter(name="customers.searched")
    assert (entry.data["where"], entry.data["shown"]) == ("group", [people["Zoe Quiet"].pk])


def test_an_earlier_day_is_asked_about_and_a_wrong_one_is_said(client_of, ada, people):
    client, tomorrow = client_of(ada), shop.today() + dt.timedelta(days=1)
    said = tried(client, source="text", text="number_of_orders >= 1", as_of=shop.today().isoformat())
    assert "people on" in re.sub(r"\s+", " ", said["parts"]["g-now"])
    said = tried(client, source="text", text="number_of_orders >= 1", as_of=tomorrow.isoformat())
    assert "still to come" in said["parts"]["g-asof"]
    assert counts(said["lines"]) == ["2"]


def test_without_scripts_a_group_is_counted_saved_and_changed(client_of, ada, people):
    client = client_of(ada)
    answer = client.post("/groups/new", {"act": "count", "name": "Bought", "text": "number_of_orders >= 1"})
    assert (answer.status_code, Group.objects.count()) == (200, 0)
    assert answer.context["work"].count == 2
    answer = client.post("/groups/new", {"act": "save", "name": "", "text": "number_of_orders >= 1"})
    assert (answer.status_code, list(answer.context["problems"])) == (422, ["name"])
    answer = client.post("/groups/new", {"act": "save", "name": "Bought", "text": "number_of_orders >= 1"})
    group = Group.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/groups/{group.public_id}")
    assert (group.query, group.size) == ("number_of_orders >= 1", 2)
    sent = {"act": "save", "name": "Bought", "version": str(group.version), "text": "number_of_orders >= 2"}
    client.post(f"/groups/{group.public_id}", sent)
    assert Group.objects.get().query == "number_of_orders >= 2"
    answer = client.post(f"/groups/{group.public_id}", {**sent, "text": "number_of_orders >>"})
    assert (answer.status_code, Group.objects.get().query) == (422, "number_of_orders >= 2")


def test_whoever_saves_over_somebody_else_sees_both(client_of, ada, people):
    client, group = client_of(ada), create_group(name="Bought", query="number_of_orders >= 1", by=ada)
    change_group(group, query="number_of_orders >= 3", by=ada)
    sent = {"act": "save", "name": "Bought", "version": str(group.version), "text": "number_of_orders >= 2"}
    answer = client.post(f"/groups/{group.public_id}", sent)
    assert answer.status_code == 409
    said = text_of(answer)
    assert "number_of_orders >= 3" in said.replace("&gt;", ">")
    assert Group.objects.get().query == "number_of_orders >= 3"
    # saved again from that page, it is put over theirs
    sent["version"] = str(answer.context["version"])
    assert client.post(f"/groups/{group.public_id}", sent).status_code == 302
    assert Group.objects.get().query == "number_of_orders >= 2"


def test_people_are_put_into_a_hand_picked_group_and_taken_out(client_of, ada, people):
    client = client_of(ada)
    client.post("/groups/new", {"kind": "picked", "act": "save", "name": "Tasting"})
    group = Group.objects.get()
    address = f"/groups/{group.public_id}/people"
    client.post(address, {"add": people["Zoe Quiet"].public_id})
    answer = client.post(address, {"pasted": "tomasz@posteo.example\nNobody At All"})
    assert answer.status_code == 422
    assert "Nobody At All" in text_of(answer)
    there = {people["Zoe Quiet"].pk, people["Tomasz Quell"].pk}
    assert set(unpacked(Group.objects.get().members)) == there
    client.post(address, {"remove": people["Zoe Quiet"].public_id})
    assert set(unpacked(Group.objects.get().members)) == {people["Tomasz Quell"].pk}
    undo = re.search(r'action="(/groups/back/[^"]+)"', client.get(f"/groups/{group.public_id}").content.decode())[1]
    client.post(undo)
    assert set(unpacked(Group.objects.get().members)) == there
    history = text_of(client.get(f"/groups/{group.public_id}/members"))
    assert history.count("joined") >= 3
    assert "Zoe Quiet left" in re.sub(r"\s+", " ", history)


def test_a_segment_of_shopify_is_read_and_what_was_changed_is_said(client_of, ada, people):
    text = "FROM customers SHOW customer_name WHERE number_of_orders > 0 ORDER BY updated_at"
    answer = client_of(ada).post("/groups/shopify", {"text": text})
    assert (answer.context["canonical"], answer.context["count"]) == ("number_of_orders > 0", 2)
    assert len(answer.context["changes"]) == 2
    assert client_of(ada).post("/groups/shopify", {"text": "SELECT 1"}).status_code == 422


def test_every_ready_group_stands_in_the_gallery_and_begins_a_group(client_of, ada, people):
    client = client_of(ada)
    begun = client.get("/groups/begin")
    keys = [one["key"] for section in begun.context["sections"] for one in section["templates"]]
    assert len(keys) >= 30
    assert "are in it now" in text_of(client.get(f"/groups/ready/{keys[0]}"))
    answer = client.get(f"/groups/new?template={keys[0]}")
    assert answer.context["work"].problem == ""
    assert client.get("/groups/ready/nothing").status_code == 404


def test_suggestions_know_where_they_stand(client_of, ada, people):
    said = json.loads(client_of(ada).get("/groups/complete", {"text": "number_of_or"}).content)
    assert said["typed"] == 12
    assert said["items"][0]["text"] == "number_of_orders"


def test_who_may_look_counts_and_explains_but_saves_nothing(client_of, ada, ben, people):
    group = create_group(name="Bought", query="number_of_orders >= 1", by=ada)
    client = client_of(ben)
    assert counts(tried(client, source="text", text="number_of_orders >= 1")["lines"]) == ["2"]
    page = client.get(f"/groups/{group.public_id}")
    assert (page.status_code, page.context["may_edit"]) == (200, False)
    answer = client.post(f"/groups/{group.public_id}", {"act": "save", "name": "Mine", "text": "number_of_orders >= 1"})
    assert (answer.status_code, Group.objects.get().name) == (403, "Bought")
    assert client.post(f"/groups/{group.public_id}/delete").status_code == 403
    assert Group.objects.count() == 1


def test_charlie_sees_no_group_and_tries_nothing(client_of, ada, charlie, people):
    group = create_group(name="Bought", query="number_of_orders >= 1", by=ada)
    by_hand = create_group(name="Tasting")
    pick(by_hand, customers=[people["Zoe Quiet"].pk])
    client = client_of(charlie)
    for address in ("", "/new", "/begin", "/shopify", "/complete", "/who", f"/{group.public_id}"):
        assert client.get(f"/groups{address}").status_code == 403, address
    for address in ("/try", "/new", "/folders", f"/{by_hand.public_id}/people", f"/{group.public_id}/archive"):
        assert client.post(f"/groups{address}", {"text": "number_of_orders >= 1"}).status_code == 403, address
    assert set(unpacked(Group.objects.get(key="tasting").members)) == {people["Zoe Quiet"].pk}


def test_who_sees_some_customers_counts_these_alone_and_asks_for_nothing_hidden(client_of, ada, ben, people):
    fields = {"email": "hidden"}
    role = StaffRole.objects.create(
        key="half", name="Half", permissions=sorted(ben.permissions), sees="own", fields=fields
    )
    User.objects.filter(pk=ben.pk).update(role="half", definition=role)
    ben = User.objects.select_related("definition").get(pk=ben.pk)
    Customer.objects.filter(pk=people["Tomasz Quell"].pk).update(looked_after_by=ben)
    secret = create_group(name="By e-mail", query="email CONTAINS 'posteo'", by=ada)
    create_group(name="Bought", query="number_of_orders >= 1", by=ada)
    Size.objects.create(group=Group.objects.get(key="bought"), day=shop.today() - dt.timedelta(days=40), count=7)
    client = client_of(ben)
    said = tried(client, source="text", text="number_of_orders >= 1")
    assert counts(said["lines"]) == ["1"]
    assert "Elodie" not in json.dumps(said)
    assert "posteo" not in json.dumps(said)
    assert tried(client, source="text", text="email CONTAINS 'elodie'")["wrong"] == [0, 5]
    said = tried(client, source="text", text="number_of_orders >= 1", whynot=people["Elodie Marchetti"].public_id)
    assert said["parts"]["g-notin"].strip() == ""
    assert client.get(f"/groups/{secret.public_id}").status_code == 404
    [drawer] = client.get("/groups").context["shelf"].drawers
    assert [(one.group.name, one.group.size, one.change, one.points) for one in drawer.groups] == [
        ("Bought", 1, None, [])
    ]
