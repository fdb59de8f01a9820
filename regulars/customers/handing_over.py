"""Whoever leaves the shop hands over the customers they look after. It stands in the log of bulk work, with undo."""

from __future__ import annotations

from django.utils.translation import get_language, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _

from regulars.core.background import background
from regulars.customers.actions import bulk
from regulars.customers.bulk import action as actions
from regulars.customers.bulk.selection import Selection
from regulars.customers.models import ChangeSet, Customer
from regulars.staff.duties import Duty
from regulars.staff.models import User
from regulars.staff.policy import verb, writing


def count(person: User) -> int:
    """How many customers somebody looks after, whoever asks."""
    with writing():
        return Customer.objects.filter(looked_after_by=person).count()


@verb
def hand_over(person: User, successor: User | None) -> int:
    """Let a colleague, or nobody, look after the customers of somebody; how many that are.

    Few are handed over here and now, many in the background. Whoever cannot be changed is listed with the change.
    """
    numbers = tuple(Customer.objects.filter(looked_after_by=person).order_by("pk").values_list("pk", flat=True))
    action = actions.get("assign")
    if not numbers or action is None:
        return 0
    params = {"field": "looked_after_by", "value": successor.public_id if successor is not None else ""}
    made = ChangeSet.objects.create(
        action=action.name,
        title=action.title(params)[:250],
        params=params,
        selection=Selection(ids=numbers).kept() | {"language": get_language() or "en", "back": ""},
        # nobody's, so that it reaches customers whom the one who lets somebody go does not see
        made_by=None,
        reason=_("%(name)s left the shop") % {"name": person.name},
        total=len(numbers),
    )
    if len(numbers) <= bulk.AT_HAND:
        carry_out(change_set_id=made.pk)
    else:
        carry_out.later(change_set_id=made.pk)
    return len(numbers)


@background(label=gettext_lazy("Hand over customers"), retries=3)
def carry_out(*, change_set_id: int) -> None:
    """Plan a handing-over and apply it, with nothing to agree to in between; begun again, it goes on."""
    made = ChangeSet.objects.get(pk=change_set_id)
    with writing(), override(made.selection.get("language")):
        bulk.make_plan(change_set_id=change_set_id)
        made.refresh_from_db()
        if made.state == ChangeSet.State.PLANNED and made.total:
            bulk.apply(made, reason=made.reason)


DUTY = Duty(
    name="customers",
    count=count,
    said=lambda number: ngettext("%(count)s customer", "%(count)s customers", number) % {"count": number},
    hand_over=hand_over,
)
