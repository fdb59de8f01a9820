import json

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.customers import search
from regulars.customers.actions import create_customer
from regulars.customers.actions.duplicates import (
    PairMerged,
    decide_household,
    decide_never,
    find_duplicates,
    reopen,
)
from regulars.customers.duplicates.commands import find_command
from regulars.customers.duplicates.likely import likely_duplicates
from regulars.customers.models import Customer, DuplicatePair, MatchingModel
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db

HOME = {"line1": "Hafenstraße 12", "postcode": "20459", "city": "Hamburg", "country": "DE"}


def customer(given, family, email="", phone="", address=None, **values):
    return create_customer(
        values={"given_name": given, "family_name": family, "email": email, "phone": phone, **values}, address=address
    )


@pytest.fixture
def maras(db):
    """Mara Petersen twice, and others."""
    one = customer("Mara", "Petersen", "mara@hain.example", "+49 40 1234567", HOME)
    two = customer("Mara", "Peterson", "mara@hafen.example", "+49 40 1234567", HOME)
    customer(
        "Jonas",
        "Wieck",
        "jonas@wieck.example",
        "",
        {**HOME, "line1": "Mühlenweg 3", "postcode": "24103", "city": "Kiel"},
    )
    customer("Sofie", "Dahl", "sofie@dahl.example")
    customer("Na", "Li", "lina@li.example", language="zh-hans")
    return one, two


def the_pair():
    return DuplicatePair.objects.get()


def test_a_search_writes_down_who_may_be_one_person_and_why(maras):
    one, two = maras
    find_duplicates()
    pair = the_pair()
    assert (pair.left_id, pair.right_id, pair.state) == (one.pk, two.pk, "open")
    assert pair.probability > 0.9
    family = next(piece for piece in pair.evidence if piece["field"] == "family")
    assert (family["left"], family["right"], family["level"]) == ("petersen", "peterson", "typo")
    assert family["weight"] > 0
    model = MatchingModel.objects.get()
    assert model.rows == 5
    assert set(model.parameters) == {"model", "rarity"}


def test_a_second_search_writes_nothing_anew_and_keeps_decisions(maras, ada):
    find_duplicates()
    before = the_pair()
    find_duplicates()
    assert the_pair().pk == before.pk
    decide_never(the_pair())
    find_duplicates()
    assert the_pair().state == "never"


def test_a_pair_that_is_not_found_any_more_goes_while_it_is_open(maras):
    find_duplicates()
    Customer.objects.filter(pk=maras[1].pk).update(
        given_name="Ole", family_name="Brandt", name="Ole Brandt", email="ole@b.example", phone="", postcode="", city=""
    )
    maras[1].addresses.all().delete()
    find_duplicates()
    assert not DuplicatePair.objects.exists()


def test_never_is_remembered_and_told_on_both_pages(maras):
    find_duplicates()
    decided = decide_never(the_pair())
    assert decided.state == "never"
    assert decided.decided_at is not None
    told = Entry.objects.filter(name="customer.duplicate_decided")
    assert {entry.customer_id for entry in told} == {maras[0].pk, maras[1].pk}
    decide_never(decided)
    assert told.count() == 2  # deciding the same again is no news


def test_a_household_is_the_third_answer(maras):
    find_duplicates()
    decide_household(the_pair())
    homes = set(Customer.objects.filter(pk__in=[one.pk for one in maras]).values_list("household", flat=True))
    assert len(homes) == 1
    assert None not in homes
    find_duplicates()
    assert the_pair().state == "household"


def test_people_of_one_household_are_not_suggested(maras):
    from regulars.customers.actions import join_household

    join_household(list(maras))
    find_duplicates()
    assert not DuplicatePair.objects.exists()


def test_a_decision_can_be_taken_back_but_not_a_merge(maras):
    find_duplicates()
    decide_never(the_pair())
    assert reopen(the_pair()).state == "open"
    DuplicatePair.objects.update(state="merged", decided_at=timezone.now())
    for verb in (decide_never, decide_household, reopen):
        with pytest.raises(PairMerged):
            verb(the_pair())
    assert the_pair().state == "merged"


def test_an_empty_shop_and_one_customer_have_no_duplicates(db):
    find_duplicates()
    assert not DuplicatePair.objects.exists()
    customer("Mara", "Petersen")
    find_duplicates()
    assert not DuplicatePair.objects.exists()


def test_the_command_prints_the_pairs_of_the_shop_and_changes_nothing(maras):
    result = CliRunner().invoke(find_command, ["--json"], catch_exceptions=False)
    (line,) = map(json.loads, result.stdout.splitlines())
    assert {line["left"], line["right"]} == {one.public_id for one in maras}
    assert not DuplicatePair.objects.exists()
    assert not MatchingModel.objects.exists()


# ── before somebody is saved


@pytest.mark.parametrize(
    "values",
    [
        {"given_name": "Mara", "family_name": "Petersen", "email": "MARA@hain.example"},
        {"given_name": "Mara", "family_name": "Petersen", "phone": "0049 40 1234567"},
        {"given_name": "Petersen", "family_name": "Mara", "email": "mara@hain.example"},
        {"name": "Mara Petersen", "email": "mara@hain.example", "postcode": "20459"},
    ],
)
@pytest.mark.parametrize("is_indexed", [False, True])
def test_who_somebody_may_be_is_known_before_they_are_saved(maras, values, is_indexed):
    if is_indexed:
        search.merge_unindexed()
    found = likely_duplicates(values)
    assert found[0][0] == maras[0].pk
    assert found[0][1] > 0.66
    assert found[0][2][0].weight > 0


def test_a_name_alone_and_a_stranger_are_nobody_we_know(maras):
    assert likely_duplicates({"given_name": "Sofie", "family_name": "Wieck", "email": "sw@other.example"}) == []
    assert likely_duplicates({}) == []


def test_who_has_the_very_email_is_named_however_different_all_else_is(maras):
    values = {
        "given_name": "Sofie",
        "family_name": "Wieck",
        "email": "mara@hain.example",
        "city": "Aarhus",
        "postcode": "8000",
        "country": "DK",
        "line1": "Havnegade 1",
    }
    found = likely_duplicates(values)
    assert maras[0].pk in [number for number, _probability, _evidence in found]
    assert likely_duplicates({**values, "email": "sw@other.example"}) == []


def test_customers_who_are_named_as_known_are_left_out(maras):
    values = {"given_name": "Mara", "family_name": "Petersen", "email": "mara@hain.example"}
    assert maras[0].pk not in [
        number for number, _probability, _evidence in likely_duplicates(values, besides=[maras[0].pk])
    ]


def test_the_check_takes_as_many_queries_for_three_as_for_one(maras):
    values = {"given_name": "Mara", "family_name": "Petersen", "email": "mara@hain.example"}
    likely_duplicates(values)
    with CaptureQueriesContext(
        connection,
    ) as first:
        likely_duplicates(values)
    for number in range(3):
        customer("Mara", "Petersen", f"mara{number}@hain.example", "", HOME)
    with CaptureQueriesContext(connection) as second:
        likely_duplicates(values)
    assert len(second) == len(first)


def test_what_a_search_learnt_is_used_by_the_check(maras):
    find_duplicates()
    values = {"given_name": "Mara", "family_name": "Petersen", "phone": "0049 40 1234567"}
    assert likely_duplicates(values) != []
    MatchingModel.objects.update(threshold=1.1)
    assert likely_duplicates(values) == []
