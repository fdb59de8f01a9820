"""Everything orders plug into the house."""

from django.utils.translation import gettext_lazy as _

from regulars.core import menu
from regulars.orders import panels

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
