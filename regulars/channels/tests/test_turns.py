"""Whose turn it is to write: one after the other with SQLite, never a wait for somebody who waits for us."""

import threading

import pytest
from django.db import connection, transaction

from regulars.channels.turns import turn

pytestmark = pytest.mark.django_db(transaction=True)


def entered(while_inside):
    """Whether another thread gets its turn while the caller is where it is."""
    inside = threading.Event()

    def other():
        try:
            with turn():
                inside.set()
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    found = inside.wait(0.2 if while_inside else 10)
    return found, thread


def test_with_sqlite_the_next_one_waits_until_the_turn_is_over():
    with turn():
        found, thread = entered(while_inside=connection.vendor == "sqlite")
        assert found is (connection.vendor != "sqlite")
    thread.join(10)
    assert not thread.is_alive()


def test_who_is_in_a_transaction_asks_for_no_turn():
    with transaction.atomic():
        with turn():
            pass
        found, thread = entered(while_inside=False)
    assert found is True
    thread.join(10)
