"""What somebody takes off a merged person, a tag say, and which record it was.

On the page it is gone. But it was the word of one record, which may turn out to be another person after all: then it
has again what nobody ever took off that record. So what goes is kept with the link that brought the record, and comes
back when the two part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Model, Q, QuerySet

from regulars.customers import presenting
from regulars.customers.journal import TABLES, name_of, plain
from regulars.customers.models import ContactPoint, Customer, MergeLink
from regulars.customers.people import root_of
from regulars.customers.presenting import Person

_CUSTOMER = "customer"


def take_off(rows: QuerySet[Any], *, by: Customer) -> None:
    """Delete rows of a person, as an act on one of their records; those of other records are kept for an unmerge."""
    model: type[Model] = rows.model
    names = [field.attname for field in model._meta.concrete_fields]
    table = name_of(model)
    kept: dict[int, list[list[Any]]] = defaultdict(list)
    for row in rows.exclude(customer=by.pk).order_by("pk").values(*names):
        kept[row["customer_id"]].append([table, {name: plain(value) for name, value in row.items()}])
    _keep(by, kept)
    rows.delete()
    if model is ContactPoint:
        presenting.find_again(kept)


def clear(record: Customer, column: str, *, by: Customer) -> None:
    """Empty a column of a record that was merged away, as an act on the person; it comes back with an unmerge."""
    _keep(by, {record.pk: [[_CUSTOMER, {"customer_id": record.pk, column: getattr(record, column)}]]})
    Customer.everyone.filter(pk=record.pk).update(**{column: ""})
    presenting.find_again([record.pk])


def forget(record: int, table: str, match: Mapping[str, Collection[Any]]) -> None:
    """What was taken off the person is now taken off the very record: it does not come back."""
    for link in MergeLink.objects.filter(undone_at__isnull=True).exclude(aside=[]).filter(_above(record)):
        kept = [
            one
            for one in link.aside
            if not (
                one[0] == table
                and one[1]["customer_id"] == record
                and all(one[1].get(name) in values for name, values in match.items())
            )
        ]
        if len(kept) != len(link.aside):
            MergeLink.objects.filter(pk=link.pk).update(aside=kept)


def bring_back(person: Person, leaving: Collection[int]) -> None:
    """Give records that leave a person what was taken off it by acts on records that stay. Before the link is undone.

    Where a record has the same again meanwhile, or another value in its place, that stays.
    """
    links = MergeLink.objects.filter(kept__in=list(person.own), undone_at__isnull=True).exclude(aside=[])
    changed: set[int] = set()
    for link in links.exclude(kept__in=list(leaving)).order_by("pk"):
        back = [entry for entry in link.aside if entry[1]["customer_id"] in leaving]
        for table, columns in back:
            pk = columns["customer_id"]
            if table == _CUSTOMER:
                for column in columns.keys() - {"customer_id"}:
                    Customer.everyone.filter(pk=pk, **{column: ""}).update(**{column: columns[column]})
            else:
                model = TABLES[table]
                model._base_manager.bulk_create([model(**columns)], ignore_conflicts=True)
            changed.add(pk)
        MergeLink.objects.filter(pk=link.pk).update(aside=[entry for entry in link.aside if entry not in back])
    presenting.find_again(changed)


def _keep(by: Customer, entries: Mapping[int, Sequence[Any]]) -> None:
    """Write down what is taken off some records, with the links of `by` that brought them."""
    if not entries:
        return
    (person,) = presenting.persons([by.merged_into_id or by.pk])
    for link in MergeLink.objects.select_for_update().filter(kept=by.pk, undone_at__isnull=True).order_by("pk"):
        own = [entry for record in sorted(person.under(link.merged_id)) for entry in entries.get(record, ())]
        if own:
            link.aside = [*link.aside, *own]
            link.save(update_fields=["aside"])


def _above(record: int) -> Q:
    """Links of the person a record belongs to."""
    root = root_of(record)
    return Q(kept=root) | Q(kept__merged_into=root)
