"""What staff plugs into the house."""

from django.utils.translation import gettext_lazy as _

from regulars.core import commands, menu
from regulars.staff.commands import create, list_tokens, revoke

commands.add("token", "create", create)
commands.add("token", "list", list_tokens)
commands.add("token", "revoke", revoke)

menu.add(
    menu.Place(
        name="settings",
        label=_("Settings"),
        icon="settings",
        url_name="staff:settings",
        key="s",
        group=menu.FOOT,
        order=900,
    )
)
for _place in (
    menu.Place(name="profile", label=_("Profile"), icon="user-round", url_name="staff:profile", order=10),
    menu.Place(
        name="people", label=_("People"), icon="users-round", url_name="staff:people", permission="staff.view", order=30
    ),
    menu.Place(
        name="tokens",
        label=_("API tokens"),
        icon="key-round",
        url_name="staff:tokens",
        permission="tokens.edit",
        order=40,
    ),
):
    menu.add_setting(_place)
