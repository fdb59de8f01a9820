"""Keeping the finder of order numbers up to date.

one order came      note_numbers([id]) in its transaction; searches look at noted orders too
thousands came      note_numbers(ids), which indexes them at once
every minute        index_noted_numbers(), where enough has gathered
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from regulars.core.background import every
from regulars.core.text import fold
from regulars.customers.grams import extract
from regulars.customers.indexing import merge_grams
from regulars.customers.standings import id_list
from regulars.orders.models import NumberGram, Order, UnindexedNumber
from regulars.staff.policy import verb

ENOUGH = 500  # as many noted orders as a search may look at without anybody noticing
_MANY = 1_000
_BATCH = 50_000
_LOCK = 7_310_582_202  # any number, the same in every process


def note_numbers(order_ids: Collection[int]) -> None:
    """Tell the finder of orders that are new or were renumbered, in their own transaction."""
    if len(order_ids) <= _MANY:
        UnindexedNumber.objects.bulk_create([UnindexedNumber(order_id=pk) for pk in order_ids], batch_size=500)
    else:
        index_numbers(order_ids)


@verb
def index_numbers(order_ids: Collection[int]) -> None:
    """Bring the numbers of these orders into the finder. One process at a time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    ids = sorted(order_ids)
    for start in range(0, len(ids), _BATCH):
        found = Order.objects.filter(pk__in=id_list(ids[start : start + _BATCH])).order_by("pk")
        rows = list(found.values_list("pk", "number"))
        merge_grams(
            extract([pk for pk, _number in rows], [fold(number) for _pk, number in rows]),
            table=NumberGram._meta.db_table,
        )


@every(minutes=1, label=_("Bring new order numbers into the finder"))
def index_noted_numbers(*, at_least: int = ENOUGH) -> int:
    """Index what has gathered; how many orders that were."""
    done = 0
    while UnindexedNumber.objects.count() >= max(at_least if not done else 1, 1):
        with transaction.atomic():
            # The notes first, the rows after: a note that is committed later than this read stays for the next round.
            notes = list(UnindexedNumber.objects.order_by("id")[:_BATCH].values_list("id", "order_id"))
            index_numbers({order_id for _id, order_id in notes})
            UnindexedNumber.objects.filter(pk__in=id_list([pk for pk, _order in notes])).delete()
        done += len(notes)
    return done
