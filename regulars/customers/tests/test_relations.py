"""What stands in rows of other tables filters, shows and leaves lists as a plain look at every row would have it."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.core.errors import Invalid
from regulars.core.text import fold
from regulars.customers import catalogue, columns, search
from regulars.customers.actions import create_customer
from regulars.customers.models import Category, Customer, Tag, Tagging
from regulars.customers.queries import ListRequest, customer_list, customer_page

NAMES = ["VIP", "Wholesale", "Café", "老客户"]


@pytest.fixture
def shop_with_tags(db):
    """Seventy customers with some of four tags; most are indexed, some changed since, two were merged away."""
    chance = random.Random(11)
    tags = [Tag.objects.create(name=name, key=fold(name)) for name in NAMES]
    made = [
        Customer.objects.create(name=f"Customer {n:02}", sort_name=f"customer {n:02}", **_seen()) for n in range(70)
    ]
    for customer in made:
        for tag in tags:
            if chance.random() < 0.4:
                Tagging.objects.create(customer=customer, tag=tag)
    search.index_now([customer.pk for customer in made[:60]])
    search.mark_unindexed([customer.pk for customer in made[60:]])
    for gone, stays in ((made[3], made[4]), (made[61], made[62])):
        Customer.objects.filter(pk=gone.pk).update(merged_into=stays, is_listed=False)
        search.mark_unindexed([gone.pk])


def _seen():
    from django.utils import timezone

    return {"customer_since": timezone.now()}


def tagged():
    """Who has which tags, by a plain look."""
    owner = dict(Customer.everyone.values_list("pk", "merged_into_id"))
    found = {customer.name: set() for customer in Customer.objects.all()}
    names = dict(Customer.objects.values_list("pk", "name"))
    for tagging in Tagging.objects.select_related("tag"):
        found[names[owner[tagging.customer_id] or tagging.customer_id]].add(tagging.tag.name)
    return found


QUESTIONS = {
    "customer_tags=vip": lambda tags: "VIP" in tags,
    "customer_tags=vip,cafe": lambda tags: bool({"VIP", "Café"} & tags),
    "customer_tags.not=vip": lambda tags: "VIP" not in tags,
    "customer_tags.not=vip,老客户": lambda tags: not {"VIP", "老客户"} & tags,
    "customer_tags.all=VIP,wholesale": lambda tags: {"VIP", "Wholesale"} <= tags,
    "customer_tags=nobody has this": lambda _tags: False,
    "customer_tags.not=nobody has this": lambda _tags: True,
    "customer_tags.all=vip,nobody has this": lambda _tags: False,
    "customer_tags.is_empty=yes": lambda tags: not tags,
    "customer_tags.is_set=yes": bool,
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("way", [None, "scan", "walk"])
def test_a_question_about_tags_gives_whom_a_plain_look_gives(shop_with_tags, question, way):
    parameter, _, value = question.partition("=")
    asked = ListRequest.from_query({parameter: value, "limit": "250"})
    expected = sorted(name for name, tags in tagged().items() if QUESTIONS[question](tags))

    assert [customer.name for customer in customer_page(asked, way=way).rows] == expected
    assert customer_list(asked)[1].number == len(expected)


def test_a_negative_question_is_the_complement_of_the_positive_one(shop_with_tags):
    everybody = {customer.pk for customer in Customer.objects.all()}
    having = {one.pk for one in _page({"customer_tags": "vip,wholesale"})}
    rest = {one.pk for one in _page({"customer_tags.not": "vip,wholesale"})}
    assert having | rest == everybody
    assert not having & rest


def test_pages_of_tagged_customers_follow_each_other_without_loss(shop_with_tags):
    asked, seen = ListRequest.from_query({"customer_tags": "vip", "limit": "5", "sort": "-name"}), []
    while True:
        page = customer_page(asked)
        seen += [customer.name for customer in page.rows]
        if not page.next_cursor:
            break
        asked = ListRequest.from_query(
            {"customer_tags": "vip", "limit": "5", "sort": "-name", "after": page.next_cursor}
        )
    assert seen == sorted((name for name, tags in tagged().items() if "VIP" in tags), reverse=True)


def test_a_chip_of_tags_says_them_as_they_are_written(shop_with_tags):
    (chip,) = ListRequest.from_query({"customer_tags.all": "vip,WHOLESALE"}).chips()
    assert (chip.label, chip.operator, chip.value) == ("Tags", "has all of", "VIP and Wholesale")
    assert chip.written == "VIP,Wholesale"


def test_the_cells_of_a_column_take_one_query_for_one_row_and_for_three(shop_with_tags, ada):
    ada.list_columns = ["name", "customer_tags"]
    shown, customers = columns.chosen(ada), list(Customer.objects.order_by("name")[:3])
    counts = []
    for size in (1, 3):
        with CaptureQueriesContext(
            connection,
        ) as found:
            drawn = columns.rows(customers[:size], shown, from_list="", has_boxes=False)
        counts.append(len(found))
    assert counts[0] == counts[1]
    assert drawn.split("</tr>")[0].count('<span class="tag">') == len(tagged()["Customer 00"])


def test_a_merged_record_lends_its_tags_to_the_customer_it_belongs_to(db):
    kept, merged = (Customer.objects.create(name=name, **_seen()) for name in ("Ada", "Ada too"))
    tag = Tag.objects.create(name="VIP", key="vip")
    Tagging.objects.create(customer=merged, tag=tag)
    Customer.objects.filter(pk=merged.pk).update(merged_into=kept, is_listed=False)
    assert [one.pk for one in _page({"customer_tags": "vip"})] == [kept.pk]
    field = catalogue.get("customer_tags")
    assert field.relation.read([kept]) == {kept.pk: ["VIP"]}


def test_whether_a_field_is_filled_in_can_be_asked_of_columns_too(db):
    for name, company in (("Ada", "Analytical Engines"), ("Ben", "")):
        Customer.objects.create(name=name, company=company, **_seen())
    assert [one.name for one in _page({"company.is_set": "yes"})] == ["Ada"]
    assert [one.name for one in _page({"company.is_empty": "yes"})] == ["Ben"]
    assert [one.name for one in _page({"last_order_date.is_empty": "yes"})] == ["Ada", "Ben"]
    search.reindex()
    assert [one.name for one in _page({"company.is_set": "yes"})] == ["Ada"]
    assert [one.name for one in _page({"company.is_empty": "yes"})] == ["Ben"]
    assert [one.name for one in _page({"last_order_date.is_empty": "yes"})] == ["Ada", "Ben"]
    with pytest.raises(Invalid, match="cannot be asked with"):
        ListRequest.from_query({"number_of_orders.is_empty": "yes"})
    with pytest.raises(Invalid, match="is_set=yes"):
        ListRequest.from_query({"company.is_set": "perhaps"})


def test_an_indexed_column_narrows_by_one_query(db, monkeypatch):
    first = Category.objects.order_by("position")[0]
    field = catalogue.Field(
        name="a_category",
        label="Category",
        type=catalogue.Type.CHOICE,
        column="category_id",
        is_indexed=True,
        choices=lambda: [(one.key, one.name) for one in Category.objects.all()],
        keys=lambda: dict(Category.objects.values_list("key", "pk")),
    )
    monkeypatch.setitem(catalogue._FIELDS, field.name, field)
    for number in range(6):
        Customer.objects.create(name=f"C{number}", category=first if number % 3 == 0 else None, **_seen())
    search.reindex()
    assert [one.name for one in _page({"a_category": first.key})] == ["C0", "C3"]
    assert [one.name for one in _page({"a_category.not": first.key})] == ["C1", "C2", "C4", "C5"]
    assert [one.name for one in _page({"a_category.is_empty": "yes"})] == ["C1", "C2", "C4", "C5"]


def test_birthdays_are_asked_by_day_month_and_the_next_days(db, monkeypatch):
    field = catalogue.Field(
        name="a_birthday", label="Birthday", type=catalogue.Type.BIRTHDAY, column="birth", is_indexed=True
    )
    monkeypatch.setitem(catalogue._FIELDS, field.name, field)
    import datetime as dt

    monkeypatch.setattr("regulars.core.shop.today", lambda: dt.date(2027, 2, 20))
    for day in ("02-20", "02-28", "02-29", "03-01", "12-31", ""):
        create_customer(values={"name": day or "unknown", "birthday": day})
    assert _names({"a_birthday": "02-29"}) == {"02-29"}
    assert _names({"a_birthday.month": "2"}) == {"02-20", "02-28", "02-29"}
    assert _names({"a_birthday.within": "8"}) == {"02-20", "02-28", "02-29"}
    assert _names({"a_birthday.within": "0"}) == {"02-20"}
    assert _names({"a_birthday.within": "400"}) == {"02-20", "02-28", "02-29", "03-01", "12-31"}
    assert _names({"a_birthday.is_empty": "yes"}) == {"unknown"}
    for bad in ({"a_birthday": "02-30"}, {"a_birthday.month": "13"}, {"a_birthday": "2026-03-12"}):
        with pytest.raises(Invalid):
            ListRequest.from_query(bad)


def test_yes_and_no_are_asked_in_words(db, monkeypatch):
    field = catalogue.Field(name="blocked", label="Blocked", type=catalogue.Type.YES_NO, column="is_blocked")
    monkeypatch.setitem(catalogue._FIELDS, field.name, field)
    for name, is_blocked in (("Ada", True), ("Ben", False)):
        Customer.objects.create(name=name, is_blocked=is_blocked, **_seen())
    assert _names({"blocked": "yes"}) == {"Ada"}
    assert _names({"blocked": "no"}) == {"Ben"}
    with pytest.raises(Invalid, match="takes yes or no"):
        ListRequest.from_query({"blocked": "maybe"})


def _page(query):
    return customer_page(ListRequest.from_query({**query, "limit": "250"})).rows


def _names(query):
    return {customer.name for customer in _page(query)}
