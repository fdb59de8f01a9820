"""What a question sees is true whatever happened since the lake was built, and a refresh is as good as a new one."""

from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from regulars.core import sight
from regulars.core.text import fold
from regulars.customers.actions.deleting import delete_customer, erase_customer, restore_customer
from regulars.customers.actions.merging import NotMergeable, merge, unmerge
from regulars.customers.actions.notes import write_note
from regulars.customers.actions.profile import change_customer, create_customer
from regulars.customers.models import Customer, MergeLink
from regulars.segments.lake import building, jobs, refreshing, tables, versions, view
from regulars.segments.tests import lakes
from regulars.timeline.actions import blank_many
from regulars.timeline.models import Entry

PEOPLE = ["customer", "name", "city", "spent", "name_folded", "city_folded"]
NOTES = ["customer", "note", "words", "words_folded"]


@pytest.fixture(autouse=True)
def small(db, monkeypatch):
    tables.tables()  # all are there before others take their place
    monkeypatch.setattr(tables, "_TABLES", {"people_here": lakes.PEOPLE, "notes": lakes.NOTES})
    monkeypatch.setattr(tables, "_DIMENSIONS", {})


def person(name, **values):
    return create_customer(values={"given_name": name, **values})


def contents():
    """All columns of the newest version."""
    version = versions.usable()
    assert version is not None
    found = {name: {} for name in version.tables}
    for name, kept in version.tables.items():
        for column in kept.columns:
            found[name][column] = versions.read(version, name, column).to_pylist()
    found["everybody"] = versions.read(version, versions.PEOPLE, "customer").to_pylist()
    return found


def answers(opened):
    return (
        lakes.whole(opened, "people_here", PEOPLE),
        lakes.whole(opened, "notes", NOTES),
        sorted(opened.everyone),
    )


def test_a_version_has_every_row_sorted_by_customer_with_folded_texts():
    mueller, zhang = person("Jürgen", family_name="MÜLLER", company="Größe"), person("张三")
    write_note(mueller, text="Große Bestellung")
    building.build()
    assert contents() == {
        "everybody": [mueller.pk, zhang.pk],
        "people_here": {
            "customer": [mueller.pk, zhang.pk],
            "name": ["Jürgen MÜLLER", "张三"],
            "city": ["Größe", None],
            "spent": [0, 0],
            "name_folded": [fold("Jürgen MÜLLER"), "张三"],
            "city_folded": [fold("Größe"), None],
        },
        "notes": {
            "customer": [mueller.pk],
            "note": [mueller.notes.get().pk],
            "words": [["Große", "Bestellung"]],
            "words_folded": [[fold("Große"), fold("Bestellung")]],
        },
    }


def test_many_rows_wait_in_sealed_files_and_come_out_the_same():
    for number in range(30):
        one = person(f"Person {number % 7}", company="Werft" if number % 2 else "")
        write_note(one, text=f"Wort {number}")
    building.build()
    at_once = contents()
    building.build(in_memory=1)
    assert contents() == at_once
    assert at_once["people_here"]["name"][:2] == ["Person 0", "Person 1"]
    assert list(versions.folder().glob("*/*.part")) == []


@pytest.mark.parametrize("with_version", [True, False])
def test_an_answer_is_right_after_every_change(with_version):
    anna, bela, cora = person("Anna"), person("Béla"), person("Cora")
    write_note(bela, text="ruft an")
    if with_version:
        building.build()
    assert view.open().version == (1 if with_version else None)
    change_customer(anna, values={"company": "Werft"})
    write_note(cora, text="kommt morgen")
    dora = person("Dora")
    assert answers(view.open()) == answers(view.open(engine="records"))
    assert [row["city"] for row in lakes.whole(view.open(), "people_here", ["customer", "city"])] == [
        "Werft",
        None,
        None,
        None,
    ]
    (link,) = merge(keep=anna, others=[bela])
    opened = view.open()
    assert sorted(opened.everyone) == [anna.pk, cora.pk, dora.pk]
    assert {row["customer"] for row in lakes.whole(opened, "notes", NOTES)} == {anna.pk, cora.pk}
    unmerge(link)
    delete_customer(cora)
    opened = view.open()
    assert sorted(opened.everyone) == [anna.pk, bela.pk, dora.pk]
    assert {row["customer"] for row in lakes.whole(opened, "notes", NOTES)} == {bela.pk}
    restore_customer(Customer.everyone.get(pk=cora.pk))
    assert sorted(view.open().everyone) == [anna.pk, bela.pk, cora.pk, dora.pk]


def test_a_view_is_one_moment_and_its_stamp_says_which():
    anna, bela = person("Anna"), person("Béla")
    building.build()
    before = view.open()
    stamp = before.stamp
    assert view.open().version_stamp == before.version_stamp
    change_customer(bela, values={"given_name": "Bela"})
    assert [row["name"] for row in lakes.whole(before, "people_here", ["customer", "name"])] == ["Anna", "Béla"]
    assert (before.stamp, sorted(before.touched)) == (stamp, [])
    after = view.open()
    assert after.stamp != stamp
    assert sorted(after.touched) == [bela.pk]
    assert sorted(after.everyone) == [anna.pk, bela.pk]


def test_whoever_only_looks_touches_nobody(client_of, ada):
    anna = person("Anna")
    building.build()
    client = client_of(ada)
    assert client.get(f"/customers/{anna.public_id}").status_code == 200
    assert sorted(view.open().touched) == []


def test_the_system_reads_whoever_asks():
    anna = person("Anna")
    write_note(anna, text="geheim")
    building.build()
    bela = person("Béla")
    with sight.looking(sight.NOTHING):
        opened = view.open()
        assert sorted(opened.everyone) == [anna.pk, bela.pk]
        assert opened.fresh("people_here", ["name"]).to_pylist() == [{"name": "Béla"}]
        jobs.refresh()
    assert contents()["people_here"]["name"] == ["Anna", "Béla"]


def test_an_erased_person_is_gone_at_once_and_from_all_files_with_the_next_refresh():
    canary = "Zaunkönigin"
    anna, bela = person("Anna"), person(canary)
    number = bela.pk
    building.build()
    change_customer(anna, values={"company": "Werft"})
    jobs.refresh()
    assert sorted(path.name for path in versions.folder().iterdir() if path.is_dir()) == ["1", "2"]
    erase_customer(delete_customer(bela))
    opened = view.open()
    assert number in opened.touched
    assert sorted(opened.everyone) == [anna.pk]
    assert opened.fresh("people_here", ["customer"]).to_pylist() == []
    jobs.keep_fresh()
    # the version before had them, so it went as well; and no dictionary keeps a name that nobody has
    assert sorted(path.name for path in versions.folder().iterdir() if path.is_dir()) == ["3"]
    found = contents()
    assert found["everybody"] == [anna.pk]
    assert canary not in repr(found)
    version = versions.usable()
    for name, kept in version.tables.items():
        for column in kept.columns:
            chunks = versions.read(version, name, column).chunks
            assert canary not in repr([getattr(chunk, "dictionary", chunk).to_pylist() for chunk in chunks])


def test_a_dictionary_forgets_the_texts_that_no_row_has():
    for name in ["Anna", "Anna", "Anna", "Béla", "Béla", "Cora"]:
        person(name)
    building.build()
    cora = Customer.objects.get(name="Cora")
    change_customer(cora, values={"given_name": "Anna"})
    jobs.refresh()
    column = versions.read(versions.usable(), "people_here", "name")
    assert pa.types.is_dictionary(column.type)
    assert sorted(column.chunk(0).dictionary.to_pylist()) == ["Anna", "Béla"]


def test_nothing_of_a_person_can_be_read_in_the_folder():
    canary = "Zaunkönigin"
    for _ in range(40):
        one = person(canary)
        write_note(one, text=canary * 20)
    building.build(in_memory=1)
    jobs.refresh()
    files = [path for path in versions.folder().rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        body = path.read_bytes()
        assert canary.encode() not in body
        assert fold(canary).encode() not in body
        assert path.stat().st_mode & 0o077 == 0 or path.name == "current"


CHANGES = st.lists(
    st.tuples(st.sampled_from(["new", "change", "note", "merge", "unmerge", "delete", "restore"]), st.integers(0, 9)),
    max_size=12,
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, later=CHANGES)
def test_a_refresh_after_any_changes_is_what_a_new_build_is(changes, later):
    _proof(changes, later)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, later=CHANGES)
def test_a_refresh_after_many_kinds_of_changes_is_what_a_new_build_is(changes, later):
    _proof(changes, later)


def _proof(changes, later):
    view.forget()
    for number in range(6):
        person(f"Person {number}", company="Werft" if number % 2 else "")
    _happen(changes)
    building.build()
    for some in (later, changes):
        _happen(some)
        truth = answers(view.open(engine="records"))
        assert answers(view.open()) == truth
        jobs.refresh()
        refreshed, opened = contents(), view.open()
        assert (opened.touched, answers(opened)) == (BitMap(), truth)
        building.build()
        assert contents() == refreshed


def _happen(changes):
    for change, number in changes:
        known = list(Customer.objects.order_by("pk"))
        one = known[number % len(known)] if known else None
        if change == "new" or one is None:
            person(f"Neu {number}")
        elif change == "change":
            change_customer(one, values={"given_name": f"Ánders {number % 3}", "company": "Kontor" * (number % 2)})
        elif change == "note":
            write_note(one, text=f"Wort {number}")
        elif change == "merge" and len(known) > 1:
            merge(keep=one, others=[known[(number + 1) % len(known)]])
        elif change == "unmerge":
            for link in MergeLink.objects.filter(undone_at__isnull=True)[:1]:
                with suppress(NotMergeable):
                    unmerge(link)
        elif change == "delete":
            delete_customer(one)
        elif change == "restore":
            for gone in Customer.everyone.filter(deleted_at__isnull=False, merged_into__isnull=True)[:1]:
                restore_customer(gone)


def test_customers_whose_import_was_taken_back_are_gone():
    anna, *going = person("Anna"), person("Ida"), person("Jon")
    gone = [one.pk for one in going]
    building.build()
    # as an import is taken back: their entries are cut loose, and their rows go without one that names them
    blank_many(Entry.objects.filter(customer__in=gone), is_emptied=True, is_cut_loose=True, reason="undone")
    rows = Customer.everyone.filter(pk__in=gone)
    rows._raw_delete(rows.db)
    opened = view.open()
    assert (sorted(opened.everyone), sorted(opened.touched)) == ([anna.pk], gone)
    assert refreshing.since(versions.usable()).gone == BitMap(gone)
    jobs.keep_fresh()
    assert contents()["everybody"] == [anna.pk]
