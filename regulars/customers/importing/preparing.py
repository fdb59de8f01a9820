"""Rows of a file made ready for writing: validated, normalised, and with every column that follows from others.

Nothing here asks the database, so that it can run in a second process (see workers.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from regulars.core.contact import BadContact
from regulars.core.dates import BadDate, parse_moment
from regulars.core.errors import Invalid
from regulars.core.tabular import Line, Table, Unreadable
from regulars.core.text import BadText, clean
from regulars.customers.derived import completed, found_by, place_of
from regulars.customers.grams import Extracted, extract
from regulars.customers.importing.mapping import ADDRESS, PROFILE
from regulars.customers.importing.plain import ready_rows
from regulars.customers.importing.repairs import Mender
from regulars.customers.importing.rows import (
    ADDRESS_COLUMNS,
    CUSTOMER_DEFAULTS,
    DEFAULTED,
    EXTERNAL_ID_LENGTH,
    PLACED,
    Ready,
)
from regulars.customers.normalise import (
    ADDRESS_CHECKS,
    PROFILE_CHECKS,
    Check,
    normalise,
    normalise_address,
    require_someone,
)

BATCH_ROWS = 2_500
_TEXT = -2  # the place of the search text in CUSTOMER_COLUMNS

_ADDRESS_FIELDS = {"address_name": "name", "address_company": "company", "address_phone": "phone"}
_REPEATING = {
    "title",
    "given_name",
    "family_name",
    "kind",
    "language",
    "status",
    "is_guest",
    "city",
    "region",
    "country",
}
_REMEMBERED = 20_000
_COLUMN_OF = {field: name for name, field in _ADDRESS_FIELDS.items()}


@dataclass(frozen=True, slots=True)
class Plan:
    """All that preparing needs to know: where each field stands, and the shop's habits.

    `date_orders` are what the columns of dates have shown (see survey.py), `reading` what `open_table` is told.
    """

    columns: Mapping[str, int]
    country: str
    time_zone: str
    date_orders: Mapping[str, str] | None = None
    reading: Mapping[str, Any] | None = None

    @property
    def is_month_first(self) -> bool:
        return self.country in {"US", "PH"}

    def as_data(self) -> dict[str, Any]:
        """What makes the same plan again."""
        return {
            "columns": dict(self.columns),
            "country": self.country,
            "time_zone": self.time_zone,
            "date_orders": dict(self.date_orders or {}),
            "reading": dict(self.reading or {}),
        }


class Batch(NamedTuple):
    """What became of some rows: how many were read, which are ready (with their number and cells), which are not."""

    rows: int
    ready: list[Ready]
    sources: list[tuple[int, list[str]]]
    rejects: list[tuple[int, list[str], str]]
    broken: str = ""
    grams: Extracted | None = None
    repairs: Sequence[tuple[str, int, str, str]] = ()


def batches(table: Table, plan: Plan, *, size: int = BATCH_ROWS) -> Iterator[Batch]:
    """All rows of a table, some at a time. The last batch says where the file turned out to be broken."""
    prepare, mender = Preparer(plan), Mender(plan.columns, country=plan.country)
    lines: list[Line] = []
    try:
        for line in table.rows():
            lines.append(line)
            if len(lines) == size:
                yield _batch(lines, prepare, mender)
                lines = []
    except Unreadable as problem:
        yield _batch(lines, prepare, mender)._replace(broken=problem.sentence)
        return
    yield _batch(lines, prepare, mender)


def _batch(lines: list[Line], prepare: Preparer, mender: Mender) -> Batch:
    lines = mender.lines(lines)
    batch = Batch(len(lines), [], [], [])
    whole = [(number, cells) for number, cells, problem in lines if not problem]
    batch.rejects.extend((number, cells, problem) for number, cells, problem in lines if problem)
    for source, ready in zip(whole, prepare.many([cells for _number, cells in whole]), strict=True):
        try:
            # what is not plain goes the long way, which knows what is wrong with it
            batch.ready.append(ready or prepare(source[1]))
            batch.sources.append(source)
        except (Invalid, BadText) as refused:
            batch.rejects.append((*source, reason_of(refused)))
    batch = batch._replace(repairs=mender.repairs.plain())
    return batch._replace(grams=extract(range(len(batch.ready)), [row.customer[_TEXT] for row in batch.ready]))


class Preparer:
    """Makes one row ready after the other."""

    def __init__(self, plan: Plan) -> None:
        self.external_id = plan.columns.get("external_id")
        self.since = plan.columns.get("customer_since")
        self.profile = [
            (
                field,
                plan.columns[field],
                _remembered(PROFILE_CHECKS[field]) if field in _REPEATING else PROFILE_CHECKS[field],
            )
            for field in PROFILE
            if field in plan.columns and field != "customer_since"
        ]
        self.address = [
            (_ADDRESS_FIELDS.get(field, field), plan.columns[field])
            for field in sorted(ADDRESS, key="country".__ne__)  # the country first: it says how phones are dialled
            if field in plan.columns
        ]
        self.address_checks = [
            (field, at, _remembered(ADDRESS_CHECKS[field]) if field in _REPEATING else ADDRESS_CHECKS[field])
            for field, at in self.address
        ]
        self.country, self.zone, self.is_month_first = plan.country, ZoneInfo(plan.time_zone), plan.is_month_first
        self.since_order = (plan.date_orders or {}).get("customer_since", "")
        self.moment = lru_cache(maxsize=8192)(self._read_moment)  # many customers came on the same day

    def __call__(self, cells: list[str]) -> Ready:
        """Raises Invalid (or BadText for the id) with the reasons."""
        external_id = ""
        if self.external_id is not None and (cell := cells[self.external_id]):
            external_id = clean(cell, limit=EXTERNAL_ID_LENGTH)
        try:
            place, profile = self._checked(cells)
        except (BadText, BadContact):
            # Once more, with every reason this time.
            place, profile = self._refused(cells)
        if since := self._since(cells):
            profile["customer_since"] = since
        if not external_id:
            require_someone(profile)
        given = tuple([field for field in DEFAULTED if field in profile])
        whole = completed(profile)
        address = None
        if any(map(place.get, PLACED)):
            address = tuple([place.get(column, "") for column in ADDRESS_COLUMNS])
            whole.update(place_of(place))
        whole.update(found_by(whole))
        return Ready(
            external_id, given, tuple([whole.get(column, default) for column, default in CUSTOMER_DEFAULTS]), address
        )

    def many(self, rows: Sequence[list[str]]) -> list[Ready | None]:
        """Rows made ready all at once; None for each that has to go the way for one, which knows every case."""
        return ready_rows(rows, self) if rows else []

    def _checked(self, cells: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Address and profile, as `normalise` makes them, without its care for reasons."""
        place: dict[str, Any] = {}
        profile: dict[str, Any] = {}
        country = self.country
        for field, at, check in self.address_checks:
            if (cell := cells[at]) and (value := check(cell, country)):
                place[field] = value
                if field == "country":
                    country = value
        for field, at, check in self.profile:
            if (cell := cells[at]) and (value := check(cell, country)) != "":
                profile[field] = value
        return place, profile

    def _refused(self, cells: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        reasons: dict[str, list[str]] = {}
        place: dict[str, Any] = {}
        profile: dict[str, Any] = {}
        try:
            place = normalise_address({field: cells[at] for field, at in self.address}, country=self.country)
        except Invalid as refused:
            reasons.update({_COLUMN_OF.get(field, field): found for field, found in refused.fields.items()})
        try:
            given = {field: cells[at] for field, at, _check in self.profile}
            profile = normalise(given, country=place.get("country") or self.country)
        except Invalid as refused:
            reasons.update(refused.fields)
        try:
            self._since(cells)
        except Invalid as refused:
            reasons.update(refused.fields)
        if reasons:
            raise Invalid("", fields=reasons)
        return place, {field: value for field, value in profile.items() if value != ""}

    def _since(self, cells: list[str]) -> str:
        return self.moment(cell) if self.since is not None and (cell := cells[self.since].strip()) else ""

    def _read_moment(self, text: str) -> str:
        try:
            moment = parse_moment(
                clean(text, limit=60), zone=self.zone, is_month_first=self.is_month_first, order=self.since_order
            )
        except (BadDate, BadText) as problem:
            raise Invalid(str(problem), fields={"customer_since": [str(problem)]}) from problem
        return moment.replace(tzinfo=None).isoformat(" ")


def _remembered(check: Check) -> Check:
    """A check that knows what it said about the same text before; what it refused it is asked again."""
    known: dict[tuple[str, str], Any] = {}

    def remembered(value: Any, country: str) -> Any:
        key = (value, country)
        found = known.get(key)
        if found is None:
            found = check(value, country)
            if len(known) >= _REMEMBERED:
                known.clear()
            known[key] = found
        return found

    return remembered


def reason_of(refused: Invalid | BadText) -> str:
    """Every reason of a refused row, each with the name of its field as --map takes it."""
    if isinstance(refused, BadText):
        return f"external_id: {refused}"
    return " ".join(f"{field}: {reason}" for field, reasons in refused.fields.items() for reason in reasons)
