"""A shop that changed its roles before there were groups may use them after the update, as far as it would have."""

from importlib import import_module

import pytest
from django.apps import apps

from regulars.staff.models import StaffRole

pytestmark = pytest.mark.django_db


def test_changed_built_in_roles_get_the_permissions_of_groups():
    for key, permissions in (
        ("marketer", ["customers.view"]),
        ("agent", ["customers.edit", "customers.view"]),
        ("read_only", ["orders.view"]),
        ("own-7", ["customers.view"]),
    ):
        StaffRole.objects.create(key=key, permissions=permissions)
    import_module("regulars.staff.migrations.0005_changed_roles_see_groups").give(apps, None)
    assert dict(StaffRole.objects.values_list("key", "permissions")) == {
        "marketer": ["customers.view", "segments.edit", "segments.view"],
        "agent": ["customers.edit", "customers.view", "segments.view"],
        "read_only": ["orders.view"],
        "own-7": ["customers.view"],
    }
