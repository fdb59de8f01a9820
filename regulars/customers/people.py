"""One person, several records: which records a customer is, and which customer a record is.

A merge writes links and nothing else, so orders, addresses, notes and all other rows keep the record they came from.
Whoever reads what belongs to a customer asks here which records that are:

    Note.objects.filter(customer__in=records(customer))
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import chain

from regulars.customers.models import ContactPoint, Customer, OwnProfile
from regulars.customers.standings import id_list


def records(customer: Customer) -> list[int]:
    """The records that are this customer: its own id, then those merged into it. A merged record is itself alone."""
    known: list[int] | None = customer.__dict__.get("_records")
    if known is not None:
        return known
    if customer.merged_into_id is not None:
        return [customer.pk]
    return [customer.pk, *Customer.everyone.filter(merged_into=customer).order_by("pk").values_list("pk", flat=True)]


def gather(customer: Customer) -> Customer:
    """The same customer, whose records were looked up once: for a page, where every panel asks for them."""
    customer.__dict__["_records"] = records(customer)
    return customer


def records_of(customer_ids: Collection[int]) -> dict[int, list[int]]:
    """The records of many listed customers, in one query."""
    found = {pk: [pk] for pk in customer_ids}
    merged = Customer.everyone.filter(merged_into__in=id_list(customer_ids)).order_by("pk")
    for pk, root in merged.values_list("pk", "merged_into_id"):
        found[root].append(pk)
    return found


def records_with(customer: Customer) -> list[int]:
    """All records of the person a record belongs to, the listed one first."""
    root = customer.merged_into_id
    if root is None:
        return records(customer)
    return [root, *Customer.everyone.filter(merged_into=root).order_by("pk").values_list("pk", flat=True)]


def records_of_person(customer_id: int | None) -> tuple[int, ...]:
    """The records of the person whom any record is, by id; an unknown id is itself, no id nobody."""
    if customer_id is None:
        return ()
    root = root_of(customer_id)
    return root, *Customer.everyone.filter(merged_into=root).order_by("pk").values_list("pk", flat=True)


def root_of(customer_id: int) -> int:
    """The listed customer that a record is; the record itself where it was not merged."""
    return roots_of([customer_id])[customer_id]


def roots_of(customer_ids: Iterable[int]) -> dict[int, int]:
    """The listed customer of each of many records, in one query."""
    ids = list(customer_ids)
    return {pk: pk for pk in ids} | (_merged(ids) if ids else {})


def with_roots(customer_ids: Collection[int]) -> set[int]:
    """The same records, and the customers that show what belongs to them."""
    return {*customer_ids, *(_merged(customer_ids).values() if customer_ids else ())}


def person(customer: Customer) -> Customer:
    """The customer as everybody sees them: the listed record they are, or were merged into."""
    return customer.person


def are_one(first: Customer | None, second: Customer | None) -> bool:
    """Whether two records are the same person; nobody is the same as nobody."""
    if first is None or second is None:
        return first is second
    return first.pk == second.pk or len(set(roots_of([first.pk, second.pk]).values())) == 1


def emails_of(customer_ids: Collection[int]) -> dict[int, list[str]]:
    """Every e-mail that each of some customers has: shown, laid aside, further ones, those of records they show too.

    Four queries, however many customers.
    """
    owners = {pk: number for number, pks in records_of(customer_ids).items() for pk in pks}
    records_ = id_list(owners)
    rows = [
        Customer.everyone.filter(pk__in=records_).values_list("pk", "email"),
        OwnProfile.objects.filter(pk__in=records_).values_list("pk", "email"),
        ContactPoint.objects.filter(customer__in=records_, kind=ContactPoint.Kind.EMAIL)
        .order_by("id")
        .values_list("customer", "value"),
    ]
    found: dict[int, dict[str, None]] = {number: {} for number in customer_ids}
    for pk, email in chain.from_iterable(rows):
        if email:
            found[owners[pk]][email] = None
    return {number: list(emails) for number, emails in found.items()}


def _merged(customer_ids: Collection[int]) -> dict[int, int]:
    rows = Customer.everyone.filter(pk__in=id_list(customer_ids), merged_into__isnull=False)
    return dict(rows.values_list("pk", "merged_into_id"))
