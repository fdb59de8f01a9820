"""Comparing a platform with our books, day by day, and mending what differs.

1. Counts and sums of each day are compared. Where both agree, the day is done.
2. Otherwise the orders of the day are fetched, and each is held against ours: by the platform's number for it, and by
   the order's own number where it never came from there (an import).
3. What differs is written down, in place of what was written the last time. Mending fetches the day once more and takes
   in that very order, through the same engine as deliveries; then the day is compared again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.channels.actions.pulling import can_pull
from regulars.channels.applying import apply_records
from regulars.channels.applying.engine import link_of
from regulars.channels.books import Sold, Sum, books
from regulars.channels.connectors.protocol import Day, Pulls
from regulars.channels.connectors.registry import connector_of
from regulars.channels.facts import DifferenceMended
from regulars.channels.models import Comparison, Connection, Difference, Fate, Reason
from regulars.channels.records import AnyRecord, Gone, OrderRecord, ReturnRecord
from regulars.core import quarantine, shop
from regulars.core.background import background, every, progress
from regulars.core.errors import Invalid, Refusal
from regulars.core.money import Money
from regulars.staff.policy import unmasked
from regulars.timeline.actions import record

NIGHTLY_DAYS = 14
MOST_DAYS = 400
_UNCOUNTED = {"cancelled", "draft"}
# What was fetched on purpose stands above another state of the same moment, whatever their digests.
_ON_PURPOSE = dt.timedelta(microseconds=2)


class NotMendable(Refusal):
    """Nothing on the platform could be taken in that would end this difference."""

    slug = "not-mendable"


@background(retries=3, label=gettext_lazy("Compare with a shop platform"), leaves=True)
@unmasked
def reconcile(*, connection_id: int, since: str, until: str) -> int:
    """Compare these days (2026-03-01), both among them; how many orders differ. Raises Unreached and Invalid."""
    connection = Connection.objects.select_related("channel").filter(pk=connection_id).first()
    if connection is None:
        return 0
    first, last = dt.date.fromisoformat(since), dt.date.fromisoformat(until)
    if not first <= last < first + dt.timedelta(days=MOST_DAYS):
        sentence = _("Choose up to %(count)s days, the first of them first.") % {"count": MOST_DAYS}
        raise Invalid(sentence, fields={"until": [sentence]})
    connector, link = _pulls(connection), link_of(connection)
    theirs = connector.days(link, first, last)
    ours = books().days(connection.channel, first, last)
    found, count = 0, (last - first).days + 1
    for number in range(count):
        day = first + dt.timedelta(days=number)
        found += _compare(connection, connector, day, theirs.get(day), ours.get(day))
        progress(number, count)
    return found


@every("04:20", label=gettext_lazy("Compare the last days with shop platforms"))
def reconcile_nightly() -> int:
    """Compare the last two weeks of every connection that was fetched from; how many those are."""
    until = shop.today() - dt.timedelta(days=1)
    since = until - dt.timedelta(days=NIGHTLY_DAYS - 1)
    count = 0
    for connection in Connection.objects.filter(is_on=True).exclude(pulled_at=None):
        if can_pull(connection):
            reconcile.later(connection_id=connection.pk, since=since.isoformat(), until=until.isoformat())
            count += 1
    return count


def reconcile_soon(connection: Connection, *, since: dt.date, until: dt.date) -> str:
    """Compare in the background; the job's id. Raises Invalid."""
    _pulls(connection)
    if not since <= until < since + dt.timedelta(days=MOST_DAYS):
        sentence = _("Choose up to %(count)s days, the first of them first.") % {"count": MOST_DAYS}
        raise Invalid(sentence, fields={"until": [sentence]})
    return reconcile.later(connection_id=connection.pk, since=since.isoformat(), until=until.isoformat())


@unmasked
def mend(difference: Difference) -> Comparison:
    """Take the order in again as the platform has it now; the day, compared anew.

    Raises NotMendable, Unreached, and HeldBack in quarantine.
    """
    quarantine.check()
    comparison = difference.comparison
    connection = Connection.objects.select_related("channel").get(pk=comparison.connection_id)
    connector, link = _pulls(connection), link_of(connection)
    fetched = connector.orders_of(link, comparison.on)
    wanted = _of_order(fetched, difference)
    if not wanted:
        if not difference.external_id:
            raise NotMendable(
                _("The platform never had this order: it was entered or imported here. Cancel it here if it is wrong.")
            )
        wanted = [Gone(of=OrderRecord.kind, external_id=difference.external_id, version=timezone.now())]
    outcomes = apply_records(connection.channel, wanted, again=True)
    problem = next((one.error for one in outcomes if one.fate in {Fate.FAILED, Fate.HELD}), "")
    if problem:
        Difference.objects.filter(pk=difference.pk).update(remark=problem[:500])
        raise NotMendable(problem)
    with transaction.atomic():
        record(DifferenceMended(number=difference.number, reason=difference.reason), subject=connection)
    theirs = connector.days(link, comparison.on, comparison.on).get(comparison.on)
    ours = books().days(connection.channel, comparison.on, comparison.on).get(comparison.on)
    _compare(connection, connector, comparison.on, theirs, ours)
    remark = next((one.error for one in outcomes if one.error), "") or _("It was taken in again, and still differs.")
    Difference.objects.filter(
        comparison=comparison, number=difference.number, external_id=difference.external_id
    ).update(remark=remark[:500])
    return Comparison.objects.get(pk=comparison.pk)


def _pulls(connection: Connection) -> Pulls:
    try:
        connector: object = connector_of(connection.provider)
    except KeyError:
        connector = None
    if not isinstance(connector, Pulls):
        sentence = _("This system cannot be compared with; nothing can be fetched from it.")
        raise Invalid(sentence, fields={"connection": [sentence]})
    return connector


def _compare(connection: Connection, connector: Pulls, day: dt.date, theirs: Day | None, ours: Sum | None) -> int:
    """Write down a day and its differences; how many."""
    link = link_of(connection)
    currency = link.currency
    there = (theirs.count, Money.of(theirs.total, currency).minor) if theirs else (0, 0)
    here = (ours.count, ours.total_minor) if ours else (0, 0)
    rows: list[Difference] = []
    if there != here:
        fetched = connector.orders_of(link, day)
        sold = [one for one in fetched if isinstance(one, OrderRecord)]
        rows = _differences(
            sold,
            books().orders(connection.channel, day, [one.external_id for one in sold], [one.number for one in sold]),
            day,
        )
        if not rows and there[0] == here[0]:
            # order by order they agree, in currencies of which the platform does not know our rate
            there = here
    with transaction.atomic():
        comparison, _is_new = Comparison.objects.update_or_create(
            connection=connection,
            on=day,
            defaults={
                "currency": currency,
                "their_count": there[0],
                "their_minor": there[1],
                "our_count": here[0],
                "our_minor": here[1],
                "compared_at": timezone.now(),
            },
        )
        Difference.objects.filter(comparison=comparison).delete()
        for row in rows:
            row.comparison = comparison
        Difference.objects.bulk_create(rows)
    return len(rows)


def _differences(theirs: Sequence[OrderRecord], ours: Sequence[Sold], day: dt.date) -> list[Difference]:
    """Which orders of a day differ, and in what way."""
    by_id = {one.external_id: one for one in ours if one.external_id}
    by_number = {one.number: one for one in ours}
    seen: set[int] = set()
    found = []
    for there in theirs:
        mine = by_id.get(there.external_id) or by_number.get(there.number)
        if mine is not None:
            seen.add(mine.id)
        if (reason := _reason(there, mine, day)) is not None:
            found.append(_difference(reason, there, mine))
    left = (mine for mine in ours if mine.id not in seen and mine.on == day and mine.is_counted)
    return [*found, *(_difference(Reason.MISSING_THERE, None, mine) for mine in left)]


def _reason(record: OrderRecord, mine: Sold | None, day: dt.date) -> Reason | None:
    counts = record.status not in _UNCOUNTED and not record.is_test
    if mine is None:
        return Reason.MISSING_HERE if counts else None
    if counts and not mine.is_counted:
        return Reason.CANCELLED_HERE
    if not counts:
        return Reason.CANCELLED_THERE if mine.is_counted else None
    if Money.of(record.total or Decimal(0), record.currency) != mine.total:
        return Reason.AMOUNT
    return Reason.ANOTHER_DAY if mine.on != day else None


def _difference(reason: Reason, record: OrderRecord | None, mine: Sold | None) -> Difference:
    currency = record.currency if record is not None else mine.total.currency if mine is not None else ""
    has_same_currency = mine is not None and mine.total.currency == currency
    return Difference(
        reason=reason,
        number=(record.number if record is not None else mine.number if mine is not None else "")[:60],
        external_id=(record.external_id if record is not None else mine.external_id if mine is not None else "")[:120],
        order_id=mine.id if mine is not None else None,
        currency=currency[:3],
        their_minor=Money.of(record.total or Decimal(0), currency).minor if record is not None else None,
        our_minor=mine.total.minor if mine is not None and has_same_currency else None,
    )


def _of_order(records: Iterable[AnyRecord], difference: Difference) -> list[AnyRecord]:
    """What was fetched of this one order: itself and its returns."""
    orders = [
        one
        for one in records
        if isinstance(one, OrderRecord)
        and (one.external_id == difference.external_id if difference.external_id else one.number == difference.number)
    ]
    ids = {one.external_id for one in orders}
    returns = [one for one in records if isinstance(one, ReturnRecord) and one.order_id in ids]
    return [
        *(replace(one, version=one.version + _ON_PURPOSE) for one in orders),
        *(replace(one, version=one.version + _ON_PURPOSE) for one in returns),
    ]
