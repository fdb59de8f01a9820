"""Purchase figures: kept on the customer's row, computed by the database, checked against docs/definitions.md."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from regulars.core import shop
from regulars.customers import people
from regulars.customers.search import mark_unindexed
from regulars.orders.models import COUNTED, SETTLED
from regulars.orders.queries.days import day_in_sql
from regulars.timeline.models import Entry

_AT_ONCE = 20_000

# One statement for one customer and for twenty thousand. `wanted` leads every join, so that each branch walks the
# customers asked for through their indexes. What is already right is not written: no index is touched for nothing.
# A customer's orders are those of all records that were merged into theirs; such a record's own figures stay its own.
_REFRESH = """
WITH wanted (id) AS {materialized} ({wanted}),
records (id, record_id) AS {materialized} (
    SELECT id, id FROM wanted
    UNION ALL
    SELECT wanted.id, c.id FROM wanted CROSS JOIN customers_customer c
    WHERE c.merged_into_id = wanted.id AND c.merged_into_id IS NOT NULL
),
counted AS {materialized} (
    SELECT records.id AS customer_id, o.placed_at, o.total_base_minor, {day} AS day
    FROM records CROSS JOIN orders_order o
    WHERE o.customer_id = records.record_id AND NOT o.is_test AND o.status IN ({counted})
),
sums AS (
    SELECT customer_id, COUNT(*) AS n, SUM(total_base_minor) AS total, MIN(placed_at) AS first, MAX(placed_at) AS last
    FROM counted GROUP BY customer_id
),
refunds AS (
    SELECT records.id AS customer_id, SUM(r.refund_base_minor) AS total
    FROM records CROSS JOIN orders_return r LEFT JOIN orders_order o ON o.id = r.order_id
    WHERE r.customer_id = records.record_id AND r.state IN ({settled})
    AND (o.id IS NULL OR (NOT o.is_test AND o.status IN ({counted})))
    GROUP BY records.id
),
gaps AS (
    SELECT customer_id, day - LAG(day) OVER (PARTITION BY customer_id ORDER BY day) AS gap
    FROM (SELECT DISTINCT customer_id, day FROM counted) AS days
),
ranked AS (
    SELECT customer_id, gap, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY gap) AS place,
           COUNT(*) OVER (PARTITION BY customer_id) AS n
    FROM gaps WHERE gap IS NOT NULL
),
medians AS (
    SELECT customer_id, CAST(AVG(gap) AS double precision) AS gap
    FROM ranked WHERE place IN ((n + 1) / 2, (n + 2) / 2) GROUP BY customer_id
),
fresh AS {materialized} (
    SELECT wanted.id, COALESCE(sums.n, 0) AS n,
           CAST(COALESCE(sums.total, 0) - COALESCE(refunds.total, 0) AS bigint) AS spent,
           CAST(COALESCE(refunds.total, 0) AS bigint) AS refunded, sums.first, sums.last, medians.gap
    FROM wanted LEFT JOIN sums ON sums.customer_id = wanted.id
    LEFT JOIN refunds ON refunds.customer_id = wanted.id
    LEFT JOIN medians ON medians.customer_id = wanted.id
)
UPDATE customers_customer
SET orders_count = fresh.n, spent_minor = fresh.spent, refunded_minor = fresh.refunded,
    first_order_at = fresh.first, last_order_at = fresh.last, usual_gap_days = fresh.gap
FROM fresh
WHERE customers_customer.id = fresh.id AND (
    orders_count <> fresh.n OR spent_minor <> fresh.spent OR refunded_minor <> fresh.refunded
    OR first_order_at {differs} fresh.first OR last_order_at {differs} fresh.last
    OR usual_gap_days {differs} fresh.gap
)
RETURNING customers_customer.id
"""


def refresh(customer_ids: Collection[int]) -> None:
    """Compute the figures of these customers from their orders and returns, in the transaction of what changed them.

    Neither `version` nor `updated_at` move: figures are derived, and two people who edit a profile are not told that
    somebody bought something.
    """
    ids = sorted(customer_ids)
    zone = shop.zone()
    for start in range(0, len(ids), _AT_ONCE):
        with transaction.atomic():
            _refresh(_alone(ids[start : start + _AT_ONCE]), zone)


def follow_merge(entry: Entry) -> None:
    """Sum up anew what a record bought that was merged, or is a customer of its own again."""
    if entry.customer_id is not None:
        refresh([entry.customer_id])


def _alone(ids: Sequence[int]) -> list[int]:
    """These customers and those they were merged into, locked.

    Two orders of one customer at the same moment: the second waits here for the first, and then counts both. KEY SHARE,
    which their foreign keys hold already, does not stand in the way. Who was merged while we waited is looked up again.
    """
    wanted = sorted(people.with_roots(ids))
    if connection.vendor != "postgresql":
        return wanted
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM customers_customer WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE", [wanted]
            )
        now = people.with_roots(wanted)
        if now == set(wanted):
            return wanted
        wanted = sorted(now)


def _refresh(ids: Sequence[int], zone: ZoneInfo) -> None:
    is_postgres = connection.vendor == "postgresql"
    listed = list(ids) if is_postgres else json.dumps(ids)
    sql = _REFRESH.format(
        wanted="SELECT unnest(%s::bigint[])" if is_postgres else "SELECT value FROM json_each(%s)",
        materialized="MATERIALIZED",
        day=day_in_sql("o.placed_at", zone),
        counted=", ".join(f"'{status.value}'" for status in COUNTED),
        settled=", ".join(f"'{state.value}'" for state in SETTLED),
        differs="IS DISTINCT FROM" if is_postgres else "IS NOT",
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [listed])
        changed = [row[0] for row in cursor.fetchall()]
    # lists that filter by figures look at these rows themselves until they are brought into the index
    mark_unindexed(changed, has_new_text=False)
