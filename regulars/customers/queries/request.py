"""What a customer list was asked for: search, filters, order and place, as an address or the API writes them."""

from __future__ import annotations

import datetime as dt
import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.walls import is_shown
from regulars.customers import catalogue, filters, search
from regulars.customers.catalogue import Field, Type
from regulars.customers.conditions import Condition
from regulars.customers.models import Customer

SIZE, LARGEST = 50, 250
DEFAULT_SORT, SORT_WITHOUT_NAMES = "name", "customer_added_date"

Key = tuple[Any, int]
"""The value somebody is sorted by, and their id."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter as the list shows it: `label` `operator` `value`, and the address of the list without it."""

    label: str
    operator: str
    value: str
    parameter: str
    written: str
    url_without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """A list of customers. Make it with `from_query`, which refuses what it cannot understand.

    `kept` are parameters of the page itself (chosen columns, view) that its addresses carry along.
    """

    search: str = ""
    conditions: tuple[Condition, ...] = ()
    sort: Field
    is_descending: bool = False
    after: Key | None = None
    before: Key | None = None
    size: int = SIZE
    kept: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_query(
        cls,
        query: QueryDict | Mapping[str, str | Sequence[str]],
        *,
        language: str = "en",
        keep: Collection[str] = (),
        reader: Any = None,
    ) -> Self:
        """Read `q`, `sort`, `after`, `before`, `limit` and filters; every other name but those in `keep` is refused.

        `reader` is who asks, a person or a token; what they may not see can neither filter nor sort. Without one,
        only what every role may see can. Raises Invalid, whose `fields` name the parameters.
        """
        sent = _sent(query)
        kept = tuple((name, value) for name, values in sent.items() if name in keep for value in values)
        known = {name: _once(sent, name) for name in ("q", "sort", "after", "before", "limit")}
        conditions = [
            filters.parse(parameter, value, language=language, reader=reader)
            for parameter, values in sent.items()
            if parameter not in known and parameter not in keep
            for value in _values(parameter, values)
        ]
        sort, is_descending = _sort(known["sort"] or default_sort(), reader)
        if known["after"] and known["before"]:
            raise _refused("after", _("A page begins after one place or ends before one, not both."))
        made = cls(
            search=known["q"],
            conditions=tuple(dict.fromkeys(conditions)),
            sort=sort,
            is_descending=is_descending,
            size=_size(known["limit"]),
            kept=kept,
        )
        if made.search:
            search.terms(made.search)
        return replace(
            made,
            after=made.key_of(known["after"], "after") if known["after"] else None,
            before=made.key_of(known["before"], "before") if known["before"] else None,
        )

    @property
    def sort_text(self) -> str:
        """The order as an address writes it."""
        return f"-{self.sort.name}" if self.is_descending else self.sort.name

    @property
    def sort_column(self) -> str:
        return self.sort.sort_column or self.sort.column

    @property
    def is_everybody(self) -> bool:
        """Whether nobody is left out."""
        return not self.search and not self.conditions

    def url(self, **changes: str | None) -> str:
        """The query part of this list's address, from its first page on, with parameters put in or (None) taken out.

        `request.url(sort="-amount_spent")`, `request.url(after=page.next_cursor)`, `request.url(q=None)`.
        """
        parameters: list[tuple[str, str]] = [("q", self.search)] if self.search else []
        parameters += [(one.parameter, one.value) for one in self.conditions]
        if self.sort_text != default_sort():
            parameters.append(("sort", self.sort_text))
        if self.size != SIZE:
            parameters.append(("limit", str(self.size)))
        parameters += self.kept
        parameters = [pair for pair in parameters if pair[0] not in changes]
        parameters += [(name, value) for name, value in changes.items() if value]
        return f"?{urlencode(parameters)}" if parameters else "?"

    def url_sorted_by(self, field: Field) -> str:
        """The address sorted by a field: the other way round where it is sorted by it already.

        Figures and dates begin with the highest, names with A.
        """
        is_descending = field.type is not Type.TEXT
        if field == self.sort:
            is_descending = not self.is_descending
        return self.url(sort=f"-{field.name}" if is_descending else field.name)

    def without(self, dropped: Condition | None) -> Self:
        """The same list without one of its filters, or (None) without its search."""
        if dropped is None:
            return replace(self, search="", after=None, before=None)
        rest = tuple(one for one in self.conditions if one != dropped)
        return replace(self, conditions=rest, after=None, before=None)

    def chips(self) -> list[Chip]:
        """The filters, as chips."""
        return [
            Chip(
                label=one.label,
                operator=one.operator_words,
                value=one.words,
                parameter=one.parameter,
                written=one.value,
                url_without=self.without(one).url(),
            )
            for one in self.conditions
        ]

    def cursor(self, key: Key) -> str:
        """A place in this order, as an address carries it."""
        value, pk = key
        if isinstance(value, dt.datetime):
            value = value.astimezone(dt.UTC).isoformat()
        written = json.dumps([self.sort_text, value, pk], ensure_ascii=False, separators=(",", ":"))
        return urlsafe_b64encode(written.encode()).decode().rstrip("=")

    def key_of(self, cursor: str, parameter: str) -> Key:
        """The place a cursor names; raises Invalid where it is none, or one of another order."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            sort, value, pk = json.loads(urlsafe_b64decode(padded.encode("ascii")))
            if sort != self.sort_text and isinstance(sort, str):
                raise _refused(parameter, _("The address names a page of another order. Begin at the first page."))
            return _checked(self.sort, value, pk)
        except (ValueError, TypeError, RecursionError) as bad:
            raise _refused(
                parameter, _("The address names a page that does not exist. Begin at the first page.")
            ) from bad


def default_sort() -> str:
    """The order nobody has to ask for: by name, or where names are not shown in full by when somebody came."""
    return DEFAULT_SORT if is_shown(Customer, "sort_name") else SORT_WITHOUT_NAMES


def sortable(reader: Any = None) -> list[Field]:
    """The fields a list can be sorted by, of those that a person or a token may see."""
    return [field for field in catalogue.asked_by(reader) if field.is_sortable]


def _sent(query: QueryDict | Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    """Every parameter with its values, without those that are empty."""
    pairs: Iterable[tuple[str, Any]] = query.lists() if isinstance(query, QueryDict) else query.items()
    listed = ((name, [values] if isinstance(values, str) else list(values)) for name, values in pairs)
    kept = ((name, [value.strip() for value in values if value.strip()]) for name, values in listed)
    return {name: values for name, values in kept if values}


def _values(parameter: str, values: list[str]) -> list[str]:
    """What each condition of a parameter is about: check boxes that were sent one by one are one choice."""
    field = catalogue.get(catalogue.split(parameter)[0])
    if field is not None and field.type in {Type.CHOICE, Type.COUNTRY, Type.LIST}:
        return [",".join(values)]
    return values


def _once(sent: Mapping[str, list[str]], name: str) -> str:
    values = sent.get(name, [""])
    if len(set(values)) > 1:
        raise _refused(name, _("“%(name)s” can be given only once.") % {"name": name})
    return values[0]


def _sort(text: str, reader: Any) -> tuple[Field, bool]:
    name = text.removeprefix("-")
    field = catalogue.get(name)
    if field is None or not field.is_sortable or not field.is_asked_by(reader):
        raise _refused(
            "sort",
            _("Customers cannot be sorted by “%(name)s”, only by: %(known)s.")
            % {"name": name[:40], "known": ", ".join(one.name for one in sortable(reader))},
        )
    return field, text.startswith("-")


def _size(text: str) -> int:
    if not text:
        return SIZE
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LARGEST):
        raise _refused("limit", _("“limit” is a whole number from 1 to %(most)s.") % {"most": LARGEST})
    return int(text)


def _checked(field: Field, value: Any, pk: Any) -> Key:
    """The key, where its parts are what the order needs; else ValueError."""
    if type(pk) is not int or not 0 < pk < 2**63:
        raise ValueError(pk)
    if value is None and (field.relation is not None or field.type is Type.DATE):
        return None, pk
    if field.relation is not None and field.type is not Type.TEXT:
        if type(value) not in {int, float} or not math.isfinite(value):
            raise ValueError(value)
        return value, pk
    if field.type is Type.DATE:
        moment = dt.datetime.fromisoformat(value)
        if moment.tzinfo is None or not 1800 < moment.year < 9000:
            raise ValueError(value)
        return moment.astimezone(dt.UTC), pk
    wanted = str if field.type is Type.TEXT else int
    if type(value) is not wanted or (type(value) is int and abs(value) >= 2**63) or value == "\0":
        raise ValueError(value)
    if isinstance(value, str) and ("\0" in value or len(value) > 500):
        raise ValueError(value)
    return value, pk


def _refused(parameter: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={parameter: [sentence]})
