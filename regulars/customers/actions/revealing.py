"""Show what a role masks, for a while, for a reason: written down before anything is shown."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal
from regulars.core.sight import GROUPS, Level
from regulars.core.text import BadText, clean
from regulars.customers.models import Customer
from regulars.customers.read_facts import CustomerRevealed
from regulars.staff.models import User
from regulars.staff.policy import reader, verb
from regulars.timeline.actions import record
from regulars.timeline.models import Entry

BUDGET, WINDOW = 60, dt.timedelta(hours=1)
_REASON = 250


class TooManyShown(Refusal):
    """Somebody had more masked values shown than an hour's work needs."""

    slug: ClassVar[str] = "too-many-shown"
    status: ClassVar[int] = HTTPStatus.TOO_MANY_REQUESTS


def maskable() -> list[str]:
    """The groups of which the reader sees a part, and could ask for the rest."""
    return [group for group in GROUPS if reader().level(group) is Level.MASKED]


@verb
def reveal(customer: Customer, *, group: str, reason: str) -> None:
    """Write down that the reader is about to see a masked group of one customer in full, and why.

    Raises Invalid without a reason, or for a group that is not masked; TooManyShown beyond sixty in an hour.
    """
    try:
        why = clean(reason, limit=_REASON)
    except BadText as problem:
        raise Invalid(str(problem), fields={"reason": [str(problem)]}) from problem
    if not why:
        sentence = _("Say what you need it for. It is written down with it.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    if group not in maskable():
        sentence = _("There is nothing masked here that could be shown.")
        raise Invalid(sentence, fields={"group": [sentence]})
    # two pages of one person take turns, so that sixty are sixty
    person = User.objects.select_for_update(of=("self",)).get(pk=reader().user_id or 0)
    shown = Entry.objects.filter(
        actor=person, name=CustomerRevealed.name, recorded_at__gt=timezone.now() - WINDOW
    ).count()
    if shown >= BUDGET:
        raise TooManyShown(_("You had %(count)s masked values shown in the last hour. Go on later.") % {"count": shown})
    record(CustomerRevealed(group=group, reason=why), customer=customer, subject=customer)
