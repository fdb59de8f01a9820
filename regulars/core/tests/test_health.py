import pytest
from django.core.management import call_command
from django.db import Error, connection


def test_a_live_process_says_so_without_the_database(client):
    answer = client.get("/healthz", headers={"host": "any.name.example"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_ready_shop_says_so_and_sets_no_cookie(client, db):
    for _ in range(2):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert answer["Cache-Control"] == "no-store"
        assert not answer.cookies


@pytest.mark.django_db(transaction=True)
def test_a_database_of_another_version_is_not_ready(client):
    call_command("migrate", "messaging", "zero", verbosity=0)
    try:
        answer = client.get("/readyz")
    finally:
        call_command("migrate", verbosity=0)  # and whatever stands on it
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "reason": "the database waits for `regulars migrate`"}


def test_a_database_that_goes_away_is_not_ready_until_it_is_back(client, db, monkeypatch):
    def away():
        raise Error

    assert client.get("/readyz").status_code == 200
    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", away)
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "the database does not answer")
    assert client.get("/readyz").status_code == 200


def test_they_are_asked_not_told(client):
    assert client.post("/healthz").status_code == 405
