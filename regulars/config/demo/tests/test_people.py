"""Invented people can be imported as they are, and nobody could be hurt by them."""

from __future__ import annotations

import re
from random import Random

import phonenumbers
import pytest

from regulars.config.demo.people import Inventor, latin, places
from regulars.core.contact import parse_country, parse_email, parse_phone


@pytest.mark.parametrize("code", sorted(places()))
def test_everybody_of_a_place_can_be_written_to_and_called(code):
    place, inventor = places()[code], Inventor(Random(code))
    people = [inventor.person(place, number=number, is_company=number % 5 == 0) for number in range(300)]
    for person in people:
        assert person.name
        assert person.country == parse_country(person.country)
        assert parse_email(person.email) == person.email
        assert person.email.endswith(".example")
        assert parse_phone(person.phone, country="") == person.phone
        if person.phone:
            assert phonenumbers.is_valid_number(phonenumbers.parse(person.phone))
        assert not re.search("[#%@{}]", person.line1 + person.postcode + person.company + person.name)
    assert len({person.email for person in people}) == len(people)


def test_the_same_seed_makes_the_same_people():
    def people(seed):
        inventor = Inventor(Random(seed))
        return [inventor.person(place, number=1) for place in places().values()]

    assert people(1) == people(1)
    assert people(1) != people(2)


def test_numbers_of_fiction_are_used_where_a_country_has_them():
    inventor = Inventor(Random(1))
    londoners = [
        p for p in (inventor.person(places()["GB"], number=n) for n in range(500)) if p.city == "London" and p.phone
    ]
    assert londoners
    assert all(person.phone.startswith("+442079460") for person in londoners)


def test_a_tag_keeps_addresses_apart_without_remembering_them():
    first, second = (Inventor(Random(1), tag=tag) for tag in ("7", "8"))
    mails = {inventor.person(places()["GB"], number=n).email for inventor in (first, second) for n in range(2_000)}
    assert len(mails) == 4_000


@pytest.mark.parametrize(
    ("name", "written"),
    [("Zoë", "zoe"), ("Ødegård", "odegard"), ("欧阳", "ouyang"), ("陳", "chen"), ("כהן", ""), ("Weiß", "weiss")],
)
def test_names_are_written_in_latin_letters(name, written):
    assert latin(name) == written
