"""What a change of many customers does behind the row of somebody merged: to what the record says by itself, and to
what was chosen to be shown. It is among the images, so that after an undo the merge comes apart as it would have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from regulars.customers import journal
from regulars.customers.journal import Columns, Image
from regulars.customers.models import MergeLink, OwnProfile
from regulars.customers.standings import id_list

BEHIND = frozenset({journal.name_of(OwnProfile), journal.name_of(MergeLink)})
"""Tables that nobody sees as such: what is left of them is said by the row in front."""

Before = tuple[dict[int, Columns], dict[int, Columns]]


def read(numbers: Sequence[int]) -> Before:
    """The own profiles and the active links of those customers who have several records: most have one."""
    own = list(OwnProfile.objects.filter(pk__in=id_list(numbers)).values_list("pk", flat=True))
    if not own:
        return {}, {}
    links = MergeLink.objects.filter(kept__in=own, undone_at__isnull=True).values_list("pk", flat=True)
    return journal.read(OwnProfile, own), journal.read(MergeLink, list(links), ["kept_id", "choices"])


def images(before: Before) -> dict[int, list[Image]]:
    """What became of them, by customer, as images."""
    own, links = before
    found: dict[int, list[Image]] = defaultdict(list)
    if not own:
        return found
    for number, now in journal.read(OwnProfile, list(own)).items():
        if image := journal.changed(OwnProfile, number, own[number], now):
            found[number].append(image)
    for link, now in journal.read(MergeLink, list(links), ["kept_id", "choices"]).items():
        if image := journal.changed(MergeLink, link, links[link], now):
            found[links[link]["kept_id"]].append(image)
    return found
