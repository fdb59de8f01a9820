"""How many customers have each tag."""

from __future__ import annotations

from collections import Counter

from django.db.models import Count, Q

from regulars.customers.models import Customer, Tagging


def tag_counts() -> Counter[int]:
    """Listed customers by tag, a merged record as the one it belongs to; what the list shows with the tag as a filter.

    All taggings are counted along their index; only those of deleted and merged customers, who are few, are read.
    """
    rows = Tagging.objects.order_by()
    counts: Counter[int] = Counter(
        dict(rows.values_list("tag").annotate(count=Count("pk")).values_list("tag", "count"))
    )
    unlisted = Customer.everyone.filter(Q(deleted_at__isnull=False) | Q(merged_into__isnull=False))
    of_unlisted = rows.filter(customer__in=unlisted.values("pk"))
    lent: set[tuple[int, int]] = set()
    for tag, root, is_gone in of_unlisted.values_list(
        "tag", "customer__merged_into", "customer__merged_into__deleted_at"
    ):
        counts[tag] -= 1
        if root is not None and is_gone is None:
            lent.add((tag, root))
    if lent:
        own = rows.filter(customer__in={root for _tag, root in lent}).values_list("tag", "customer")
        for tag, _root in lent - set(own):
            counts[tag] += 1
    return counts
