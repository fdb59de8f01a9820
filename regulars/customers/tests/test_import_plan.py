"""An import as people use it: planned row by row, applied as a whole or in part, and taken back, table by table."""

from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import importing, imports
from regulars.customers.actions.custom_fields import create_field
from regulars.customers.actions.profile import change_customer, create_customer
from regulars.customers.actions.tags import tag
from regulars.customers.actions.undoing import undo_import
from regulars.customers.importing import files, preparing
from regulars.customers.models import (
    Change,
    ChangeSet,
    ConsentRecord,
    ContactPoint,
    Customer,
    CustomValue,
    Note,
    Tag,
)
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db

# What a shop did stays written down: timeline, jobs, change sets and the files they came from. The index is made of the
# customers, and looks at whoever it does not know yet.
HISTORY = {
    "timeline_entry", "customers_changeset", "customers_change", "customers_changespan", "customers_importfile",
    "customers_rememberedmapping", "customers_gram", "customers_standing", "customers_unindexed", "core_lease",
    "django_tasks_db_dbtaskresult", "sqlite_sequence", "channels_channel", "core_wrappedkey", "timeline_amendment",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    shop.change(country="DE", time_zone="Europe/Berlin", currency="EUR")


def everything():
    """Every row of every table but those of history."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table not in HISTORY:
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 — our own tables
                found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def brought(*lines, name="people.csv"):
    return imports.receive_file(name=name, chunks=["\n".join(lines).encode()])


def mapped(header):
    return {field: str(place) for place, field in enumerate(header.split(","), 1) if field != "-"}


def planned(fields, *lines):
    file = brought(*lines)
    return imports.plan_import(file, mapping=mapped(fields))


def lines_of(change_set):
    return {line.row: line for line in change_set.changes.order_by("row")}


def ada(**values):
    return create_customer(
        values={"name": "Ada Lovelace", "email": "ada@mail.example", "phone": "+49301234567", **values},
        external_id="1",
        channel=channel_for("web"),
        address={"line1": "Kai 1", "city": "Hamburg", "postcode": "20457", "country": "DE"},
    )


def test_a_plan_says_of_every_row_what_would_become_of_it():
    ada()
    create_customer(values={"name": "Bea Baum", "phone": "+49301112222"})
    before = everything()
    plan = planned(
        "email,name,phone,city",
        "E-Mail,Name,Phone,City",
        "ada@mail.example,Ada Lovelace,,Hamburg",
        "ada@mail.example,Ada King,,Kiel",
        "new@mail.example,Cleo Conrad,,",
        "bea@mail.example,Bea Baum,+49 30 1112222,",
        "nobody,Dora,,",
        "new@mail.example,Cleo Conrad,+49 30 9998888,",
    )
    assert plan.state == ChangeSet.State.PLANNED
    assert everything() == before
    lines = lines_of(plan)
    assert [lines[row].outcome for row in sorted(lines)] == ["same", "refused", "new", "possible", "refused", "changed"]
    assert plan.counts == {"same": 1, "new": 1, "possible": 1, "refused": 2, "changed": 1, "rows": 6}
    assert "nobody" in lines[6].reason
    assert lines[5].reason == "Bea Baum has the same name and phone."
    assert lines[7].reason == "The same customer as an earlier row of this file, which would make them."


def test_another_account_with_an_email_that_somebody_has_is_perhaps_the_same_person():
    known = ada()
    plan = planned(
        "external_id,email,given_name,family_name,city",
        "Number,E-Mail,Vorname,Nachname,Ort",
        "77,ada@mail.example,Grace,Hopper,Aarhus",
    )
    [line] = plan.changes.all()
    assert (line.outcome, line.customer_id, line.reason) == (
        "possible",
        known.pk,
        "Ada Lovelace has the same e-mail.",
    )


def test_a_change_is_shown_field_by_field():
    ada()
    plan = planned(
        "email,family_name,given_name,city,tags,birthday",
        "E-Mail,Nachname,Vorname,Ort,Tags,Geburtstag",
        "ada@mail.example,King,Ada,Kiel,vip,1815-12-10",
    )
    [line] = plan.changes.all()
    assert line.outcome == "refused"  # nobody of today was born in 1815
    plan = planned(
        "email,city,tags,birthday",
        "E-Mail,Ort,Tags,Geburtstag",
        "ada@mail.example,Kiel,vip,1985-12-10",
    )
    [line] = plan.changes.all()
    assert line.outcome == "changed"
    assert line.fields == {
        "city": ["Hamburg", "Kiel"],
        "tags": ["", ["vip"]],
        "birth_year": [None, 1985],
        "birthday": ["", "12-10"],
    }


FIELDS = (
    "external_id,email,name,phone,line1,city,postcode,country,birthday,tags,note,email_consent,phone_2,gender,"
    "metafields.custom.size"
)
WHOLE = (
    "Id,E-Mail,Name,Phone,Street,City,Zip,Country,Born,Tags,Notes,Newsletter,Phone 2,Sex,Size",
    (
        "1,ada@mail.example,Ada King,+49 30 7654321,Kai 2,Kiel,24103,DE,1985-12-10,"
        '"vip, spring",Likes tea,yes,+49 30 5554433,female,38'
    ),
    "2,new@mail.example,Cleo Conrad,,Weg 1,Bonn,53111,DE,--03-12,vip,Call first,no,,,40",
    "3,dora@mail.example,Dora Diehl,,,,,,,,,,,,",
)


def test_an_import_is_taken_back_table_by_table():
    create_field(label="Size", type="number")
    first, _other = ada(), create_customer(values={"name": "Bea Baum"})
    tag(first, names=["spring"])
    before = everything()
    plan = planned(FIELDS, *WHOLE)
    assert plan.counts == {"changed": 1, "new": 2, "rows": 3}
    done = imports.apply_import(plan)
    assert done.state == ChangeSet.State.APPLIED, done.problem
    assert {name: done.counts[name] for name in ("created", "updated", "rejected")} == {
        "created": 2, "updated": 1, "rejected": 0,
    }  # fmt: skip
    first.refresh_from_db()
    assert (first.name, first.city, first.gender, first.birth_year) == ("Ada King", "Kiel", "female", 1985)
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["spring", "vip"]
    assert CustomValue.objects.count() == 2
    assert Note.objects.count() == 2
    assert ConsentRecord.objects.count() == 2
    assert ContactPoint.objects.filter(customer=first, kind="phone").exists()
    assert "5554433" in first.search_text
    told = Entry.objects.filter(customer=first, recorded_at__gte=done.started_at).values_list("name", flat=True)
    assert sorted(told) == [
        "customer.address_changed", "customer.changed", "customer.changed", "customer.consent_changed",
        "customer.contact_changed", "customer.custom_values_changed", "customer.note_written", "customer.tagged",
    ]  # fmt: skip
    undone = undo_import(done)
    assert undone.state == ChangeSet.State.UNDONE
    assert everything() == before
    assert (undone.counts["undone"], undone.counts["kept"]) == (3, 0)


def test_what_people_did_since_stays_and_is_listed():
    create_field(label="Size", type="number")
    first = ada()
    done = imports.apply_import(planned(FIELDS, *WHOLE[:1], *WHOLE[2:], "1,ada@mail.example,Ada King,,,,,,,,,,,,"))
    cleo = Customer.objects.get(email="new@mail.example")
    change_customer(Customer.objects.get(pk=first.pk), values={"occupation": "Countess", "name": "Ada Byron"})
    change_customer(cleo, values={"occupation": "Painter"})
    undone = undo_import(done)
    first.refresh_from_db()
    assert (first.name, first.occupation) == ("Ada Byron", "Countess")
    assert Customer.objects.filter(pk=cleo.pk).exists()
    assert not Customer.objects.filter(email="dora@mail.example").exists()
    kept = undone.changes.filter(state=Change.State.KEPT)
    assert {line.customer_id for line in kept} == {first.pk, cleo.pk}
    assert all(line.reason for line in kept)


def test_an_e_mail_that_somebody_else_has_by_now_does_not_come_back():
    web = channel_for("web")
    first = create_customer(values={"name": "Mara", "email": "mara@shop.example"}, channel=web, external_id="1")
    second = create_customer(values={"name": "Jonas", "email": "jonas@shop.example"}, channel=web, external_id="2")
    third = create_customer(values={"name": "Li Na", "email": "li@shop.example"})
    rows = ("1,new@shop.example", "2,mara@shop.example")
    change_set = planned("external_id,email", "Customer ID,Email", *rows)
    imports.apply_import(change_set)
    change_customer(third, values={"email": "jonas@shop.example"})
    undone = undo_import(ChangeSet.objects.get(pk=change_set.pk))
    emails = dict(Customer.objects.values_list("name", "email"))
    assert emails["Jonas"] == "mara@shop.example"
    assert emails["Li Na"] == "jonas@shop.example"
    assert emails["Mara"] == "mara@shop.example"
    assert (undone.counts["undone"], undone.counts["kept"]) == (1, 1)
    assert [line.reason for line in undone.changes.filter(state="kept")] == [
        "Li Na has the e-mail jonas@shop.example now."
    ]
    assert (first.pk, second.pk) == tuple(Customer.objects.order_by("pk").values_list("pk", flat=True)[:2])


def test_an_e_mail_that_went_to_somebody_whom_the_import_made_comes_back():
    create_customer(values={"name": "Mara", "email": "mara@shop.example"}, channel=channel_for("web"), external_id="1")
    rows = ("1,new@shop.example,Mara", "2,mara@shop.example,Mara P.")
    change_set = planned("external_id,email,name", "Customer ID,Email,Name", *rows)
    imports.apply_import(change_set)
    assert dict(Customer.objects.values_list("email", "name"))["mara@shop.example"] == "Mara P."
    undone = undo_import(ChangeSet.objects.get(pk=change_set.pk))
    assert undone.counts["kept"] == 0
    assert dict(Customer.objects.values_list("name", "email")) == {"Mara": "mara@shop.example"}


def test_a_part_of_a_plan_is_applied():
    first = ada()
    plan = planned(
        "email,name", "E-Mail,Name", "ada@mail.example,Ada King", "new@mail.example,Cleo", "dora@mail.example,Dora"
    )
    lines = lines_of(plan)
    imports.leave_out(plan, lines=[lines[4].pk])
    done = imports.apply_import(plan, kinds=["new"])
    first.refresh_from_db()
    assert first.name == "Ada Lovelace"
    assert not Customer.objects.filter(email="dora@mail.example").exists()
    assert Customer.objects.filter(email="new@mail.example").exists()
    assert done.counts["created"] == 1
    assert done.counts["left_out"] == 2


def test_what_changed_since_the_plan_is_not_done_and_comes_back():
    first = ada()
    plan = planned("email,name", "E-Mail,Name", "ada@mail.example,Ada King")
    change_customer(first, values={"name": "Ada Byron"})
    done = imports.apply_import(plan)
    first.refresh_from_db()
    assert first.name == "Ada Byron"
    assert (done.counts["updated"], done.counts["rejected"]) == (0, 1)
    rejects = Path(imports.path_of(done.file)).parent / "rejected.csv"
    assert "since the plan was made" in files.opened(rejects).read().decode("utf-8-sig")
    assert b"since the plan was made" not in rejects.read_bytes()


def test_imports_are_taken_back_one_after_the_other():
    before = everything()
    first = imports.apply_import(planned("external_id,email,name", "Id,E-Mail,Name", "1,a@mail.example,Ada"))
    between = everything()
    second = imports.apply_import(planned("external_id,name,tags", "Id,Name,Tags", "1,Ada King,vip"))
    assert Customer.objects.get().name == "Ada King"
    undo_import(second)
    assert everything() == between
    undone = undo_import(first)
    assert undone.counts["kept"] == 0
    assert everything() == before


def test_an_import_that_is_stopped_keeps_what_is_in_and_can_be_taken_back(monkeypatch):
    before = everything()
    plan = planned("name", "Name", *(f"Somebody {number}" for number in range(30)))
    monkeypatch.setattr("regulars.customers.actions.importing._BATCHES_BESIDE_PEOPLE", 1)
    asked = []

    def is_stopped(_run):
        asked.append(1)
        return len(asked) > 2

    monkeypatch.setattr(imports.QuietRun, "is_stopped", is_stopped)
    real = preparing.batches
    monkeypatch.setattr(importing, "batches", lambda table, plan: real(table, plan, size=5))
    done = imports.apply_import(plan)
    assert done.state == ChangeSet.State.STOPPED
    assert Customer.objects.count() == done.counts["created"] == 10
    assert undo_import(done).state == ChangeSet.State.UNDONE
    assert everything() == before


def test_what_is_in_when_an_import_breaks_off_can_be_taken_back(monkeypatch, tmp_path):
    from regulars.core.importing import importing as run_of

    before = everything()
    path = tmp_path / "people.csv"
    path.write_text("name\n" + "".join(f"Somebody {number}\n" for number in range(10)))
    real = preparing.batches

    def breaks_off(table, plan):
        yield next(real(table, plan, size=5))
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "batches", breaks_off)
    monkeypatch.setattr(importing, "_BATCHES_PER_COMMIT", 1)
    with pytest.raises(KeyboardInterrupt), run_of("customers", path) as run:
        importing.import_customers(path, run=run, mapping={})
    assert Customer.objects.count() == 5
    kept = ChangeSet.objects.get()
    assert kept.state == ChangeSet.State.FAILED
    undo_import(kept)
    assert everything() == before
