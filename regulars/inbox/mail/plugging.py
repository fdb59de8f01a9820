"""Everything that mail coming in plugs into the house."""

from django.conf import settings

from regulars.core import backup, resealing
from regulars.core.background import worker
from regulars.customers import belongings
from regulars.inbox.mail import counting, holding, listening, raw, signing, sorting, watching
from regulars.inbox.models import Mailbox

# ── beside the jobs of every worker
worker.beside(worker.Beside("mail", run=watching.watch, once=watching.fetch_all))
worker.beside(worker.Beside("lmtp", run=listening.listen, once=lambda: bool(settings.LMTP)))

# ── by the clock: the modules plug in what they declare
CLOCKWORK = (counting.count_mailboxes, raw.sweep_mails, sorting.read_left_over)

# ── mails as they came: kept with every backup, sealed anew with newer keys, forgotten with whoever sent them
backup.add_folder("inbox-mail", raw.folder)
resealing.add(resealing.Place("inbox-mail", seal=lambda: 0, renew=raw.renew))
resealing.add_secrets(Mailbox, "secrets", place=signing.place)
belongings.add(holding.HOLDER)
