"""The cast and the stage of every test: a data folder of its own, Ada, Ben, Charlie, and a shop."""

from __future__ import annotations

import os
import tempfile

# Before Django reads its settings: tests never touch the developer's own data.
os.environ.setdefault("REGULARS_HOME", tempfile.mkdtemp(prefix="regulars-test-"))
os.environ.setdefault("REGULARS_SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests-")

import pytest


@pytest.fixture
def ada(db):
    """Ada owns the shop."""
    return _colleague("Ada Owner", "owner")


@pytest.fixture
def ben(db):
    """Ben answers customers."""
    return _colleague("Ben Agent", "agent")


@pytest.fixture
def charlie(db):
    """Charlie may do nothing, and proves it in every permission test."""
    return _colleague("Charlie Nobody", "nobody")


@pytest.fixture
def client_of(client):
    """A signed-in test client: client_of(ada)."""

    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def _colleague(name, role):
    from regulars.staff.models import User

    return User.objects.create(name=name, email=f"{name.split()[0].lower()}@shop.example", role=role, password="!")
