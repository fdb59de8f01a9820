"""The shop is read once in a while, and at once where another process of this machine changed it."""

import pytest
from django.core.cache import cache

from regulars.core import shop
from regulars.core.models import Shop


@pytest.mark.django_db(transaction=True)
def test_another_process_sees_a_change_at_once(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path / "not yet there"
    Shop.objects.create(name="Hain & Hafen")
    assert shop.current().name == "Hain & Hafen"
    kept_elsewhere = cache.get("core.shop")

    shop.change(name="Hain, Hafen & Heide")
    cache.set("core.shop", kept_elsewhere)  # what the other process still has

    assert shop.current().name == "Hain, Hafen & Heide"


@pytest.mark.django_db
def test_a_change_that_is_not_committed_is_told_to_nobody(settings, tmp_path):
    settings.REGULARS_HOME = tmp_path

    shop.change(name="Hain & Hafen")

    assert shop.current().name == "Hain & Hafen"
    assert list(tmp_path.iterdir()) == []
