"""Everything orders plug into the house."""

from django.utils.translation import gettext_lazy as _

from regulars.core import commands, menu
from regulars.customers import belongings, search
from regulars.orders import holders, panels
from regulars.orders.actions import audit, numbers
from regulars.orders.commands import import_command, verify_command
from regulars.orders.queries import customers_of_number

menu.add(
    menu.Place(
        name="orders",
        label=_("Orders"),
        icon="receipt",
        url_name="orders:list",
        key="o",
        permission="orders.view",
        order=30,
        on_dock=True,
    )
)
panels.plug_in()

# ── the search of customers
search.add_finder("orders", customers_of_number)

# ── what belongs to a customer
for _holder in holders.ALL:
    belongings.add(_holder)

# ── by the clock: the modules plug in what they declare
CLOCKWORK = (audit.verify_all, numbers.index_noted_numbers)

# ── the command line
commands.add("import", "orders", import_command)
commands.add("", "verify", verify_command)
