"""Between requests a process keeps what it read: only who was touched since is read again, and nothing sticks."""

import threading

import pytest
from django.db import connection, connections, transaction

from regulars.customers.actions.profile import change_customer, create_customer
from regulars.segments.lake import building, jobs, tables, view
from regulars.segments.tests import lakes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def asked_for(monkeypatch):
    asked_for = []

    def read(ids):
        asked_for.append(None if ids is None else sorted(ids))
        yield from lakes.read_people(ids)

    people = tables.Table(name="people_here", schema=lambda: lakes.PEOPLE_SCHEMA, read=read)
    tables.tables()  # all are there before others take their place
    monkeypatch.setattr(tables, "_TABLES", {"people_here": people})
    monkeypatch.setattr(tables, "_DIMENSIONS", {})
    return asked_for


def names(opened):
    return [row["name"] for row in lakes.whole(opened, "people_here", ["customer", "name"])]


def test_only_who_was_touched_since_is_read_again_and_what_is_rolled_back_never_was(asked_for):
    anna, bela, cora = (create_customer(values={"given_name": name}) for name in ("Anna", "Béla", "Cora"))
    # without a version: everybody once, then whoever changed
    assert names(view.open()) == ["Anna", "Béla", "Cora"]
    change_customer(bela, values={"given_name": "Bela"})
    assert names(view.open()) == ["Anna", "Bela", "Cora"]
    assert names(view.open()) == ["Anna", "Bela", "Cora"]
    assert asked_for == [None, [bela.pk]]
    # a transaction sees what it wrote; nobody else does, before or after it was rolled back
    asked_for.clear()
    stamp = view.open().stamp
    with transaction.atomic():
        change_customer(cora, values={"given_name": "Kora"})
        inside = view.open()
        assert names(inside) == ["Anna", "Bela", "Kora"]
        assert inside.stamp != stamp
        transaction.set_rollback(True)
    assert (names(view.open()), view.open().stamp) == (["Anna", "Bela", "Cora"], stamp)
    # entries that were rolled back gave their numbers back: the next one is not taken for one of them
    change_customer(anna, values={"given_name": "Ann"})
    assert names(view.open()) == ["Ann", "Bela", "Cora"]
    assert asked_for == [[cora.pk], [anna.pk]]
    # with a version: those touched since, each once
    jobs.build()
    asked_for.clear()
    change_customer(anna, values={"given_name": "Anna"})
    change_customer(cora, values={"given_name": "Kora"})
    before = view.open()
    assert names(before) == ["Anna", "Bela", "Kora"]
    change_customer(cora, values={"given_name": "Cora"})
    change_customer(bela, values={"given_name": "Béla"})
    assert names(view.open()) == ["Anna", "Béla", "Cora"]
    assert asked_for == [[anna.pk, cora.pk], [bela.pk, cora.pk]]
    # a view of before has nobody's rows twice, whoever was touched since
    assert sorted(names(before)) == ["Anna", "Bela", "Kora"]
    _from_two_threads(["Anna", "Béla", "Cora"])


def _from_two_threads(expected):
    found = []

    def ask():
        try:
            found.append(names(view.open()))
        finally:
            connections.close_all()

    view.forget()
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected, expected]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it has one writer, and entries are seen in their order")
def test_a_change_that_is_seen_after_a_later_one_is_not_missed(monkeypatch):
    anna, bela = (create_customer(values={"given_name": name}) for name in ("Anna", "Béla"))
    jobs.build()
    is_written, may_commit = threading.Event(), threading.Event()

    def slowly():
        try:
            with transaction.atomic():
                change_customer(anna, values={"given_name": "Ann"})
                is_written.set()
                may_commit.wait(20)
        finally:
            connections.close_all()

    slow = threading.Thread(target=slowly)
    slow.start()
    try:
        assert is_written.wait(20)
        change_customer(bela, values={"given_name": "Bela"})
        # what the slow one does not say yet is not known; what came after it is, also twice
        assert [names(view.open()) for _ in range(2)] == [["Anna", "Bela"]] * 2
        monkeypatch.setattr(building, "PATIENCE", 0.1)
        made = jobs.refresh()
        assert names(view.open()) == ["Anna", "Bela"]
    finally:
        may_commit.set()
        slow.join()
    assert sorted(view.open().touched) == [anna.pk, bela.pk]
    assert names(view.open()) == ["Ann", "Bela"]
    assert made.entry_id < view.open()._state.followed.floor
    jobs.refresh()
    assert (names(view.open()), sorted(view.open().touched)) == (["Ann", "Bela"], [])
