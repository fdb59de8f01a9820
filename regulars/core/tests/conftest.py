"""A shop with some customers, orders and a file, that keeps its backups in a folder of the test."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest


def silent(_done, _total):
    """Nobody looks at the progress."""


@pytest.fixture
def home(settings, tmp_path):
    """A data folder of this test's own; the database stays where it is."""
    settings.REGULARS_HOME = tmp_path / "home"
    settings.REGULARS_HOME.mkdir()
    settings.ATTACHMENTS = settings.REGULARS_HOME / "attachments"
    settings.BACKUP_PLACES = [str(tmp_path / "home.backups")]
    settings.BACKUP_RECIPIENTS = []
    settings.BACKUP_KEEP = (7, 4, 12)
    return settings.REGULARS_HOME


@pytest.fixture
def stocked(home, transactional_db):
    """Some customers with orders, a note with a file, and a mail that waits."""
    from regulars.channels.actions import channel_for
    from regulars.core import shop
    from regulars.customers.actions import create_customer
    from regulars.orders.actions import place_order

    shop.change(name="Hain & Hafen", currency="EUR", country="DE")
    people = []
    for number, name in enumerate(("Élodie Marchetti", "王雨桐", "Joost van der Meulen")):
        someone = create_customer(values={"name": name, "email": f"p{number}@posteo.example"})
        place_order(
            values={
                "number": f"HH-{number}",
                "placed_at": dt.datetime(2026, 3, 1 + number, 9, tzinfo=dt.UTC),
                "status": "paid",
            },
            lines=[{"sku": "TEA", "title": "Sencha", "quantity": 2, "unit_price": "12.50"}],
            customer=someone,
            channel=channel_for("web"),
        )
        people.append(someone)
    folder: Path = home / "attachments" / "ab"
    folder.mkdir(parents=True)
    (folder / "abcdef").write_bytes(b"the picture of a teapot " * 9000)
    return people


@pytest.fixture
def take(stocked):
    """Take a backup, and prove it."""
    from regulars.core.backup import taking

    def run():
        [one] = taking.create(say=silent)
        return one

    return run


@pytest.fixture
def taken(stocked, monkeypatch):
    """A backup that nobody proved yet."""
    from regulars.core.backup import proving, taking

    with monkeypatch.context() as patch:
        patch.setattr(proving, "prove_run", lambda *_arguments, **_options: None)
        [one] = taking.create(say=silent)
    return one
