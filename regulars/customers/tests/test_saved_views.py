"""Saved views, columns and density: one's own, shared ones, and what an address carries."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from regulars.core.errors import Invalid, NotAllowed
from regulars.customers.actions import create_customer
from regulars.customers.actions import saved_views as verbs
from regulars.customers.actions.custom_fields import archive_field, create_field
from regulars.customers.models import CustomField, SavedView

pytestmark = pytest.mark.django_db

QUERY = "status=inactive&sort=-amount_spent"


@pytest.fixture
def people(db):
    for name, status in (("Ada Lovelace", "active"), ("Ben Okafor", "inactive"), ("张三", "inactive")):
        create_customer(values={"name": name, "status": status, "email": f"{len(name)}@x.example"})


def tabs(page):
    return [(tab.label, tab.is_open, tab.is_changed, tab.number) for tab in page.context["views"]]


def columns(page):
    return [column.name for column in page.context["columns"]]


def test_the_open_list_is_saved_and_stands_above_it(client_of, ada, people):
    client = client_of(ada)
    ada.list_columns = ["email", "name"]
    ada.save()
    answer = client.post("/customers/views/save", {"query": f"{QUERY}&q=", "name": " Asleep "})
    view = SavedView.objects.get()
    assert (view.name, view.query, view.columns, view.is_shared) == ("Asleep", QUERY, ["email", "name"], False)
    assert answer.url == f"/customers?{QUERY}&view={view.public_id}"
    page = client.get(answer.url)
    assert tabs(page)[-1] == ("Asleep", True, False, 6)
    assert page.context["shown"] == 2
    assert columns(page) == ["email", "name"]
    text = page.content.decode()
    assert re.search(r'aria-current="page" data-key="6"[^>]*>Asleep', text)
    # further pages, orders and chips stay in the view
    assert all(f"view={view.public_id}" in head["href"] for head in page.context["heads"] if head["href"])


def test_a_view_that_was_changed_says_so_and_takes_the_change_when_told(client_of, ada, people):
    client = client_of(ada)
    view = verbs.save_view(owner=ada, name="Asleep", query=QUERY)
    changed = f"name=ben&{QUERY}&view={view.public_id}"
    assert tabs(client.get(f"/customers?{changed}"))[-1] == ("Asleep", True, True, 6)
    client.post(f"/customers/views/{view.public_id}/change", {"query": changed})
    view.refresh_from_db()
    assert dict(QueryDict(view.query).items()) == dict(QueryDict(f"name=ben&{QUERY}").items())
    assert tabs(client.get(f"/customers?{changed}"))[-1] == ("Asleep", True, False, 6)


def test_columns_of_a_view_are_tried_out_in_the_address_and_kept_when_it_is_saved(client_of, ada, people):
    client = client_of(ada)
    view = verbs.save_view(owner=ada, name="Asleep", query=QUERY, columns=["name", "email"])
    here = f"{QUERY}&view={view.public_id}"
    answer = client.post("/customers/columns", {"column": ["phone", "name"], "back": here})
    page = client.get(answer.url)
    assert (columns(page), tabs(page)[-1][2]) == (["phone", "name"], True)
    ada.refresh_from_db()
    view.refresh_from_db()
    assert (ada.list_columns, view.columns) == ([], ["name", "email"])
    client.post(f"/customers/views/{view.public_id}/change", {"query": answer.url.partition("?")[2]})
    view.refresh_from_db()
    assert view.columns == ["phone", "name"]


def test_columns_stand_in_the_order_they_are_put_in(client_of, ada, people):
    client = client_of(ada)
    client.post("/customers/columns", {"column": ["email", "name", "phone"]})
    assert columns(client.get("/customers")) == ["email", "name", "phone"]
    client.post("/customers/columns", {"column": ["email", "name", "phone"], "up": "phone"})
    assert columns(client.get("/customers")) == ["email", "phone", "name"]
    client.post("/customers/columns", {"column": ["email", "phone", "name"], "up": "email"})
    client.post("/customers/columns", {"column": ["email", "phone", "name"], "down": "email"})
    assert columns(client.get("/customers")) == ["phone", "email", "name"]


def test_how_close_rows_stand_is_remembered(client_of, ada, people):
    client = client_of(ada)
    assert "cust compact" not in client.get("/customers").content.decode()
    assert client.post("/customers/density", {"density": "compact", "back": "q=ada"}).url == "/customers?q=ada"
    assert "cust compact" in client.get("/customers").content.decode()
    view = verbs.save_view(owner=ada, name="Wide", density="roomy")
    assert "cust compact" not in client.get(f"/customers?view={view.public_id}").content.decode()
    client.post("/customers/density", {"density": "nonsense"})
    assert "cust compact" in client.get("/customers").content.decode()


def test_shared_views_are_everybodys_and_ones_own_are_not(client_of, ada, ben, people):
    own = verbs.save_view(owner=ada, name="Mine", query=QUERY)
    shared = verbs.save_view(owner=ada, name="Ours", query=QUERY, is_shared=True)
    client = client_of(ben)
    page = client.get("/customers")
    assert [tab.label for tab in page.context["views"]][5:] == ["Ours"]
    assert "Mine" not in page.content.decode()
    assert not any(tab.is_open for tab in client.get(f"/customers?{QUERY}&view={own.public_id}").context["views"])
    assert client.post(f"/customers/views/{own.public_id}/remove").status_code == 404
    assert client.post(f"/customers/views/{shared.public_id}/remove").status_code == 403
    assert client.post(f"/customers/views/{shared.public_id}/change", {"name": "Theirs"}).status_code == 403
    assert SavedView.objects.filter(name__in=["Mine", "Ours"]).count() == 2


def test_views_are_renamed_shared_moved_deleted_and_brought_back(client_of, ada, people):
    client = client_of(ada)
    first, second = (verbs.save_view(owner=ada, name=name, query=QUERY, columns=["name"]) for name in ("One", "Two"))
    client.post(f"/customers/views/{first.public_id}/change", {"name": "Uno", "is_shared": "1"})
    client.post(f"/customers/views/{first.public_id}/change", {"move": "down"})
    assert [tab.label for tab in client.get("/customers").context["views"]][5:] == ["Two", "Uno"]
    assert client.post(f"/customers/views/{first.public_id}/change", {"name": " "}).status_code == 422
    own = ("name", "query", "columns", "is_shared", "position")
    before = SavedView.objects.filter(pk=first.pk).values(*own).get()
    said = client.post(f"/customers/views/{first.public_id}/remove", follow=True).content.decode()
    assert SavedView.objects.get() == second
    undo = re.search(r'action="(/customers/views/restore/[^"]+)"', said)[1]
    client.post(undo)
    assert (
        SavedView.objects.filter(name="Uno").values("name", "query", "columns", "is_shared", "position").get() == before
    )
    assert client.post("/customers/views/restore/nonsense").status_code == 404


def test_a_deleted_view_is_brought_back_by_its_owner_alone(client_of, ada, ben, people):
    view = verbs.save_view(owner=ada, name="One", query=QUERY)
    said = client_of(ada).post(f"/customers/views/{view.public_id}/remove", follow=True).content.decode()
    undo = re.search(r'action="(/customers/views/restore/[^"]+)"', said)[1]
    assert client_of(ben).post(undo).status_code == 404
    assert not SavedView.objects.exists()


def test_a_view_needs_a_name_and_there_is_an_end_to_them(ada, ben, monkeypatch):
    with pytest.raises(Invalid, match="Give the view a name"):
        verbs.save_view(owner=ada, name="  ")
    monkeypatch.setattr(verbs, "MOST", 1)
    view = verbs.save_view(owner=ada, name="One")
    with pytest.raises(Invalid, match="You have 1 saved views"):
        verbs.save_view(owner=ada, name="Two")
    with pytest.raises(NotAllowed, match="Ada Owner saved this view"):
        verbs.change_view(view, by=ben, name="Mine")


def test_the_tabs_learn_how_many_they_have(client_of, ada, people):
    view = verbs.save_view(owner=ada, name="Asleep", query=QUERY)
    verbs.save_view(owner=ada, name="Broken", query="no.such=filter")
    text = client_of(ada).get("/customers/view-counts", {"query": "number_of_orders.min=1"}).content.decode()
    assert f'<span class="n" id="n-{view.public_id}" hx-swap-oob="true">2</span>' in text
    assert '<span class="n" id="n-everyone" hx-swap-oob="true">3</span>' in text
    assert 'id="n-orders"' not in text  # it is open, and says so itself
    assert "spent together" in text


def test_a_view_of_a_field_that_is_gone_says_so_and_breaks_nothing(client_of, ada, people):
    view = verbs.save_view(owner=ada, name="Broken", query="no.such=filter")
    answer = client_of(ada).get(f"/customers?no.such=filter&view={view.public_id}")
    assert answer.status_code == 400
    assert "Broken" in answer.content.decode()


def test_many_views_cost_no_more_questions(client_of, ada, ben, people):
    client = client_of(ada)
    counts = []
    for number in (1, 3):
        while SavedView.objects.count() < number:
            verbs.save_view(owner=ben, name="V", query=QUERY, is_shared=True)
        client.get("/customers")
        with CaptureQueriesContext(connection) as asked:
            client.get("/customers")
        with CaptureQueriesContext(connection) as managed:
            client.get("/customers/views")
        counts.append((len(asked), len(managed)))
    assert counts[0] == counts[1]


def test_previous_and_next_work_from_a_view(client_of, ada, people):
    view = verbs.save_view(owner=ada, name="Asleep", query=QUERY)
    text = client_of(ada).get(f"/customers?{QUERY}&view={view.public_id}").content.decode()
    opened = re.search(r'data-open href="(/customers/cus_[^"]+)"', text)[1].replace("&amp;", "&")
    assert "view" not in opened
    page = client_of(ada).get(opened)
    assert page.context["previous"] or page.context["next"]


@pytest.mark.parametrize("way", ["/views", "/view-counts", "/views/save", "/density", "/views/restore/x"])
def test_charlie_sees_and_saves_no_views(client_of, charlie, people, way):
    client = client_of(charlie)
    assert client.get(f"/customers{way}").status_code in {403, 405}
    assert client.post(f"/customers{way}", {"name": "X"}).status_code == 403
    assert not SavedView.objects.exists()


def test_a_shared_view_does_not_tell_of_a_field_that_only_some_roles_see(client_of, ada, ben, people):
    create_field(label="Credit score", type="text", seen_by=["owner"])
    hidden = "metafields.custom.credit_score"
    shared = [
        verbs.save_view(owner=ada, name="Bad payers", query=f"{hidden}=overdrawn", is_shared=True),
        verbs.save_view(owner=ada, name="By score", query=f"sort=-{hidden}", is_shared=True),
    ]
    for user, names in ((ada, {"Bad payers", "By score"}), (ben, set())):
        client = client_of(user)
        for address in ("/customers", "/customers/views", f"/customers?view={shared[0].public_id}"):
            text = client.get(address).content.decode()
            assert {name for name in ("Bad payers", "By score") if name in text} == names, (user, address)
            assert ("credit_score" in text, "overdrawn" in text) == (bool(names), bool(names)), (user, address)
    archive_field(CustomField.objects.get())
    assert "overdrawn" not in client_of(ben).get("/customers").content.decode()
    assert client_of(ben).post(f"/customers/views/{shared[0].public_id}/change", {"name": "x"}).status_code == 404


def test_a_list_too_long_to_be_kept_is_refused_and_never_cut(client_of, ada, people):
    client = client_of(ada)
    view = verbs.save_view(owner=ada, name="Short", query=QUERY)
    long = f"name={'x' * 5000}"
    assert client.post("/customers/views/save", {"query": long, "name": "Long"}).status_code == 422
    assert client.post(f"/customers/views/{view.public_id}/change", {"query": long}).status_code == 422
    assert list(SavedView.objects.values_list("query", flat=True)) == [QUERY]
