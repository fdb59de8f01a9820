"""What a customer page says of masked groups: that they can be shown, and for a few minutes what stands there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.core.contact import format_phone
from regulars.core.sight import GROUPS, current, looking
from regulars.customers import presenting, restrictions
from regulars.customers.about import Known, birthday_words
from regulars.customers.actions.revealing import maskable
from regulars.customers.models import Customer, Note
from regulars.customers.people import records
from regulars.customers.queries.contact_points import contact_points

if TYPE_CHECKING:
    from django.http import HttpRequest

MINUTES = 5
_NOTES = 20


def panel(request: HttpRequest, _customer: Customer) -> dict[str, Any]:
    """The masked groups, for somebody who may have them shown."""
    groups = maskable() if request.user.may("customers.reveal") else []  # type: ignore[union-attr]
    return {"groups": [(group, GROUPS[group]) for group in groups]}


def facts(customer: Customer, group: str) -> list[Known]:
    """A masked group of one customer in full: read as the reader would read it who saw this one group."""
    sight = current()
    with looking(replace(sight, levels=tuple(pair for pair in sight.levels if pair[0] != group))):
        whole = Customer.objects.select_related("channel").get(pk=customer.pk)
        return [fact for fact in _FACTS[group](whole) if fact.value]


def _names(customer: Customer) -> list[Known]:
    return [
        Known(_("Name"), str(customer)),
        Known(_("Title"), customer.title),
        Known(_("Given name"), customer.given_name),
        Known(_("Family name"), customer.family_name),
        Known(_("Company"), customer.company),
    ]


def _emails(customer: Customer) -> list[Known]:
    return [Known(_("E-mail"), point.value) for point in contact_points(customer) if point.is_email]


def _phones(customer: Customer) -> list[Known]:
    return [Known(_("Phone"), format_phone(point.value)) for point in contact_points(customer) if not point.is_email]


def _addresses(customer: Customer) -> list[Known]:
    parts = ("line1", "line2", "postcode", "city", "country")
    return [
        Known(_("Address"), ", ".join(filter(None, (getattr(address, part) for part in parts))))
        for address in presenting.addresses(customer)
    ]


def _birth(customer: Customer) -> list[Known]:
    return [Known(_("Birthday"), birthday_words(customer))]


def _notes(customer: Customer) -> list[Known]:
    found = Note.objects.filter(customer__in=records(customer), deleted_at=None).order_by("-at", "-pk")[:_NOTES]
    return [Known(note.get_kind_display(), note.text) for note in found]


def _payment(customer: Customer) -> list[Known]:
    days = customer.payment_days
    return [
        *(Known(_("Restriction"), word) for word in restrictions.words(customer)),
        Known(_("Why"), customer.restriction_reason),
        Known(_("VAT number"), customer.vat_number),
        Known(_("Pays by preference"), customer.payment_preference),
        Known(
            _("Pays within"),
            "" if days is None else ngettext("%(number)s day", "%(number)s days", days) % {"number": days},
        ),
    ]


def _spend(customer: Customer) -> list[Known]:
    return [
        Known(_("Orders"), str(customer.orders_count)),
        Known(_("Spent"), str(customer.spent)),
        Known(_("Refunded"), str(customer.refunded)),
    ]


_FACTS = {
    "name": _names,
    "email": _emails,
    "phone": _phones,
    "address": _addresses,
    "birth": _birth,
    "notes": _notes,
    "payment": _payment,
    "spend": _spend,
}
