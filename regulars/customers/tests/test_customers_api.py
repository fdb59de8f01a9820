"""Customers through the API: what comes in, what goes out, and how lists are read."""

import datetime as dt

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer, erase_customer
from regulars.customers.indexing import reindex
from regulars.customers.models import Customer, Identity

WHOLE = {
    "kind": "person",
    "title": "Dr",
    "given_name": "Élodie",
    "family_name": "Moreau",
    "company": "Moreau et filles",
    "email": "Elodie.Moreau@Shop.example",
    "phone": "0117 496 0123",
    "language": "fr",
    "status": "inactive",
    "is_guest": False,
    "customer_since": "2020-02-29T23:30:00+02:00",
    "channel": "web",
    "external_id": "17850",
    "address": {"line1": "12 Harbour Road", "city": "Bristol", "postcode": "BS1 5TY", "country": "United Kingdom"},
}


@pytest.fixture
def program(ada, api_of):
    shop.change(currency="GBP", country="GB", time_zone="Europe/London")
    channel_for("web", name="Web shop")
    return api_of(ada)


def test_a_customer_comes_in_whole_and_goes_out_whole(program, ben):
    made = program.post("/customers", {**WHOLE, "looked_after_by": ben.public_id})
    assert made.status_code == 201
    customer = Customer.objects.get()
    out = made.json()
    moments = {name: out.pop(name) for name in ("created_at", "updated_at")}
    assert all(moment.endswith("Z") and dt.datetime.fromisoformat(moment).tzinfo for moment in moments.values())
    assert out == {
        "id": customer.public_id,
        "version": 1,
        "tags": [],
        "custom_fields": {},
        "kind": "person",
        "title": "Dr",
        "given_name": "Élodie",
        "family_name": "Moreau",
        "name": "Élodie Moreau",
        "company": "Moreau et filles",
        "email": customer.email,
        "phone": "+441174960123",
        "language": "fr",
        "status": "inactive",
        "is_guest": False,
        "customer_since": "2020-02-29T21:30:00Z",
        "looked_after_by": ben.public_id,
        "birth_date": "",
        "gender": "",
        "occupation": "",
        "time_zone": "",
        "category": None,
        "organisation": None,
        "position": "",
        "household": None,
        "vat_number": "",
        "payment_days": None,
        "payment_preference": "",
        "is_blocked": False,
        "pays_in_advance": False,
        "has_no_credit": False,
        "restriction_reason": "",
        "preferred_channels": [],
        "contact_times": [],
        "interests": [],
        "shopping_frequency": "",
        "contacts": [],
        "channel": "web",
        "external_ids": [{"channel": "web", "external_id": "17850"}],
        "city": "Bristol",
        "region": "",
        "postcode": "BS1 5TY",
        "country": "GB",
        "orders_count": 0,
        "spent": {"amount": "0.00", "currency": "GBP"},
        "refunded": {"amount": "0.00", "currency": "GBP"},
        "average_order": None,
        "first_order_at": None,
        "last_order_at": None,
        "usual_gap_days": None,
    }
    assert made["Location"] == f"/api/v1/customers/{customer.public_id}"
    read = program.get(made["Location"])
    assert (read.content, read["ETag"]) == (made.content, made["ETag"])


def test_a_change_touches_only_what_was_sent(program):
    made = program.post("/customers", WHOLE).json()
    path = f"/customers/{made['id']}"
    changed = program.patch(path, {"phone": "", "looked_after_by": None}, If_Match='"1"').json()
    assert {name for name in made if made[name] != changed[name]} == {"phone", "version", "updated_at"}
    assert changed["phone"] == ""


def test_nothing_sent_changes_nothing(program):
    made = program.post("/customers", WHOLE)
    answer = program.patch(made["Location"], {}, If_Match=made["ETag"])
    assert (answer.status_code, answer["ETag"]) == (200, made["ETag"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": "nowhere"}, "channel"),
        ({"channel": None}, "channel"),
        ({"looked_after_by": "usr_0000000000000"}, "looked_after_by"),
        ({"looked_after_by": "cus_0000000000000"}, "looked_after_by"),
        ({"phone": "12"}, "phone"),
        ({"language": "klingon"}, "language"),
        ({"customer_since": "2021-02-29T00:00:00Z"}, "customer_since"),
        ({"customer_since": "2021-02-28"}, "customer_since"),
        ({"customer_since": "0001-01-01T00:00:00+14:00"}, "customer_since"),
        ({"customer_since": 0}, "customer_since"),
        ({"given_name": "x" * 121}, "given_name"),
        ({"given_name": None}, "given_name"),
        ({"address": {"country": "Atlantis"}}, "address.country"),
        ({"address": {"name": ""}}, "address.line1"),
        ({"address": {"line1": "x", "street": "y"}}, "address.street"),
    ],
)
def test_what_cannot_be_kept_names_its_field(program, change, field):
    told = program.post("/customers", {**WHOLE, **change})
    assert told.status_code == 422
    assert [error["field"] for error in told.json()["errors"]] == [field]
    assert not Customer.objects.exists()


def test_somebody_without_anything_is_nobody(program):
    assert program.post("/customers", {}).status_code == 422
    assert program.post("/customers", {"status": "active"}).status_code == 422
    assert program.post("/customers", {"channel": "web", "external_id": "1"}).status_code == 201


def test_an_id_of_a_channel_is_taken_once(program):
    program.post("/customers", WHOLE)
    told = program.post("/customers", {"name": "Other", "channel": "web", "external_id": "17850"})
    assert (told.status_code, told.json()["type"]) == (409, "/problems/external-id-taken")
    assert Identity.objects.count() == 1


def test_somebody_is_found_by_the_id_of_a_channel(program):
    channel_for("till", name="Till")
    made = program.post("/customers", WHOLE).json()
    other = program.post("/customers", {"name": "Other", "channel": "till", "external_id": "17850"}).json()
    found = program.get("/customers", {"external_id": "17850", "channel": "web"}).json()
    assert ([item["id"] for item in found["items"]], found["next"], found["previous"]) == ([made["id"]], None, None)
    both = program.get("/customers", {"external_id": "17850"}).json()
    assert [item["id"] for item in both["items"]] == [made["id"], other["id"]]
    assert program.get("/customers", {"external_id": "nobody"}).json()["items"] == []
    told = program.get("/customers", {"external_id": "17850", "channel": "nowhere"})
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "channel")
    told = program.get("/customers", {"external_id": "17850", "status": "active"})
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "status")


def test_a_list_is_read_page_by_page_in_both_directions(program):
    names = [f"Customer {letter}" for letter in "ABCDEFG"]
    for name in reversed(names):
        create_customer(values={"name": name})
    reindex()
    first = program.get("/customers", {"limit": 3})
    pages = [first]
    while pages[-1].json()["next"]:
        pages.append(program.get(pages[-1].json()["next"]))
    assert [[item["name"] for item in page.json()["items"]] for page in pages] == [names[:3], names[3:6], names[6:]]
    assert first.json()["previous"] is None
    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    assert pages[1]["Link"].count("rel=") == 2
    back = program.get(pages[2].json()["previous"]).json()
    assert [item["name"] for item in back["items"]] == names[3:6]
    assert program.get(first.json()["next"], If_None_Match=pages[1]["ETag"]).status_code == 304


def test_a_list_takes_the_filters_of_the_page(program):
    for name, status in (("Ada", "active"), ("Ben", "inactive"), ("Cleo", "active")):
        create_customer(values={"name": name, "email": f"{name.lower()}@shop.example", "status": status})
    reindex()

    def names(**query):
        answer = program.get("/customers", {name.replace("__", "."): value for name, value in query.items()})
        assert answer.status_code == 200, answer.content
        return [item["name"] for item in answer.json()["items"]]

    assert names() == ["Ada", "Ben", "Cleo"]
    assert names(status="active", sort="-name") == ["Cleo", "Ada"]
    assert names(email__is="ben@shop.example") == ["Ben"]
    assert names(q="cle") == ["Cleo"]
    assert names(name__starts="b") == ["Ben"]
    assert names(number_of_orders__min="1") == []


@pytest.mark.parametrize(
    "query",
    [
        {"nonsense": "1"},
        {"status": "asleep"},
        {"name.contains": "x"},
        {"number_of_orders.min": "many"},
        {"last_order_date.after": "31/02"},
        {"sort": "phone"},
        {"limit": "251"},
        {"limit": "0"},
        {"limit": "x"},
        {"after": "nonsense"},
        {"after": "e30"},
        {"q": "a\0b"},
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_a_sentence(program, query):
    create_customer(values={"name": "Ada"})
    told = program.get("/customers", query)
    assert told.status_code == 422
    assert [error["in"] for error in told.json()["errors"]] == ["query"]
    assert [error["field"] for error in told.json()["errors"]] == list(query)
    assert told.json()["detail"].endswith(".")


def test_the_number_of_queries_does_not_grow_with_rows(program, django_assert_num_queries):
    def make(number):
        return program.post(
            "/customers",
            {"name": f"Customer {number}", "channel": "web", "external_id": str(number), "address": {"city": "Bath"}},
        ).json()

    def queries(path):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        counts = []
        for _time in range(3):  # what is kept for some seconds may have to be read again by one of them
            with CaptureQueriesContext(connection) as captured:
                assert program.get(path).status_code == 200
            counts.append(len(captured))
        return min(counts)

    one = make(1)
    reindex()
    paths = [
        "/customers?limit=10",
        "/customers?external_id=1",
        f"/customers/{one['id']}",
        f"/customers/{one['id']}/addresses",
    ]
    with_one = {path: queries(path) for path in paths}
    make(2)
    make(3)
    program.post(f"/customers/{one['id']}/addresses", {"city": "Bristol"})
    reindex()
    assert {path: queries(path) for path in paths} == with_one
    assert with_one[paths[2]] == 8  # token, customer, channel, records, ids, contacts, tags, own fields


def test_orders_stay_when_their_customer_is_deleted_through_the_api(program, ben, api_of):
    made = program.post("/customers", WHOLE)
    told = api_of(ben).delete(made["Location"], If_Match="*")
    assert (told.status_code, told.json()["scope"]) == (403, "customers.delete")
    assert Customer.objects.count() == 1
    assert program.delete(made["Location"], If_Match=made["ETag"]).status_code == 204
    assert not Customer.objects.exists()
    erase_customer(Customer.everyone.get())
    assert not Customer.everyone.exists()
    assert not Identity.objects.exists()
