"""The groups that the people of the demo shop keep: by rule and by hand, with how large they were in the past year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.segments.actions.groups import create_group, note_past_sizes
from regulars.segments.actions.picking import pick
from regulars.segments.engine import asking
from regulars.segments.language.dates import add
from regulars.segments.language.tree import Offset, Unit
from regulars.segments.models import Group

_MONTHS = 12
_BY_HAND, _INVITED = "Invited to the anniversary", 24

_RULES = (
    ("VIP", "Value", "Those to look after first.", "amount_spent >= 2000 AND number_of_orders >= 5"),
    ("Regulars", "Value", "Three orders or more, the last within half a year.",
     "number_of_orders >= 3 AND last_order_date >= -6m"),
    ("Bought once", "Value", "One order so far: a reason to come back is what they need.", "number_of_orders = 1"),
    ("Going quiet, worth writing to", "Campaigns", "Used to come back, have stopped, and may be written to.",
     ("number_of_orders >= 3 AND last_order_date < -90d AND email_subscription_status = 'SUBSCRIBED' "
      "AND NOT (number_of_returns > 3 OR is_blocked = true)")),
    ("Newcomers", "Campaigns", "First order within the last 30 days.", "first_order_date >= -30d"),
    ("Christmas shoppers", "Campaigns", "Bought Christmas things more than once.",
     "products_purchased MATCHES (name CONTAINS 'christmas', count >= 2)"),
    ("Wholesale", "", "Small shops that buy to sell.", "customer_tags CONTAINS 'Wholesale' OR kind = 'company'"),
)  # fmt: skip


def keep_groups() -> None:
    """Save the groups that are not there yet: an interrupted load goes on after them."""
    known = set(Group.objects.values_list("name", flat=True))
    days = list(_month_ends())
    for name, folder, description, query in _RULES:
        if name in known:
            continue
        group = create_group(name=name, query=query, description=description, folder=folder)
        note_past_sizes(group, sizes=dict(_past(group, days)))
    if _BY_HAND in known:
        return
    invited = create_group(name=_BY_HAND, description="Whom we want to see on the day.")
    best = Customer.objects.order_by("-spent_minor", "pk").values_list("pk", flat=True)[:_INVITED]
    pick(invited, customers=list(best))


def _month_ends() -> Iterator[dt.date]:
    """The last day of each of the past months, the earliest first."""
    first = shop.today().replace(day=1)
    for months in range(_MONTHS, 0, -1):
        yield add(first, Offset(1 - months, Unit.MONTH)) - dt.timedelta(days=1)


def _past(group: Group, days: list[dt.date]) -> Iterator[tuple[dt.date, int]]:
    """How many would have been in a group on each of some days on which there were customers."""
    node = asking.read(group.query)
    for day in days:
        try:
            yield day, asking.count(node, as_of=day)
        except asking.BadDay:
            continue
