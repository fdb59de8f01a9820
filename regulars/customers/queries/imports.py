"""Reads of imports: which there were, the parts of a plan, and its lines page by page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from regulars.customers.models import Change, ChangeSet

PAGE = 50
ACTION = "import"

Outcome = Change.Outcome
_CHANGE = Change.State


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of one outcome (and state), with how many rows of the file there are of it."""

    name: str
    label: str | Promise
    outcome: str
    count: int
    state: str = ""


def imports(*, before: int | None = None) -> tuple[list[ChangeSet], int | None]:
    """A page of imports, the newest first, and the number before which the next page begins."""
    rows = ChangeSet.objects.filter(action=ACTION).select_related("made_by", "file").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def parts(change_set: ChangeSet) -> list[Part]:
    """The outcomes that have rows, those that want a look first; behind an undo, what was kept."""
    counts = change_set.counts
    found = [
        Part("kept", pgettext_lazy("import", "Stayed"), "", int(counts.get("kept", 0)), _CHANGE.KEPT),
        Part("changed", pgettext_lazy("import", "Changed"), Outcome.CHANGED, int(counts.get("changed", 0))),
        Part("possible", pgettext_lazy("import", "Perhaps known"), Outcome.POSSIBLE, int(counts.get("possible", 0))),
        Part("refused", pgettext_lazy("import", "Refused"), Outcome.REFUSED, int(counts.get("refused", 0))),
        Part("new", pgettext_lazy("import", "New"), Outcome.NEW, int(counts.get("new", 0))),
        Part("same", pgettext_lazy("import", "The same"), Outcome.SAME, int(counts.get("same", 0))),
    ]
    return [part for part in found if part.count]


def lines(change_set: ChangeSet, part: Part | None, *, after: int = 0) -> tuple[list[Change], int | None]:
    """A page of the lines of a part, and the number behind which the next page begins."""
    if part is None:
        return [], None
    rows = Change.objects.filter(change_set=change_set, id__gt=after).order_by("id")
    rows = rows.filter(outcome=part.outcome) if part.outcome else rows
    rows = rows.filter(state=part.state) if part.state else rows
    found = list(rows.defer("images")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def left_out(change_set: ChangeSet) -> int:
    """How many rows somebody left out of the plan."""
    return Change.objects.filter(change_set=change_set, state=_CHANGE.LEFT_OUT).count()
