"""Everything channels plug into the house."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.channels import (
    bodies,
    secrets,
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.channels.models import Connection
from regulars.channels.outgoing import plugging as _outgoing  # noqa: F401 — secrets, duties and the page of webhooks
from regulars.core import resealing
from regulars.core.api import problems

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
