"""Everything messages plug into the house."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.core import menu
from regulars.core.api import problems
from regulars.customers import belongings
from regulars.customers.facts import ConfirmationAsked
from regulars.messaging import (
    confirmations,
    holders,
    invitations,
    sign_in,
    walls,  # noqa: F401 — says what is kept from whom
)
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

menu.add_setting(
    menu.Place(name="mail", label=_("Mail"), icon="mail", url_name="messaging:mails", permission="shop.edit", order=30)
)

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
    text=_("They objected, are restricted, or are a child whose guardian has not agreed. Their page says which."),
)
