"""Mara, who owns the shop and has a password."""

import pytest

from regulars.staff.tests.knocking import PASSWORD


@pytest.fixture
def mara(db):
    from regulars.staff.models import User

    mara = User(name="Mara Petersen", email="mara@hainhafen.example", role="owner")
    mara.set_password(PASSWORD)
    mara.save()
    return mara
