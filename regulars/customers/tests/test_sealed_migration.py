"""A shop of an older version: what stood plainly is sealed by set-up, and all of it is still there."""

import pytest
from django.core.management import call_command
from django.db import connection

from regulars.core import resealing
from regulars.customers.actions import create_customer
from regulars.customers.actions.notes import write_note
from regulars.customers.models import Change, ChangeSet, Customer, Note
from regulars.customers.queries import ListRequest, customer_page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BEFORE = "0016_privacy"


def run(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else None


def test_plain_values_are_sealed_by_set_up_and_come_back_when_somebody_goes_back():
    people = [
        create_customer(values={"name": "Whole", "birth_year": 1980, "birthday": "03-12", "vat_number": "DE136695976"}),
        create_customer(values={"name": "Day", "birthday": "02-29"}),
        create_customer(values={"name": "Year", "birth_year": 1975}),
        create_customer(values={"name": "Nothing"}),
    ]
    write_note(people[0], text="Likes Kyusu.")
    resealing.open_all()

    # back: the older version finds what it knows
    call_command("migrate", "customers", BEFORE, verbosity=0)
    rows = run("SELECT name, birth_year, birthday, vat_number FROM customers_customer ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("Whole", 1980, "03-12", "DE136695976"),
        ("Day", None, "02-29", ""),
        ("Year", 1975, "", ""),
        ("Nothing", None, "", ""),
    ]
    assert run("SELECT text FROM customers_note") == [("Likes Kyusu.",)]
    run("UPDATE customers_customer SET born_ordinal = 722885 WHERE birth_year = 1980 AND birthday <> ''")

    # and forth: everything waits, is sealed, and is found
    call_command("migrate", verbosity=0)
    sets = ChangeSet.objects.create(action="field")
    Change.objects.create(change_set=sets, customer_id=people[0].pk)
    assert Note.objects.get().text == ""
    assert resealing.seal_waiting() == 4
    assert resealing.seal_waiting() == 0
    assert [(one.birth, one.vat_number) for one in Customer.objects.order_by("pk")] == [
        ("1980-03-12", "DE136695976"),
        ("--02-29", ""),
        ("1975", ""),
        ("", ""),
    ]
    assert Note.objects.get().text == "Likes Kyusu."
    found = customer_page(ListRequest.from_query({"birth_date.on": "1980-03-12"})).rows
    assert [one.name for one in found] == ["Whole"]
    assert not [row for row in run("SELECT birth, vat_number FROM customers_customer") if "1980" in "".join(row)]
