"""Delete many customers for thirty days, and bring them back."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from regulars.customers.bulk.action import Images, Line, Outcome, Params
from regulars.customers.bulk.columns import write_columns
from regulars.customers.models import ContactPoint, Customer, Identity, OwnProfile
from regulars.customers.people import emails_of
from regulars.customers.standings import id_list
from regulars.staff.policy import told


def delete_title(_params: Params) -> str:
    """Delete."""
    return _("Delete")


def restore_title(_params: Params) -> str:
    """Bring back."""
    return _("Bring back")


def deleted() -> QuerySet[Customer]:
    """Whom one can bring back."""
    return Customer.everyone.filter(deleted_at__isnull=False)


def plan_delete(numbers: Sequence[int], _params: Params) -> Iterable[Line]:
    """Everybody who is listed."""
    fields = {"deleted_at": [False, True]}
    for number in Customer.objects.filter(id__in=id_list(numbers)).values_list("id", flat=True):
        yield Line(number, Outcome.CHANGED, fields)


def apply_delete(numbers: Sequence[int], _params: Params, at: dt.datetime) -> Images:
    """Take them out of every list; what belongs to them stays where it is."""
    return write_columns(numbers, {"deleted_at": at, "is_listed": False}, at)


def plan_restore(numbers: Sequence[int], _params: Params) -> Iterable[Line]:
    """Who can come back, and whose e-mail somebody else has by now."""
    clashes = clashing(numbers)
    fields = {"deleted_at": [True, False]}
    for number in deleted().filter(id__in=id_list(numbers)).values_list("id", flat=True):
        if number in clashes:
            yield Line(number, Outcome.REFUSED, reason=clashes[number])
        else:
            yield Line(number, Outcome.CHANGED, fields)


def apply_restore(numbers: Sequence[int], _params: Params, at: dt.datetime) -> Images:
    """Let them be listed again; records of somebody else stay that."""
    rows = deleted().filter(id__in=id_list(numbers))
    own = list(rows.filter(merged_into__isnull=True).values_list("id", flat=True))
    under = list(rows.filter(merged_into__isnull=False).values_list("id", flat=True))
    back = write_columns(own, {"deleted_at": None, "is_listed": True}, at)
    return {**back, **write_columns(under, {"deleted_at": None, "is_listed": False}, at)}


def clashing(numbers: Collection[int]) -> dict[int, str]:
    """Who cannot come back because an e-mail of theirs is somebody else's by now, and why, in a sentence.

    Two accounts of one channel may share an e-mail, as ever. Of two other deleted customers with one the first can.
    """
    root_of = dict(deleted().filter(id__in=id_list(numbers)).values_list("id", Coalesce("merged_into_id", "id")))
    emails = emails_of(root_of)
    holders = holders_of({email for of_one in emails.values() for email in of_one})
    channels: dict[int, set[int]] = defaultdict(set)
    people = [*root_of, *(number for of_email in holders.values() for number in of_email)]
    for number, channel in Identity.objects.filter(customer__in=id_list(people)).values_list("customer", "channel"):
        channels[number].add(channel)
    found = {}
    for number in sorted(root_of):
        others = (
            (name, email)
            for email in emails[number]
            for holder, name in holders[email].items()
            if holder not in (number, root_of[number]) and not channels[number] & channels[holder]
        )
        name, email = next(others, ("", ""))
        if name:
            found[number] = _("%(name)s has the e-mail %(email)s now.") % {"name": name, "email": email}
            continue
        for email in emails[number]:
            holders[email][number] = _("Another deleted customer")
    return found


def holders_of(emails: Collection[str]) -> dict[str, dict[int, str]]:
    """Who has these e-mails and is not deleted, with their names: as theirs, as a further one, or behind a merge."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for customer in Customer.everyone.filter(email__in=emails, deleted_at=None).select_related("merged_into"):
        _note(found[customer.email], customer)
    for own in OwnProfile.objects.filter(email__in=emails, customer__deleted_at=None).select_related("customer"):
        _note(found[own.email], own.customer)
    points = ContactPoint.objects.filter(kind=ContactPoint.Kind.EMAIL, value__in=emails, customer__deleted_at=None)
    for point in points.select_related("customer__merged_into"):
        _note(found[point.value], point.customer)
    return found


def _note(names: dict[int, str], record: Customer) -> None:
    person = record.merged_into or record
    if person.deleted_at is None:
        names[person.pk] = told(person)
