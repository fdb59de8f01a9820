"""What of a customer is sealed: in the database nobody reads it, on pages everybody does who may."""

import datetime as dt
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction

from regulars.core import datakeys, resealing, sealing
from regulars.core.fields import Lost, Unsealed, sealed_for
from regulars.customers import attachments, imaged, journal
from regulars.customers.actions import change_customer, create_customer
from regulars.customers.actions.custom_fields import change_field, create_field, set_custom_values
from regulars.customers.actions.merging import merge, unmerge
from regulars.customers.actions.notes import write_note
from regulars.customers.facts import CustomerChanged
from regulars.customers.models import Change, ChangeSet, Customer, CustomValue, Note, OwnProfile
from regulars.customers.queries import ListRequest, customer_page
from regulars.timeline.actions import record_many
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db
SECRETS = ("1980-03-12", "03-12", "DE136695976", "Invoice by post", "Threw a cup", "allergic to oolong", "passport 77")


def raw(table, column, pk):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [pk])  # noqa: S608 — our own
        return cursor.fetchone()[0]


def put_raw(table, column, pk, text):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [text, pk])  # noqa: S608 — our own


def everything():
    """The whole database as one text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 — our own tables
            found.append(repr(cursor.fetchall()))
    return "\n".join(found)


@pytest.fixture
def passport():
    return create_field(label="Passport", type="text", is_sensitive=True)


@pytest.fixture
def jonas(passport):
    made = create_customer(
        values={
            "given_name": "Jonas",
            "family_name": "Wieck",
            "company": "Wieck Keramik",
            "birth_year": 1980,
            "birthday": "03-12",
            "vat_number": "DE136695976",
            "payment_preference": "Invoice by post",
            "is_blocked": True,
            "restriction_reason": "Threw a cup",
        },
        address={"city": "Kiel", "country": "DE"},
    )
    write_note(made, text="He is allergic to oolong.")
    set_custom_values(made, values={"passport": "passport 77"})
    return Customer.objects.get(pk=made.pk)


def names(query):
    return {row.name for row in customer_page(ListRequest.from_query({**query, "limit": "250"})).rows}


def test_nothing_of_it_stands_in_the_database_and_all_of_it_is_read(jonas, passport):
    change_customer(jonas, values={"birthday": "03-13"})
    change_customer(jonas, values={"birthday": "03-12"})

    whole = everything()

    assert not [secret for secret in SECRETS if secret in whole]
    read = Customer.objects.get(pk=jonas.pk)
    assert (read.birth, read.birth_year, read.birthday) == ("1980-03-12", 1980, "03-12")
    assert read.born_ordinal == dt.date(1980, 3, 12).toordinal()
    assert (read.vat_number, read.payment_preference) == ("DE136695976", "Invoice by post")
    assert read.restriction_reason == "Threw a cup"
    assert Note.objects.get().text == "He is allergic to oolong."
    assert CustomValue.objects.get().sealed == "passport 77"
    told = Entry.objects.filter(name="customer.changed").latest("id")
    assert told.data == {"changes": {"birthday": ["03-13", "03-12"]}}
    told = Entry.objects.get(name="customer.custom_values_changed")
    assert told.data == {"changes": {passport.name: ["", "passport 77"]}}


@pytest.mark.parametrize(
    "query",
    [
        "birthday=03-12", "birthday.month=3", "birth_date.on=1980-03-12", "birth_date.after=1979-12-31",
        "birth_date.before=1980-03-13", "birth_date.is_set=yes", "age.min=40", "vat_number=de 136 695 976",
        "vat_number.is=DE136695976", "vat_number.is_set=yes", "payment_preference=invoice BY post",
        "metafields.custom.passport=Passport 77", "metafields.custom.passport.is_set=yes",
    ],
)  # fmt: skip
def test_it_is_found_without_being_opened(jonas, query):
    create_customer(values={"name": "Somebody Else", "birth_year": 2001, "birthday": "04-01"})
    name, _equals, value = query.partition("=")

    assert ("Jonas Wieck" in names({name: value})) is True
    assert names({name: value}) <= {"Jonas Wieck", "Somebody Else"}


@pytest.mark.parametrize(
    "query",
    [
        "birthday=03-11", "birth_date.on=1980-03-11", "birth_date.after=1980-03-12", "birth_date.before=1980-03-12",
        "birth_date.is_empty=yes", "age.max=20", "vat_number=DE1366959", "payment_preference=Invoice",
        "metafields.custom.passport=Passport 7", "metafields.custom.passport.is_empty=yes",
    ],
)  # fmt: skip
def test_it_is_not_found_by_anything_else(jonas, query):
    name, _equals, value = query.partition("=")

    assert names({name: value}) == set()


def test_ranges_of_birth_equal_a_plain_look(db):
    days = [dt.date(1960, 1, 1) + dt.timedelta(days=211 * number) for number in range(80)]
    for day in days:
        create_customer(values={"name": day.isoformat(), "birth_year": day.year, "birthday": day.isoformat()[5:]})
    create_customer(values={"name": "year alone", "birth_year": 1980})

    for after, before in (("1969-12-31", "1990-01-01"), ("1970-05-05", "1970-12-31"), ("1983-02-01", "1984-03-01")):
        found = names({"birth_date.after": after, "birth_date.before": before})
        assert found == {day.isoformat() for day in days if after < day.isoformat() < before}


def test_what_forgets_to_seal_fails(jonas):
    for write in (
        lambda: Customer.objects.filter(pk=jonas.pk).update(restriction_reason="plainly"),
        lambda: Note.objects.update(text="plainly"),
        lambda: Note.objects.filter(text="He is allergic to oolong.").exists(),
        lambda: OwnProfile.objects.update(values={"birth": "1980-03-12"}),
    ):
        with pytest.raises(Unsealed), transaction.atomic():
            write()
    assert Note.objects.get().text == "He is allergic to oolong."


def test_what_is_copied_to_somebody_else_or_changed_reads_as_nothing_and_is_told(jonas, caplog):
    other = create_customer(values={"name": "Li Na"})
    text = raw("customers_note", "text", Note.objects.get().pk)
    mine = raw("customers_customer", "birth", jonas.pk)
    put_raw("customers_customer", "restriction_reason", other.pk, mine)
    put_raw("customers_note", "text", Note.objects.get().pk, text[:-2] + ("AA" if text[-2:] != "AA" else "BB"))

    assert Customer.objects.get(pk=other.pk).restriction_reason == ""
    assert Note.objects.get().text == ""
    assert "customers_note.text" in caplog.text
    assert "oolong" not in caplog.text


def test_a_row_does_not_show_what_was_sealed_for_somebody_else(jonas):
    other = create_customer(values={"name": "Li Na"})
    put_raw("customers_customer", "birth", other.pk, raw("customers_customer", "birth", jonas.pk))

    assert Customer.objects.get(pk=other.pk).birthday == ""
    assert Customer.objects.get(pk=jonas.pk).birthday == "03-12"


def test_who_is_forgotten_is_unreadable_in_an_old_copy_and_nobody_else(jonas, client_of, ada):
    other = create_customer(values={"name": "Li Na", "birth_year": 1990, "birthday": "05-05"})
    write_note(other, text="Likes Kyusu.")
    page = f"/customers/{jonas.public_id}"
    assert (
        "oolong" in client_of(ada).get(f"{page}/timeline").content.decode() + client_of(ada).get(page).content.decode()
    )

    sealing.forget_person(jonas.pk)

    read = Customer.objects.get(pk=jonas.pk)
    assert (read.birth, read.vat_number, read.restriction_reason, read.birth_year) == ("", "", "", None)
    assert {note.text for note in Note.objects.all()} == {"", "Likes Kyusu."}
    assert CustomValue.objects.get().sealed == ""
    assert Entry.objects.get(name="customer.custom_values_changed").data["changes"] == {
        "metafields.custom.passport": ["", ""]
    }
    assert Customer.objects.get(pk=other.pk).birthday == "05-05"
    answer = client_of(ada).get(page)
    assert answer.status_code == 200
    assert not [secret for secret in SECRETS if secret in answer.content.decode()]


def test_what_is_lost_is_written_back_as_it_stood(jonas):
    sealing.forget_person(jonas.pk)
    note = Note.objects.get()
    before = raw("customers_note", "text", note.pk)

    note.is_pinned = True
    note.save()

    assert isinstance(note.text, Lost)
    assert raw("customers_note", "text", note.pk) == before


def test_a_merge_seals_what_it_shows_for_whose_row_it_is(jonas):
    keep = create_customer(values={"name": "Jonas W."})
    (link,) = merge(keep=keep, others=[jonas])
    shown = Customer.objects.get(pk=keep.pk)
    assert (shown.birth, shown.vat_number, shown.restriction_reason) == ("1980-03-12", "DE136695976", "Threw a cup")
    assert sealing.person_of(raw("customers_customer", "birth", keep.pk)) == keep.pk
    assert not [secret for secret in SECRETS if secret in everything()]
    assert names({"vat_number": "DE136695976"}) == {"Jonas W."}

    unmerge(link)

    assert Customer.objects.get(pk=keep.pk).birth == ""
    assert Customer.objects.get(pk=jonas.pk).birth == "1980-03-12"
    assert names({"vat_number": "DE136695976"}) == {"Jonas Wieck"}


def test_a_field_becomes_sensitive_and_plain_again_with_its_values(db):
    field = create_field(label="Water", type="text")
    one = create_customer(values={"name": "Li Na"})
    set_custom_values(one, values={"water": "very soft"})
    assert names({"metafields.custom.water": "soft"}) == {"Li Na"}

    change_field(field, is_sensitive=True)

    value = CustomValue.objects.get()
    assert (value.text, value.folded, value.sealed) == ("", "", "very soft")
    assert names({"metafields.custom.water": "very soft"}) == {"Li Na"}
    assert names({"metafields.custom.water": "soft"}) == set()

    change_field(field, is_sensitive=False)

    value = CustomValue.objects.get()
    assert (value.text, value.folded, value.sealed, value.blind) == ("very soft", "very soft", "", None)


def test_what_waits_is_sealed_once_and_found_by_its_numbers(jonas):
    put_raw("customers_customer", "birth", jonas.pk, "0.1975-06-07")
    put_raw("customers_customer", "vat_number", jonas.pk, "0.DE999999999")
    note = Note.objects.get()
    put_raw("customers_note", "text", note.pk, "0.1. Ring her back. 0.")
    with connection.cursor() as cursor:
        data = json.dumps({"changes": {"birthday": ["03-12", "06-07"], "city": ["Kiel", "Berlin"]}})
        cursor.execute("UPDATE timeline_entry SET data = %s WHERE name = 'customer.created'", [data])
    assert Customer.objects.get(pk=jonas.pk).birth == ""

    assert resealing.seal_waiting() == 3
    assert resealing.seal_waiting() == 0

    read = Customer.objects.get(pk=jonas.pk)
    assert (read.birth, read.vat_number) == ("1975-06-07", "DE999999999")
    assert Note.objects.get().text == "1. Ring her back. 0."
    assert names({"birthday": "06-07"}) == names({"vat_number": "de999999999"}) == {"Jonas Wieck"}
    told = Entry.objects.get(name="customer.created")
    assert told.data["changes"] == {"birthday": ["03-12", "06-07"], "city": ["Kiel", "Berlin"]}
    assert "06-07" not in everything()


def test_everything_is_sealed_anew_with_new_keys_and_reads_the_same(jonas):
    keep = create_customer(values={"name": "Jonas W."})
    merge(keep=keep, others=[jonas])
    pages = [repr(list(model.objects.order_by("pk").values())) for model in (Note, CustomValue, OwnProfile, Change)]
    shown = list(Customer.everyone.order_by("pk").values("birth", "vat_number", "restriction_reason"))
    datakeys.add_generation("people")

    assert resealing.renew_all() > 0
    assert resealing.renew_all() == 0

    assert raw("customers_note", "text", Note.objects.get().pk).startswith("2.")
    after = [repr(list(model.objects.order_by("pk").values())) for model in (Note, CustomValue, OwnProfile, Change)]
    assert after == pages
    assert list(Customer.everyone.order_by("pk").values("birth", "vat_number", "restriction_reason")) == shown
    sealing.forget_person(jonas.pk)
    assert Note.objects.get().text == ""


def test_an_update_takes_what_was_sealed_for_the_row(jonas):
    Customer.objects.filter(pk=jonas.pk).update(**sealed_for(Customer, jonas.pk, {"restriction_reason": "Late"}))

    assert Customer.objects.get(pk=jonas.pk).restriction_reason == "Late"


def test_images_of_an_older_version_are_sealed_and_still_undone(jonas, ada):
    line = Change.objects.create(
        change_set=ChangeSet.objects.create(action="field"),
        customer_id=jonas.pk,
        images=[["customer", jonas.pk, {"birth": "1975-06-07"}, {"birth": "1980-03-12"}]],
    )

    assert imaged.seal_plain() == 1
    assert imaged.seal_plain() == 0

    line.refresh_from_db()
    assert "1975-06-07" not in everything()
    datakeys.add_generation("people")
    assert imaged.renew() == 1
    line.refresh_from_db()
    assert journal.take_back([(1, line.images)]) == []
    assert Customer.objects.get(pk=jonas.pk).birth == "1975-06-07"


def test_an_old_copy_of_rows_and_files_opens_nowhere_with_the_newest_keys(jonas):
    other = create_customer(values={"name": "Li Na", "birth_year": 1990, "birthday": "05-05"})
    note = write_note(jonas, text="With a file.", files=[SimpleUploadedFile("scan.pdf", b"%PDF-1.7 harmless")])
    file = note.attachments.get()
    columns = ("birth", "vat_number", "payment_preference", "restriction_reason")
    old = {column: raw("customers_customer", column, jonas.pk) for column in columns}
    old_note, old_name = raw("customers_note", "text", note.pk), raw("customers_attachment", "name", file.pk)
    old_bytes = attachments.path_of(file.key).read_bytes()
    assert attachments.opened(file).read() == b"%PDF-1.7 harmless"

    sealing.forget_person(jonas.pk)

    # the old copy comes back, and the keys are the newest
    for column, text in old.items():
        put_raw("customers_customer", column, jonas.pk, text)
    put_raw("customers_note", "text", note.pk, old_note)
    put_raw("customers_attachment", "name", file.pk, old_name)
    attachments.path_of(file.key).write_bytes(old_bytes)
    datakeys.forget_cached()
    assert [getattr(Customer.objects.get(pk=jonas.pk), column) for column in columns] == ["", "", "", ""]
    assert (Note.objects.get(pk=note.pk).text, note.attachments.get().name) == ("", "")
    with pytest.raises(sealing.Forgotten):
        attachments.opened(file)
    for column, text in old.items():
        with pytest.raises(sealing.Forgotten):
            sealing.open_sealed(text, f"customers_customer.{column}")
    assert Customer.objects.get(pk=other.pk).birthday == "05-05"
    # no node that is kept leads to that leaf
    for tree in datakeys.people().generations.values():
        assert not [node for node in tree.nodes if jonas.pk >> (40 - node[0]) == node[1]]


def test_keys_are_read_before_many_rows_are_written(jonas):
    datakeys.forget_cached()

    record_many([(jonas.pk, CustomerChanged(changes={"birthday": ["", "12-24"]}))], subject=Customer)

    assert Entry.objects.latest("id").data == {"changes": {"birthday": ["", "12-24"]}}
    assert "12-24" not in everything()
