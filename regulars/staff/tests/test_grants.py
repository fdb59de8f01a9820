"""What goes beyond what: no chain of gifts leads to more than the first had."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from regulars.core.sight import GROUPS, Level
from regulars.staff.grants import Grant, beyond, of_definition, of_person
from regulars.staff.models import Sees, StaffRole, User
from regulars.staff.roles import PERMISSIONS, permissions_of

HOW_MUCH = {Level.HIDDEN: 0, Level.MASKED: 1, Level.FULL: 2}

grants = some.builds(
    Grant,
    permissions=some.frozensets(some.sampled_from(sorted(PERMISSIONS)[:5]), max_size=5),
    sees=some.sampled_from(Sees.values),
    channel_ids=some.frozensets(some.integers(1, 3)),
    fields=some.dictionaries(some.sampled_from(sorted(GROUPS)[:3]), some.sampled_from([*Level, "nonsense"])),
)


@given(first=grants, second=grants, third=grants)
@settings(max_examples=400, deadline=None)
def test_what_is_given_on_never_becomes_more(first, second, third):
    if not beyond(second, first) and not beyond(third, second):
        assert beyond(third, first) == []


@given(given_=grants, own=grants)
@settings(max_examples=400, deadline=None)
def test_within_means_no_permission_no_field_and_no_view_more(given_, own):
    if beyond(given_, own):
        return
    assert given_.permissions <= own.permissions
    assert all(HOW_MUCH[given_.level(group)] <= HOW_MUCH[own.level(group)] for group in GROUPS)
    assert own.sees == Sees.ALL or given_.sees != Sees.ALL
    assert own.sees != Sees.CHANNELS or given_.channel_ids <= own.channel_ids


@given(grant=grants)
@settings(max_examples=100, deadline=None)
def test_everybody_may_give_what_they_have_and_an_owner_everything(grant):
    assert beyond(grant, grant) == []
    assert beyond(grant, Grant(permissions=permissions_of("owner"))) == []


def test_a_permission_that_a_role_has_in_vain_is_not_there_to_be_given():
    row = StaffRole(key="x", permissions=["customers.view", "customers.merge"], fields={"email": "masked"})
    person = User(name="X", email="x@shop.example", role="x", definition=row)
    assert of_person(person).permissions == frozenset({"customers.view"})
    assert "customers.merge" in of_definition(row).permissions


@pytest.mark.parametrize("level", ["nonsense", "", None, 7])
def test_a_level_nobody_knows_shows_nothing(level):
    assert Grant(fields={"email": level}).level("email") is Level.HIDDEN


def test_an_owner_has_everything_whatever_a_row_says():
    row = StaffRole(key="owner", permissions=[], sees="own")
    owner = User(name="X", email="x@shop.example", role="owner", definition=row)
    assert of_person(owner) == Grant(permissions=permissions_of("owner"))
