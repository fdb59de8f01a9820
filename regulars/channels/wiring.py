"""Everything channels plug into the house."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.channels import (
    applying,
    bodies,
    health,
    secrets,
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.channels import commands as channel_commands
from regulars.channels.actions import pulling, reconciling
from regulars.channels.applying import keeping, sleeping  # noqa: F401 — old deliveries go by the clock
from regulars.channels.models import Connection
from regulars.channels.outgoing import plugging as _outgoing  # noqa: F401 — secrets, duties and the page of webhooks
from regulars.core import commands, menu, resealing
from regulars.core.api import problems
from regulars.core.background import worker

problems.describe(
    "not-genuine",
    status=HTTPStatus.UNAUTHORIZED,
    title=_("The signature is not right"),
    text=_(
        "A delivery is taken where it is signed with the connection's key, over this very body, in the last five "
        "minutes. The detail says which of these it is not. Nothing of it was kept."
    ),
)

resealing.add_secrets(Connection, "secrets", place=secrets.place)
resealing.add(resealing.Place("channels.Delivery.body", seal=lambda: 0, renew=bodies.renew))

worker.beside(worker.Beside("deliveries", run=sleeping.take_in, once=applying.drain))

problems.describe(
    "not-mendable",
    status=HTTPStatus.CONFLICT,
    title=_("This difference cannot be mended from here"),
    text=_("What the platform has could not be taken in, or it never had the order. The detail says which it is."),
)

# ── by the clock: the modules plug in what they declare
CLOCKWORK = (pulling.pull_changes, reconciling.reconcile_nightly)
commands.add("channels", "list", channel_commands.list_command)
commands.add("channels", "replay", channel_commands.replay_command)
menu.fresh_are(health.fresh)
menu.add_setting(
    menu.Place(
        name="channels", label=_("Channels"), icon="store", url_name="channels", permission="channels.view", order=36
    )
)
