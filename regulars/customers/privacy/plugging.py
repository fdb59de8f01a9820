"""What people's rights plug into the house: pages, commands, what a restored backup has to hear, refusals."""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.channels import intake
from regulars.channels.records import CustomerRecord, PrivacyRecord
from regulars.core import commands, menu
from regulars.core.api import problems
from regulars.core.backup import sockets
from regulars.customers import panels
from regulars.customers.actions import erasing
from regulars.customers.privacy import commands as privacy_commands
from regulars.customers.privacy import facts, passed_on, queries, rail

FACTS = facts


def plug_in() -> None:
    """Put everything in its place."""
    menu.add_setting(
        menu.Place(
            name="privacy",
            label=_("Privacy"),
            icon="scale",
            url_name="privacy:requests",
            permission="privacy.view",
            order=27,
            count=queries.waiting,
        )
    )
    panels.add(
        panels.Panel(
            name="privacy",
            place=panels.Place.RAIL,
            template="customers/privacy/_rail.html",
            context=rail.context,
            permission="customers.view",
            order=25,
        )
    )
    intake.applies(
        PrivacyRecord, take=passed_on.take_requests, remove=passed_on.remove_requests, after=(CustomerRecord,)
    )
    sockets.erased_by(erasing.erased_ids)
    sockets.on_restore(erasing.obey_tombstones)
    for command in (
        privacy_commands.copy_command,
        privacy_commands.erase_command,
        privacy_commands.verify_command,
        privacy_commands.retention_command,
        privacy_commands.requests_command,
    ):
        commands.add("privacy", str(command.name), command)
    problems.describe(
        "not-erasable",
        status=HTTPStatus.CONFLICT,
        title=_("This person cannot be erased now"),
        text=_("A legal hold or a restriction forbids it, or they are being erased already. Lift the limit first."),
    )
