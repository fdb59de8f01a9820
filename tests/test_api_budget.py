"""A token has a budget: bursts pass, loops are told to wait, and nobody else waits with them."""

import pytest

from regulars.core.api import budget


@pytest.fixture(autouse=True)
def _fresh():
    budget.forget()
    yield
    budget.forget()


def test_a_token_that_calls_too_often_is_told_how_long_to_wait(ada, ben, api_of, settings, monkeypatch):
    settings.API_CALLS_A_MINUTE = 30
    now = [1000.0]
    monkeypatch.setattr(budget.time, "monotonic", lambda: now[0])
    program, other = api_of(ada), api_of(ben)
    assert {program.get("/tags").status_code for _ in range(30)} == {200}
    refused = program.get("/tags")
    assert (refused.status_code, refused["Retry-After"], refused["Content-Type"]) == (
        429,
        "2",
        "application/problem+json",
    )
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert other.get("/tags").status_code == 200
    now[0] += 2
    assert program.get("/tags").status_code == 200
    assert program.get("/tags").status_code == 429


def test_what_is_refused_changes_nothing(ada, api_of, settings):
    from regulars.customers.models import Customer

    settings.API_CALLS_A_MINUTE = 1
    program = api_of(ada)
    assert program.post("/customers", {"name": "One"}).status_code == 201
    assert program.post("/customers", {"name": "Two"}).status_code == 429
    assert [customer.name for customer in Customer.objects.all()] == ["One"]


def test_without_a_limit_nobody_waits(ada, api_of, settings):
    settings.API_CALLS_A_MINUTE = 0
    program = api_of(ada)
    assert {program.get("/tags").status_code for _ in range(50)} == {200}


def test_buckets_do_not_pile_up(settings, monkeypatch):
    settings.API_CALLS_A_MINUTE = 5
    monkeypatch.setattr(budget, "_MOST_BUCKETS", 10)
    for token in range(100):
        budget.spend(token)
    assert len(budget._buckets) <= 10
