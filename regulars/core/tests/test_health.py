import pytest
from django.core.management import call_command
from django.db import OperationalError

from regulars.core.views import health


@pytest.fixture(autouse=True)
def _as_after_a_start(monkeypatch):
    monkeypatch.setattr(health, "_is_migrated", False)


def test_a_live_process_says_so_without_the_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_ready_shop_says_so(client, db):
    for _ in range(2):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_a_database_of_another_version_is_not_ready(client):
    call_command("migrate", "sessions", "zero", verbosity=0)
    try:
        answer = client.get("/readyz")
    finally:
        call_command("migrate", "sessions", verbosity=0)
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "reason": "the database waits for `regulars migrate`"}


def test_a_database_that_is_away_is_not_ready(client, monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(health, "_problem", away)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reason"]) == (503, "the database does not answer")


def test_they_are_asked_not_told(client):
    assert client.post("/healthz").status_code == 405
