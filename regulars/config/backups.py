"""What only the doors can tell the backup, because they know all rooms: what to look at in a restored copy."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.config.facts import BackupFailed, BackupProven, ShopReleased, ShopRestored
from regulars.core import backup, commands
from regulars.core.backup.commands import ALL
from regulars.customers import belongings
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_page
from regulars.orders.queries import OrderRequest, order_page
from regulars.orders.queries.verification import differences
from regulars.staff.models import Session
from regulars.timeline import audit
from regulars.timeline.actions import begin_anew, record
from regulars.timeline.queries import customer_entries

_SAMPLE = 25


def plug_in() -> None:
    """Say everything to the backup, and its commands to the command line."""
    backup.add_check("audit", unsound_seals, label=gettext_lazy("audit log"))
    backup.add_check("figures", wrong_figures, label=gettext_lazy("totals and purchase figures"))
    backup.add_check("profiles", unreadable_profiles, label=gettext_lazy("lists and sample profiles"))
    backup.add_folder("attachments", lambda: settings.ATTACHMENTS)
    backup.add_folder("sent", lambda: Path(settings.REGULARS_HOME) / "sent")
    backup.leave_out(Session._meta.db_table)  # nobody is signed in to a restored shop
    backup.on_restore(note_restored)
    backup.listen(note)
    for group, name, command in ALL:
        commands.add(group, name, command)


def unsound_seals() -> Iterator[str]:
    """Whether the audit log is as it was sealed."""
    report = audit.verify(is_copy=True)
    if report.problem is not None:
        yield report.problem.sentence


def wrong_figures() -> Iterator[str]:
    """Every total and every figure, computed again from what was entered."""
    return (difference.sentence for difference in differences())


def unreadable_profiles() -> Iterator[str]:
    """The lists, and some customers with all that hangs on them, read as the product reads them."""
    customer_page(ListRequest.from_query({}))
    order_page(OrderRequest())
    for customer in _sample():
        held = {holder.name: list(holder.export(customer)) for holder in belongings.holders()}
        customer_entries(customer.pk)
        if not held or not customer.public_id:
            yield _("Customer %(id)s cannot be opened.") % {"id": customer.pk}


def note_restored(restored: backup.Restored) -> None:
    """The restored shop remembers where it comes from."""
    record(ShopRestored(backup=restored.backup, taken_at=restored.taken_at.isoformat()))
    begin_anew(reason=restored.backup)


def note(happened: backup.Happened) -> None:
    """What became of a backup stands in the audit log."""
    if happened.what == "proven":
        record(BackupProven(backup=happened.backup))
    elif happened.what == "released":
        record(ShopReleased(backup=happened.backup))
    else:
        record(BackupFailed(backup=happened.backup, problem=happened.about))


def _sample() -> Iterable[Customer]:
    """The first customer, the last one, and some in between, other ones each night."""
    ids = Customer.objects.order_by("pk").values_list("pk", flat=True)
    first, last = ids.first(), ids.last()
    if first is None or last is None:
        return
    chance = random.Random()  # noqa: S311 — nothing secret depends on it
    for number in {first, last, *(chance.randint(first, last) for _n in range(_SAMPLE))}:
        customer = Customer.objects.filter(pk__gte=number).order_by("pk").first()
        if customer is not None:
            yield customer
