"""Who is saved is compared at once: whoever they may be stands on their page a moment later, not tomorrow."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils import timezone

from regulars.customers.models import Address, Customer, DuplicatePair
from regulars.customers.people import records
from regulars.staff.policy import is_seen, verb

_COMPARED = (
    *("kind", "given_name", "family_name", "name", "company", "email", "phone", "birth_year", "birthday", "gender"),
    *("occupation", "city", "region", "postcode", "country"),
)
_PLACE = ("line1", "line2", "city", "region", "postcode", "country")


@verb
def suggest_duplicates(customer: Customer) -> list[DuplicatePair]:
    """Look for customers who may be the same person, and let the review know; answers the pairs to decide.

    Whoever was said to be somebody else, or lives with them, is not asked about again.
    """
    # the matching is loaded by whoever saves somebody by hand, and by nobody else
    from regulars.customers.duplicates.likely import likely_duplicates  # noqa: PLC0415

    ids = records(customer)
    decided = DuplicatePair.objects.filter(Q(left__in=ids) | Q(right__in=ids)).exclude(state=DuplicatePair.State.OPEN)
    others = {number for pair in decided.values_list("left", "right") for number in pair}
    found = likely_duplicates(_values(customer), besides=others | set(ids))
    numbers = [number for number, _probability, _pieces in found]
    homes = dict(Customer.objects.filter(pk__in=numbers).values_list("pk", "household"))
    pairs = []
    for number, probability, pieces in found:
        if homes.get(number) is not None and homes[number] == customer.household_id:
            continue
        left, right = sorted((number, customer.pk))
        evidence = [piece.as_data() for piece in pieces]
        pair, _is_new = DuplicatePair.objects.update_or_create(
            left_id=left,
            right_id=right,
            defaults={
                "probability": probability,
                "evidence": evidence if left == customer.pk else [_turned(piece) for piece in evidence],
                "found_at": timezone.now(),
            },
        )
        pairs.append(pair)
    return [pair for pair in pairs if is_seen(pair)]


def _values(customer: Customer) -> dict[str, Any]:
    values = {name: getattr(customer, name) for name in _COMPARED}
    place = Address.objects.filter(customer=customer).order_by("-is_default_shipping", "id").values(*_PLACE).first()
    return values | (place or {})


def _turned(piece: dict[str, Any]) -> dict[str, Any]:
    return {**piece, "left": piece["right"], "right": piece["left"]}
