"""What reports hold of a person: those that were read are forgotten already, the others go with whoever is erased."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.core.sealing import Damaged
from regulars.customers.belongings import Holder
from regulars.customers.models import Customer
from regulars.customers.privacy.identifying import needles_of, spelled
from regulars.messaging import reports
from regulars.messaging.models import Report


def _export(_customer: Customer) -> Iterable[dict[str, Any]]:
    """Nothing: what was understood stands in the inbox, and nobody knows of whom the rest tells."""
    return ()


def _forget(customer: Customer) -> None:
    """Delete the reports that nobody read yet and that name this person, in whatever spelling."""
    known = spelled(needles_of(customer))
    texts = [text.casefold() for text in known.texts]
    for report in Report.objects.exclude(state=Report.State.READ).iterator(chunk_size=100):
        try:
            said = reports.body_of(report).decode(errors="replace").casefold()
        except Damaged:
            continue  # nobody can read it
        digits = "".join(filter(str.isdigit, said)) if known.digits else ""
        if any(text in said for text in texts) or any(number in digits for number in known.digits):
            report.delete()


HOLDER = Holder(name="reports", models=(), export=_export, forget=_forget)
