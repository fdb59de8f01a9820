"""The engine: deliveries that wait become rows, in batches of one channel, each in one transaction.

What a delivery says is read outside of it. A batch that cannot be taken in is cut in halves until the one delivery is
found that cannot: it fails with a sentence, alone. Trouble of the database itself is waited for, with growing pauses.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels import bodies, secrets, turns
from regulars.channels.applying import taking
from regulars.channels.applying.states import LONGEST_ID, State, states_of
from regulars.channels.applying.taking import Outcome
from regulars.channels.connectors.protocol import Link
from regulars.channels.connectors.registry import connector_of
from regulars.channels.models import Channel, Connection, Delivery, DeliveryPerson, Fate
from regulars.channels.records import AnyRecord
from regulars.core import bulk, shop
from regulars.core.errors import Refusal
from regulars.core.sealing import Damaged
from regulars.staff.policy import unmasked
from regulars.timeline.actions import acting
from regulars.timeline.models import Source

logger = logging.getLogger(__name__)

_MOST, _LEAST = 400, 25
_FETCHED = 100
_DONE = {Fate.APPLIED, Fate.OLD, Fate.IGNORED}
# While a transaction is open, nobody else writes into SQLite: what arrives meanwhile waits for its end.
_AIM = 0.06 if connection.vendor == "sqlite" else 0.25
_MOST_ATTEMPTS = 8
_TROUBLES = 3  # times in a row that a whole batch is tried before the one that brings trouble is looked for
_LONGEST_WAIT = 300.0


@dataclass(eq=False, slots=True)
class _Unit:
    """What stands or falls together: a delivery, or one record that was fetched."""

    delivery: Delivery | None
    is_asked_again: bool = False
    states: Sequence[State] = ()
    outcome: Outcome | None = None
    customers: set[int] = field(default_factory=set)

    @property
    def is_again(self) -> bool:
        """Whether somebody asked for it once more."""
        return self.is_asked_again or (self.delivery is not None and self.delivery.applied_at is not None)


class Engine:
    """Takes in what waits. It knows which deliveries are to be left alone for a while, and how large a batch may be."""

    def __init__(self) -> None:
        self._not_before: dict[int, float] = {}
        self._size = _LEAST
        self._troubles = 0

    def once(self) -> int:
        """Take in one batch of what waits; how many deliveries were looked at. Raises OperationalError in trouble."""
        now = time.monotonic()
        self._not_before = {pk: at for pk, at in self._not_before.items() if at > now}
        rows = list(
            Delivery.objects.filter(fate=Fate.WAITING)
            .exclude(pk__in=self._not_before)
            .select_related("connection")
            .order_by("id")[: self._size]
        )
        by_channel: dict[int, list[_Unit]] = defaultdict(list)
        for row, unit in zip(rows, _read(rows), strict=True):
            by_channel[row.connection.channel_id].append(unit)
        for channel_id, units in by_channel.items():
            self.apply(channel_id, units)
        return len(rows)

    def wait_of(self) -> float:
        """For how many seconds the database is left alone after trouble; 0 without any."""
        return min(0.25 * 2**self._troubles, 30.0) if self._troubles else 0.0

    def apply(self, channel_id: int, units: list[_Unit]) -> None:
        """Take these in; a bad one among them fails alone."""
        began = time.perf_counter()
        try:
            _in_one(channel_id, units)
        except OperationalError:
            self._troubles += 1
            if self._troubles <= _TROUBLES:
                raise
            self._halve(channel_id, units)
        except Exception as error:  # noqa: BLE001 — whatever a delivery brings about is its fate, not the engine's
            self._halve(channel_id, units, error)
        else:
            self._troubles = 0
            self._learn_size(len(units), time.perf_counter() - began)

    def _halve(self, channel_id: int, units: list[_Unit], error: Exception | None = None) -> None:
        """Each half by itself; of a single one it is known now that it is the bad one."""
        if len(units) > 1:
            middle = len(units) // 2
            for half in (units[:middle], units[middle:]):
                _forget_outcomes(half)
                self.apply(channel_id, half)
            return
        (unit,) = units
        if unit.delivery is None:
            unit.outcome = _failed(error)
        elif error is None:
            self._put_off(unit.delivery)
        else:
            logger.warning("delivery %s cannot be taken in", unit.delivery.pk, exc_info=error)
            unit.outcome = _failed(error)
            with transaction.atomic():
                _write_fates([unit])

    def _put_off(self, delivery: Delivery) -> None:
        """The database refused: later again, and not without end."""
        delivery.attempts += 1
        is_over = delivery.attempts >= _MOST_ATTEMPTS
        fate = Fate.FAILED if is_over else Fate.WAITING
        error = _("The database refused to take this in, several times.") if is_over else ""
        Delivery.objects.filter(pk=delivery.pk, fate=Fate.WAITING).update(
            attempts=delivery.attempts, fate=fate, error=error
        )
        self._not_before[delivery.pk] = time.monotonic() + min(2.0**delivery.attempts, _LONGEST_WAIT)

    def _learn_size(self, count: int, seconds: float) -> None:
        """As many at once as fit into the time a transaction may take."""
        if count >= self._size and seconds < _AIM / 2:
            self._size = min(self._size * 2, _MOST)
        elif seconds > _AIM and count > _LEAST:
            self._size = max(_LEAST, int(count * _AIM / seconds))


def drain() -> int:
    """Take in all that waits, here and now; how many deliveries were looked at. Raises OperationalError in trouble."""
    engine, count = Engine(), 0
    while some := engine.once():
        count += some
    return count


def apply_records(channel: Channel, records: Iterable[AnyRecord], *, again: bool = False) -> Sequence[Outcome]:
    """Take in what was fetched, the same way, without a delivery; answers for each record in the same order.

    A state that we have already is taken in once more only where that is asked for (`again`). Nothing is held: a
    record that waits for another answers HELD, and is to be handed in again after it.
    """
    units = []
    for record in records:
        unit = _Unit(None, is_asked_again=again)
        try:
            unit.states = states_of([record])
        except Refusal as refusal:
            unit.outcome = Outcome(Fate.FAILED, refusal.sentence[:500])
        units.append(unit)
    _apply_in_parts(channel, [unit for unit in units if unit.outcome is None])
    # what waited for something that came in a later part
    held = [unit for unit in units if unit.outcome is not None and unit.outcome.fate is Fate.HELD]
    _forget_outcomes(held)
    _apply_in_parts(channel, held)
    return [unit.outcome or Outcome(Fate.FAILED) for unit in units]


def _apply_in_parts(channel: Channel, units: list[_Unit]) -> None:
    engine = Engine()
    for start in range(0, len(units), _FETCHED):
        engine.apply(channel.pk, units[start : start + _FETCHED])


def _read(rows: Sequence[Delivery]) -> list[_Unit]:
    """What each delivery says. One that cannot be read has its outcome already."""
    links: dict[int, Link] = {}
    units = []
    for row in rows:
        unit = _Unit(row)
        try:
            connector = connector_of(row.connection.provider)
            if row.connection_id not in links:
                links[row.connection_id] = link_of(row.connection)
            link = replace(links[row.connection_id], at=row.received_at)
            unit.states = states_of(connector.records(row.topic, bodies.body_of(row), link))
        except Refusal as refusal:
            unit.outcome = Outcome(Fate.FAILED, refusal.sentence[:500])
        except Exception as error:
            logger.warning("delivery %s cannot be read", row.pk, exc_info=error)
            unit.outcome = _failed(error)
        units.append(unit)
    return units


def link_of(row: Connection) -> Link:
    """What a connector may know of a connection."""
    currency = shop.current().currency
    return Link(options=row.options, secrets=secrets.opened(row), zone=shop.zone(), currency=currency)


@unmasked
def _in_one(channel_id: int, units: Sequence[_Unit]) -> None:
    """One transaction: whatever these say, and their fates."""
    with acting(None, Source.CHANNEL), turns.turn(), transaction.atomic():
        channel = taking.lock(channel_id)
        still = _still_waiting(units)
        readable = [unit for unit in still if unit.outcome is None]
        outcomes = taking.take(
            channel,
            (state for unit in readable for state in unit.states),
            again=[state for unit in readable if unit.is_again for state in unit.states],
        )
        for unit in readable:
            found = [outcomes[state] for state in unit.states]
            unit.customers = {one.customer_id for one in found if one.customer_id is not None}
            unit.outcome = _together(found)
        _write_fates([unit for unit in still if unit.delivery is not None])


def _still_waiting(units: Sequence[_Unit]) -> list[_Unit]:
    """Without those that another worker took in while these were read."""
    ids = [unit.delivery.pk for unit in units if unit.delivery is not None]
    waiting = set(Delivery.objects.filter(pk__in=ids, fate=Fate.WAITING).order_by().values_list("pk", flat=True))
    return [unit for unit in units if unit.delivery is None or unit.delivery.pk in waiting]


def _together(found: Sequence[Outcome]) -> Outcome:
    """The outcome of a delivery, from those of its states: what failed or waits says so, before what went well."""
    for fate in (Fate.FAILED, Fate.HELD, Fate.APPLIED, Fate.OLD):
        of_fate = [one for one in found if one.fate is fate]
        if of_fate:
            return next((one for one in of_fate if one.error), of_fate[0])
    return Outcome(Fate.IGNORED)


def _write_fates(units: Sequence[_Unit]) -> None:
    now = timezone.now()
    told = [(unit.delivery.pk, unit, unit.outcome) for unit in units if unit.delivery is not None and unit.outcome]
    columns = ("fate", "error", "kind", "external_id", "version", "customer_id")
    bulk.update(Delivery, columns, [(*_fated(unit, outcome), pk) for pk, unit, outcome in told])
    done = [pk for pk, _unit, outcome in told if outcome.fate in _DONE]
    if done:
        Delivery.objects.filter(pk__in=done).update(applied_at=now)
    # of what we know better nothing is kept: it may be about somebody, and will never be needed
    old = [pk for pk, _unit, outcome in told if outcome.fate is Fate.OLD]
    if old:
        Delivery.objects.filter(pk__in=old).update(body=b"")
    people = [
        DeliveryPerson(delivery_id=pk, customer_id=customer_id)
        for pk, unit, _outcome in told
        for customer_id in sorted(unit.customers)[1:]
    ]
    if people:
        DeliveryPerson.objects.bulk_create(people, ignore_conflicts=True)


def _fated(unit: _Unit, outcome: Outcome) -> tuple[Any, ...]:
    kind, external_id = outcome.waits_for or (unit.states[0].name if unit.states else ("", ""))
    version = bulk.moment(unit.states[0].rank[0]) if unit.states else None
    known = unit.delivery.customer_id if unit.delivery is not None else None
    customer_id = min(unit.customers) if unit.customers else known
    return outcome.fate.value, outcome.error[:500], kind, external_id[:LONGEST_ID], version, customer_id


def _forget_outcomes(units: Iterable[_Unit]) -> None:
    for unit in units:
        if unit.states:
            unit.outcome, unit.customers = None, set()


def _failed(error: Exception | None) -> Outcome:
    """What people are told. The error's own words stay in the log: they may be about somebody."""
    kind = type(error).__name__ if error is not None else ""
    if isinstance(error, Refusal):
        return Outcome(Fate.FAILED, error.sentence[:500])
    if isinstance(error, Damaged):
        return Outcome(Fate.FAILED, _("What arrived cannot be opened any more."))
    return Outcome(
        Fate.FAILED,
        _("This could not be taken in (%(kind)s); the log says more. Take it in again after an update.")
        % {"kind": kind},
    )
