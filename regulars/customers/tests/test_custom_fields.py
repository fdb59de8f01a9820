"""Fields of the shop's own: set up, filled, asked for, and hidden from whom they are not for."""

import random

import pytest
from django.utils import timezone

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers import catalogue, columns, customfields, search
from regulars.customers.actions.custom_fields import (
    archive_field,
    change_field,
    create_field,
    move_field,
    set_custom_values,
)
from regulars.customers.customfields import BadValue, parse
from regulars.customers.models import Customer, CustomField, CustomValue
from regulars.customers.queries import ListRequest, by_relation, customer_page, neighbours
from regulars.timeline.models import Entry


def customer(name="Ada"):
    lowered = name.lower()
    return Customer.objects.create(name=name, sort_name=lowered, search_text=lowered, customer_since=timezone.now())


def kept(field, value):
    return [(row.text, row.folded, row.number) for row in parse(field, value)]


@pytest.fixture
def euros(db):
    shop.change(currency="EUR", country="DE")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", " Größe  M ", [("Größe M", "grosse m", None)]),
        ("long_text", "one\r\n\r\n\r\n\r\ntwo ", [("one\n\ntwo", "", None)]),
        ("number", "12.50", [("12.5", "", 12.5)]),
        ("number", "-0", [("0", "", 0.0)]),
        ("number", "1,5", [("1.5", "", 1.5)]),
        ("number", 42, [("42", "", 42.0)]),
        ("number", 0.1, [("0.1", "", 0.1)]),
        ("money", "12.5", [("12.50", "", 1250.0)]),
        ("money", 3, [("3.00", "", 300.0)]),
        ("date", "2026-03-12", [("2026-03-12", "", 739687.0)]),
        ("date", "12.03.2026", [("2026-03-12", "", 739687.0)]),
        ("yes_no", "ja", [("yes", "", 1.0)]),
        ("yes_no", False, [("no", "", 0.0)]),
        ("link", "shop.example/a", [("https://shop.example/a", "https://shop.example/a", None)]),
        *((kind, value, []) for kind in CustomField.Type.values for value in ("", None, "  ")),
    ],
)
def test_a_value_is_kept_in_one_form(euros, kind, value, expected):
    assert kept(CustomField(type=kind, options=[{"key": "a", "label": "A"}]), value) == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "x" * 251),
        ("text", "nul\0"),
        ("text", ["a", "b"]),
        ("text", {"a": 1}),
        ("long_text", "x" * 5001),
        ("number", "12 kg"),
        ("number", "1,234"),
        ("number", "1e5"),
        ("number", "NaN"),
        ("number", float("inf")),
        ("number", True),
        ("number", "١٢"),
        ("money", "12.505"),
        ("date", "2026-02-30"),
        ("date", "soon"),
        ("yes_no", "perhaps"),
        ("one_of", "purple"),
        ("several_of", "red, purple"),
        ("link", "javascript:alert(1)"),
        ("link", "http://"),
        ("link", "no link"),
        ("link", "https://[shop"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_a_sentence(euros, kind, value):
    with pytest.raises(BadValue) as refused:
        parse(CustomField(type=kind, options=[{"key": "red", "label": "Red"}]), value)
    assert str(refused.value).endswith(".")


def test_options_are_found_by_key_and_by_label_and_kept_in_their_order(db):
    field = create_field(label="Colours", type="several_of", options=["Red", "Grün", "蓝色"])
    assert [option["key"] for option in field.options] == ["red", "grun", "lanse"]
    assert [text for text, _folded, _number in kept(field, "蓝色; GRUN , red")] == ["red", "grun", "lanse"]
    assert [text for text, _folded, _number in kept(field, ["lanse", "lanse"])] == ["lanse"]


def test_a_new_field_has_a_key_of_its_own_that_never_changes(db):
    first = create_field(label="Shoe size", type="number")
    assert (first.key, first.name, first.position) == ("shoe_size", "metafields.custom.shoe_size", 0)
    with pytest.raises(Invalid, match="already"):
        create_field(label="SHOE size", type="text")
    archive_field(first)
    second = create_field(label="Shoe size", type="text")
    assert (second.key, second.position) == ("shoe_size_2", 1)
    assert change_field(second, label="Size of shoes").key == "shoe_size_2"
    assert create_field(label="鞋码", type="text").key == "xiema"
    with pytest.raises(Invalid):
        create_field(label=" ", type="text")
    with pytest.raises(Invalid, match="at least one option"):
        create_field(label="Colour", type="one_of", options=[])
    with pytest.raises(Invalid, match="not a number"):
        create_field(label="Weight", type="number", default="heavy")


def test_values_are_written_once_and_told_with_what_they_were(db):
    size, colours = (
        create_field(label="Size", type="number"),
        create_field(label="Colours", type="several_of", options=["Red", "Blue"]),
    )
    ada = customer()
    set_custom_values(ada, values={"size": "38", "colours": ["red", "blue"]})
    set_custom_values(ada, values={"size": "38.0"})
    assert ada.version == Customer.objects.get().version == 2
    set_custom_values(ada, values={"size": 39, "colours": []})
    assert [
        entry.data["changes"] for entry in Entry.objects.filter(name="customer.custom_values_changed").order_by("id")
    ] == [
        {size.name: ["", "38"], colours.name: ["", ["red", "blue"]]},
        {size.name: ["38", "39"], colours.name: [["red", "blue"], ""]},
    ]
    assert list(CustomValue.objects.values_list("text", flat=True)) == ["39"]


def test_nothing_is_written_where_one_of_several_values_is_bad(db):
    create_field(label="Size", type="number")
    create_field(label="Fitted", type="date")
    ada = customer()
    with pytest.raises(Invalid) as refused:
        set_custom_values(ada, values={"size": "38", "fitted": "soon", "unknown": "x"})
    assert set(refused.value.fields) == {"custom_fields.fitted", "custom_fields.unknown"}
    assert not CustomValue.objects.exists()
    assert Customer.objects.get().version == 1


def test_somebody_new_gets_defaults_and_needs_what_is_required(db):
    create_field(label="Size", type="number", is_required=True)
    create_field(label="Level", type="one_of", options=["Low", "High"], default="Low")
    ada = customer()
    with pytest.raises(Invalid) as refused:
        set_custom_values(ada, values={}, is_new=True)
    assert refused.value.fields == {"custom_fields.size": ["“Size” has to be filled in."]}
    set_custom_values(ada, values={"size": 38}, is_new=True)
    assert sorted(CustomValue.objects.values_list("text", flat=True)) == ["38", "low"]
    # later what is not given stays, and what is required cannot be emptied
    set_custom_values(ada, values={"level": ""})
    with pytest.raises(Invalid, match="has to be filled in"):
        set_custom_values(ada, values={"size": ""})
    assert list(CustomValue.objects.values_list("text", flat=True)) == ["38"]


def test_an_option_that_somebody_has_stays_and_can_be_renamed(db):
    field = create_field(label="Level", type="one_of", options=["Low", "High"])
    set_custom_values(customer(), values={"level": "high"})
    with pytest.raises(Invalid, match="1 customers have it"):
        change_field(field, options=["Low"])
    changed = change_field(field, options=[{"key": "high", "label": "Very high"}, "Middle"])
    assert changed.options == [{"key": "high", "label": "Very high"}, {"key": "middle", "label": "Middle"}]
    assert CustomValue.objects.get().text == "high"


def test_a_type_changes_only_where_every_value_fits(db):
    field = create_field(label="Size", type="text")
    ada, ben = customer(), customer("Ben")
    set_custom_values(ada, values={"size": "38"})
    set_custom_values(ben, values={"size": "large"})
    with pytest.raises(Invalid, match="1 of 2 values do not fit"):
        change_field(field, type="number")
    assert CustomField.objects.get().type == "text"
    set_custom_values(ben, values={"size": "40.50"})
    assert change_field(field, type="number").type == "number"
    assert list(CustomValue.objects.order_by("id").values_list("text", "number", "folded")) == [
        ("38", 38.0, ""),
        ("40.5", 40.5, ""),
    ]
    change_field(field, type="several_of", options=["38", "40.5"])
    assert list(CustomValue.objects.order_by("id").values_list("text", "folded")) == [("38", "38"), ("40_5", "40_5")]
    change_field(field, type="text")
    assert list(CustomValue.objects.order_by("id").values_list("text", flat=True)) == ["38", "40.5"]


def test_fields_are_moved_among_those_in_use(db):
    first, second, third = (create_field(label=label, type="text") for label in ("A", "B", "C"))
    move_field(third, by=-1)
    assert [field.label for field in customfields.known()] == ["A", "C", "B"]
    move_field(first, by=-1)
    move_field(second, by=5)
    assert [field.label for field in customfields.known()] == ["A", "C", "B"]


VALUES = {
    "Ada": {"size": "38", "shop": "Köln", "fitted": "2026-03-12", "spend": "12.50", "member": "yes", "level": "high",
            "colours": "red,blue", "note": "long", "site": "https://ada.example"},
    "Ben": {"size": "38.5", "shop": "Wien", "fitted": "2026-03-13", "spend": "0", "member": "no", "level": "low",
            "colours": "blue"},
    "Cleo": {"size": "-4", "shop": "Köln Süd", "member": "yes"},
    "Dora": {},
}  # fmt: skip

QUESTIONS = [
    ("size=38", "Ada"),
    ("size.min=38", "Ada Ben"),
    ("size.max=38", "Ada Cleo"),
    ("shop=koln", "Ada Cleo"),
    ("shop.is=KÖLN", "Ada"),
    ("shop.starts=koln s", "Cleo"),
    ("shop.is_empty=yes", "Dora"),
    ("fitted=2026-03-12", "Ada"),
    ("fitted.after=2026-03-12", "Ben"),
    ("fitted.before=2026-03-13", "Ada"),
    ("spend.min=0", "Ada Ben"),
    ("spend=12.50", "Ada"),
    ("member=yes", "Ada Cleo"),
    ("member=no", "Ben"),
    ("level=high,low", "Ada Ben"),
    ("level.not=high", "Ben Cleo Dora"),
    ("colours=blue", "Ada Ben"),
    ("colours=Red,BLUE", "Ada Ben"),
    ("colours.all=red,blue", "Ada"),
    ("colours.not=red", "Ben Cleo Dora"),
    ("note.is_set=yes", "Ada"),
    ("note.is_empty=yes", "Ben Cleo Dora"),
    ("site=ada.example", "Ada"),
]


@pytest.fixture
def shop_with_fields(euros):
    for label, kind, options in (
        ("Size", "number", None),
        ("Shop", "text", None),
        ("Fitted", "date", None),
        ("Spend", "money", None),
        ("Member", "yes_no", None),
        ("Level", "one_of", ["Low", "High"]),
        ("Colours", "several_of", ["Red", "Blue"]),
        ("Note", "long_text", None),
        ("Site", "link", None),
    ):
        create_field(label=label, type=kind, **({"options": options} if options else {}))
    for name, values in VALUES.items():
        set_custom_values(customer(name), values=values)


@pytest.mark.parametrize(("question", "expected"), QUESTIONS)
def test_every_type_of_field_can_be_asked_for(shop_with_fields, question, expected):
    parameter, _, value = question.partition("=")
    asked = {f"metafields.custom.{parameter}": value}
    assert names(asked) == expected.split()
    search.reindex()
    assert names(asked) == expected.split()


def test_an_unknown_or_archived_field_is_refused(shop_with_fields):
    archive_field(CustomField.objects.get(key="size"))
    for name in ("size", "nothing"):
        with pytest.raises(Invalid, match="There is no filter"):
            ListRequest.from_query({f"metafields.custom.{name}": "38"})
    archive_field(CustomField.objects.get(key="size"), is_archived=False)
    assert names({"metafields.custom.size": "38"}) == ["Ada"]


def test_columns_and_files_show_values_as_people_and_as_programs_read_them(shop_with_fields, ada):
    ada.list_columns = [f"metafields.custom.{key}" for key in ("spend", "member", "level", "colours", "fitted")]
    shown, people = columns.chosen(ada), list(Customer.objects.filter(name="Ada"))
    drawn = columns.rows(people, shown, from_list="", has_boxes=False)
    for text in ("€12.50", "yes", "High", "12 Mar 2026", ">Red<", ">Blue<"):
        assert text in drawn
    assert columns.texts(shown, people) == [["Ada", "12.50", "yes", "High", "Red, Blue", "2026-03-12"]]


def test_a_field_for_some_roles_is_not_there_for_the_others(shop_with_fields, ada, ben):
    change_field(CustomField.objects.get(key="size"), seen_by=["manager"])
    assert names({"metafields.custom.size": "38"}, reader=ada) == ["Ada"]
    for reader in (ben, None):
        with pytest.raises(Invalid, match="There is no filter") as refused:
            ListRequest.from_query({"metafields.custom.size": "38"}, reader=reader)
        assert "custom.size" not in refused.value.sentence.split("Known are")[1]
    assert "metafields.custom.size" not in {column.name for column in columns.available(ben)}
    assert "metafields.custom.size" in {column.name for column in columns.available(ada)}
    with pytest.raises(Invalid, match="There is no field"):
        set_custom_values(Customer.objects.get(name="Ada"), values={"size": 40}, reader=ben)
    assert CustomValue.objects.get(field__key="size", customer__name="Ada").text == "38"


def test_a_merged_record_speaks_where_the_customer_says_nothing(shop_with_fields):
    ada, ben, dora = (Customer.objects.get(name=name) for name in ("Ada", "Ben", "Dora"))
    Customer.objects.filter(name__in=["Ada", "Ben"]).update(merged_into=dora, is_listed=False)
    assert names({"metafields.custom.size": "38"}) == ["Dora"]
    # Ben was merged too, but Ada speaks first
    assert names({"metafields.custom.size": "38.5"}) == []
    size = catalogue.get("metafields.custom.size")
    assert size.relation.read([dora]) == {dora.pk: ["38"]}
    set_custom_values(dora, values={"size": 41})
    assert names({"metafields.custom.size": "38"}) == []
    assert names({"metafields.custom.size": "41"}) == ["Dora"]
    Customer.everyone.filter(merged_into=dora).update(merged_into=None, is_listed=True)
    assert names({"metafields.custom.size": "38"}) == ["Ada"]
    assert (
        CustomValue.objects.filter(customer__in=[ada, ben]).count() == sum(len(VALUES[n]) for n in ("Ada", "Ben")) + 1
    )


def names(query, reader=None):
    return [one.name for one in customer_page(ListRequest.from_query(query, reader=reader)).rows]


# ── order


@pytest.fixture
def many_in_order(db):
    """Ninety customers with ties, gaps and a merge; some are indexed, some changed since."""
    chance = random.Random(5)
    create_field(label="Size", type="number")
    create_field(label="Shop", type="text")
    made = [customer(f"Customer {number:02}") for number in range(90)]
    for one in made:
        if chance.random() < 0.7:
            set_custom_values(one, values={"size": chance.choice([1, 2, 2.5, -3, 100])})
        if chance.random() < 0.6:
            set_custom_values(one, values={"shop": chance.choice(["Köln", "koln", "Wien", "上海", "a"])})
    Customer.objects.filter(pk__in=[one.pk for one in made[:20]]).update(country="DE", merged_into=None)
    search.index_now([one.pk for one in made[:70]])
    search.mark_unindexed([one.pk for one in made[70:]])
    lent, own = made[7], made[8]
    CustomValue.objects.filter(customer=own).delete()
    Customer.objects.filter(pk=lent.pk).update(merged_into=own, is_listed=False)
    search.mark_unindexed([lent.pk, own.pk])


def sorted_plainly(key, *, is_descending):
    """Everybody with their value, in order, by a plain look; who has none stands last."""
    found = []
    for one in Customer.objects.all():
        records = [one.pk, *Customer.everyone.filter(merged_into=one).order_by("pk").values_list("pk", flat=True)]
        values = [CustomValue.objects.filter(customer=pk, field__key=key).first() for pk in records]
        row = next(filter(None, values), None)
        found.append((None if row is None else row.number if key == "size" else row.folded, one.pk))
    full = sorted((pair for pair in found if pair[0] is not None), reverse=is_descending)
    empty = sorted((pair for pair in found if pair[0] is None), reverse=is_descending)
    return [pk for _value, pk in full + empty]


@pytest.mark.parametrize("few", [20_000, 0], ids=["sorted", "along the index"])
@pytest.mark.parametrize("sort", ["metafields.custom.size", "-metafields.custom.size", "metafields.custom.shop"])
def test_a_list_in_the_order_of_a_field_is_that_of_a_plain_look(many_in_order, monkeypatch, few, sort):
    monkeypatch.setattr(by_relation, "_FEW", few)
    monkeypatch.setattr(by_relation, "_FIRST_CHUNK", 4)
    expected = sorted_plainly(sort.rpartition(".")[2], is_descending=sort.startswith("-"))
    seen, asked = [], ListRequest.from_query({"sort": sort, "limit": "7"})
    first = asked
    while True:
        page = customer_page(asked)
        seen += [one.pk for one in page.rows]
        if not page.next_cursor:
            break
        asked = ListRequest.from_query({"sort": sort, "limit": "7", "after": page.next_cursor})
    assert seen == expected
    back = []
    while page.previous_cursor:
        asked = ListRequest.from_query({"sort": sort, "limit": "7", "before": page.previous_cursor})
        page = customer_page(asked)
        back = [one.pk for one in page.rows] + back
    assert back == expected[: len(back)]
    assert len(back) >= len(expected) - 7
    for place in (0, 3, 40, len(expected) - 1):
        one = Customer.objects.get(pk=expected[place])
        before, after = neighbours(first, one)
        assert (before.pk if before else None) == (expected[place - 1] if place else None)
        assert (after.pk if after else None) == (expected[place + 1] if place + 1 < len(expected) else None)


def test_an_order_goes_with_filters_and_search(many_in_order):
    asked = {"sort": "-metafields.custom.size", "customer_countries": "DE", "q": "customer 1", "limit": "250"}
    rows = customer_page(ListRequest.from_query(asked)).rows
    expected = [
        pk
        for pk in sorted_plainly("size", is_descending=True)
        if (one := Customer.objects.get(pk=pk)).country == "DE" and "1" in one.name.split()[1]
    ]
    assert [one.pk for one in rows] == expected


@pytest.mark.parametrize("cursor", [["NaN"], "x", None])
def test_a_place_that_is_none_of_this_order_is_refused(many_in_order, cursor):
    import base64
    import json

    sent = base64.urlsafe_b64encode(json.dumps(["metafields.custom.size", cursor, 1]).encode()).decode().rstrip("=")
    query = {"sort": "metafields.custom.size", "after": sent}
    if cursor is None:
        assert ListRequest.from_query(query).after == (None, 1)
    else:
        with pytest.raises(Invalid):
            ListRequest.from_query(query)
