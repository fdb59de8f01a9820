"""Everything that mail coming in plugs into the house."""

from http import HTTPStatus

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from regulars.core import backup, commands, menu, resealing
from regulars.core.api import problems
from regulars.core.background import worker
from regulars.customers import belongings
from regulars.inbox.mail import commands as mail_commands
from regulars.inbox.mail import counting, holding, listening, raw, signing, sorting, watching
from regulars.inbox.mail.ledger import take
from regulars.inbox.models import Arrival, Mailbox
from regulars.messaging import incoming
from regulars.messaging.models import Account

# ── beside the jobs of every worker
worker.beside(worker.Beside("mail", run=watching.watch, once=watching.fetch_all))
worker.beside(worker.Beside("lmtp", run=listening.listen, once=lambda: bool(settings.LMTP)))


# ── mails that a mail provider took in for us
@incoming.hear_mail
def _take_in(data: bytes, account: Account) -> None:
    take(data, source=Arrival.Source.PROVIDER, account=account)


# ── by the clock: the modules plug in what they declare
CLOCKWORK = (counting.count_mailboxes, raw.sweep_mails, sorting.read_left_over)

# ── mails as they came: kept with every backup, sealed anew with newer keys, forgotten with whoever sent them
backup.add_folder("inbox-mail", raw.folder)
resealing.add(resealing.Place("inbox-mail", seal=lambda: 0, renew=raw.renew))
resealing.add_secrets(Mailbox, "secrets", place=signing.place)
belongings.add(holding.HOLDER)

# ── the settings and the command line
menu.add_setting(
    menu.Place(
        name="mailboxes",
        label=_("Mailboxes"),
        icon="mail",
        url_name="mailboxes",
        permission="inbox.setup",
        order=31,
        also=("/settings/inbox/mails",),
    )
)
for _group, _name, _command in mail_commands.ALL:
    commands.add(_group, _name, _command)

# ── what it may refuse
problems.describe(
    "mailbox-away",
    status=HTTPStatus.BAD_GATEWAY,
    title=_("The mailbox cannot be read"),
    text=_("Its server cannot be reached, does not let us in, or does not have the folder. The detail says which."),
)
problems.describe(
    "not-this-mail",
    status=HTTPStatus.CONFLICT,
    title=_("This cannot be done with this mail"),
    text=_("It is in the inbox already, came before, or is not kept any more. The detail says which."),
)
