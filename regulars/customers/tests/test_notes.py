"""Notes of the team: written, changed by their author, pinned, deleted and brought back, with files and mentions."""

import datetime as dt
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from regulars.core.errors import Invalid, Stale
from regulars.customers import attachments, mentions
from regulars.customers.actions.deleting import delete_customer, erase_customer
from regulars.customers.actions.notes import (
    NotYourNote,
    change_note,
    delete_note,
    erase_deleted_notes,
    pin_note,
    restore_note,
    see_mentions,
    sweep_attachments,
    write_note,
)
from regulars.customers.attachments import BadFile
from regulars.customers.models import Attachment, Customer, Mention, Note
from regulars.staff.models import User
from regulars.timeline.actions import acting
from regulars.timeline.models import Entry

PDF = b"%PDF-1.7 harmless"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ATTACHMENTS = tmp_path / "attachments"
    settings.ATTACHMENT_SIZE = 1 << 20
    return settings.ATTACHMENTS


@pytest.fixture
def customer(db):
    return Customer.objects.create(name="Élodie", customer_since=timezone.now())


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def upload(content=PDF, name="bill.pdf"):
    return SimpleUploadedFile(name, content)


def test_a_note_is_of_who_writes_it_and_the_timeline_keeps_no_word_of_it(customer, ada):
    with acting(ada.pk, "page"):
        note = write_note(customer, text="  First line \r\n\r\n\r\n\r\nsecond  line ", kind="complaint")
    assert (note.author, note.text, note.kind) == (ada, "First line\n\nsecond line", "complaint")
    assert Entry.objects.get(name="customer.note_written").data == {"note": note.public_id, "note_kind": "complaint"}


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 10_001, "nul\0"])
def test_a_note_that_says_nothing_or_too_much_is_refused(customer, text):
    with pytest.raises(Invalid):
        write_note(customer, text=text)
    assert not Note.objects.exists()


def test_only_the_author_changes_a_note_and_others_may_pin_it(customer, ada, ben):
    with acting(ben.pk, "page"):
        note = write_note(customer, text="Likes green tea")
    with pytest.raises(NotYourNote, match="Ben"):
        change_note(note, actor=ada, text="Likes black tea")
    changed = change_note(note, actor=ben, text="Likes black tea", version=1)
    assert (changed.text, changed.version, changed.edited_at is not None) == ("Likes black tea", 2, True)
    with pytest.raises(Stale):
        change_note(note, actor=ben, text="Likes white tea", version=1)
    assert pin_note(note).is_pinned
    assert Note.objects.get().text == "Likes black tea"


def test_a_deleted_note_comes_back_within_thirty_days_and_goes_for_good_after(
    customer, ada, ben, charlie, folder, django_capture_on_commit_callbacks
):
    with acting(ben.pk, "page"):
        note = write_note(customer, text="x", files=[upload()])
    with pytest.raises(NotYourNote):
        delete_note(note, actor=charlie)
    delete_note(note, actor=ada)  # the owner may delete customers, and so their notes
    restore_note(note, actor=ben)
    assert Note.objects.get().deleted_at is None
    delete_note(note, actor=ben)
    assert erase_deleted_notes() == 0
    Note.objects.update(deleted_at=timezone.now() - dt.timedelta(days=31))
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_deleted_notes() == 1
    assert not Note.objects.exists()
    assert files(folder) == []


def test_a_file_lies_under_a_random_key_and_is_known_by_its_digest(customer, folder):
    note = write_note(
        customer, text="", files=[upload(name="../../etc/pass\u202ewd\n.pdf"), upload(b"a,b\n1,2\n", "t.csv")]
    )
    first, second = Attachment.objects.filter(note=note).order_by("pk")
    assert (first.name, first.media_type, first.size) == ("passwd.pdf", "application/pdf", len(PDF))
    assert second.media_type == "text/plain"
    assert attachments.opened(first).read() == PDF
    assert PDF not in attachments.path_of(first.key).read_bytes()
    assert sorted(path.name for path in files(folder)) == sorted([first.key, second.key])
    assert attachments.path_of(first.key).stat().st_mode & 0o077 == 0
    assert len(first.sha256) == 64


def archive(*names, content=b"x"):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        for name in names:
            packed.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF0000WEBPVP8 ", "image/webp"),
        (b"0000ftypheic", "image/heic"),
        ("Grüße, 你好".encode(), "text/plain"),
        ("Grüße" .encode("utf-16"), "text/plain"),
        ("ä".encode() * 5000, "text/plain"),
        (archive("[Content_Types].xml", "word/document.xml"),
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (archive("mimetype", content=b"application/vnd.oasis.opendocument.text"),
         "application/vnd.oasis.opendocument.text"),
        # what is refused, whatever it is called
        (b"<!doctype html><script>alert(1)</script>", ""),
        (b"\n <svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        (b"MZ\x90\x00\x03", ""),
        (b"\x7fELF\x02\x01", ""),
        (archive("evil.exe"), ""),
        (b"PK\x03\x04broken", ""),
        (b"caf\xe9 in Latin-1", ""),
    ],
)  # fmt: skip
def test_what_a_file_is_its_bytes_say_and_not_its_name(content, kind):
    assert attachments.sniff(io.BytesIO(content)) == kind


def test_a_file_that_cannot_be_kept_leaves_nothing_behind(customer, folder, settings):
    for bad in (upload(b""), upload(b"<html>", "page.pdf"), upload(PDF + b"x" * (1 << 20))):
        with pytest.raises(BadFile):
            write_note(customer, text="x", files=[upload(), bad])
    settings.ATTACHMENTS_OF_A_NOTE = 2
    with pytest.raises(BadFile, match="at most 2"):
        write_note(customer, text="x", files=[upload(), upload(), upload()])
    with pytest.raises(Invalid):
        write_note(customer, text="x", kind="gossip", files=[upload()])
    assert not Note.objects.exists()
    assert files(folder) == []


def test_files_go_with_a_customer_who_goes_for_good_and_stay_until_then(
    customer, folder, django_capture_on_commit_callbacks
):
    write_note(customer, text="x", files=[upload()])
    delete_customer(customer)
    assert len(files(folder)) == 1
    with django_capture_on_commit_callbacks(execute=True):
        erase_customer(customer)
    assert files(folder) == []
    assert not Attachment.objects.exists()


def test_what_a_broken_upload_left_is_swept_after_a_day(customer, folder):
    import os

    write_note(customer, text="x", files=[upload()])
    kept = files(folder)
    for name, age in (("ab" * 20, 2), ("cd" * 20, 0)):
        path = attachments.path_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left over")
        os.utime(path, (0, timezone.now().timestamp() - age * 86400))
    for path in kept:
        os.utime(path, (0, 0))
    assert sweep_attachments() == 1
    assert len(files(folder)) == 2
    assert set(kept) <= set(files(folder))


def test_who_is_named_finds_the_note_until_they_have_seen_it(customer, ada, ben, charlie):
    mara = User.objects.create(name="Mara Petersen", email="mara@shop.example", role="manager")
    User.objects.create(name="Mara Lind", email="lind@shop.example", role="agent")
    na = User.objects.create(name="李娜", email="li@shop.example", role="agent")
    with acting(ada.pk, "page"):
        note = write_note(
            customer,
            text="@mara petersen please, @Mara no, @Benjamin no, mail@Ben.example no, @李娜请看. @Ada me, @Charlie",
        )
    assert {mention.user for mention in Mention.objects.all()} == {mara, na}
    assert [mention.note for mention in mentions.unseen(mara)] == [note]
    assert see_mentions(customer, user=mara) == 1
    assert not mentions.unseen(mara).exists()
    change_note(note, actor=ada, text="@Ben instead, and still @Mara Petersen")
    assert {mention.user: mention.seen_at is None for mention in Mention.objects.all()} == {ben: True, mara: False}
    delete_note(note, actor=ada)
    assert not mentions.unseen(ben).exists()


def test_a_mention_is_drawn_and_everything_else_escaped(ada, ben):
    text = "<b>@Ben</b> & @Nobody"
    assert mentions.drawn(text, [ada, ben]) == '&lt;b&gt;<span class="ment">@Ben</span>&lt;/b&gt; &amp; @Nobody'


def test_notes_of_a_merged_record_stand_with_the_customer_and_go_back_with_it(customer, ada):
    from regulars.customers.actions.merging import merge, unmerge
    from regulars.customers.notes import of_customer

    other = Customer.objects.create(name="Elodie", customer_since=timezone.now())
    with acting(ada.pk, "page"):
        theirs = write_note(other, text="Theirs")
        (link,) = merge(keep=customer, others=[other])
        kept = Customer.objects.get(pk=customer.pk)
        assert list(of_customer(kept)) == [theirs]
        unmerge(link)
    assert list(of_customer(Customer.objects.get(pk=customer.pk))) == []
    assert list(of_customer(Customer.objects.get(pk=other.pk))) == [theirs]
