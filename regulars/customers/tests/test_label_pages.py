"""Pages of tags and notes: what they show, what they do, and to whom they do nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from regulars.customers import attachments
from regulars.customers.actions import tags
from regulars.customers.actions.notes import delete_note, write_note
from regulars.customers.models import Attachment, Customer, Mention, Note, Tag
from regulars.timeline.actions import acting

PDF = b"%PDF-1.7 harmless"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ATTACHMENTS = tmp_path / "attachments"


@pytest.fixture
def customer(db):
    return Customer.objects.create(name="Élodie Marchetti", customer_since=timezone.now())


@pytest.fixture
def page(customer):
    return f"/customers/{customer.public_id}"


def test_tags_are_given_and_taken_on_the_page(client_of, ben, customer, page):
    client = client_of(ben)
    assert client.post(f"{page}/tag", {"tags": "VIP, Green tea"}).status_code == 302
    shown = client.get(page).content.decode()
    assert "customer_tags=Green%20tea" in shown
    answer = client.post(f"{page}/untag", {"tag": "VIP"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Green tea" in answer.content.decode()
    assert [tag.name for tag in tags.tags_of(customer)] == ["Green tea"]


def test_a_bad_tag_comes_back_with_the_reason_and_what_was_typed(client_of, ben, customer, page):
    answer = client_of(ben).post(f"{page}/tag", {"tags": "x" * 61}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "60 are the most that fit" in answer.content.decode()
    assert "x" * 61 in answer.content.decode()
    assert not Tag.objects.exists()


def test_tags_are_renamed_merged_deleted_and_brought_back_in_the_settings(client_of, ada, customer):
    client = client_of(ada)
    tags.tag(customer, names=["VIP", "Top"])
    vip, top = Tag.objects.get(name="VIP"), Tag.objects.get(name="Top")
    assert client.post(f"/customers/tags/{vip.public_id}/rename", {"name": "Best"}).status_code == 302
    taken = client.post(f"/customers/tags/{vip.public_id}/rename", {"name": "top"})
    assert taken.status_code == 422
    assert "There is a tag “Top” already." in taken.content.decode()
    client.post(f"/customers/tags/{vip.public_id}/merge", {"into": top.public_id})
    assert [tag.name for tag in Tag.objects.all()] == ["Top"]
    shown = client.get("/customers/tags").content.decode()
    assert "merged into Top" in shown
    client.post(f"/customers/tags/{vip.public_id}/restore")
    client.post(f"/customers/tags/{top.public_id}/delete")
    assert [tag.name for tag in tags.tags_of(customer)] == ["Best"]


def test_the_settings_count_whom_the_list_shows(client_of, ada, db):
    from regulars.customers.queries import ListRequest, customer_page
    from regulars.customers.queries.tags import tag_counts

    made = [Customer.objects.create(name=f"C{number}", customer_since=timezone.now()) for number in range(6)]
    for one in made[:5]:
        tags.tag(one, names=["VIP"])
    Customer.objects.filter(pk=made[0].pk).update(deleted_at=timezone.now(), is_listed=False)
    Customer.objects.filter(pk=made[1].pk).update(merged_into=made[5], is_listed=False)  # lends its tag
    Customer.objects.filter(pk=made[2].pk).update(merged_into=made[3], is_listed=False)  # who has it already
    listed = customer_page(ListRequest.from_query({"customer_tags": "VIP"})).rows
    assert tag_counts()[Tag.objects.get().pk] == len(listed) == 3


def test_a_note_is_written_on_the_page_with_its_file_and_stands_on_the_timeline(client_of, ben, customer, page):
    client = client_of(ben)
    file = SimpleUploadedFile("bill <1>.pdf", PDF, content_type="text/html")
    answer = client.post(f"{page}/notes", {"text": "Likes <b>tea</b>", "kind": "compliment", "attached": file})
    note = Note.objects.get()
    assert answer["Location"] == f"{page}#{note.public_id}"
    for address in (page, f"{page}?show=note"):
        shown = client.get(address).content.decode()
        assert "Likes &lt;b&gt;tea&lt;/b&gt;" in shown
        assert "bill &lt;1&gt;.pdf" in shown
        assert shown.count(f'id="{note.public_id}"') == 1
    assert "Note written" not in shown
    assert "Likes" not in client.get(f"{page}?show=order").content.decode()


def test_a_refused_note_keeps_what_was_typed(client_of, ben, customer, page):
    file = SimpleUploadedFile("page.pdf", b"<html>")
    answer = client_of(ben).post(f"{page}/notes", {"text": "A long thought", "kind": "complaint", "attached": file})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "A long thought</textarea>" in shown
    assert '<option value="complaint" selected>' in shown
    assert "is not a kind of file" in shown
    assert not Note.objects.exists()


def test_a_file_leaves_as_a_download_that_no_browser_runs(client_of, ben, customer, page):
    with acting(ben.pk, "page"):
        note = write_note(customer, text="x", files=[SimpleUploadedFile("Rechnung ü.pdf", PDF)])
    file = Attachment.objects.get()
    answer = client_of(ben).get(f"{page}/files/{file.public_id}")
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox;")
    assert answer["Content-Type"] == "application/pdf"
    other = Customer.objects.create(name="Other", customer_since=timezone.now())
    assert client_of(ben).get(f"/customers/{other.public_id}/files/{file.public_id}").status_code == 404
    delete_note(note, actor=ben)
    assert client_of(ben).get(f"{page}/files/{file.public_id}").status_code == 404


def test_pinned_notes_and_restrictions_stand_in_the_rail(client_of, ben, customer, page):
    client = client_of(ben)
    for text, kind, is_pinned in (
        ("Ring twice", "note", True),
        ("No cash", "restriction", False),
        ("Plain", "note", False),
    ):
        write_note(customer, text=text, kind=kind, is_pinned=is_pinned)
    rail = client.get(f"{page}/profile").content.decode().split('<aside class="rail')[1]
    assert rail.index("No cash") < rail.index("Ring twice")
    assert "Plain" not in rail
    on_top = client.get(f"{page}?show=note").content.decode().split('<ol class="tl">')[1]
    assert on_top.index("Ring twice") < on_top.index("No cash")


def test_a_note_is_edited_pinned_deleted_and_brought_back_by_its_author(client_of, ada, ben, customer, page):
    with acting(ben.pk, "page"):
        note = write_note(customer, text="First", files=[SimpleUploadedFile("a.pdf", PDF)])
    client, place = client_of(ben), f"{page}/notes/{note.public_id}"
    assert "First" in client.get(f"{place}/edit").content.decode()
    file = Attachment.objects.get()
    data = {"text": "Second", "kind": "note", "version": "1", "remove": file.public_id}
    assert client.post(f"{place}/edit", data).status_code == 302
    assert (Note.objects.get().text, Attachment.objects.count()) == ("Second", 0)
    late = client.post(f"{place}/edit", {"text": "Third", "kind": "note", "version": "1"})
    assert late.status_code == 409
    assert "Third" in late.content.decode()
    client.post(f"{place}/pin", {"pin": "yes"})
    assert Note.objects.get().is_pinned
    client.post(f"{place}/delete")
    assert "Second" not in client.get(page).content.decode()
    client.post(f"{place}/restore")
    assert "Second" in client.get(page).content.decode()
    assert client_of(ada).post(f"{place}/edit", {"text": "Mine now", "kind": "note"}).status_code == 409
    assert Note.objects.get().text == "Second"


def test_opening_the_page_sees_the_mentions_in_it(client_of, ada, ben, customer, page):
    with acting(ada.pk, "page"):
        write_note(customer, text="@Ben please call")
    client = client_of(ben)
    assert "please call" in client.get("/").content.decode()
    client.get(f"{page}/profile")
    assert Mention.objects.get().seen_at is None
    client.get(page)
    assert Mention.objects.get().seen_at is not None
    assert "please call" not in client.get("/").content.decode()


def test_the_queries_of_the_timeline_do_not_grow_with_its_notes(client_of, ben, customer, page):
    client, counts = client_of(ben), []
    for number in range(3):
        with acting(ben.pk, "page"):
            write_note(customer, text=f"Note {number} @Ada", files=[SimpleUploadedFile("a.pdf", PDF)])
        client.get(page)
        with CaptureQueriesContext(connection) as found:
            client.get(page)
        counts.append(len(found))
    assert counts[0] == counts[2]


def test_the_queries_of_the_list_of_tags_do_not_grow_with_it(client_of, ada, customer):
    client, counts = client_of(ada), []
    for number in range(3):
        tags.tag(customer, names=[f"Tag {number}"])
        client.get("/customers/tags")
        with CaptureQueriesContext(connection) as found:
            client.get("/customers/tags")
        counts.append(len(found))
    assert counts[0] == counts[2]


@pytest.mark.parametrize(
    "address",
    ["{page}/tag", "{page}/untag", "{page}/notes", "{note}/edit", "{note}/pin", "{note}/delete", "{note}/restore",
     "/customers/tags/{tag}/rename", "/customers/tags/{tag}/merge", "/customers/tags/{tag}/delete",
     "/customers/tags/{tag}/restore"],
)  # fmt: skip
def test_who_may_not_does_nothing(client_of, ada, charlie, customer, page, address):
    tags.tag(customer, names=["VIP"])
    with acting(ada.pk, "page"):
        note = write_note(customer, text="Secret @Charlie", files=[SimpleUploadedFile("a.pdf", PDF)])
    before = (list(Tag.everyone.values()), list(Note.objects.values()))
    client = client_of(charlie)
    address = address.format(page=page, note=f"{page}/notes/{note.public_id}", tag=Tag.objects.get().public_id)
    assert client.post(address, {"tags": "x", "tag": "VIP", "text": "x", "name": "x", "pin": "yes"}).status_code == 403
    assert (list(Tag.everyone.values()), list(Note.objects.values())) == before
    assert client.get(f"{page}/files/{Attachment.objects.get().public_id}").status_code == 403
    assert client.get("/customers/tags").status_code == 403
    assert not Mention.objects.exists()
    assert len([path for path in attachments.path_of("ab").parents[1].rglob("*") if path.is_file()]) == 1
