"""A person with everything is erased: no table, no file, no freed page and no old backup says who they were."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Sum

from regulars.channels.actions import channel_for
from regulars.core import sealing, shop
from regulars.core.backup import restoring, taking
from regulars.core.models import IdempotentCall
from regulars.customers import search
from regulars.customers.actions import change_customer, create_customer, find_duplicates
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.contact_points import add_contact_point
from regulars.customers.actions.erasing import begin_erasure
from regulars.customers.actions.imports import apply_import, guessed, plan_import, receive_file
from regulars.customers.actions.merging import merge
from regulars.customers.actions.notes import write_note
from regulars.customers.actions.privacy import ask_for_right, check_identity, limit_person
from regulars.customers.actions.tags import tag as put_tag
from regulars.customers.models import (
    Attachment,
    Customer,
    Erasure,
    SavedView,
    Suppression,
    Tombstone,
)
from regulars.customers.privacy import certifying, permitting
from regulars.customers.privacy.identifying import needles_of, spelled
from regulars.customers.privacy.searching import search as search_everything
from regulars.inbox import indexing
from regulars.inbox.actions import answering
from regulars.inbox.actions.drafts import keep_draft
from regulars.inbox.actions.receiving import receive
from regulars.inbox.files import Incoming
from regulars.inbox.models import Conversation, Post
from regulars.inbox.models import File as InboxFile
from regulars.messaging.sending import send
from regulars.orders.actions import change_order, place_draft, place_order, request_return
from regulars.orders.actions.links import make_link
from regulars.orders.models import Checkout, KeptSale, Order, OrderAddress, OrderTag, Payment, PaymentLink
from regulars.timeline import audit
from regulars.timeline.actions import open_words, seal_entries
from regulars.timeline.models import Entry

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)
PAGE, RESERVED = 4096, 80  # of SQLCipher: the nonce and the check of a page stand at its end
CANARIES = (
    "Marchetti",
    "marchetti",
    "elodie.m@posteo.example",
    "em-second@posteo.example",
    "Quittenweg 77",
    "4915112345678",
    "EXT-99175",
    "peanut canary",
    "secret canary file",
    "marchetti-gift",
    "PAYREF-99175",
    "basket-99175",
)


HANGING = {
    "referrer": "https://mail.example/?to=elodie.m@posteo.example",
    "tags": ["marchetti-gift"],
    "addresses": {
        "delivery": {"name": "Élodie Marchetti", "line1": "Quittenweg 77", "city": "Hamburg", "phone": "4915112345678"}
    },
    "payments": [{"amount_minor": 2500, "method": "PayPal", "reference": "PAYREF-99175"}],
}


@pytest.fixture
def home(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path / "home"
    settings.REGULARS_HOME.mkdir()
    settings.ATTACHMENTS = settings.REGULARS_HOME / "attachments"
    settings.BACKUP_PLACES = [str(tmp_path / "home.backups")]
    return settings.REGULARS_HOME


@pytest.fixture
def everything(home, transactional_db, ada):
    """Somebody with orders, notes, files, mails, a merge, an import, consent, duplicates; and somebody else."""
    shop.change(name="Hain & Hafen", currency="EUR", country="DE")
    other = create_customer(values={"name": "Joost van der Meulen", "email": "joost@posteo.example"})
    elodie = create_customer(
        values={"given_name": "Élodie", "family_name": "Marchetti", "email": "elodie.m@posteo.example",
                "phone": "+49 151 12345678", "birth_date": "1984-03-12"},
        channel=channel_for("web"),
        external_id="EXT-99175",
        address={"line1": "Quittenweg 77", "city": "Hamburg", "postcode": "20095", "country": "DE"},
    )  # fmt: skip
    twin = create_customer(values={"name": "E. Marchetti", "email": "em-second@posteo.example"})
    for customer, number in ((elodie, "HH-1"), (twin, "HH-2"), (other, "HH-3")):
        place_order(
            values={
                "number": number,
                "placed_at": NOW,
                "status": "paid",
                **({"note": "Ring at Marchetti", **HANGING} if customer != other else {}),
            },
            lines=[{"sku": "TEA", "title": "Sencha", "quantity": 2, "unit_price": "12.50"}],
            customer=customer,
            channel=channel_for("web"),
        )
    order = Order.objects.get(number="HH-1")
    request_return(order, lines=[{"position": 1, "quantity": 1}], reason="Marchetti has enough")
    change_order(order, values={"addresses": {"delivery": {"name": "Marchetti", "line1": "Quittenweg 77"}}})
    place_draft(
        channel=channel_for("web"), customer=elodie, values={"note": "For Marchetti", "tags": ["marchetti-gift"]}
    )
    make_link(
        place_order(
            values={"number": "HH-4", "placed_at": NOW, "status": "open", "is_test": True},
            lines=[{"sku": "TEA", "quantity": 1, "unit_price": "12.50"}],
            customer=elodie,
            channel=channel_for("web"),
        )
    )
    for who, email in ((elodie, ""), (None, "elodie.m@posteo.example"), (None, "elodie.work@posteo.example")):
        Checkout.objects.create(
            channel=channel_for("web"), customer=who, email=email, currency="EUR", started_at=NOW, touched_at=NOW,
            recovery_url="https://shop.example/basket-99175", lines=[{"title": "For Marchetti"}],
        )  # fmt: skip
    write_note(
        elodie,
        text="Allergic: peanut canary",
        files=[SimpleUploadedFile("Marchetti.txt", b"secret canary file of Elodie Marchetti")],
    )
    change_customer(elodie, values={"occupation": "Baker"})
    add_contact_point(elodie, kind="email", value="elodie.work@posteo.example")
    put_tag(elodie, names=["VIP"])
    record_consent(elodie, medium="email", state="agreed", source="form")
    send(cause="test 1", customer=elodie, to=elodie.email, subject="For Élodie Marchetti", text="Dear Ms Marchetti")
    for who, address in ((elodie, "elodie.m@posteo.example"), (twin, "em-second@posteo.example")):
        said = receive(
            cause=f"test {address}", customer=who, by="email", at=NOW, people={"from": address, "name": who.name},
            subject="Marchetti", text="Quittenweg 77, says Marchetti",
            files=[Incoming("Marchetti.txt", "", b"secret canary file of Elodie Marchetti")],
        )  # fmt: skip
        answering.note(said.conversation, author=ada, text="Marchetti called from 4915112345678")
        keep_draft(said.conversation, user=ada, text="Dear Ms Marchetti")
    receive(cause="test joost", customer=other, by="email", at=NOW, text="Is there tea?", people={"from": other.email})
    indexing.index_noted(at_least=1)
    limit_person(elodie, kind="no_marketing", reason="Ms Marchetti wrote a letter")
    find_duplicates()
    merge(keep=elodie, others=[twin])
    rows = (
        b"name,email,phone",
        b"Elodie Marchetti,elodie.m@posteo.example,+4915112345678",
        b"Nils Holm,nils@posteo.example,",
        b",broken,",
    )
    file = receive_file(name="people.csv", chunks=[b"\n".join(rows)])
    planned = plan_import(file, mapping=guessed(file, {}, reading={}), is_now=True)
    apply_import(planned, kinds=["new", "changed", "possible"], is_now=True)
    IdempotentCall.objects.create(
        caller_id=1, key="a", fingerprint="f" * 64, status=200, body='{"name": "\\u00c9lodie Marchetti"}'
    )
    SavedView.objects.create(name="Marchetti only", owner=ada, query="q=Elodie+Marchetti")
    search.reindex()
    (home / "logs").mkdir(exist_ok=True)
    (home / "logs" / "web.log").write_text("one line\nsent to elodie.m@posteo.example\nlast line\n")
    return Customer.objects.get(pk=elodie.pk), other


def raw_dump():
    """Every byte of SQLite's file as it stands in memory, freed pages included: each page decrypted by hand."""
    if connection.vendor != "sqlite":
        return b""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    body = Path(str(connection.settings_dict["NAME"])).read_bytes()
    assert not body.startswith(b"SQLite format 3")
    key = bytes.fromhex(connection.settings_dict["OPTIONS"]["keys"][0])
    plain = []
    for start in range(0, len(body), PAGE):
        page = body[start + (16 if start == 0 else 0) : start + PAGE]
        encrypted, nonce = page[:-RESERVED], page[-RESERVED:][:16]
        cipher = Cipher(algorithms.AES(key), modes.CBC(nonce)).decryptor()
        plain.append(cipher.update(encrypted) + cipher.finalize())
    assert b"Joost van der Meulen" in b"".join(plain)
    return b"".join(plain)


def canaries_in(body):
    return [
        canary
        for canary in CANARIES
        if any(form in body for form in (canary.encode(), canary.encode("utf-16-le"), escaped(canary)))
    ]


def escaped(text):
    return json.dumps(text)[1:-1].encode()


def test_nothing_is_left_of_an_erased_person(everything, home, ada, run_jobs):
    elodie, other = everything
    wanted = spelled(needles_of(elodie))
    before = search_everything(wanted)
    assert {"imports/….csv", "attachments/…", "logs/….log"} <= {hit.place for hit in before.hits}
    assert len({hit.place for hit in before.hits}) > 12
    totals = Order.objects.aggregate(total=Sum("total_minor"))["total"]
    request = ask_for_right(
        elodie, kind="erasure", law="gdpr", asked_by="Élodie Marchetti", details="Everything, please"
    )
    check_identity(request, check="email")
    numbers = [elodie.pk, *Customer.everyone.filter(merged_into=elodie).values_list("pk", flat=True)]

    case = begin_erasure(elodie, cause="request", request=request)
    run_jobs()

    case.refresh_from_db()
    assert (case.state, case.problem) == (Erasure.State.DONE, "")
    found = case.certificate["searched"]
    assert (found["found"], found["places"], found["in_records_of_others"]) == (0, [], [])
    assert found["tables"] > 40
    # a second search, by the one who knows whom to look for
    again = search_everything(wanted)
    assert [hit.place for hit in again.hits] == []
    for path in home.rglob("*"):
        if path.is_file():
            assert canaries_in(path.read_bytes()) == [], path
    # the file they came with is sealed, so that only who opens it knows that they are in it
    assert not any((home / "imports").rglob("*.csv"))
    assert (home / "logs" / "web.log").read_text().splitlines()[::2] == ["one line", "last line"]
    # the raw file, freed pages and all
    dump = raw_dump()
    assert [(canary, dump[dump.find(canary.encode()) - 60 :][:150]) for canary in canaries_in(dump)] == []
    # what stays, and what does not know whose it was
    assert Order.objects.aggregate(total=Sum("total_minor"))["total"] == totals
    assert set(Order.objects.filter(number__in=["HH-1", "HH-2"]).values_list("customer", "note")) == {(None, "")}
    kept = set(KeptSale.objects.values_list("order__number", "until"))
    last = dt.date(2036, 12, 31)
    assert {(number, until) for number, until in kept if number} == {(f"HH-{n}", last) for n in (1, 2, 4)}
    assert KeptSale.objects.filter(returned__isnull=False).count() == 1
    assert not OrderAddress.objects.exists()
    assert not OrderTag.objects.exists()
    assert not PaymentLink.objects.exists()
    assert not Checkout.objects.exists()
    assert set(Payment.objects.values_list("amount_minor", "reference")) == {(2500, "")}
    assert not Order.objects.exclude(referrer="").exists()
    assert KeptSale.objects.values("anonymous").distinct().count() == 1
    assert set(Tombstone.objects.values_list("customer_id", flat=True)) == set(numbers)
    assert all(sealing.is_forgotten(number) for number in numbers)
    assert list(Conversation.objects.values_list("customer", flat=True)) == [other.pk]
    assert Post.objects.get().text == "Is there tea?"
    assert not InboxFile.objects.exists()
    assert not any(path.is_file() for path in (home / "inbox-files").rglob("*"))
    assert Attachment.objects.count() == 0
    assert Customer.objects.filter(pk=other.pk).exists()
    request.refresh_from_db()
    assert (request.state, request.asked_by, request.details, request.customer) == ("done", "", "", None)
    # the e-mail that a file brings again is known, and not written to
    assert Suppression.objects.count() >= 3
    back = create_customer(values={"name": "Somebody", "email": "elodie.m@posteo.example"})
    assert permitting.may(back, "marketing")
    assert back.pk not in numbers


def test_the_certificate_is_sealed_and_names_nobody(everything, run_jobs):
    elodie, _other = everything
    case = begin_erasure(elodie)
    run_jobs()
    case.refresh_from_db()
    text = certifying.text_of(case.certificate)
    assert canaries_in(text.encode()) == []
    assert certifying.is_true(case)
    case.certificate["people"] = 2
    assert not certifying.is_true(case)


def test_nobody_can_read_that_somebody_looked_for_them(everything, run_jobs, client_of, ada):
    elodie, other = everything
    client = client_of(ada)
    for words in ("Marchetti", "Joost"):
        client.get("/customers", {"q": words})
    client.get("/customers", {"q": "elodie.m@posteo.example"})
    begin_erasure(elodie)
    run_jobs()
    searches = Entry.objects.filter(name="customers.searched").order_by("pk")
    assert [open_words(entry) for entry in searches] == ["", "q=Joost", ""]
    assert [entry.data["shown"] for entry in searches] == [[], [other.pk], []]
    assert audit.verify().problem is None


def test_the_audit_chain_still_holds(everything, run_jobs):
    elodie, _other = everything
    seal_entries()
    begin_erasure(elodie)
    run_jobs()
    seal_entries()
    assert audit.verify().problem is None
    assert not Entry.objects.filter(customer=elodie.pk).exists()


def elsewhere(tmp_path, database_url):
    """Where a backup is restored into beside the shop, and how a process is told of it."""
    folder = tmp_path / "elsewhere"
    if connection.vendor == "sqlite":
        return str(folder), {"REGULARS_HOME": str(folder), "DATABASE_URL": ""}
    parts = urlsplit(database_url)
    url = urlunsplit(parts._replace(path=f"{parts.path}_elsewhere"))
    return url, {"REGULARS_HOME": str(folder), "DATABASE_URL": url}


def test_an_old_backup_brings_nobody_back(everything, home, tmp_path, database_url, run_jobs):
    elodie, other = everything
    sealed = Customer.everyone.filter(pk=elodie.pk).values_list("pk", flat=True).get()
    [backup] = taking.create(say=lambda _done, _total: None)
    begin_erasure(elodie)
    run_jobs()
    texts = ["Élodie Marchetti", "elodie.m@posteo.example", "em-second@posteo.example", "Quittenweg 77"]
    into, environment = elsewhere(tmp_path, database_url)
    report = restoring.restore(
        backup.name,
        into=into,
        may_overwrite=True,
        without_sealed=False,
        opened_by=None,
        say=lambda _done, _total: None,
    )
    assert report.erased == 2
    environment = {**os.environ, **environment}
    command = [sys.executable, "-m", "regulars.config.cli", "privacy", "verify"]
    search_ = [part for text in texts for part in ("--search", text)]
    searched = subprocess.run(
        [*command, *search_, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    assert (searched.returncode, json.loads(searched.stdout)["places"]) == (0, []), searched.stderr
    verified = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=False)
    assert (verified.returncode, json.loads(verified.stdout)["back"]) == (0, 0), verified.stderr
    # the neighbour and the sales are there, and nobody new gets the number of somebody who was erased
    shown = subprocess.run([sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, check=False)
    names, orders, following = json.loads(shown.stdout)
    assert other.name in names
    assert orders == 4
    assert following > sealed


LOOK = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "regulars.config.settings"
import django
django.setup()
from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.orders.models import Order
names = list(Customer.objects.values_list("name", flat=True))
new = create_customer(values={"name": "Somebody New"})
print(json.dumps([names, Order.objects.count(), new.pk]))
"""
