"""Ready templates: each can be asked in every shop, and there are enough of them."""

import pytest

from regulars.customers.actions import create_customer
from regulars.segments import ready
from regulars.segments.actions.groups import create_group
from regulars.segments.engine import asking

pytestmark = pytest.mark.django_db


def test_every_template_can_be_asked_by_whoever_may_see_everything(ada):
    create_customer(
        values={"given_name": "Li", "email": "li@example.com"},
        address={"line1": "1 Deichstrasse", "city": "Hamburg", "postcode": "20459", "country": "DE"},
    )
    problems = {}
    for one in ready.templates():
        try:
            assert 0 <= asking.count(asking.read(one.query, reader=ada)) <= 1, one.key
        except asking.BadQuery as problem:
            problems[one.key] = (one.query, problem.sentence)
    assert not problems
    counts = {one.key: asking.count(asking.read(one.query, reader=ada)) for one in ready.templates()}
    assert counts["new"] == counts["not-bought"] == counts["country"] == counts["city"] == counts["around"] == 1
    assert counts["vip"] == counts["abroad"] == counts["bought-once"] == counts["email-subscribers"] == 0


def test_there_are_templates_for_everything_that_shops_ask_first():
    keys = [one.key for one in ready.templates()]
    assert len(keys) == len(set(keys)) >= 30
    assert {"vip", "regular", "business", "new", "country", "frequency-high", "spend-small", "abandoned"} <= set(keys)
    assert {one.category for one in ready.templates()} == set(ready.Category)
    assert all(str(one.title) and str(one.description) for one in ready.templates())


def test_a_group_of_a_template_says_which_one(ada):
    chosen = ready.template("new")
    group = create_group(name=str(chosen.title), query=chosen.query, template=chosen.key, by=ada)
    assert group.query == "customer_added_date >= -30d"
    assert group.template == "new"
    assert ready.template("no such") is None
