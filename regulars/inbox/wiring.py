"""Everything the inbox plugs into the house."""

from django.utils.translation import gettext_lazy as _

from regulars.core import backup, menu, resealing
from regulars.customers import belongings
from regulars.inbox import (
    files,
    handing_over,
    holders,
    indexing,
    taking,
    vocabulary,
    walls,  # noqa: F401 — says what is kept from whom
)
from regulars.inbox.actions import leaving, rules, working
from regulars.inbox.articles import plugging as _articles
from regulars.inbox.chat import plugging as _chat
from regulars.inbox.facts import InquiryReceived
from regulars.inbox.following import reminding, silence
from regulars.inbox.guessing import plugging as _guessing
from regulars.inbox.keeping import letting_go
from regulars.inbox.mail import plugging as _mail  # noqa: F401 — watchers, the ledger, its pages and commands
from regulars.inbox.plugging import plug_in
from regulars.inbox.promises import plugging as _promises
from regulars.inbox.queries import canned
from regulars.inbox.rating import asking
from regulars.messaging import incoming
from regulars.messaging.facts import MessageFailed, MessageSent
from regulars.messaging.templating import values
from regulars.staff import duties
from regulars.staff.facts import StaffChanged
from regulars.timeline.actions import on

plug_in()
_promises.plug_in()
_guessing.plug_in()
_chat.plug_in()
_articles.plug_in()

# ── what belongs to a customer, and the files that lie beside the database
for _holder in holders.ALL:
    belongings.add(_holder)
backup.add_folder("inbox-files", files.folder)
resealing.add(resealing.Place("inbox.files", seal=lambda: 0, renew=files.renew))

# ── what is set up for sorting and answering
for _name, _label, _icon, _may, _order in (
    ("topics", _("Topics and labels"), "tags", "inbox.setup", 63),
    ("answers", _("Canned answers"), "text-quote", "inbox.edit", 64),
    ("signature", _("Your signature"), "pen-line", "inbox.edit", 15),
    ("signatures", _("Signatures"), "pen-line", "inbox.setup", 65),
    ("macros", _("Macros"), "zap", "inbox.setup", 65),
    ("rules", _("Rules"), "split", "inbox.setup", 66),
    ("silence", _("When they do not answer"), "hourglass", "inbox.setup", 68),
    ("keeping", _("How long inquiries are kept"), "archive-x", "inbox.setup", 69),
):
    menu.add_setting(
        menu.Place(name=_name, label=_label, icon=_icon, url_name=f"sorting:{_name}", permission=_may, order=_order)
    )

menu.add_setting(
    menu.Place(
        name="rating",
        label=_("After it is done"),
        icon="star",
        url_name="rating:settings",
        permission="inbox.setup",
        order=67,
    )
)
menu.add_setting(
    menu.Place(
        name="contact-forms",
        label=_("Contact forms"),
        icon="form",
        url_name="contact:forms",
        permission="inbox.setup",
        order=62,
    )
)

# ── what groups can ask of inquiries
vocabulary.plug_in()

# ── what texts of ours can name
values.fills("conversation", canned.values_of_conversation)
values.fills("order", canned.values_of_order)

# ── what somebody hands over who leaves, or is switched off
duties.add(handing_over.DUTY)
on(StaffChanged)(handing_over.switched_off)

# ── what is done with a new inquiry by itself
on(InquiryReceived)(rules.follow)

# ── what becomes of answers
on(MessageSent)(leaving.message_left)
on(MessageFailed)(leaving.message_failed)

# ── by the clock: the modules plug in what they declare
CLOCKWORK = (
    *(files.sweep_files, indexing.index_noted, working.wake_due, asking.ask_due),
    *(reminding.follow_due, silence.keep_silence, letting_go.keep_inquiries),
)

# ── what people write over message services
incoming.hear(taking.take)
incoming.heard_by(taking.last_heard)
