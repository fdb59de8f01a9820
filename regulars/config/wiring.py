"""What the doors plug into the house: the pages that know all rooms."""

from django.utils.translation import gettext_lazy as _

from regulars.config import backups
from regulars.config.demo import facts as _demo_facts  # noqa: F401 — the log knows them from the start
from regulars.config.demo.commands import demo_command
from regulars.core import commands, key_commands, menu
from regulars.customers import mentions

commands.add("", "demo", demo_command)
commands.add("keys", "list", key_commands.list_command)
commands.add("keys", "rotate", key_commands.rotate_command)
commands.add("keys", "drop", key_commands.drop_command)
commands.add("keys", "unseal", key_commands.unseal_command)

menu.add(
    menu.Place(
        name="today",
        label=_("Today"),
        icon="house",
        url_name="today",
        key="t",
        order=10,
        on_dock=True,
        count=lambda user: mentions.count_waiting(user) if user.may("customers.view") else 0,
    )
)
for _place in (
    menu.Place(name="shop", label=_("Shop"), icon="store", url_name="shop-settings", permission="shop.edit", order=20),
    menu.Place(name="jobs", label=_("Background work"), icon="cog", url_name="jobs", permission="jobs.view", order=60),
    menu.Place(
        name="backups",
        label=_("Backups"),
        icon="archive-restore",
        url_name="backups",
        permission="backups.view",
        order=55,
    ),
    menu.Place(name="audit", label=_("Audit"), icon="scroll-text", url_name="audit", permission="audit.view", order=58),
    menu.Place(name="about", label=_("About"), icon="info", url_name="about", order=90),
):
    menu.add_setting(_place)

backups.plug_in()
