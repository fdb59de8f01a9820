"""What can be asked, by whom; every example of the guide can be asked indeed; and where bands begin."""

import datetime as dt
from collections import Counter

import numpy as np
import pytest

from regulars.channels.models import Channel
from regulars.core.sight import NOTHING, Level, Rows, Sight, looking
from regulars.customers.actions.custom_fields import archive_field, change_field, create_field, set_custom_values
from regulars.customers.actions.profile import create_customer
from regulars.customers.actions.tags import delete_tag, ensure_tags, merge_tags, restore_tag, tag
from regulars.customers.models import Category, ChangeSet, ChangeSpan, Customer, Tag
from regulars.segments.actions.grading import bounds_of, reckon_grades
from regulars.segments.actions.groups import archive_group, create_group
from regulars.segments.engine import asking
from regulars.segments.lake import building
from regulars.segments.language.words import Kind
from regulars.segments.models import Grading, Group
from regulars.segments.queries.seeing import seen
from regulars.segments.vocabulary import declared, described, grades
from regulars.segments.vocabulary.people import tag_ids
from regulars.segments.vocabulary.words import words_for
from regulars.timeline.models import Entry
from tools import reference

UTC = dt.UTC


def names(words):
    return set(words.attributes) | set(words.functions)


# ── the guide


def test_the_guide_says_what_can_be_asked():
    assert reference.GROUPS.read_text(encoding="utf-8") == reference.groups()


def test_every_attribute_and_parameter_has_its_example():
    asked = {one.attribute.name for one in declared.permanent()}
    for name, rows in declared.rows().items():
        asked |= {name, *(f"{name}.{column.parameter.name}" for column in rows.columns)}
    assert asked == set(described.EXAMPLES)


def test_every_example_of_the_guide_can_be_asked(db):
    create_group(name="VIP")
    Channel.objects.create(code="web", name="Web shop")
    Category.objects.get_or_create(key="vip", defaults={"name": "VIP"})
    create_customer(values={"given_name": "Jonas"})
    for name in described.EXAMPLES:
        assert asking.count(asking.read(described.example(name))) in (0, 1), name


# ── who may ask


def test_the_house_may_ask_everything_and_an_owner_too(ada):
    everything = {one.attribute.name for one in declared.permanent()} | set(declared.rows())
    assert names(words_for()) == everything
    assert names(words_for(ada)) == everything


def test_who_may_nothing_asks_nothing(charlie):
    words = words_for(charlie)
    assert (names(words), words.groups) == (set(), ())
    with looking(NOTHING):
        assert names(words_for()) == set()


def test_what_is_not_shown_in_full_cannot_be_asked(ben):
    seen = names(words_for(ben))
    hidden_by = {
        "name": {"name", "first_name", "last_name", "title", "company", "companies"},
        "email": {"name", "email", "customer_email_domain", "companies"},
        "phone": {"name", "phone", "companies"},
        "address": {"postal_code", "customer_within_distance"},
        "birth": {"birth_date", "age"},
        "notes": set(),
        "payment": {
            "is_blocked", "pays_in_advance", "has_no_credit", "payment_days", "payment_preference", "vat_number",
            "payment_methods",
        },
        "spend": {
            "number_of_orders", "amount_spent", "amount_refunded", "average_order_amount", "first_order_date",
            "last_order_date", "number_of_returns", "days_between_orders", "profit_contribution", "favourite_products",
            "favourite_categories", "payment_methods", "purchase_frequency_band", "spend_band", "rfm_group",
            "orders_placed", "products_purchased", "orders_returned", "events",
        },
    }  # fmt: skip
    for group, hidden in hidden_by.items():
        for level in (Level.MASKED, Level.HIDDEN):
            with looking(Sight(user_id=ben.pk, levels=((group, level),))):
                missing = seen - names(words_for(ben))
                assert missing == hidden, (group, level)
                assert missing == seen - names(words_for())


def test_parameters_that_are_not_shown_are_not_there(ben):
    with looking(Sight(user_id=ben.pk, levels=(("payment", Level.MASKED), ("notes", Level.HIDDEN)))):
        functions = words_for(ben).functions
    assert {"payment_method", "tag"}.isdisjoint(functions["orders_placed"].parameters)
    assert "reason" not in functions["orders_returned"].parameters
    assert "amount" in functions["orders_placed"].parameters


def test_who_sees_some_customers_cannot_ask_where_somebody_works(ben):
    with looking(Sight(user_id=ben.pk, rows=Rows.LOOKED_AFTER, owner_ids=frozenset({ben.pk}))):
        assert "companies" not in words_for(ben).attributes
        assert "company" in words_for(ben).attributes


def test_the_name_of_what_may_not_be_asked_is_as_unknown_as_any(ben):
    with looking(Sight(user_id=ben.pk, levels=(("spend", Level.HIDDEN),))), pytest.raises(asking.BadQuery) as refused:
        asking.read("amount_spent > 5", reader=ben)
    assert refused.value.span == (0, 12)


# ── what the shop adds itself


def test_own_fields_come_and_go_with_their_type_and_who_may_see_them(ada, ben):
    field = create_field(label="Size", type="one_of", options=["Small", "Large"])
    hidden = create_field(label="Margin", type="number", seen_by=["manager"], is_sensitive=True)
    asked = words_for(ben).attributes[field.name]
    assert (asked.kind, [value for value, _label in asked.values()]) == (Kind.CHOICE, ["small", "large"])
    assert hidden.name not in words_for(ben).attributes
    assert words_for(ada).attributes[hidden.name].kind is Kind.DECIMAL
    assert words_for().attributes[hidden.name].kind is Kind.DECIMAL
    change_field(field, label="T-shirt")
    assert str(words_for(ben).attributes[field.name].label) == "T-shirt"
    archive_field(field)
    assert field.name not in words_for(ada).attributes


def test_own_fields_of_every_type_are_found_also_sealed_ones(db):
    values = {
        "text": ("Tea", "= 'Tea'"), "long_text": ("Green tea", "CONTAINS 'TEA'"), "number": ("2.5", "= 2.5"),
        "money": ("19.99", "> 19.98"), "date": ("2024-02-29", "= 2024-02-29"), "yes_no": ("no", "= false"),
        "link": ("https://tea.example/", "STARTS WITH 'https'"), "one_of": ("Tea", "= 'tea'"),
        "several_of": (["Tea", "Coffee"], "CONTAINS 'coffee'"),
    }  # fmt: skip
    person, other = create_customer(values={"given_name": "A"}), create_customer(values={"given_name": "B"})
    for is_sensitive in (False, True):
        for kind, (value, test) in values.items():
            if is_sensitive and kind not in ("text", "long_text", "number", "date", "one_of"):
                continue
            options = {"options": ["Tea", "Coffee"]} if kind.endswith("_of") else {}
            field = create_field(label=f"{kind} {is_sensitive}", type=kind, is_sensitive=is_sensitive, **options)
            set_custom_values(person, values={field.key: value})
            assert set(asking.members(asking.read(f"{field.name} {test}"))) == {person.pk}, (kind, is_sensitive)
            assert set(asking.members(asking.read(f"customer.{field.name} IS NULL"))) == {other.pk}, kind


def test_groups_that_are_put_away_are_not_offered(ada):
    create_group(name="VIP")
    archive_group(create_group(name="Old"))
    assert words_for(ada).groups == ("VIP",)


def test_a_merged_tag_is_found_under_the_one_it_was_merged_into(db):
    tea, green, gone = ensure_tags(["Tea", "Green tea", "Gone"])
    merge_tags(green, into=tea)
    delete_tag(gone)
    assert tag_ids() == {"Tea": (tea.pk, green.pk)}
    restore_tag(green)
    assert tag_ids() == {"Green tea": (green.pk,), "Tea": (tea.pk,)}


def test_who_came_by_a_file_is_told_from_who_did_not(db):
    people = [create_customer(values={"given_name": name}) for name in "ABCD"]
    sets = [ChangeSet.objects.create(action=action) for action in ("import", "tag")]
    for change_set, first, last in ((sets[0], 1, 2), (sets[1], 3, 3)):
        ChangeSpan.objects.create(change_set=change_set, first_id=people[first].pk, last_id=people[last].pk)
    found = asking.members(asking.read("created_by_import = true"))
    assert set(found) == {people[1].pk, people[2].pk}


def test_tags_that_come_back_are_found_again_also_where_the_lake_was_built_without_them(db):
    one, two = (create_customer(values={"given_name": name}) for name in "AB")
    tag(one, names=["Tea", "Gone"])
    tag(two, names=["Green tea"])
    tea, green, gone = (Tag.objects.get(name=name) for name in ("Tea", "Green tea", "Gone"))
    queries = [f"customer_tags CONTAINS '{name}'" for name in ("Tea", "Green tea", "Gone")]

    def members():
        return [set(asking.members(asking.read(query))) for query in (*queries, "customer_tags IS NULL")]

    building.build()
    merge_tags(green, into=tea)
    delete_tag(gone)
    assert members() == [{one.pk, two.pk}, set(), set(), set()]
    building.build()
    assert members() == [{one.pk, two.pk}, set(), set(), set()]
    restore_tag(green)
    restore_tag(gone)
    assert members() == [{one.pk}, {two.pk}, {one.pk}, set()]


# ── bands


@pytest.mark.parametrize(
    ("values", "parts", "expected"),
    [
        (range(1, 10), 3, [4, 7]),
        ([1] * 7 + [2] * 3, 5, [2, 2, 2, 3]),  # who bought twice is in the fourth of five
        ([5] * 20, 3, [6, 6]),  # who are all the same are in the lowest
        ([-3, 0, 0, 9], 3, [1, 1]),
        (range(10), 3, [4, 7]),  # ten are cut after the fourth and the seventh
    ],
)
def test_bounds_cut_into_parts_of_equal_size_and_leave_equal_values_together(values, parts, expected):
    assert bounds_of(np.array(list(values)), parts) == expected


def buyers(count):
    day = dt.datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        one = create_customer(values={"given_name": f"Buyer {number}"})
        Customer.objects.filter(pk=one.pk).update(
            orders_count=number + 1, spent_minor=(number + 1) * 100, last_order_at=day + dt.timedelta(days=number)
        )
    create_customer(values={"given_name": "Never"})


def found(query):
    return asking.count(asking.read(query))


def test_nobody_is_graded_in_a_shop_of_few_buyers(db):
    buyers(grades.FEWEST - 1)
    assert (found("rfm_group = 'PROSPECTS'"), found("spend_band IS NULL")) == (20, 20)
    assert reckon_grades() == 19
    assert Grading.objects.get().bounds == {}
    assert (found("rfm_group = 'PROSPECTS'"), found("spend_band IS NULL")) == (20, 20)


def test_bands_and_groups_stand_until_they_are_reckoned_again(db):
    buyers(30)
    assert reckon_grades() == 30
    assert [found(f"spend_band = '{band}'") for band in ("LOW", "MEDIUM", "HIGH")] == [10, 10, 10]
    assert [found(f"purchase_frequency_band = '{band}'") for band in ("LOW", "MEDIUM", "HIGH")] == [10, 10, 10]
    assert (found("spend_band IS NULL"), found("rfm_group = 'PROSPECTS'")) == (1, 1)
    by_group = {group: found(f"rfm_group = '{group}'") for group, _label in grades.RFM}
    assert {group: count for group, count in by_group.items() if count} == {
        "DORMANT": 6, "ALMOST_LOST": 6, "NEEDS_ATTENTION": 6, "LOYAL": 6, "CHAMPIONS": 6, "PROSPECTS": 1,
    }  # fmt: skip
    last = Customer.objects.get(given_name="Buyer 0")
    Customer.objects.filter(pk=last.pk).update(spent_minor=10**9)
    bounds = Grading.objects.get().bounds
    reckon_grades()
    assert Grading.objects.get().bounds == bounds | {
        "spent_thirds": [1101, 2101],
        "spent_fifths": [701, 1301, 1901, 2501],
    }


def test_whoever_follows_groups_is_told_when_bounds_moved_and_only_then(db):
    buyers(20)
    for _ in range(2):
        reckon_grades()
    assert Entry.objects.filter(name="grades.reckoned").count() == 1


def test_the_table_of_groups_is_that_of_the_definitions():
    words = Counter(grades.GROUPS.words.values())
    assert sum(words.values()) == 125
    assert set(words) == {group for group, _label in grades.RFM} - {"PROSPECTS"}
    assert [grades.group_of(4, 4, 4), grades.group_of(4, 0, 0), grades.group_of(0, 0, 1)] == [
        "CHAMPIONS", "NEW", "DORMANT",
    ]  # fmt: skip


def test_no_group_tells_a_reader_what_they_may_not_ask(ada, ben):
    for name, rule in {
        "Rich": "amount_spent > 500",
        "From Rich": "segment IN ('Rich') AND kind = 'person'",
        "Joined Rich": "joined_segment MATCHES (name = 'Rich')",
        "Firms": "kind = 'company'",
        "From firms": "segment IN ('Firms')",
    }.items():
        create_group(name=name, query=rule)
    with looking(Sight(user_id=ben.pk, levels=(("spend", Level.HIDDEN),))):
        assert words_for(ben).groups == ("Firms", "From firms")
        for query in ("segment IN ('Rich')", "segment NOT IN ('From Rich')", "joined_segment MATCHES (name = 'Rich')"):
            with pytest.raises(asking.BadQuery):
                asking.read(query, reader=ben)
        assert asking.read("segment IN ('Firms') AND joined_segment MATCHES (name = 'Firms')", reader=ben)
        assert [one.name for one in seen(Group.objects.order_by("key"), ben)] == ["Firms", "From firms"]
    assert set(words_for(ada).groups) == {"Rich", "From Rich", "Joined Rich", "Firms", "From firms"}
