"""A list becomes a query that gives the same people, or says which of its filters it leaves out."""

import pytest

from regulars.customers.actions import create_customer
from regulars.customers.actions.tags import tag
from regulars.customers.queries import ListRequest, customer_ids
from regulars.segments.actions import picking
from regulars.segments.actions.groups import create_group
from regulars.segments.engine import asking
from regulars.segments.queries.from_list import from_list

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(ada):
    made = [
        create_customer(
            values={
                "given_name": name, "family_name": "Dahl", "email": f"{name.lower()}@posteo.example",
                "birth_date": born, "phone": phone, "gender": gender, "is_guest": bool(number % 2),
            },
            address={"line1": "1 Deich", "city": city, "postcode": code, "country": "DE"},
        )
        for number, (name, born, phone, gender, city, code) in enumerate(
            [
                ("Sofie", "1990-03-12", "+494012345678", "female", "Hamburg", "20459"),
                ("Jonas", "1985-02-28", "+493012345678", "male", "Berlin", "10115"),
                ("Élodie", "2000-12-31", "", "", "Hamburg", "21029"),
            ]
        )
    ]  # fmt: skip
    tag(made[0], names=["gold", "early"])
    tag(made[1], names=["gold"])
    return made


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ({"name": "elo"}, "name CONTAINS 'elo'"),
        ({"first_name.starts": "so"}, "first_name STARTS WITH 'so'"),
        ({"phone": "040 1234"}, "phone CONTAINS '0401234' OR phone CONTAINS '401234'"),
        ({"postal_code.starts": "20"}, "postal_code STARTS WITH '20'"),
        ({"number_of_orders.max": "0", "city": "ham"}, "number_of_orders <= 0 AND city CONTAINS 'ham'"),
        ({"amount_spent.min": "1.50"}, "amount_spent >= 1.5"),
        ({"age.min": "30"}, "age >= 30"),
        ({"customer_added_date.within": "3"}, "customer_added_date >= -3d"),
        ({"customer_added_date.older_than": "3"}, "customer_added_date < -3d"),
        ({"birth_date.before": "1990-03-12"}, "birth_date < 1990-03-12"),
        ({"birthday.on": "03-12"}, "anniversary(birth_date) = 2024-03-12"),
        ({"birthday.month": "2"}, "anniversary(birth_date) BETWEEN 2024-02-01 AND 2024-02-29"),
        ({"is_guest": "yes"}, "is_guest = true"),
        ({"gender": "female,male"}, "gender IN ('female', 'male')"),
        ({"gender.not": "female"}, "gender != 'female'"),
        ({"gender.is_empty": "yes"}, "gender IS NULL"),
        ({"customer_tags": "gold"}, "customer_tags CONTAINS 'gold'"),
        ({"customer_tags.all": "gold,early"}, "customer_tags CONTAINS 'gold' AND customer_tags CONTAINS 'early'"),
        ({"customer_tags.not": "early"}, "customer_tags NOT CONTAINS 'early'"),
        ({"last_order_date.is_empty": "yes"}, "last_order_date IS NULL"),
        ({"query": "city = 'Berlin' OR age < 20"}, "city = 'Berlin' OR age < 20"),
        ({}, ""),
    ],
    ids=lambda one: str(one)[:40] if isinstance(one, dict) else "",
)
def test_filters_become_a_query_that_gives_the_same_people(crowd, ada, filters, query):
    request = ListRequest.from_query(filters, reader=ada)
    said = from_list(request, reader=ada)
    assert (said.query, said.is_whole) == (query, True)
    assert sorted(asking.members(asking.read(said.query, reader=ada))) == customer_ids(request)


def test_consents_and_groups_are_said_in_the_words_of_the_language(crowd, ada):
    friends = create_group(name="Friends")
    picking.pick(friends, customers=[crowd[0].pk])
    request = ListRequest.from_query({"segment.not": friends.public_id}, reader=ada)
    said = from_list(request, reader=ada)
    assert said.query == "segment NOT IN ('Friends')"
    assert sorted(asking.members(said.node)) == customer_ids(request)


@pytest.mark.parametrize(
    "filters",
    [{"q": "dahl"}, {"name.is": "sofie dahl"}, {"postal_code": "20459"}, {"birthday.on": "02-29"}, {"vat_number": "X"}],
    ids=str,
)
def test_what_cannot_be_said_is_told(crowd, ada, filters):
    said = from_list(ListRequest.from_query(filters | {"city": "Hamburg"}, reader=ada), reader=ada)
    assert said.query == "city CONTAINS 'Hamburg'"
    (unsaid,) = said.unsaid
    assert unsaid.why.endswith(".")
    assert not said.is_whole
