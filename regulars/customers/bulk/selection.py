"""Whom bulk work is done with: some customers by id, or everybody in a list, as it is when the plan is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.http import QueryDict

from regulars.core.sight import current
from regulars.customers.models import Customer
from regulars.customers.queries import ListRequest, customer_count, customer_ids
from regulars.customers.standings import id_list


def visible(ids: Sequence[int]) -> list[int]:
    """Those of some customers, deleted ones too, whom the reader sees, each once and in the same order."""
    wanted = list(dict.fromkeys(ids))
    if current().sees_all:
        return wanted
    seen = set(Customer.everyone.filter(pk__in=id_list(wanted)).values_list("pk", flat=True))
    return [number for number in wanted if number in seen]


@dataclass(frozen=True, slots=True)
class Selection:
    """Either `ids`, or the `query` of a list (empty: everybody)."""

    ids: tuple[int, ...] = ()
    query: str | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The selection as a change set keeps it."""
        if "query" in kept:
            return cls(query=str(kept["query"]))
        return cls(ids=tuple(int(number) for number in kept.get("ids", ())))

    def kept(self) -> dict[str, Any]:
        """The selection as a change set keeps it."""
        return {"ids": list(self.ids)} if self.query is None else {"query": self.query}

    def numbers(self, *, reader: Any, language: str = "en") -> list[int]:
        """The ids of the customers, each once. Raises Invalid where the list cannot be understood (any more)."""
        if self.query is None:
            return visible(self.ids)
        return customer_ids(self.request(reader=reader, language=language))

    def count(self, *, reader: Any, language: str = "en") -> int:
        """How many there are, or as good as: a list counts exactly up to ten thousand."""
        if self.query is None:
            return len(visible(self.ids))
        return customer_count(self.request(reader=reader, language=language)).number

    def request(self, *, reader: Any, language: str = "en") -> ListRequest:
        """The list that is meant. Raises Invalid."""
        return ListRequest.from_query(QueryDict(self.query or ""), reader=reader, language=language)
