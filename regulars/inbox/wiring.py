"""Everything the inbox plugs into the house."""

from regulars.inbox import walls  # noqa: F401 — says what is kept from whom
from regulars.inbox.mail import plugging as _mail  # noqa: F401 — watchers, the ledger, its pages and commands
from regulars.inbox.plugging import plug_in

plug_in()
