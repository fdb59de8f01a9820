"""Relations: what is said of customers in rows of another table, tags and values of the shop's own fields say.

A question about them becomes one list of customers, `id IN (SELECT customer_id FROM …)`, never a look at the table for
each customer. Rows keep the customer they were written for; what stands with a record that was merged into another
one is found at that other one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from regulars.core.sight import current
from regulars.core.walls import customer_seen
from regulars.customers import people
from regulars.customers.grams import Ids
from regulars.customers.models import Customer
from regulars.customers.standings import id_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """The rows of `model` where `where` holds: `customer` is the column that says whose, `value` what is compared.

    `shown` is what people read, where that differs from `value`, and `order` the order of a customer's values. `alive`
    are conditions that every question about a single value fulfils by itself. Tags of merged records add up; where a
    relation `has_one_voice`, the customer's own rows speak alone, else those of the first record that has some.
    """

    model: type[Model]
    value: str
    where: tuple[tuple[str, Any], ...] = ()
    customer: str = "customer_id"
    shown: str = ""
    order: tuple[str, ...] = ()
    alive: tuple[tuple[str, Any], ...] = ()
    leads_to: str = ""
    has_one_voice: bool = False

    def having(self, condition: Q) -> Q:
        """Customers with a row that fulfils a condition."""
        sql, params = self._ids(condition)
        return Q(id__in=RawSQL(sql, params))  # noqa: S611 — the statements are the ORM's own

    def ids(self, condition: Q) -> Ids:
        """The same customers' ids, read at once as numbers: a million of them come as one text."""
        return _read_ids(*self._ids(condition))

    def read(
        self, customers: Sequence[Customer], *, records: Mapping[int, Sequence[int]] | None = None
    ) -> dict[int, list[Any]]:
        """What people read, for some customers by id, in one query where their `records` are known, else in two."""
        records = people.records_of([one.pk for one in customers]) if records is None else records
        owner = {pk: root for root, pks in records.items() for pk in pks}
        rows = self.rows().filter(**dict(self.alive), **{f"{self.customer}__in": id_list(owner)})
        told: dict[int, list[Any]] = defaultdict(list)
        for pk, value in rows.order_by(*self.order).values_list(self.customer, self.shown or self.value):
            told[pk].append(value)
        found: dict[int, list[Any]] = {}
        for pk, root in owner.items():  # the customer first, then the records in their order
            if pk in told and not (self.has_one_voice and root in found):
                known = found.setdefault(root, [])
                known += [value for value in told[pk] if value not in known]
        return found

    def speaking(self) -> dict[int, int]:
        """The merged records whose rows speak for the customer they belong to, where only one voice is heard."""
        merged = Customer.everyone.filter(merged_into__isnull=False, pk__in=self.rows().values(self.customer))
        first: dict[int, int] = {}
        for pk, root in merged.order_by("pk").values_list("pk", "merged_into_id"):
            first.setdefault(root, pk)
        if first:
            own = self.rows().filter(**{f"{self.customer}__in": id_list(first)})
            for root in own.values_list(self.customer, flat=True):
                first.pop(root, None)
        return {pk: root for root, pk in first.items()}

    def rows(self) -> QuerySet[Any]:
        """All of its rows that the reader sees."""
        rows = self.model._default_manager.filter(**dict(self.where))
        sight = current()
        return rows if sight.sees_all or not self.leads_to else rows.filter(customer_seen(self.leads_to, sight))

    def _ids(self, condition: Q) -> tuple[str, tuple[Any, ...]]:
        own = self.rows().filter(condition or Q(*self.alive)).order_by()
        merged = Customer.everyone.filter(merged_into__isnull=False, pk__in=own.values(self.customer)).order_by()
        if self.has_one_voice:
            merged = merged.filter(pk__in=id_list(self.speaking()))
        first, first_params = _statement(own.values_list(self.customer))
        second, second_params = _statement(merged.values_list("merged_into_id"))
        return f"{first} UNION ALL {second}", (*first_params, *second_params)


def ids_of(customers: QuerySet[Customer]) -> Ids:
    """The ids of many customers, read at once."""
    return _read_ids(*_statement(customers.order_by().values_list("pk")))


def _statement(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """What the database is asked; the ORM knows of some questions that nobody can answer them."""
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        return "SELECT 0 WHERE 1 = 0", ()


def _read_ids(sql: str, params: Iterable[Any]) -> Ids:
    """The ids that a statement of one column gives."""
    joined = "string_agg(id::text, ',')" if connection.vendor == "postgresql" else "group_concat(id)"
    with connection.cursor() as cursor:
        cursor.execute(f"WITH found (id) AS ({sql}) SELECT {joined} FROM found", list(params))  # noqa: S608
        (text,) = cursor.fetchone()
    found: Ids = np.fromstring(text or "", dtype=np.int64, sep=",")
    return found
