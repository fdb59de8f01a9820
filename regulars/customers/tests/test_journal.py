"""Images of rows, and how they are put back."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.customers import journal
from regulars.customers.actions import change_customer, create_customer
from regulars.customers.models import Customer, Tag, Tagging

pytestmark = pytest.mark.django_db


def rows(model):
    return journal.read(model, list(model._base_manager.values_list("pk", flat=True)))


def through_json(images):
    return json.loads(json.dumps(images))


def take_back(*images):
    with transaction.atomic():
        return journal.take_back([(1, through_json(list(images)))])


def change(customer, **values):
    """Change a customer, and the image of it."""
    before = journal.read(Customer, [customer.pk])[customer.pk]
    change_customer(customer, values=values)
    return journal.changed(Customer, customer.pk, before, journal.read(Customer, [customer.pk])[customer.pk])


def test_a_changed_row_goes_back_to_the_last_column():
    ada = create_customer(values={"name": "Ada Lovelace", "email": "ada@posteo.example"})
    before = rows(Customer)
    image = change(ada, name="Ada King", phone="+442079460958")
    assert rows(Customer) != before
    assert take_back(image) == []
    assert rows(Customer) == before


def test_a_later_edit_of_the_same_column_stays_and_is_told():
    ada = create_customer(values={"name": "Ada Lovelace", "email": "ada@posteo.example"})
    image = change(ada, name="Ada King", company="Engines")
    ada = Customer.objects.get()
    change_customer(ada, values={"company": "Looms"})
    kept = take_back(image)
    ada = Customer.objects.get()
    assert (ada.name, ada.company) == ("Ada Lovelace", "Looms")
    assert ("company", "", "Engines", "Looms") in [(one.column, one.before, one.after, one.now) for one in kept]
    assert ada.version == 4  # created, changed, changed by hand, put back


def test_a_later_edit_of_another_column_stays_and_the_version_rises():
    ada = create_customer(values={"name": "Ada Lovelace"})
    image = change(ada, company="Engines")
    change_customer(Customer.objects.get(), values={"phone": "+442079460958"})
    take_back(image)
    ada = Customer.objects.get()
    assert (ada.company, ada.phone, ada.version) == ("", "+442079460958", 4)


def test_a_made_row_goes_and_one_that_went_comes_back():
    ada = create_customer(values={"name": "Ada Lovelace"})
    old, new = (Tag.objects.create(name=name, key=name) for name in ("old", "new"))
    went = Tagging.objects.create(customer=ada, tag=old)
    before = rows(Tagging)
    gone = journal.gone(Tagging, went.pk, before[went.pk])
    went.delete()
    came = Tagging.objects.create(customer=ada, tag=new)
    made = journal.made(Tagging, came.pk, journal.read(Tagging, [came.pk])[came.pk])
    assert take_back(gone, made) == []
    assert rows(Tagging) == before


def test_a_row_that_is_gone_meanwhile_is_told():
    ada = create_customer(values={"name": "Ada Lovelace"})
    image = change(ada, company="Engines")
    Customer.everyone.all().delete()
    assert [(one.owner, one.column, one.now) for one in take_back(image)] == [(1, "", None)]
    assert not Customer.everyone.exists()


def test_a_whole_customer_comes_back_with_moments_flags_and_figures():
    create_customer(values={"name": "Ada Lovelace", "is_guest": True})
    before = rows(Customer)
    (number,) = before
    Customer.everyone.all().delete()
    assert take_back(journal.gone(Customer, number, before[number])) == []
    assert rows(Customer) == before


_EDITS = st.lists(
    st.tuples(st.sampled_from(["company", "title", "given_name"]), st.sampled_from(["", "a", "b", "c"])), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(edits=_EDITS)
def test_any_number_of_changes_to_one_row_go_back_together(edits):
    with transaction.atomic():
        ada = create_customer(values={"name": "Ada Lovelace"})
        before = rows(Customer)
        images = [change(Customer.objects.get(pk=ada.pk), **{field: value}) for field, value in edits]
        assert take_back(*[image for image in images if image]) == []
        assert rows(Customer) == before
        transaction.set_rollback(True)
