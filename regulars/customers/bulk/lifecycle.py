"""Delete many customers for thirty days, and bring them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.customers.bulk.action import Images, Line, Outcome, Params
from regulars.customers.bulk.columns import write_columns
from regulars.customers.models import Customer
from regulars.customers.standings import id_list


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
    """Who cannot come back because their e-mail is somebody else's by now, and why, in a sentence.

    Of two deleted customers with one e-mail the first can.
    """
    gone = list(deleted().filter(id__in=id_list(numbers)).exclude(email="").order_by("id").values_list("id", "email"))
    emails = {email for _number, email in gone}
    held = {
        customer.email: str(customer)
        for customer in Customer.objects.filter(email__in=emails).only("name", "company", "email", "phone")
    }
    found = {}
    for number, email in gone:
        if email in held:
            found[number] = _("%(name)s has the e-mail %(email)s now.") % {"name": held[email], "email": email}
        else:
            held[email] = _("Another deleted customer")
    return found
