"""Look for customers who are in the file more than once, and keep what people decided about them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import every, progress
from regulars.core.errors import Refusal
from regulars.customers.actions.households import join_household
from regulars.customers.duplicates.deciding import USUAL, threshold_from
from regulars.customers.facts import DuplicateDecided
from regulars.customers.models import Customer, DuplicatePair, MatchingModel
from regulars.customers.standings import id_list
from regulars.staff.policy import verb
from regulars.timeline.actions import record, who_acts

if TYPE_CHECKING:
    from regulars.customers.duplicates.finding import Found
    from regulars.customers.duplicates.table import Table

State = DuplicatePair.State

_AT_ONCE = 1_000
_STEPS = 1_000
_MOVED = 0.005
"""A probability that moved by less is not written again."""


class PairMerged(Refusal):
    """The two are one customer already."""

    slug = "pair-merged"


@verb
def decide_never(pair: DuplicatePair) -> DuplicatePair:
    """Two customers are two people; nobody is asked about them again. Raises PairMerged."""
    return _decide(pair, State.NEVER)


@verb
def decide_household(pair: DuplicatePair) -> DuplicatePair:
    """Two customers are two people who live together: one household from now on. Raises PairMerged or Invalid."""
    decided = _decide(pair, State.HOUSEHOLD)
    join_household(list(Customer.everyone.filter(pk__in=(decided.left_id, decided.right_id)).order_by("pk")))
    return decided


@verb
def reopen(pair: DuplicatePair) -> DuplicatePair:
    """Take a decision back: the two wait to be decided again. A household stays. Raises PairMerged."""
    return _decide(pair, State.OPEN)


@every("01:30", label=gettext_lazy("Look for customers who are here twice"))
def find_duplicates() -> None:
    """Compare all customers, learn from them, and write down who may be one person.

    1. What people decided stays as it is, is never asked again, and moves the threshold.
    2. A pair that is still open and is not found any more goes; the others get their evidence anew.

    Ends between two steps when it is cancelled; what was written until then stays and is right.
    """
    # the matching is loaded by this job alone: nobody else pays for it
    from regulars.customers.duplicates import base  # noqa: PLC0415
    from regulars.customers.duplicates.finding import find  # noqa: PLC0415

    progress(0, _STEPS)
    table, ids = base.read()
    threshold = threshold_from(_decisions(), usual=USUAL)
    found = find(
        table,
        threshold=threshold,
        apart=_apart(ids),
        progress=lambda share: progress(int(share * _STEPS * 0.9), _STEPS),
    )
    _keep_model(table, found, threshold)
    _keep_pairs(table, found, ids)
    progress(_STEPS, _STEPS)


def _decide(pair: DuplicatePair, state: State) -> DuplicatePair:
    current = DuplicatePair.objects.select_for_update().get(pk=pair.pk)
    if current.state == State.MERGED:
        raise PairMerged(_("They are one customer already. Take the merge back first."))
    if current.state == state:
        return current
    was, current.state = str(current.state), state
    current.decided_at = None if state == State.OPEN else timezone.now()
    current.decided_by_id = None if state == State.OPEN else who_acts().user_id
    current.save(update_fields=["state", "decided_at", "decided_by"])
    both = {one.pk: one for one in Customer.everyone.filter(pk__in=(current.left_id, current.right_id))}
    for one, other in ((current.left_id, current.right_id), (current.right_id, current.left_id)):
        record(
            DuplicateDecided(decision=str(state), other=both[other].public_id, was=was),
            customer=both[one],
            subject=both[one],
        )
    return current


def _decisions() -> Iterator[tuple[float, bool]]:
    """What people said of pairs that were shown to them."""
    decided = DuplicatePair.objects.exclude(state=State.OPEN).filter(probability__gt=0)
    for probability, state in decided.values_list("probability", "state").iterator():
        yield probability, state == State.MERGED


def _apart(ids: list[int]) -> set[tuple[int, int]]:
    """Pairs of rows of which somebody said that they are two people."""
    row_of = {number: row for row, number in enumerate(ids)}
    decided = DuplicatePair.objects.filter(state__in=(State.NEVER, State.HOUSEHOLD)).values_list("left", "right")
    return {
        (min(row_of[left], row_of[right]), max(row_of[left], row_of[right]))
        for left, right in decided.iterator()
        if left in row_of and right in row_of
    }


def _keep_model(table: Table, found: Found, threshold: float) -> None:
    parameters = {"model": found.model.parameters.as_data(), "rarity": found.rarity.as_data(table)}
    MatchingModel.objects.update_or_create(
        pk=1,
        defaults={
            "parameters": parameters, "threshold": threshold, "rows": len(table), "trained_at": timezone.now(),
        },
    )  # fmt: skip


def _keep_pairs(table: Table, found: Found, ids: list[int]) -> None:
    from regulars.customers.duplicates.printing import pairs_of  # noqa: PLC0415

    known = {
        (left, right): (pk, state, probability)
        for pk, left, right, state, probability in DuplicatePair.objects.values_list(
            "pk", "left", "right", "state", "probability"
        ).iterator()
    }
    told = pairs_of(table, found)
    while lot := list(islice(told, _AT_ONCE)):
        fresh: list[DuplicatePair] = []
        moved: list[DuplicatePair] = []
        for one, other, probability, pieces in lot:
            left, right = sorted((ids[one], ids[other]))
            turned = ids[one] > ids[other]
            evidence = [_turned(piece.as_data()) if turned else piece.as_data() for piece in pieces]
            pk, state, before = known.pop((left, right), (None, "", 0.0))
            pair = DuplicatePair(
                pk=pk, left_id=left, right_id=right, probability=probability, evidence=evidence, found_at=timezone.now()
            )
            if pk is None:
                fresh.append(pair)
            elif state == State.OPEN and abs(before - probability) >= _MOVED:
                moved.append(pair)
        _write(fresh, moved)
        progress(int(_STEPS * 0.9), _STEPS)
    gone = [pk for pk, state, _probability in known.values() if state == State.OPEN]
    for start in range(0, len(gone), _AT_ONCE):
        DuplicatePair.objects.filter(pk__in=id_list(gone[start : start + _AT_ONCE]), state=State.OPEN).delete()


@verb
def _write(fresh: list[DuplicatePair], moved: list[DuplicatePair]) -> None:
    """Write what is found, unless one of the two has gone meanwhile, or lives with the other."""
    ids = {number for pair in fresh for number in (pair.left_id, pair.right_id)}
    homes = dict(Customer.objects.filter(pk__in=id_list(ids)).values_list("pk", "household"))
    DuplicatePair.objects.bulk_create(
        [
            pair
            for pair in fresh
            if pair.left_id in homes
            and pair.right_id in homes
            and (homes[pair.left_id] is None or homes[pair.left_id] != homes[pair.right_id])
        ],
        ignore_conflicts=True,
    )
    still_open = set(
        DuplicatePair.objects.filter(pk__in=id_list(pair.pk for pair in moved), state=State.OPEN).values_list(
            "pk", flat=True
        )
    )
    DuplicatePair.objects.bulk_update(
        [pair for pair in moved if pair.pk in still_open], ["probability", "evidence"], batch_size=200
    )


def _turned(piece: dict[str, Any]) -> dict[str, Any]:
    return {**piece, "left": piece["right"], "right": piece["left"]}
