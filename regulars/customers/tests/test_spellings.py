"""A name is found however it is spelt: Müller or Mueller, O'Brien or OBrien."""

from importlib import import_module

import pytest
from django.apps import apps

from regulars.customers.actions import create_customer
from regulars.customers.models import Customer, Unindexed
from regulars.customers.queries import ListRequest, customer_page
from regulars.customers.search import merge_unindexed
from regulars.customers.spellings import other_spellings


@pytest.mark.parametrize(
    ("text", "spellings"),
    [
        ("Jürgen Müller", ["juergen mueller"]),
        ("Søren Ångström", ["soeren aangstroem"]),
        ("Müller", ["mueller"]),  # the dots as characters of their own
        ("O'Brien", ["obrien"]),
        ("O’Brien", ["obrien"]),
        ("D'Östmann", ["d'oestmann", "dostmann", "doestmann"]),
        ("Michael Blue", []),
        ("Élodie Weiß", []),
        ("张三", []),
        ("'", []),
    ],
)
def test_the_other_spellings_of_a_name(text, spellings):
    assert other_spellings(text) == spellings


@pytest.mark.django_db
@pytest.mark.parametrize("is_indexed", [False, True])
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Jana Müller", ["mueller", "Müller", "muller", "jana mueller", "uelle"]),
        ("Jana Mueller", ["mueller", "Müller"]),
        ("Sean O'Brien", ["obrien", "o'brien", "o’brien", "sean obrien", "brien"]),
        ("Sean OBrien", ["obrien", "o'brien", "O’Brien"]),
        ("Søren Bjørn", ["soeren", "søren", "soren", "bjoern"]),
    ],
)
def test_a_name_is_found_in_both_spellings(name, typed, is_indexed):
    wanted = create_customer(values={"name": name})
    create_customer(values={"name": "Michal Nobody"})
    if is_indexed:
        merge_unindexed()

    for text in typed:
        found = customer_page(ListRequest.from_query({"q": text}))
        assert [row.pk for row in found.rows] == [wanted.pk], text


@pytest.mark.django_db
def test_the_letters_ue_of_other_names_are_left_alone():
    create_customer(values={"name": "Michal Sutton"})

    for text in ("michael", "sue"):
        assert customer_page(ListRequest.from_query({"q": text})).rows == []


@pytest.mark.django_db
def test_who_is_there_already_is_found_in_both_spellings_after_the_migration():
    known = [create_customer(values={"name": name}) for name in ("Jana Müller", "Sean O’Brien", "Ada Lovelace")]
    expected = {row.pk: row.search_text for row in known}
    for row in known:
        old = "\n".join(line for line in row.search_text.split("\n") if line not in other_spellings(row.name))
        Customer.objects.filter(pk=row.pk).update(search_text=old)
    Unindexed.objects.all().delete()

    import_module("regulars.customers.migrations.0011_other_spellings").spell_out(apps, None)

    assert dict(Customer.objects.values_list("pk", "search_text")) == expected
    assert set(Unindexed.objects.values_list("customer_id", flat=True)) == {known[0].pk, known[1].pk}
