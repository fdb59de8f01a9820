"""What saved groups plug into the house; wiring.py imports it."""

from django.utils.translation import gettext_lazy as _

from regulars.core.background import worker
from regulars.customers import belongings, catalogue, listing_acts, panels
from regulars.customers.bulk import action
from regulars.customers.privacy import sweeping
from regulars.segments import (
    bulk,
    facts,  # noqa: F401 — says what is announced
    following,
    holders,
    listing,
    rail,
    sweepers,
)
from regulars.segments.actions import groups

# ── who joins and leaves is followed beside the jobs of every worker
worker.beside(worker.Beside("groups", run=following.follow, once=following.once))

# ── what belongs to a customer
for _holder in holders.ALL:
    belongings.add(_holder)
for _table, _sweep in sweepers.ALL.items():
    sweeping.add(_table, _sweep)

# ── the list of customers
for _field in listing.FIELDS:
    catalogue.add(_field)
for _action in bulk.ACTIONS:
    action.add(_action)

listing_acts.add(
    listing_acts.ListAct(
        name="group",
        label=_("Save as a group"),
        icon="shapes",
        url_name="segments:from-list",
        permission="segments.edit",
    )
)

# ── the customer page
panels.add(
    panels.Panel(
        name="groups",
        place=panels.Place.RAIL,
        template="segments/_rail_groups.html",
        context=rail.groups,
        permission="segments.view",
        order=25,
        label=_("Groups"),
    )
)

# ── by the clock: the modules plug in what they declare
CLOCKWORK = (groups.erase_deleted_groups,)
