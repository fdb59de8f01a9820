"""`regulars import customers`: what comes in, what comes back, and that both ways of writing write the same."""

import csv
import json
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.channels.actions import channel_for
from regulars.config import cli
from regulars.core import importing
from regulars.core.errors import Refusal
from regulars.customers.actions import change_customer, create_customer, save_address
from regulars.customers.actions.importing import import_customers
from regulars.customers.importing import workers
from regulars.customers.models import Address, ConsentRecord, Customer, Identity, Unindexed
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path):
    """Write a file: file("email,name", "a@mail.example,Ada")."""

    def write(*lines, name="customers.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return path

    return write


def bring_in(path, *, mapping=None, is_dry_run=False, channel="", is_parallel=False):
    with importing.importing("customers", path, is_dry_run=is_dry_run) as run:
        import_customers(path, run=run, mapping=mapping or {}, channel_code=channel, is_parallel=is_parallel)
    return run.summary


def counts(summary):
    return summary.rows, summary.created, summary.updated, summary.unchanged, summary.rejected


def rejected(summary):
    with Path(summary.rejects_file).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def everything(*, but=()):
    """Every row of every table that an import writes."""
    tables = [t for t in connection.introspection.table_names() if t not in {"django_migrations", *but}]
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address City,Default Address Province Code,Default Address Country Code,Default Address Zip,"
    "Default Address Phone,Phone,Total Spent,Note"
)


def test_a_shop_export_comes_in_whole(file):
    path = file(
        SHOPIFY,
        "'6001,Sofie,Dahl,Sofie@Mail.example,yes,,Kai 1,Hamburg,HH,DE,20457,,+49 30 1234567,12.50,hello",
        "'6002,Élodie,Martin,elodie@mail.example,no,Atelier,1 rue X,Lyon,,FR,69001,04 72 00 00 01,,0,",
    )
    assert counts(bring_in(path)) == (2, 2, 0, 0, 0)
    sofie = Customer.objects.get(email="sofie@mail.example")
    assert (sofie.name, sofie.phone, sofie.city, sofie.region, sofie.country) == (
        "Sofie Dahl", "+49301234567", "Hamburg", "HH", "DE",
    )  # fmt: skip
    assert sofie.channel.code == "web"
    elodie = Customer.objects.get(email="elodie@mail.example")
    assert elodie.company == "Atelier"
    assert elodie.addresses.get().phone == "+33472000001"
    assert [e.name for e in Entry.objects.order_by("id")] == [
        "channel.added",
        "customer.created",
        "customer.created",
        "customer.note_written",
        "customer.consent_changed",
        "customer.consent_changed",
        "customers.imported",
    ]
    assert [note.text for note in sofie.notes.all()] == ["hello"]
    assert sorted((one.customer_id, one.state, one.source) for one in ConsentRecord.objects.all()) == [
        (sofie.pk, "agreed", "import"),
        (elodie.pk, "refused", "import"),
    ]
    assert Entry.objects.order_by("id").last().data["file"] == "customers.csv"
    assert bring_in(path).unchanged == 2


def test_chinese_and_german_headings_are_known(file):
    chinese = file(
        "会员编号,姓名,手机,邮箱,省,市,地址,邮编",
        "T1,张三,13812345678,zs@mail.example,浙江,杭州,文三路1号,310000",
        encoding="gb18030",
    )
    bring_in(chinese, channel="taobao")
    zhang = Customer.objects.get()
    assert (zhang.name, zhang.region, zhang.city, zhang.postcode) == ("张三", "浙江", "杭州", "310000")
    assert "zhangsan" in zhang.search_text


def test_german_headings_and_semicolons(file):
    bring_in(
        file(
            "Kundennummer;Vorname;Nachname;E-Mail;Straße;PLZ;Ort;Land",
            "7;Jörg;Weiß;j@mail.example;Kai 1;20457;Hamburg;Deutschland",
            encoding="cp1252",
        )
    )
    joerg = Customer.objects.get()
    assert (joerg.name, joerg.postcode, joerg.country) == ("Jörg Weiß", "20457", "DE")


def test_a_row_changes_the_customer_with_its_id_then_the_one_with_its_email(file):
    bring_in(file("id,email,name", "1,ada@mail.example,Ada", "2,bea@mail.example,Bea"))
    create_customer(values={"name": "Cleo", "email": "cleo@mail.example"})
    summary = bring_in(
        file("id,email,name", "1,ada@new.example,Ada", "9,cleo@mail.example,Cleo", ",bea@mail.example,Beate")
    )
    assert counts(summary) == (3, 0, 3, 0, 0)
    assert Customer.objects.count() == 3
    assert Identity.objects.get(external_id="9").customer.email == "cleo@mail.example"
    assert Identity.objects.get(external_id="1").customer.email == "ada@new.example"
    assert Customer.objects.get(email="bea@mail.example").name == "Beate"


def test_an_email_does_not_join_two_accounts_of_one_channel(file):
    bring_in(file("id,email,name", "1,both@mail.example,Ada", "2,both@mail.example,Bea"))
    assert sorted(Customer.objects.values_list("name", flat=True)) == ["Ada", "Bea"]
    assert bring_in(file("id,email", "2,both@mail.example")).unchanged == 1
    bring_in(file("id,email,name", "77,both@mail.example,Cleo"), channel="market")
    assert Customer.objects.count() == 2


def test_an_email_of_somebody_else_is_refused_and_the_row_comes_back(file):
    bring_in(file("id,email", "1,ada@mail.example"))
    create_customer(values={"name": "Bea", "email": "bea@mail.example"})
    summary = bring_in(file("id,email", "1,bea@mail.example"))
    assert counts(summary) == (1, 0, 0, 0, 1)
    [row] = rejected(summary)
    assert (row["id"], row["row"]) == ("1", "2")
    assert "Another customer" in row["reason"]
    assert Identity.objects.get().customer.email == "ada@mail.example"


def test_rows_with_neither_id_nor_email_do_not_make_everybody_twice(file):
    path = file("name,phone,zip,city", "Ada,+49301234567,,", "Ada,,20457,Hamburg", "Bea,,,", ",+49301234568,,")
    assert counts(bring_in(path)) == (4, 4, 0, 0, 0)
    assert counts(bring_in(path)) == (4, 0, 0, 4, 0)
    assert bring_in(file("name,phone", "Ada,+49301234569")).created == 1


def test_empty_cells_change_nothing_and_unchanged_is_true(file):
    bring_in(file("id,email,name,phone,city,country", "1,ada@mail.example,Ada,+49301234567,Kiel,DE"))
    before = everything(but=["timeline_entry"])
    summary = bring_in(file("id,email,name,phone,city,country", "1,,Ada,,,Germany"))
    assert counts(summary) == (1, 0, 0, 1, 0)
    assert everything(but=["timeline_entry"]) == before
    assert Entry.objects.filter(name="customer.changed").count() == 0


def test_a_row_that_contradicts_an_earlier_one_of_its_file_comes_back(file):
    summary = bring_in(
        file(
            "id,email,name",
            "1,ada@mail.example,Ada",
            "1,ada@mail.example,Ada L.",
            ",ada@mail.example,Ada Lovelace",
            "1,,Ada",
            "2,ada@mail.example,Twin",
        )
    )
    assert counts(summary) == (5, 2, 0, 1, 2)
    assert Customer.objects.get(identities__external_id="1").name == "Ada"
    assert Customer.objects.get(identities__external_id="1").version == 1
    assert "An earlier row of this file is the same customer" in Path(summary.rejects_file).read_text(
        encoding="utf-8-sig"
    )


def test_one_row_knows_the_id_and_another_the_email_of_the_same_customer(file):
    bring_in(file("id,email,name", "1,ada@mail.example,Ada"))
    summary = bring_in(file("id,email,phone,company", "1,,+49301234567,", ",ada@mail.example,,Engines"))
    assert counts(summary) == (2, 0, 2, 0, 0)
    ada = Customer.objects.get()
    assert (ada.phone, ada.company, ada.version) == ("+49301234567", "Engines", 3)


def test_every_bad_row_comes_back_with_its_reasons_and_can_be_mended(file):
    path = file(
        "id,name,email,phone,country,customer since",
        "1,Ada,ada@mail.example,+49301234567,DE,2026-03-12",
        f"2,{'x' * 10_000},,,,",
        "3,Bea,nobody,12,Atlantis,31/02/2026",
        "4,مریم\u200b علی\u200cزاده,,,IR,",
        "5,Nu\0l,,,,",
        ",,,,DE,",
        f"{'9' * 200},Cleo,,,,",
    )
    summary = bring_in(path)
    assert counts(summary) == (7, 2, 0, 0, 5)
    assert Customer.objects.get(identities__external_id="4").name == "مریم علی\u200cزاده"
    reasons = {row["row"]: row["reason"] for row in rejected(summary)}
    assert "10000 characters long; 250" in reasons["3"]
    assert all(words in reasons["4"] for words in ("nobody", "Atlantis", "“12”", "31/02/2026"))
    assert "NUL" in reasons["6"]
    assert "name, a company, an e-mail or a phone" in reasons["7"]
    assert reasons["8"].startswith("external_id: ")
    mended = Path(summary.rejects_file).read_text(encoding="utf-8-sig")
    mended = mended.replace("nobody", "bea@mail.example").replace(",12,Atlantis,31/02/2026", ",,France,2026-02-03")
    again = bring_in(file(*mended.splitlines(), name="mended.csv"))
    # the NUL came back as a visible sign, which is a text like any other
    assert (again.created, again.rejected) == (2, 3)
    assert Customer.objects.get(email="bea@mail.example").country == "FR"


def test_a_formula_comes_in_as_text_and_goes_out_as_text(file):
    summary = bring_in(file("id,name,email", "1,=cmd|' /C calc'!A0,", "2,=1+1,nobody"))
    assert Customer.objects.get().name == "=cmd|' /C calc'!A0"
    assert rejected(summary)[0]["name"] == "'=1+1"


def test_a_dry_run_writes_nothing_and_counts_the_same(file):
    create_customer(values={"name": "Ada", "email": "ada@mail.example"})
    path = file(
        "id,email,name",
        "1,ada@mail.example,Ada L.",
        "2,bea@mail.example,Bea",
        "2,,Beate",
        "3,nobody,Cleo",
        ",ada@mail.example,Ada L.",
    )
    before = everything()
    dry = bring_in(path, is_dry_run=True, channel="market")
    assert everything() == before
    assert dry.rejects_file is None
    wet = bring_in(path, channel="market")
    assert counts(dry) == counts(wet) == (5, 1, 1, 1, 2)


def test_map_names_columns_and_refuses_what_there_is_not(file):
    path = file("Wer,Wohin,Kennung", "Ada,ada@mail.example,1")
    assert bring_in(path, mapping={"name": "Wer", "email": "wohin", "external_id": "3"}).created == 1
    assert Customer.objects.get().email == "ada@mail.example"
    with pytest.raises(Refusal, match="shoe"):
        bring_in(path, mapping={"shoe": "Wer"})
    with pytest.raises(Refusal, match="Schuh"):
        bring_in(path, mapping={"name": "Schuh"})
    with pytest.raises(Refusal, match="No column of this file says who somebody is"):
        bring_in(file("Wer,Wohin,Kennung", "Ada,London,1"))


def test_the_command_prints_the_summary_and_ends_with_2_on_a_file_it_cannot_use(file, capfd):
    assert cli.run(["import", "customers", str(file("email,name", "ada@mail.example,Ada", "x,Bea")), "--json"]) == 0
    figures = json.loads(capfd.readouterr().out)
    assert list(figures) == [
        *["rows", "created", "updated", "unchanged", "rejected", "rejects_file", "seconds", "not_imported", "findings"],
        "change_set",
    ]
    assert (figures["rows"], figures["created"], figures["rejected"]) == (2, 1, 1)
    assert cli.run(["import", "customers", str(file("a,b", "1,2"))]) == 2
    assert "No column" in capfd.readouterr().err
    assert cli.run(["import", "customers", "/nowhere/at/all.csv"]) == 2
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert cli.run(["import", "customers", str(file("email", "bea@mail.example")), "--map", "mail"]) == 2


def test_everybody_who_came_in_is_found_at_once(file):
    bring_in(file("email,name", *(f"c{i}@mail.example,Customer {i}" for i in range(30))))
    assert not Unindexed.objects.exists()
    from regulars.customers.models import Gram

    assert Gram.objects.exists()


def test_a_second_process_gives_the_same(file):
    lines = ["id,email,name,city,country,customer since"]
    lines += [f"{i},c{i}@mail.example,Zoë {i},Kiel,DE,2026-03-12" for i in range(500)]
    lines += ["x,nobody,Ada,,,", '"torn,a@mail.example,Bea,,,']
    summary = bring_in(file(*lines), is_parallel=True)
    assert counts(summary) == (502, 500, 0, 0, 2)
    assert {row["row"] for row in rejected(summary)} == {"502", "503"}


def dying(receive):
    """Somebody ends the second process after its first words."""

    def read(pipe):
        pipe.close()
        raise workers.PreparingStopped("gone")

    return read


def test_when_the_second_process_dies_what_is_in_is_whole(file, monkeypatch):
    path = file("id,email", *(f"{i},c{i}@mail.example" for i in range(50)))
    monkeypatch.setattr(workers, "_receive", dying(workers._receive))
    with pytest.raises(workers.PreparingStopped):
        bring_in(path, is_parallel=True)
    assert not Customer.objects.exists()


def test_a_file_that_breaks_off_keeps_the_whole_rows_before(file, monkeypatch):
    from regulars.core.tabular import Table, Unreadable

    path = file("id,email", *(f"{i},c{i}@mail.example" for i in range(50)))
    rows = Table.rows

    def broken(table):
        for count, line in enumerate(rows(table)):
            if count == 20:
                raise Unreadable("The file breaks off: input/output error.")
            yield line

    monkeypatch.setattr(Table, "rows", broken)
    with pytest.raises(Unreadable, match=r"breaks off.*20 created"):
        bring_in(path)
    assert Customer.objects.count() == Identity.objects.count() == 20
    assert Entry.objects.get(name="customers.imported").data["created"] == 20


# ── both ways of writing write the same

_NAMES = st.sampled_from(["", "Ada", "Zoë", "张", "三", "O’Brien", " Kim ", "مریم"])
_ROWS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["", "1", "2", "3"]),
        "email": st.sampled_from(["", "a@mail.example", "B@mail.example", "c@mail.example"]),
        "given name": _NAMES,
        "family name": _NAMES,
        "company": st.sampled_from(["", "Hain & Hafen"]),
        "phone": st.sampled_from(["", "+49 (0)30 1234567", "+44 20 7946 0018"]),
        "language": st.sampled_from(["", "de", "zh-Hans"]),
        "status": st.sampled_from(["", "inactive"]),
        "customer since": st.sampled_from(["", "2026-03-12", "2025-01-02 03:04:05"]),
        "line1": st.sampled_from(["", "Kai 1"]),
        "city": st.sampled_from(["", "Kiel", "上海"]),
        "zip": st.sampled_from(["", "200001", "EC1A 1BB"]),
        "country": st.sampled_from(["", "DE", "China"]),
    }
)
_PLACE = {"line1": "line1", "city": "city", "zip": "postcode", "country": "country"}


def _by_the_verbs(rows, channel):
    """The same rows, one by one, as a page would write them."""
    for row in rows:
        profile = {
            key.replace(" ", "_"): value
            for key, value in row.items()
            if value.strip() and key != "id" and key not in _PLACE
        }
        place = {_PLACE[key]: value for key, value in row.items() if key in _PLACE and value}
        if (
            not any(profile.get(f) for f in ("email", "given_name", "family_name", "company", "phone"))
            and not row["id"]
        ):
            continue
        create_customer(values=profile, channel=channel, external_id=row["id"], address=place or None)


def _rows_of(*, leave_out=("id", "customer_id", "subject_id", "search_text_id")):
    found = {}
    for model in (Customer, Address, Identity, Entry):
        rows = model.objects.exclude(name="customers.imported") if model is Entry else model.objects.all()
        found[model.__name__] = [
            {key: value for key, value in row.items() if key not in leave_out} for row in rows.order_by("id").values()
        ]
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        _ROWS, max_size=6, unique_by=(lambda row: row["id"] or object(), lambda row: row["email"] or object())
    )
)
@time_machine.travel("2026-03-12 09:42:00+00:00", tick=False)
def test_many_at_once_write_what_one_by_one_writes(rows, tmp_path):
    from django.db import transaction

    # without an id and an e-mail a row may mean another row of the same file
    rows = [row for row in rows if row["id"] or row["email"]]
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, HEADER)
        writer.writeheader()
        writer.writerows(rows)
    channel = channel_for("web")
    with transaction.atomic():
        _by_the_verbs(rows, channel)
        one_by_one = _rows_of()
        transaction.set_rollback(True)
    with transaction.atomic():
        if rows:
            assert bring_in(path).rejected == 0
        at_once = _rows_of()
        transaction.set_rollback(True)
    for kind, expected in one_by_one.items():
        assert _without(at_once[kind], "channel_id", "source") == _without(expected, "channel_id", "source"), kind


HEADER = ["id", "email", "given name", "family name", "company", "phone", "language", "status",
          "customer since", "line1", "city", "zip", "country"]  # fmt: skip


def _without(rows, *columns):
    return [{key: value for key, value in row.items() if key not in columns} for row in rows]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_ROWS, after=_ROWS)
@time_machine.travel("2026-03-12 09:42:00+00:00", tick=False)
def test_a_change_of_many_writes_what_a_change_of_one_writes(before, after, tmp_path):
    from django.db import transaction

    before, after = {**before, "id": "1"}, {**after, "id": "1"}
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, HEADER)
        writer.writeheader()
        writer.writerow(after)
    channel = channel_for("web")  # before the rollbacks, which PostgreSQL's sequences do not follow
    results = []
    for way in ("one by one", "at once"):
        with transaction.atomic():
            _by_the_verbs([before], channel)
            customer = Customer.objects.get()
            if way == "at once":
                bring_in(path)
            else:
                profile = {
                    k.replace(" ", "_"): v for k, v in after.items() if v.strip() and k != "id" and k not in _PLACE
                }
                place = {_PLACE[key]: value for key, value in after.items() if key in _PLACE and value}
                customer = change_customer(customer, values=profile)
                if place:
                    save_address(customer, values=place, address=Address.objects.first())
            results.append(_rows_of())
            transaction.set_rollback(True)
    assert results[0]["Customer"] == results[1]["Customer"]
    assert results[0]["Address"] == _without(results[1]["Address"]) == results[0]["Address"]
    assert _without(results[0]["Entry"], "source") == _without(results[1]["Entry"], "source")
