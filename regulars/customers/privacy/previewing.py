"""What erasing a person would do, before it is done: what goes, what stays and why, what stands in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.apps import apps
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.core import shop
from regulars.customers import belongings, people
from regulars.customers.models import Customer, Limit
from regulars.customers.privacy import keeping
from regulars.customers.privacy.identifying import needles_of

TITLES: dict[str, Any] = {
    "profile": gettext_lazy("Profile"),
    "addresses": gettext_lazy("Addresses"),
    "identities": gettext_lazy("Numbers in channels"),
    "contact_points": gettext_lazy("Further e-mails and phones"),
    "tags": gettext_lazy("Tags"),
    "custom_values": gettext_lazy("Own fields"),
    "mentions": gettext_lazy("Mentions of colleagues"),
    "attachments": gettext_lazy("Files"),
    "notes": gettext_lazy("Notes"),
    "consents": gettext_lazy("Consent as it stands"),
    "confirmation_requests": gettext_lazy("Questions for consent"),
    "consent_records": gettext_lazy("Consent, line by line"),
    "own_profile": gettext_lazy("What merged records said"),
    "merges": gettext_lazy("Merges"),
    "duplicates": gettext_lazy("Possible duplicates"),
    "limits": gettext_lazy("Limits on the use of data"),
    "privacy_requests": gettext_lazy("Privacy requests"),
    "bulk_changes": gettext_lazy("Changes in bulk and by import"),
    "timeline": gettext_lazy("Timeline and audit log"),
    "messages": gettext_lazy("Messages sent"),
    "message_files": gettext_lazy("Files of messages"),
    "not_written_to": gettext_lazy("Addresses not written to"),
    "orders": gettext_lazy("Orders"),
    "returns": gettext_lazy("Returns"),
    "payments": gettext_lazy("Payments"),
    "payment_links": gettext_lazy("Links to pay by"),
    "checkouts": gettext_lazy("Baskets"),
    "api_calls": gettext_lazy("Answers kept for programs"),
}
_STAYING = {"orders", "returns", "payments"}  # told by their keepers
_EMPTIED = {"timeline", "bulk_changes", "privacy_requests"}


@dataclass(frozen=True, slots=True)
class Goes:
    """Rows of one kind that go; of some only the skeleton stays, so that sums and seals are right."""

    what: str
    count: int
    is_emptied: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would do. `hinders` are reasons to wait; `forbids` those against which nothing is done."""

    records: int
    goes: tuple[Goes, ...]
    stays: tuple[keeping.Stay, ...]
    hinders: tuple[str, ...]
    forbids: tuple[str, ...]
    identifiers: dict[str, int]

    def plain(self) -> dict[str, Any]:
        """As it is kept with the case: numbers and reasons, nothing of the person."""
        return {
            "records": self.records,
            "goes": [asdict(one) for one in self.goes],
            "stays": [{**asdict(one), "until": one.until.isoformat() if one.until else None} for one in self.stays],
            "identifiers": self.identifiers,
        }


def preview(customer: Customer) -> Preview:
    """What erasing somebody would do: every table that holds something of them is counted."""
    records = people.records_with(customer)
    stays = [stay for keeper in keeping.keepers() for stay in keeper.stays(records)]
    hinders = [reason for keeper in keeping.keepers() for reason in keeper.hinders(records)]
    return Preview(
        records=len(records),
        goes=tuple(_goes(records)),
        stays=(*stays, *_always(records)),
        hinders=tuple(hinders),
        forbids=tuple(_forbids(records)),
        identifiers=_kinds(customer),
    )


def _goes(records: Sequence[int]) -> list[Goes]:
    found = []
    for holder in belongings.holders():
        if holder.name in _STAYING:
            continue
        count = sum(_count(label, records) for label in holder.models[:1])
        if count:
            found.append(Goes(str(TITLES.get(holder.name, holder.name)), count, holder.name in _EMPTIED))
    return found


def _count(label: str, records: Sequence[int]) -> int:
    """The rows of a table that belong to some records, by whichever of its columns leads to a customer."""
    model = apps.get_model(label)
    if model is Customer:
        return len(records)
    columns = [
        field.attname
        for field in model._meta.concrete_fields
        if field.attname == "customer_id" or field.related_model is Customer
    ]
    if not columns and label == "customers.Mention":
        columns = ["note__customer"]
    if not columns:
        return 0
    condition = Q()
    for column in columns:
        condition |= Q(**{f"{column}__in": records})
    return int(model._default_manager.filter(condition).count())


def _always(records: Sequence[int]) -> list[keeping.Stay]:
    stays = [
        keeping.Stay(
            what=_("The number of each record"),
            count=len(records),
            reason=_("So that no backup brings the person back. A number, and nothing else."),
        ),
        keeping.Stay(
            what=_("E-mails and phones, as keyed hashes"),
            count=sum(1 for emails in people.emails_of(records).values() for _email in emails),
            reason=_("So that they are not written to when a file brings them again. Nobody can read them."),
        ),
    ]
    return [stay for stay in stays if stay.count]


def _forbids(records: Sequence[int]) -> list[str]:
    found = []
    for limit in Limit.objects.filter(customer__in=records, lifted_at__isnull=True):
        if limit.kind == Limit.Kind.LEGAL_HOLD:
            found.append(_("There is a legal hold: %(why)s. Lift it first.") % {"why": limit.reason})
        elif limit.kind == Limit.Kind.RESTRICTED:
            found.append(
                _("Processing is restricted: %(why)s. What is restricted is kept until the limit is lifted.")
                % {"why": limit.reason}
            )
    return found


def _kinds(customer: Customer) -> dict[str, int]:
    found: dict[str, int] = {}
    for needle in needles_of(customer):
        found[needle.kind] = found.get(needle.kind, 0) + 1
    return found


def sentence(count: int) -> str:
    """How many records a person is, in words."""
    return ngettext("%(count)s record", "%(count)s records", count) % {"count": count}


def today() -> dt.date:
    """The day of the shop, on which a preview is true."""
    return shop.today()
