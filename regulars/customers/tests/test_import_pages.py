"""The pages of an import: bring a file, say what the columns are, look at the plan, do it, take it back."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import imports
from regulars.customers.actions.custom_fields import create_field
from regulars.customers.actions.profile import create_customer
from regulars.customers.models import ChangeSet, Customer, CustomField, ImportFile
from regulars.staff.models import User

pytestmark = pytest.mark.django_db
FILE = (
    "Nr;Name;E-Mail;Ort;Schuhgröße;Irgendwas\n"
    "1;Ada King;ada@mail.example;Kiel;38;x\n"
    "2;Bea Baum;bea@mail.example;Bonn;39;y\n"
    "3;Cleo;nobody;Bern;40;z\n"
)


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path
    shop.change(country="DE", time_zone="Europe/Berlin", currency="EUR")


@pytest.fixture
def known():
    return create_customer(
        values={"name": "Ada Lovelace", "email": "ada@mail.example"}, external_id="1", channel=channel_for("web")
    )


def upload(client, content=FILE, name="people.csv"):
    answer = client.post("/customers/import", {"file": SimpleUploadedFile(name, content.encode("cp1252"))})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return answer["Location"]


def selected(page):
    """What each column of the mapper is chosen to be."""
    found = {}
    for block in re.findall(r'<select id="(column_\d+)".*?</select>', page, re.DOTALL):
        body = re.search(rf'<select id="{block}".*?</select>', page, re.DOTALL)[0]
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[block] = chosen[1] if chosen else ""
    return found


def test_from_the_file_to_the_plan_to_the_customers_and_back(client_of, ada, known):
    client = client_of(ada)
    columns = upload(client)
    page = client.get(columns).content.decode()
    assert "Windows-1252" in page
    chosen = selected(page)
    assert list(chosen.values()) == ["", "name", "email", "city", "", ""]
    assert "ada@mail.example" in page
    answer = client.post(columns, {**chosen, "column_0": "external_id", "column_4": "new:number", "_plan": "1"})
    plan = answer["Location"]
    page = client.get(plan).content.decode()
    assert "Not imported: Irgendwas." in page
    assert "Ada Lovelace" in page
    assert "Ada King" in page
    assert Customer.objects.count() == 1
    assert CustomField.objects.get().label == "Schuhgröße"
    refused = client.get(f"{plan}?show=refused").content.decode()
    assert "is not an e-mail address" in refused
    change_set = ChangeSet.objects.get()
    answer = client.post(f"/customers/import/{change_set.public_id}/apply", {"kind": ["new", "changed"]})
    page = client.get(answer["Location"]).content.decode()
    assert "<b>1</b> made, <b>1</b> changed" in page
    known.refresh_from_db()
    assert (known.name, known.city) == ("Ada King", "Kiel")
    rejects = client.get(f"/customers/import/{change_set.public_id}/rejects")
    assert "nobody" in b"".join(rejects.streaming_content).decode("utf-8-sig")
    client.post(f"/customers/import/{change_set.public_id}/undo")
    known.refresh_from_db()
    assert (known.name, known.city, Customer.objects.count()) == ("Ada Lovelace", "", 1)
    assert client.post(f"/customers/import/{change_set.public_id}/undo").status_code == 409


def test_the_same_headings_are_read_as_the_last_time(client_of, ada):
    client = client_of(ada)
    columns = upload(client)
    client.post(columns, {"column_1": "name", "column_2": "email", "column_3": "note", "_plan": "1"})
    page = client.get(upload(client)).content.decode()
    assert list(selected(page).values()) == ["", "name", "email", "note", "", ""]
    assert "was imported before" in page


def test_two_columns_cannot_be_one_field_and_nobody_cannot_be_imported(client_of, ada):
    client = client_of(ada)
    columns = upload(client)
    answer = client.post(columns, {"column_1": "name", "column_3": "name", "_plan": "1"})
    assert answer.status_code == 422
    assert "Two columns cannot both be" in answer.content.decode()
    answer = client.post(columns, {"column_3": "city", "_plan": "1"})
    assert answer.status_code == 422
    assert "says who somebody is" in answer.content.decode()
    assert not ChangeSet.objects.exists()


def test_a_file_may_be_read_differently(client_of, ada):
    client = client_of(ada)
    columns = upload(client, "Name,Ort\nJ\xf6rg,K\xf6ln\n")
    page = client.post(columns, {"encoding": "cp1251", "_read": "1"}).content.decode()
    assert "Jцrg" in page
    assert "Jörg" not in page


def test_single_rows_are_left_out_and_taken_in_again(client_of, ada, known):
    client = client_of(ada)
    plan = client.post(upload(client), {"column_1": "name", "column_2": "email", "_plan": "1"})["Location"]
    change_set = ChangeSet.objects.get()
    line = change_set.changes.get(outcome="new")
    client.post(f"/customers/import/{change_set.public_id}/leave-out", {"line": [line.pk], "back": "show=new"})
    assert "left out" in client.get(f"{plan}?show=new").content.decode()
    client.post(f"/customers/import/{change_set.public_id}/leave-out", {"line": [line.pk], "_in": "1"})
    assert "left out" not in client.get(f"{plan}?show=new").content.decode()
    client.post(f"/customers/import/{change_set.public_id}/leave-out", {"line": [line.pk]})
    client.post(f"/customers/import/{change_set.public_id}/apply", {"kind": ["new", "changed", "possible"]})
    known.refresh_from_db()
    assert known.name == "Ada King"
    assert not Customer.objects.filter(name="Bea Baum").exists()


def test_a_file_does_not_tell_of_a_field_that_only_some_roles_see(client_of, ada):
    create_field(label="Score", type="text", seen_by=["owner"])
    mia = User.objects.create(name="Mia", email="mia@shop.example", role="manager", password="!")
    client = client_of(ada)
    columns = upload(client, "name,email,Score\nMara,mara@shop.example,overdrawn\nJonas,nonsense@,overdrawn\n")
    page = client.get(columns).content.decode()
    assert "overdrawn" in page
    plan = client.post(columns, {"_plan": "1", **selected(page)}).url
    theirs = client_of(mia).get(columns).content.decode()
    assert "mara@shop.example" in theirs
    assert "overdrawn" not in theirs
    client_of(ada).post(f"{plan}/apply", {"kind": ["new"]})
    assert Customer.objects.count() == 1
    assert b"overdrawn" in client.get(f"{plan}/rejects").getvalue()
    assert client_of(mia).get(f"{plan}/rejects").status_code == 404


def test_odd_numbers_in_an_address_or_a_form_break_nothing(client_of, ada, known):
    client = client_of(ada)
    columns = upload(client)
    client.post(columns, {"_plan": "1", **selected(client.get(columns).content.decode())})
    address = f"/customers/import/{ChangeSet.objects.get().public_id}"
    for odd in ("²", "9" * 30, "-1", "٣", ""):
        assert client.get("/customers/import", {"before": odd}).status_code == 200
        assert client.get(address, {"after": odd}).status_code == 200
        assert client.post(f"{address}/leave-out", {"line": [odd]}).status_code == 302


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "empty"),
        ("a.pdf", b"%PDF-1.7 x", "PDF"),
        ("a.json", b'[{"name": "Ada"}]', "JSON"),
        ("../../evil.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "picture"),
    ],
)
def test_a_file_that_is_no_table_is_refused_and_not_kept(client_of, ada, tmp_path, name, content, words):
    answer = client_of(ada).post("/customers/import", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422
    assert not ImportFile.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    if content:
        assert words in answer.content.decode()
    assert client_of(ada).post("/customers/import", {}).status_code == 422


def test_a_file_lies_in_the_data_folder_under_a_name_nobody_chose(client_of, ada, tmp_path):
    upload(client_of(ada), name="..\\..\\x/../../people.csv")
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert path.parent.parent == tmp_path / "imports"
    assert path.stat().st_mode & 0o077 == 0


def test_who_may_not_import_sees_and_does_nothing(client_of, ada, ben, charlie, known):
    client = client_of(ada)
    client.post(upload(client), {"column_1": "name", "column_2": "email", "_plan": "1"})
    change_set = ChangeSet.objects.get()
    address = f"/customers/import/{change_set.public_id}"
    for nobody in (ben, charlie):
        other = client_of(nobody)
        for url in ("/customers/import", address, f"{address}/rejects"):
            assert other.get(url).status_code == 403
        for url in ("apply", "undo", "stop", "leave-out"):
            assert other.post(f"{address}/{url}", {"kind": ["new", "changed"]}).status_code == 403
        upload_of = {"file": SimpleUploadedFile("x.csv", io.BytesIO(b"name\nAda\n").read())}
        assert other.post("/customers/import", upload_of).status_code == 403
    known.refresh_from_db()
    assert (known.name, Customer.objects.count(), ImportFile.objects.count()) == ("Ada Lovelace", 1, 1)


def test_the_pages_ask_as_much_for_three_rows_as_for_one(client_of, ada):
    counts = []
    for number in (1, 3):
        file = imports.receive_file(
            name=f"f{number}.csv", chunks=[b"name\n", *(f"N{row}\n".encode() for row in range(number))]
        )
        plan = imports.plan_import(file, mapping={"name": "1"})
        client = client_of(ada)
        client.get(f"/customers/import/{plan.public_id}")
        for address in (f"/customers/import/{plan.public_id}", "/customers/import"):
            with CaptureQueriesContext(connection) as found:
                client.get(address)
            counts.append(len(found))
    assert counts[0] == counts[2]
    assert counts[1] == counts[3]


def test_a_plan_that_cannot_be_made_says_why_and_can_be_made_anew(client_of, ada, monkeypatch):
    client = client_of(ada)
    columns = upload(client)
    ImportFile.objects.update(size=imports.AT_HAND + 1)  # planned in the background
    plan = client.post(columns, {"column_1": "name", "_plan": "1"})["Location"]
    page = client.get(plan).content.decode()
    assert "The plan is being made" in page
    change_set = ChangeSet.objects.get()
    assert client.post(columns, {"column_1": "name", "_plan": "1"}).status_code == 302  # one plan at a time
    client.post(f"/customers/import/{change_set.public_id}/stop")
    page = client.get(plan).content.decode()
    assert "The plan was stopped. Nothing is saved." in page
    again = client.post(columns, {"column_1": "name", "column_2": "email", "_plan": "1"})
    assert again.status_code == 302
    change_set.refresh_from_db()
    assert change_set.state == ChangeSet.State.PLANNING
    imports.make_import_plan(change_set_id=change_set.pk, token="of the plan before")
    assert not change_set.changes.exists()
    imports.make_import_plan(change_set_id=change_set.pk, token=change_set.params["token"])
    change_set.refresh_from_db()
    assert (change_set.state, change_set.counts["new"]) == (ChangeSet.State.PLANNED, 2)


def test_files_are_thrown_away_after_thirty_days_and_the_undo_still_works(client_of, ada, tmp_path):
    client = client_of(ada)
    client.post(upload(client), {"column_1": "name", "_plan": "1"})
    change_set = ChangeSet.objects.get()
    client.post(f"/customers/import/{change_set.public_id}/apply", {"kind": ["new"]})
    assert Customer.objects.count() == 3
    assert imports.throw_old_files_away() == 0
    ImportFile.objects.update(created_at="2020-01-01T00:00:00Z")
    assert imports.throw_old_files_away() == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert client.get(f"/customers/import/{change_set.public_id}").status_code == 200
    client.post(f"/customers/import/{change_set.public_id}/undo")
    assert Customer.objects.count() == 0


def test_the_customers_page_reads_well_after_an_import_and_after_its_undo(client_of, ada, known):
    client = client_of(ada)
    content = "Nr;Notiz;Tags;Geburtstag\n1;Likes tea;vip;1985-12-10\n"
    client.post(upload(client, content), {
        "column_0": "external_id", "column_1": "note", "column_2": "tags", "column_3": "birthday", "_plan": "1",
    })  # fmt: skip
    change_set = ChangeSet.objects.get()
    client.post(f"/customers/import/{change_set.public_id}/apply", {"kind": ["changed"]})
    page = client.get(f"/customers/{known.public_id}").content.decode()
    assert "Likes tea" in page
    client.post(f"/customers/import/{change_set.public_id}/undo")
    for tab in ("", "/changes", "/profile"):
        answer = client.get(f"/customers/{known.public_id}{tab}")
        assert answer.status_code == 200
        assert "Likes tea" not in answer.content.decode()
