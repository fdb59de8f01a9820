"""What message services plug into the house."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.core import menu, resealing
from regulars.core.api import problems
from regulars.customers import belongings
from regulars.messaging import reports
from regulars.messaging.connected import facts  # noqa: F401 — they are announced by name
from regulars.messaging.connected.holding import HOLDER
from regulars.messaging.models import Report
from regulars.messaging.providers import mail_transport, transport

transport.join()
mail_transport.join()
belongings.add(HOLDER)
resealing.add_secrets(Report, "body", place=reports.place_of)
menu.add_setting(
    menu.Place(
        name="services",
        label=_("Message services"),
        icon="message-circle",
        url_name="messaging:services",
        permission="messages.setup",
        order=32,
    )
)
problems.describe(
    "report-not-genuine",
    status=HTTPStatus.UNAUTHORIZED,
    title=_("The signature is not right"),
    text=_(
        "What a message service reports is taken where it is signed with the keys of the account. The detail says what "
        "is wrong. Nothing of it was kept."
    ),
)
problems.describe(
    "provider-refused",
    status=HTTPStatus.CONFLICT,
    title=_("The message service refused it"),
    text=_("The service did not take what we asked for. The detail says what it answered."),
)
