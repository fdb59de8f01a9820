"""Deleting is for thirty days: what goes at once, what stays, who comes back, and who goes for good."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core.importing import importing
from regulars.customers import search
from regulars.customers.actions import (
    EmailTaken,
    change_customer,
    create_customer,
    delete_customer,
    erase_customer,
    restore_customer,
)
from regulars.customers.actions.contact_points import add_contact_point
from regulars.customers.actions.deleting import NotDeleted, erase_deleted
from regulars.customers.actions.importing import import_customers
from regulars.customers.actions.merging import merge
from regulars.customers.bulk.lifecycle import clashing
from regulars.customers.models import Address, ContactPoint, Customer, Identity
from regulars.customers.queries import ListRequest, customer_list, customer_page
from regulars.orders.actions import place_order
from regulars.orders.models import Order
from regulars.timeline.models import Entry

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)


@pytest.fixture
def elodie(db):
    return create_customer(
        values={"name": "Élodie Marchetti", "email": "elodie@posteo.example"},
        channel=channel_for("web"),
        external_id="17850",
        address={"line1": "12 Harbour Road", "city": "Bristol", "country": "GB"},
    )


def listed(query=""):
    page, count = customer_list(ListRequest.from_query(QueryDict(query)))
    assert count.number == len(page.rows)
    return [customer.name for customer in page.rows]


@pytest.mark.parametrize("is_indexed", [True, False])
def test_who_is_deleted_leaves_every_list_and_search(elodie, is_indexed):
    create_customer(values={"name": "Ben Okafor"})
    if is_indexed:
        search.reindex()
    delete_customer(elodie)
    assert listed() == ["Ben Okafor"]
    assert listed("q=marchetti") == []
    assert listed("customer_countries=GB&sort=-amount_spent") == []
    search.merge_unindexed(at_least=0)
    assert listed() == ["Ben Okafor"]
    assert listed("q=marchetti") == []
    restore_customer(elodie)
    assert listed("q=marchetti") == ["Élodie Marchetti"]
    search.merge_unindexed(at_least=0)
    assert listed("customer_countries=GB") == ["Élodie Marchetti"]


def test_deleting_touches_nothing_that_belongs_to_them_and_restoring_brings_back_the_same_row(elodie):
    before = Customer.everyone.filter(pk=elodie.pk).values().get()
    order = place_order(
        values={"number": "536365", "placed_at": NOW, "status": "paid"},
        lines=[{"sku": "A", "title": "Tea", "quantity": 1, "unit_price": "19.90"}],
        customer=elodie,
        channel=channel_for("web"),
    )
    delete_customer(elodie)
    assert Address.objects.filter(customer=elodie).count() == 1
    assert Identity.objects.get(customer=elodie).external_id == "17850"
    assert Order.objects.get(pk=order.pk).customer_id == elodie.pk
    restore_customer(elodie)
    after = Customer.everyone.filter(pk=elodie.pk).values().get()
    own = {"version", "updated_at", "orders_count", "spent_minor", "first_order_at", "last_order_at"}
    assert {name for name in after if after[name] != before[name]} == own
    names = list(Entry.objects.filter(customer=elodie).order_by("id").values_list("name", flat=True))
    assert [name for name in names if name.startswith("customer.")] == [
        "customer.created",
        "customer.deleted",
        "customer.restored",
    ]


def test_an_e_mail_is_free_again_and_a_clash_is_said_when_they_come_back(elodie):
    delete_customer(elodie)
    other = create_customer(values={"name": "Elodie M", "email": "elodie@posteo.example"})
    with pytest.raises(EmailTaken, match="Elodie M has this e-mail already"):
        restore_customer(elodie)
    assert Customer.everyone.get(pk=elodie.pk).deleted_at is not None
    delete_customer(other)
    assert restore_customer(elodie).is_listed


def test_two_accounts_of_one_channel_that_share_an_e_mail_come_back_both(elodie):
    twin = create_customer(
        values={"name": "Élodie again", "email": "elodie@posteo.example"}, channel=channel_for("web"), external_id="2"
    )
    delete_customer(elodie)
    assert restore_customer(elodie).is_listed
    for one in (elodie, twin):
        delete_customer(one)
    assert clashing([elodie.pk, twin.pk]) == {}
    for one in (elodie, twin):
        assert restore_customer(one).is_listed


def test_a_further_e_mail_of_somebody_else_is_in_the_way_too(elodie):
    delete_customer(elodie)
    other = create_customer(values={"name": "Elodie M"})
    add_contact_point(other, kind="email", value="elodie@posteo.example")
    with pytest.raises(EmailTaken, match="Elodie M"):
        restore_customer(elodie)
    assert clashing([elodie.pk]) == {elodie.pk: "Elodie M has the e-mail elodie@posteo.example now."}


def test_no_e_mail_of_theirs_may_be_somebody_elses_when_they_come_back(elodie):
    add_contact_point(elodie, kind="email", value="second@posteo.example")
    record = create_customer(values={"name": "E. Marchetti", "email": "third@posteo.example"})
    add_contact_point(record, kind="email", value="fourth@posteo.example")
    merge(keep=elodie, others=[record])
    delete_customer(Customer.everyone.get(pk=elodie.pk))
    for number, email in enumerate(("second", "third", "fourth")):
        # as long as they are deleted, each of them is free
        other = create_customer(values={"name": f"Other {number}", "email": f"{email}@posteo.example"})
        with pytest.raises(EmailTaken):
            restore_customer(elodie)
        assert clashing([elodie.pk]) == {elodie.pk: f"Other {number} has the e-mail {email}@posteo.example now."}
        change_customer(other, values={"email": ""})
        ContactPoint.objects.filter(customer=other).delete()
    assert clashing([elodie.pk]) == {}
    restore_customer(elodie)


def test_an_e_mail_behind_a_merge_is_in_the_way_too(elodie):
    delete_customer(elodie)
    record = create_customer(values={"name": "E. Marchetti", "email": "elodie@posteo.example"})
    kept = create_customer(values={"name": "Somebody", "email": "somebody@posteo.example"})
    merge(keep=kept, others=[record])
    assert clashing([elodie.pk]) == {elodie.pk: "Somebody has the e-mail elodie@posteo.example now."}
    with pytest.raises(EmailTaken):
        restore_customer(elodie)


def test_only_who_is_deleted_comes_back_or_goes_for_good(elodie):
    with pytest.raises(NotDeleted, match="is not deleted"):
        restore_customer(elodie)
    with pytest.raises(NotDeleted):
        erase_customer(elodie)
    assert Customer.objects.get() == elodie


def test_after_thirty_days_they_go_for_good_and_nobody_before(elodie):
    young = create_customer(values={"name": "Ben Okafor"})
    with time_machine.travel(NOW - dt.timedelta(days=30, minutes=1), tick=False):
        delete_customer(elodie)
    with time_machine.travel(NOW - dt.timedelta(days=29), tick=False):
        delete_customer(young)
    with time_machine.travel(NOW, tick=False):
        assert erase_deleted() == 1
        assert erase_deleted() == 0
    assert list(Customer.everyone.values_list("name", flat=True)) == ["Ben Okafor"]
    assert not Address.objects.exists()
    assert not Identity.objects.exists()
    assert not Entry.objects.filter(customer_id=elodie.pk).exists()
    assert Entry.objects.get(name="customer.erased").data == {"public_id": elodie.public_id}


def test_the_records_of_a_merged_customer_go_with_them(elodie):
    record = create_customer(values={"name": "E. Marchetti"})
    Customer.everyone.filter(pk=record.pk).update(merged_into=elodie, is_listed=False)
    delete_customer(elodie)
    erase_customer(elodie)
    assert not Customer.everyone.exists()


def test_an_import_makes_who_is_deleted_anew_by_e_mail_and_sends_back_their_id(elodie, tmp_path):
    delete_customer(elodie)
    file = tmp_path / "customers.csv"
    file.write_text(
        "Customer ID,Name,Email\n,Élodie Marchetti,elodie@posteo.example\n17850,Élodie M,e@posteo.example\n"
    )
    with importing("customers", file, is_dry_run=False) as run:
        import_customers(file, run=run, mapping={}, is_parallel=False)
    assert (run.summary.created, run.summary.updated, run.summary.rejected) == (1, 0, 1)
    assert "This customer is deleted. Bring them back first." in run.rejects.path.read_text(encoding="utf-8-sig")
    made = Customer.objects.get()
    assert (made.name, made.email) == ("Élodie Marchetti", "elodie@posteo.example")
    assert made.pk != elodie.pk


def test_pages_say_who_is_deleted_and_bring_them_back(client_of, ada, elodie):
    client = client_of(ada)
    gone = client.post(f"/customers/{elodie.public_id}/delete", follow=True)
    assert f"/customers/{elodie.public_id}/restore" in gone.content.decode()  # the toast's Undo
    page = client.get(f"/customers/{elodie.public_id}")
    assert page.status_code == 200
    assert "Ada Owner deleted this customer" in page.content.decode()
    assert "elodie@posteo.example" not in page.content.decode()
    assert client.get(f"/customers/{elodie.public_id}/edit").status_code == 404
    assert client.get(f"/customers/{elodie.public_id}/purchases").status_code == 200
    assert "Élodie Marchetti" in client.get("/customers/deleted").content.decode()
    back = client.post(f"/customers/{elodie.public_id}/restore")
    assert back.url == f"/customers/{elodie.public_id}"
    assert Customer.objects.get() == elodie
    assert "Nobody is deleted" in client.get("/customers/deleted").content.decode()


def test_the_page_of_somebody_deleted_says_what_is_in_the_way(client_of, ada, elodie):
    delete_customer(elodie)
    create_customer(values={"name": "Elodie M", "email": "elodie@posteo.example"})
    client = client_of(ada)
    answer = client.post(f"/customers/{elodie.public_id}/restore")
    assert answer.status_code == 409
    assert "Elodie M has the e-mail elodie@posteo.example now." in answer.content.decode()
    assert not Customer.objects.filter(pk=elodie.pk).exists()


def test_whoever_was_merged_since_the_question_is_asked_about_again(client_of, ada, elodie):
    record = create_customer(values={"name": "E. Marchetti", "email": "third@posteo.example"})
    client = client_of(ada)
    assert client.get(f"/customers/{record.public_id}/delete").status_code == 200
    merge(keep=elodie, others=[record])
    answer = client.post(f"/customers/{record.public_id}/delete")
    assert answer.url == f"/customers/{elodie.public_id}/delete"
    assert Customer.objects.filter(pk=elodie.pk).exists()
    client.post(answer.url)
    assert not Customer.objects.filter(pk=elodie.pk).exists()


def test_who_may_not_delete_brings_nobody_back(client_of, ben, elodie):
    delete_customer(elodie)
    client = client_of(ben)
    assert "Bring back" not in client.get(f"/customers/{elodie.public_id}").content.decode()
    for way in ("restore", "erase"):
        assert client.post(f"/customers/{elodie.public_id}/{way}", {"word": "delete"}).status_code == 403
    assert Customer.everyone.get().deleted_at is not None


def test_the_list_of_the_deleted_asks_as_much_for_three_as_for_one(client_of, ada, elodie):
    client = client_of(ada)
    client.get("/customers/deleted")  # what is kept for some seconds is read
    counts = []
    delete_customer(elodie)
    for name in ("", "Ben", "Zoë"):
        if name:
            delete_customer(create_customer(values={"name": name}))
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/customers/deleted").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[2]


def test_deleted_customers_are_listed_page_by_page_latest_first(client_of, ada, monkeypatch):
    monkeypatch.setattr("regulars.customers.queries.deleted.PAGE", 2)
    for day, name in enumerate(("Ada", "Ben", "Zoë"), start=1):
        with time_machine.travel(NOW + dt.timedelta(days=day), tick=False):
            delete_customer(create_customer(values={"name": name}))
    client = client_of(ada)
    first = client.get("/customers/deleted")
    assert [line["customer"].name for line in first.context["lines"]] == ["Zoë", "Ben"]
    second = client.get("/customers/deleted", {"after": first.context["after"]})
    assert [line["customer"].name for line in second.context["lines"]] == ["Ada"]
    assert second.context["after"] == ""
    assert client.get("/customers/deleted?after=nowhere").status_code == 400


def test_programs_delete_for_thirty_days_too(api_of, ada, elodie):
    program = api_of(ada)
    path = f"/customers/{elodie.public_id}"
    assert program.delete(path, If_Match="*").status_code == 204
    assert program.get(path).status_code == 404
    back = program.post(f"{path}/restore")
    assert (back.status_code, back.json()["id"]) == (200, elodie.public_id)
    again = program.post(f"{path}/restore")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-deleted")
    assert program.post("/customers/cus_0000000000000/restore").status_code == 404
    assert customer_page(ListRequest.from_query(QueryDict(""))).rows == [elodie]
