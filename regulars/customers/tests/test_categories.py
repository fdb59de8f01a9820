"""Categories and their rules, what lists ask of the profile, and the profile through the API."""

import json

import pytest
from django.http import QueryDict

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import (
    add_category,
    change_customer,
    create_customer,
    sort_into_categories,
)
from regulars.customers.models import Category, Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _british_shop(db):
    shop.change(currency="GBP", country="GB", time_zone="Europe/London")


@pytest.fixture
def mara():
    return create_customer(
        values={"given_name": "Mara", "family_name": "Petersen", "email": "mara@shop.example"},
        channel=channel_for("web"),
    )


# ── categories


def test_the_list_of_categories_is_edited(client_of, ada, mara):
    client = client_of(ada)
    client.post("/customers/categories", {"name": "Wholesale", "rule": "number_of_orders.min=5"})
    wholesale = Category.objects.get(name="Wholesale")
    assert (wholesale.key, wholesale.rule, wholesale.position) == ("wholesale", "number_of_orders.min=5", 4)
    client.post(f"/customers/categories/{wholesale.public_id}/move", {"to": "up"})
    assert [one.key for one in Category.objects.all()] == ["vip", "regular", "business", "wholesale", "new"]
    client.post(f"/customers/categories/{wholesale.public_id}/edit", {"name": "Trade", "rule": ""})
    wholesale.refresh_from_db()
    assert (wholesale.key, wholesale.name, wholesale.rule) == ("wholesale", "Trade", "")
    change_customer(mara, values={"category": wholesale})
    vip = Category.objects.get(key="vip")
    client.post(f"/customers/categories/{wholesale.public_id}/remove", {"to": vip.public_id})
    mara.refresh_from_db()
    assert (mara.category, Category.objects.filter(key="wholesale").exists()) == (vip, False)


@pytest.mark.parametrize("rule", ["nothing=1", "number_of_orders.min=many", "sort=name", "limit=5"])
def test_a_rule_that_cannot_be_read_or_leaves_nobody_out_is_refused(client_of, ada, rule):
    answer = client_of(ada).post("/customers/categories", {"name": "Wholesale", "rule": rule})
    if rule.startswith(("sort", "limit")):
        assert Category.objects.get(name="Wholesale").rule == ""
        return
    assert answer.status_code == 422
    assert not Category.objects.filter(name="Wholesale").exists()


def test_the_first_four_categories_are_translated_until_somebody_renames_them(client_of, ada, mara):
    ada.language = "zh-hans"
    ada.save()
    client = client_of(ada)
    vip, new = Category.objects.get(key="vip"), Category.objects.get(key="new")
    new.name = "Fresh"
    new.save()
    shown = client.get("/customers/categories").content.decode()
    assert "Fresh" in shown
    assert "常客" in shown
    client.post(f"/customers/categories/{vip.public_id}/edit", {"name": "VIP", "rule": "status=active"})
    vip.refresh_from_db()
    assert (vip.name, vip.rule) == ("VIP", "status=active")


def test_rules_sort_customers_at_night_and_leave_alone_who_was_chosen_by_hand(ada):
    regular, vip = Category.objects.get(key="regular"), Category.objects.get(key="vip")
    german = add_category(name="Germans", rule="customer_countries=DE")
    by_hand = create_customer(values={"name": "A"}, address={"city": "Hamburg", "country": "DE"})
    change_customer(by_hand, values={"category": vip})
    fits = create_customer(values={"name": "B"}, address={"city": "Hamburg", "country": "DE"})
    moved_away = create_customer(values={"name": "C"}, address={"city": "Wien", "country": "AT"})
    Customer.objects.filter(pk=moved_away.pk).update(category=german)
    elsewhere = create_customer(values={"name": "D"})
    Customer.objects.filter(pk=elsewhere.pk).update(category=regular)
    for _night in range(2):
        sort_into_categories()
        found = dict(Customer.objects.values_list("name", "category__key"))
        assert found == {"A": "vip", "B": "germans", "C": None, "D": "regular"}
    fits.refresh_from_db()
    assert not fits.has_category_by_hand
    told = Entry.objects.filter(name="customer.changed", customer__in=[fits, moved_away]).order_by("customer_id")
    assert [entry.data["changes"] for entry in told] == [
        {"category": [None, german.public_id]},
        {"category": [german.public_id, None]},
    ]


# ── lists


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("age.min=45", {"Old"}),
        ("age.max=20", {"Young"}),
        ("age=46", {"Old"}),
        ("birth_date.on=1980-03-12", {"Old"}),
        ("birthday=03-12", {"Old", "Hidden"}),
        ("customer_email_domain=posteo", {"Old"}),
        ("customer_email_domain.is=shop.example", {"Young"}),
        ("category=vip", {"Old"}),
        ("category.not=vip", {"Young", "Hidden", "Hain & Hafen"}),
        ("gender=female", {"Young"}),
        ("occupation=pot", {"Young"}),
        ("companies=hafen", {"Young"}),
        ("is_blocked=yes", {"Old"}),
        ("interests=kyusu", {"Hidden"}),
        ("customer_language.is=fr", {"Hidden"}),
        ("first_name.is=Young", {"Young"}),
        ("kind=company", {"Hain & Hafen"}),
        ("payment_days.min=10", {"Hain & Hafen"}),
    ],
)
def test_the_profile_can_be_asked_for_in_lists(query, names, time_machine_at):
    company = create_customer(values={"company": "Hain & Hafen", "payment_days": 30})
    create_customer(
        values={
            "given_name": "Old",
            "birth_date": "1980-03-12",
            "email": "old@posteo.example",
            "category": Category.objects.get(key="vip"),
            "is_blocked": True,
            "restriction_reason": "Unpaid",
        }
    )
    create_customer(
        values={
            "given_name": "Young",
            "birth_date": "2006-03-13",
            "email": "young@shop.example",
            "gender": "female",
            "occupation": "Potter",
            "organisation": company,
        }
    )
    create_customer(values={"given_name": "Hidden", "birth_date": "--03-12", "interests": "Kyusu", "language": "fr"})
    rows = customer_page(ListRequest.from_query(QueryDict(query))).rows
    assert {str(row) for row in rows} == names


@pytest.fixture
def time_machine_at():
    import time_machine

    with time_machine.travel("2026-03-12 09:42", tick=False):
        yield


def test_the_new_columns_are_drawn(client_of, ada, mara, time_machine_at):
    change_customer(
        mara,
        values={
            "birth_date": "1980-03-12",
            "category": Category.objects.get(key="vip"),
            "interests": "Green tea,Kyusu",
            "looked_after_by": ada,
            "payment_days": 14,
            "language": "fr",
        },
    )
    ada.list_columns = [
        "name", "age", "birth_date", "category", "interests", "assigned_to", "payment_days", "customer_language",
        "customer_email_domain", "companies", "is_blocked",
    ]  # fmt: skip
    ada.save()
    shown = client_of(ada).get("/customers").content.decode()
    for words in (">46<", "12 March 1980", "VIP", "Green tea, Kyusu", "Ada Owner", ">14<", "French", "shop.example"):
        assert words in shown


def test_the_api_writes_the_profile_and_what_belongs_to_it(ada, api_of, mara):
    program = api_of(ada)
    path = f"/customers/{mara.public_id}"
    changed = program.patch(
        path,
        {
            "birth_date": "--03-12",
            "category": "vip",
            "preferred_channels": ["whatsapp"],
            "interests": ["Green tea"],
            "payment_days": 14,
        },
        If_Match="*",
    ).json()
    assert (changed["birth_date"], changed["category"], changed["payment_days"]) == ("--03-12", "vip", 14)
    assert (changed["preferred_channels"], changed["interests"]) == (["whatsapp"], ["Green tea"])
    added = program.post(f"{path}/contacts", {"kind": "email", "value": "home@shop.example", "label": "Home"})
    assert added.status_code == 201
    stale = program.patch(f"{path}/contacts/home@shop.example", {"is_primary": True}, If_Match='"1-0"')
    assert stale.status_code == 412
    first = program.patch(f"{path}/contacts/home@shop.example", {"is_primary": True}, If_Match=added["ETag"])
    assert first.json()["email"] == "home@shop.example"
    assert [one["value"] for one in program.get(f"{path}/contacts").json()["items"]] == [
        "home@shop.example",
        "mara@shop.example",
    ]
    gone = program.delete(f"{path}/contacts/mara@shop.example", If_Match="*")
    assert gone.status_code == 204
    jonas = create_customer(values={"name": "Jonas Wieck"})
    made = program.post("/households", {"members": [mara.public_id, jonas.public_id], "name": "Kai 1"})
    assert json.loads(made.content)["members"] == [mara.public_id, jonas.public_id]
    assert program.delete(f"{path}/household", If_Match="*").status_code == 204
    number = program.post(f"{path}/external_ids", {"channel": "web", "external_id": "17850"})
    assert number.json()["external_ids"] == [{"channel": "web", "external_id": "17850"}]
    assert program.delete(f"{path}/external_ids/web/17850", If_Match="*").status_code == 204
    wholesale = program.post("/categories", {"name": "Wholesale", "rule": "number_of_orders.min=5"})
    assert wholesale.json()["key"] == "wholesale"
    assert program.patch(wholesale["Location"], {"rule": "nothing=1"}, If_Match="*").status_code == 422
    assert program.delete(wholesale["Location"], If_Match="*").status_code == 204
