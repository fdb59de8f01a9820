"""From the customer list to a group, and from a customer to their groups, over real pages."""

import pytest
from django.urls import reverse

from regulars.customers.actions import create_customer
from regulars.segments import following
from regulars.segments.actions import picking
from regulars.segments.actions.groups import create_group

pytestmark = pytest.mark.django_db


def test_the_list_offers_to_be_saved_as_a_group(client_of, ada):
    create_customer(values={"given_name": "Li"})
    client = client_of(ada)
    page = client.get("/customers?number_of_orders=0")
    assert 'href="/groups/from-list?number_of_orders=0"' in page.content.decode()
    led = client.get("/groups/from-list?number_of_orders=0&sort=-amount_spent&density=compact")
    assert led.status_code == 302
    assert led["Location"] == f"{reverse('segments:new')}?query=number_of_orders+%3D+0"


def test_what_a_group_cannot_say_is_told_before_anything_is_saved(client_of, ada):
    page = client_of(ada).get("/groups/from-list?q=dahl&number_of_orders=0")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Search: dahl" in text
    assert "?query=number_of_orders+%3D+0" in text


def test_who_may_save_no_groups_is_not_offered_it(client_of, ben):
    client = client_of(ben)
    assert "/groups/from-list" not in client.get("/customers").content.decode()
    assert client.get("/groups/from-list").status_code == 403


def test_a_filter_by_group_is_a_chip_and_can_be_asked(client_of, ada):
    one, two = [create_customer(values={"given_name": name}) for name in ("Li", "Sofie")]
    group = create_group(name="Friends")
    picking.pick(group, customers=[one.pk])
    client = client_of(ada)
    text = client.get(f"/customers?segment={group.public_id}").content.decode()
    assert "<span>Group</span><i>is</i><b>Friends</b>" in text
    assert one.public_id in text
    assert two.public_id not in text
    assert "Friends" in client.get("/customers/filter/segment").content.decode()
    assert client.get("/customers/filter/query").status_code == 200
    exported = client.post(
        "/customers/export",
        {"query": f"segment={group.public_id}", "all": "1", "_go": "1", "format": "csv", "reason": "x"},
    )
    lines = b"".join(exported.streaming_content).decode().strip().splitlines()
    assert len(lines) == 2


def test_the_customer_page_and_the_palette_name_groups(client_of, ada):
    one = create_customer(values={"given_name": "Li"})
    create_group(name="Newcomers", query="number_of_orders = 0", by=ada)
    friends = create_group(name="Friends")
    picking.pick(friends, customers=[one.pk])
    following.once()
    client = client_of(ada)
    text = client.get(f"/customers/{one.public_id}").content.decode()
    assert "Newcomers" in text
    assert "Friends" in text
    assert f"?why={one.public_id}" in text
    found = client.get("/find?q=friend", headers={"HX-Request": "true"}).content.decode()
    assert reverse("segments:page", args=[friends.public_id]) in found
    timeline = client.get(f"/customers/{one.public_id}/timeline?show=group").content.decode()
    assert "Joined the group “Friends”" in timeline
