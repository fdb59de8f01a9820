"""The copy of a person's data holds every column that is theirs, reads without us, and can be taken in elsewhere."""

import io
import json
import re
import zipfile

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile

from regulars.channels.actions import channel_for
from regulars.customers import belongings
from regulars.customers.actions import create_customer
from regulars.customers.actions.addresses import save_address
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.contact_points import add_contact_point
from regulars.customers.actions.merging import merge
from regulars.customers.actions.notes import write_note
from regulars.customers.actions.privacy import ask_for_right, limit_person, make_copy
from regulars.customers.actions.taking_in import take_in_copy
from regulars.customers.models import Customer
from regulars.customers.privacy import columns, copying
from regulars.timeline.models import Entry


@pytest.fixture
def home(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    settings.ATTACHMENTS = tmp_path / "attachments"
    return tmp_path


@pytest.fixture
def elodie(home, db):
    customer = create_customer(
        values={"name": "Élodie Marchetti", "email": "elodie@posteo.example", "phone": "+49 151 12345678",
                "birth_date": "1984-03-12", "occupation": "Baker", "interests": "tea,honey"},
        channel=channel_for("web"),
        external_id="17850",
        address={"line1": "12 Harbour Road", "city": "Bristol", "country": "GB"},
    )  # fmt: skip
    add_contact_point(customer, kind="email", value="elodie.work@posteo.example")
    write_note(customer, text="Allergic to peanuts", files=[SimpleUploadedFile("list.txt", b"peanuts, honey")])
    record_consent(customer, medium="email", state="agreed", source="form")
    ask_for_right(customer, kind="copy", law="gdpr")
    limit_person(customer, kind="no_profiling", reason="Asked by mail")
    return customer


def test_every_column_of_a_person_is_in_the_copy_or_left_out_for_a_reason():
    """A new column is in the copy by itself, or somebody says here why it is not."""
    unexplained = []
    for holder in belongings.holders():
        for label in holder.models:
            model = apps.get_model(label)
            for field in model._meta.concrete_fields:
                name = f"{model._meta.label}.{field.name}"
                if not columns.is_told(holder, field) and not columns.why_left_out(name):
                    unexplained.append(name)
    assert unexplained == []


def test_every_table_with_a_person_in_it_has_a_holder():
    held = {label for holder in belongings.holders() for label in holder.models}
    forgotten = [
        model._meta.label
        for model in apps.get_models()
        if model is not Customer
        and any(
            field.related_model is Customer or field.attname == "customer_id" for field in model._meta.concrete_fields
        )
        and model._meta.label not in held
        and not columns.why_left_out(model._meta.label)
    ]
    assert forgotten == []


def test_the_copy_has_all_records_of_the_person_and_says_which(elodie):
    twin = create_customer(values={"name": "E. Marchetti", "email": "em@posteo.example"})
    write_note(twin, text="Came by bicycle")
    merge(keep=elodie, others=[twin])
    copy = copying.copy_of(Customer.objects.get(pk=elodie.pk))
    assert copy["format"] == "regulars.person/1"
    assert copy["person"] == {"id": elodie.public_id, "records": [elodie.public_id, twin.public_id]}
    notes = {(row["record"], row["text"]) for row in copy["data"]["notes"]}
    assert notes == {(elodie.public_id, "Allergic to peanuts"), (twin.public_id, "Came by bicycle")}
    [consent] = copy["data"]["consent_records"]
    assert (consent["state"], consent["value"], consent["source"]) == ("agreed", "elodie@posteo.example", "form")
    assert {"kind": "channel", "name": "Web", "number": "17850"} in [
        {**one, "name": "Web"} for one in copy["sources"] if "number" in one
    ]


def test_the_packed_copy_stands_by_itself_in_both_languages(elodie, ada):
    stream = io.BytesIO()
    copy = make_copy(elodie, stream)
    with zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
        plain = json.loads(archive.read("person.json"))
        pages = {name: archive.read(name).decode() for name in names if name.endswith(".html")}
        [file] = [name for name in names if name.startswith("files/")]
        assert archive.read(file) == b"peanuts, honey"
    assert sorted(pages) == ["person.en.html", "person.zh-hans.html"]
    assert plain["digest"] == copy["digest"]
    for text in pages.values():
        assert "Allergic to peanuts" in text
        assert "Élodie Marchetti" in text
        assert not re.search(r"(?:src|href)=|<script|https?://|url\(", text)
    assert Entry.objects.filter(name="privacy.copied", customer=elodie).count() == 1


def test_what_is_taken_along_is_the_same_elsewhere(elodie, home):
    save_address(elodie, values={"line1": "Rosengasse 4", "city": "Wien", "country": "AT"})
    copy = copying.copy_of(elodie)
    Customer.everyone.filter(pk=elodie.pk).update(email="moved@posteo.example")
    elodie.identities.all().delete()
    elodie.contact_points.all().delete()
    taken = take_in_copy(copy)
    assert taken.pk != elodie.pk
    assert copying.copy_of(taken)["digest"] == copy["digest"]
    assert taken.email == "elodie@posteo.example"


def test_who_looked_and_to_whom_it_went_is_in_the_copy(elodie, ada, client_of):
    client_of(ada).get(f"/customers/{elodie.public_id}")
    from regulars.timeline.actions import take_in_reads

    take_in_reads()
    copy = copying.copy_of(elodie)
    assert any(one["role"] == "owner" for one in copy["accesses"])
    assert all("Ada" not in json.dumps(one) for one in copy["accesses"])
