"""Everything messages plug into the house."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.core import menu, resealing
from regulars.core.api import problems
from regulars.core.fields import Keys
from regulars.customers import belongings
from regulars.customers.facts import ConfirmationAsked
from regulars.messaging import (
    accounts,
    confirmations,
    delivering,  # noqa: F401 — looks after messages by the clock
    files,
    holders,
    invitations,
    receipts,  # noqa: F401 — looks by the clock for messages that receipts came too early for
    sign_in,
    signing,
    transports,
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.messaging.connected import plugging as _services  # noqa: F401 — message services, and their pages
from regulars.messaging.models import Account
from regulars.staff.facts import (
    IdentityLinked,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    PasswordLinkAsked,
    RecoveryCodeUsed,
    SecondStepAdded,
    SecondStepRemoved,
    StaffInvited,
)
from regulars.timeline.actions import on
from regulars.timeline.facts import SEALED

for _name, _label, _icon, _permission, _order in (
    ("messages", _("What was sent"), "send", "messages.view", 30),
    ("senders", _("Senders"), "mail", "messages.setup", 31),
    ("templates", _("Templates"), "file-text", "messages.setup", 32),
    ("limits", _("Message limits"), "moon", "messages.setup", 33),
):
    menu.add_setting(
        menu.Place(
            name=f"message-{_name}",
            label=_label,
            icon=_icon,
            url_name=f"messaging:{_name}",
            permission=_permission,
            order=_order,
        )
    )

# ── what it keeps sealed
SEALED.add(Keys(frozenset({"about"})))
resealing.add(files.PLACE)
resealing.add_secrets(Account, "secrets", place=accounts.place_of)
signing.plug()


# ── what hands messages over
def _smtp() -> transports.Transport:
    from regulars.messaging import smtp  # noqa: PLC0415 — loaded when the first mail goes

    return smtp.send


transports.add(accounts.SMTP, _smtp)

# ── what it hears
on(ConfirmationAsked)(confirmations.ask_by_mail)
on(StaffInvited)(invitations.invite_by_mail)
on(PasswordLinkAsked)(sign_in.link_by_mail)
for _change in (
    PasswordChanged,
    SecondStepAdded,
    SecondStepRemoved,
    PasskeyAdded,
    PasskeyRemoved,
    RecoveryCodeUsed,
    IdentityLinked,
):
    on(_change)(sign_in.notice_by_mail)

# ── what belongs to a customer
for _holder in holders.ALL:
    belongings.add(_holder)

# ── what it may refuse
problems.describe(
    "no-mail-server",
    status=HTTPStatus.CONFLICT,
    title=_("No mail server is set"),
    text=_("Nothing can be sent, because nobody said through which server. Set REGULARS_MAIL."),
)
problems.describe(
    "not-waiting",
    status=HTTPStatus.CONFLICT,
    title=_("This mail was sent already"),
    text=_("Only a mail that was held, or could not be delivered, can be sent again."),
)
problems.describe(
    "may-not-write",
    status=HTTPStatus.CONFLICT,
    title=_("This person may not be written to"),
    text=_("They objected, are restricted, did not agree, or their address is on the list of those not written to."),
)
problems.describe(
    "too-many",
    status=HTTPStatus.CONFLICT,
    title=_("This person has had enough messages"),
    text=_("The shop limits how much marketing one person gets in some days. The sentence says when there is room."),
)
problems.describe(
    "bad-address",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("Nothing can be sent to this address"),
    text=_("It is empty, or no address of its kind."),
)
problems.describe(
    "missing-values",
    status=HTTPStatus.CONFLICT,
    title=_("A value is missing"),
    text=_("The text asks for values that this person or order has not. The sentence names them."),
)
problems.describe(
    "bad-template",
    status=HTTPStatus.CONFLICT,
    title=_("This text cannot be filled"),
    text=_("Its brackets do not match, or it asks for something that texts cannot do."),
)
problems.describe(
    "bad-header",
    status=HTTPStatus.CONFLICT,
    title=_("A header cannot be sent"),
    text=_("It breaks its line, or is one that only Regulars writes."),
)
problems.describe(
    "files-too-large",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("The files of this message are too large"),
    text=_("Mail servers take so much and no more. Send a link instead."),
)
