"""How somebody can be reached: their first e-mail and phone, and the further ones, with what is known of each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from regulars.customers import people, presenting
from regulars.customers.models import ContactPoint, Customer

EMAIL, PHONE = ContactPoint.Kind.EMAIL, ContactPoint.Kind.PHONE


@dataclass(frozen=True, slots=True)
class Point:
    """An e-mail or a phone of somebody. `id` is its row's; the first ones need none."""

    kind: str
    value: str
    is_primary: bool = False
    id: int | None = None
    label: str = ""
    verified_at: dt.datetime | None = None
    bounced_at: dt.datetime | None = None
    bounce_reason: str = ""
    is_do_not_contact: bool = False

    @property
    def is_email(self) -> bool:
        return self.kind == EMAIL

    @property
    def is_usable(self) -> bool:
        """Whether it is worth trying: nothing came back from there, and nobody asked us not to."""
        return self.bounced_at is None and not self.is_do_not_contact


def contact_points(customer: Customer) -> list[Point]:
    """Every e-mail, then every phone of a customer, the first one of each kind before the others; two queries.

    Where several records are one person, it is what all of them have.
    """
    records = people.records(customer)
    firsts = [(customer.email, customer.phone)]
    if len(records) > 1:
        own = presenting.itself(customer)
        firsts.append((own.email, own.phone))
        firsts += Customer.everyone.filter(pk__in=records[1:]).order_by("pk").values_list("email", "phone")
    known: dict[tuple[str, str], ContactPoint] = {}
    for point in ContactPoint.objects.filter(customer__in=records).order_by("id"):
        known.setdefault((point.kind, point.value), point)
    found: list[Point] = []
    for place, kind in enumerate((str(EMAIL), str(PHONE))):
        values = [first[place] for first in firsts] + [value for of_kind, value in known if of_kind == kind]
        found += [
            _point(kind, value, known.get((kind, value)), is_primary=value == firsts[0][place])
            for value in dict.fromkeys(values)
            if value
        ]
    return found


def _point(kind: str, value: str, row: ContactPoint | None, *, is_primary: bool) -> Point:
    if row is None:
        return Point(kind, value, is_primary)
    return Point(
        kind,
        value,
        is_primary,
        id=row.pk,
        label=row.label,
        verified_at=row.verified_at,
        bounced_at=row.bounced_at,
        bounce_reason=row.bounce_reason,
        is_do_not_contact=row.is_do_not_contact,
    )
