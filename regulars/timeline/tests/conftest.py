"""A log to seal: a shop that has lived for a while, and a data folder of its own for spool and anchors."""

from __future__ import annotations

import pytest


@pytest.fixture
def log(db, ada, ben):
    """Some customers came, changed and were looked at; all of it is sealed in several blocks."""
    from regulars.customers.actions import change_customer, create_customer
    from regulars.timeline.actions import acting, seal_entries, sealing
    from regulars.timeline.models import Source

    with acting(ada.pk, Source.PAGE):
        people = [create_customer(values={"name": f"Person {n}", "email": f"p{n}@example.org"}) for n in range(12)]
    with acting(ben.pk, Source.API, token_id=7):
        for number, one in enumerate(people):
            change_customer(one, values={"name": f"Müller & 李, O'Neil {number}"})
    block, sealing.BLOCK = sealing.BLOCK, 5
    try:
        seal_entries()
    finally:
        sealing.BLOCK = block
    return people
