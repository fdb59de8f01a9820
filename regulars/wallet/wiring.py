"""Everything the wallet plugs into the house."""

from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from regulars.core import commands
from regulars.core.api import problems
from regulars.customers import belongings
from regulars.wallet import (
    clock,
    holders,
    panels,
    sealing,
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.wallet.commands import verify_command

# ── what belongs to a customer
for _holder in holders.ALL:
    belongings.add(_holder)

# ── by the clock
CLOCKWORK = (clock.lapse_holds, clock.turn_day, sealing.prove_ledger)

# ── the command line
commands.add("wallet", "verify", verify_command)

# ── the customer page
panels.plug_in()

# ── what it refuses, for programs
for _slug, _status, _title, _text in (
    (
        *("not-enough", HTTPStatus.CONFLICT, _("There is not that much")),
        _("More was asked for than can be used now. Nothing was changed."),
    ),
    (
        *("idempotency-key-used", HTTPStatus.CONFLICT, _("The key was used for something else")),
        _("A key stands for one call. Nothing was changed; use a new key."),
    ),
    (
        *("more-than-the-whole", HTTPStatus.CONFLICT, _("More than the whole")),
        _("What goes back cannot be more than what there was. Nothing was changed."),
    ),
    (
        *("hold-ended", HTTPStatus.CONFLICT, _("What was set aside is not any more")),
        _("It was used, given up, or ran out. Set the amount aside anew."),
    ),
    (
        *("clock-behind", HTTPStatus.SERVICE_UNAVAILABLE, _("The clock of the server is wrong")),
        _("It stands before the newest line of the ledger. Nothing was changed; set it right."),
    ),
):
    problems.describe(_slug, status=_status, title=_title, text=_text)
