"""`core.bulk` with rows of the customer file: what goes in comes out, on both databases, and nothing is let through."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from regulars.channels.actions import channel_for
from regulars.core import bulk
from regulars.core.importing import importing
from regulars.customers.actions.importing import import_customers
from regulars.customers.models import Customer, Identity
from regulars.timeline.models import Entry

ODD = ["", "\\N", "a\\tb", "tab\there", "line\nend", "back\\", "100%", "%s", 'O\'Neil "x"', "张三", "\r", "NULL", "é"]


def rows_of(names, **same):
    now = bulk.moment(dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC))
    usual = {
        "created_at": now, "updated_at": now, "customer_since": now, "version": 1, "kind": "person", "title": "",
        "given_name": "", "family_name": "", "company": "", "email": "", "phone": "", "language": "",
        "status": "active", "is_guest": False, "city": "", "region": "", "postcode": "", "country": "",
        "sort_name": "", "search_text": "", "orders_count": 0, "spent_minor": 0, "refunded_minor": 0,
    }  # fmt: skip
    ids = bulk.take_ids(Customer, len(names))
    columns = [name for name in usual if name not in same]
    rows = [(pk, name, *(usual[column] for column in columns)) for pk, name in zip(ids, names, strict=True)]
    bulk.insert(Customer, ("id", "name", *columns), rows, same=same)
    return list(Customer.objects.filter(pk__in=ids).order_by("pk"))


@pytest.mark.parametrize("times", [1, 20])
def test_every_text_comes_out_as_it_went_in(db, times):
    made = rows_of(ODD * times)
    assert [one.name for one in made] == ODD * times
    assert {one.is_guest for one in made} == {False}
    assert {one.birth_year for one in made} == {None}
    assert {one.created_at for one in made} == {dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)}


@pytest.mark.parametrize("shared", ["", "100% \\N\t%s", "it's"])
def test_what_all_rows_share_is_written_in_each(db, shared):
    made = rows_of(["Ada", "Ben"] * 40, company=shared, is_guest=True, looked_after_by_id=None, spent_minor=-5)
    assert {(one.company, one.is_guest, one.looked_after_by_id, one.spent_minor) for one in made} == {
        (shared, True, None, -5)
    }


def test_rows_that_are_all_the_same_are_written_all(db):
    made = rows_of(["Ada"] * 60)
    assert len(made) == 60
    Identity.objects.bulk_create(Identity(customer=made[0], channel=channel_for("web"), external_id="1") for _ in "1")
    same = [(made[0].pk, "2", None)] * 55
    bulk.insert(Entry, ("customer_id", "name", "actor_id"), same, same={
        "at": bulk.moment(made[0].created_at), "recorded_at": bulk.moment(made[0].created_at), "source": "import",
        "subject_type": "", "subject_id": None, "data": "{}",
    })  # fmt: skip
    assert Entry.objects.filter(name="2", actor=None).count() == 55


def test_unique_columns_are_guarded_where_references_are_not_looked_up(db):
    channel, one = channel_for("web"), rows_of(["Ada"])[0]
    with pytest.raises(IntegrityError), transaction.atomic(), bulk.unchecked_references((type(channel), channel.pk)):
        bulk.insert(
            Identity,
            ("customer_id", "channel_id", "external_id"),
            [(one.pk, channel.pk, "1"), (one.pk, channel.pk, "1")],
        )
    assert not Identity.objects.exists()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW session_replication_role")
            assert cursor.fetchone() == ("origin",)


def test_nobody_is_referred_to_who_is_not_there(db):
    channel = channel_for("web")
    if connection.vendor == "postgresql":
        with pytest.raises(type(channel).DoesNotExist), bulk.unchecked_references((type(channel), 987_654)):
            pass


def test_a_plain_user_of_postgresql_imports_as_well(db, tmp_path):
    if connection.vendor != "postgresql":
        return  # SQLite has no users
    path = tmp_path / "customers.csv"
    path.write_text("id,name,email\n1,Ada,ada@mail.example\n2,Ben,ben@mail.example\n", encoding="utf-8")
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE plain_shop")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain_shop")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain_shop")
        cursor.execute("SET LOCAL ROLE plain_shop")
        with importing("customers", path) as run:
            import_customers(path, run=run, mapping={}, is_parallel=False)
        cursor.execute("RESET ROLE")
    assert run.summary.created == 2
    assert Customer.objects.filter(identities__channel__code="web").count() == 2
