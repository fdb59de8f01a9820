"""Households: people who live together and are not one person."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.customers import people, presenting
from regulars.customers.actions.profile import as_read, write
from regulars.customers.facts import HouseholdJoined, HouseholdLeft, SettingChanged
from regulars.customers.models import Customer, Household
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_NAME = 200


@verb
def join_household(customers: Sequence[Customer], *, name: str = "") -> Household:
    """Say that some people live together; whoever lives with one of them already comes along.

    The household that was there first stays, with its name unless another one is given. Raises Invalid for companies,
    and for fewer than two people.
    """
    rows = {one.pk: one for one in (presenting.itself(as_read(people.person(one), None)) for one in customers)}
    if any(one.is_company for one in rows.values()):
        raise _refused(_("A company lives in no household. Its people stand on its own page."))
    known = sorted({one.household_id for one in rows.values() if one.household_id is not None})
    for one in Customer.objects.filter(household__in=known).exclude(pk__in=rows):
        rows[one.pk] = presenting.itself(as_read(one, None))
    if len(rows) < 2:
        raise _refused(_("A household takes two people at least."))
    household = Household.objects.get(pk=known[0]) if known else Household.objects.create(name=_name(name))
    if known and name and household.name != _name(name):
        rename_household(household, name=name)
    for one in sorted(rows.values(), key=lambda one: one.pk):
        if one.household_id != household.pk:
            write(one, {"household": household})
            record(HouseholdJoined(household=household.public_id), customer=one, subject=one)
    Household.objects.filter(pk__in=known[1:], members__isnull=True).delete()
    return household


@verb
def leave_household(customer: Customer) -> Household | None:
    """Say that somebody does not live with the others any more; the household they left, None where they had none.

    A household that nobody lives in any more stays as a row, so that the step can be taken back.
    """
    current = presenting.itself(as_read(customer, None))
    household = current.household
    if household is None:
        return None
    write(current, {"household": None})
    record(HouseholdLeft(household=household.public_id), customer=current, subject=current)
    return household


@verb
def return_to_household(customer: Customer, household: Household) -> None:
    """Take a leaving back, where they live nowhere else meanwhile."""
    current = presenting.itself(as_read(customer, None))
    if current.household_id is None:
        write(current, {"household": household})
        record(HouseholdJoined(household=household.public_id), customer=current, subject=current)


@verb
def rename_household(household: Household, *, name: str) -> Household:
    """Call a household something; without a name its members say who it is."""
    was, household.name = household.name, _name(name)
    household.version += 1
    household.updated_at = timezone.now()
    household.save(update_fields=["name", "version", "updated_at"])
    told = {"name": [was, household.name]}
    record(SettingChanged(what="household", called=household.public_id, changes=told), subject=household)
    return household


def _name(text: str) -> str:
    try:
        return clean(text, limit=_NAME)
    except BadText as problem:
        raise Invalid(str(problem), fields={"name": [str(problem)]}) from problem


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"household": [sentence]})
