"""Reads of bulk work: the log of change sets, the tabs of one, and its lines page by page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from regulars.core import ids
from regulars.customers import customfields
from regulars.customers.bulk import action as actions
from regulars.customers.bulk.action import Outcome
from regulars.customers.bulk.words import Names, field_label, field_words
from regulars.customers.models import Change, ChangeSet, Customer

PAGE = 50

State = ChangeSet.State
_CHANGED = str(Outcome.CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A kind of change set that has its own page, an import say: what it is called there, and its address."""

    action: str
    label: str | Promise
    icon: str
    url: Callable[[ChangeSet], str]


@dataclass(frozen=True, slots=True)
class Tab:
    """Some lines of a change set: those of an outcome, and (where it matters) in a state."""

    name: str
    label: str | Promise
    outcome: str
    state: str = ""
    count: int = 0

    def lines(self, change_set: ChangeSet) -> QuerySet[Change]:
        """Its lines, in the order of the plan."""
        rows = Change.objects.filter(change_set=change_set, outcome=self.outcome)
        return (rows.filter(state=self.state) if self.state else rows).order_by("id")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a line, in words."""

    label: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as a page shows it."""

    change: Change
    public_id: str
    changes: list[FieldChange]


_ELSEWHERE: dict[str, Elsewhere] = {}


def add(elsewhere: Elsewhere) -> None:
    """Let the log lead to a page of its own for a kind of change set."""
    _ELSEWHERE[elsewhere.action] = elsewhere


def elsewhere(change_set: ChangeSet) -> Elsewhere | None:
    """Where a change set has its own page, if it has one."""
    return _ELSEWHERE.get(change_set.action)


def title_of(change_set: ChangeSet) -> str:
    """What a change set does, in the reader's language; as it was written down where this version cannot say it."""
    known = actions.get(change_set.action)
    try:
        return known.title(change_set.params) if known else change_set.title or change_set.action
    except (KeyError, TypeError, ValueError):
        return change_set.title or change_set.action


def titles(public_ids: Collection[str]) -> dict[str, str]:
    """What change sets are called, by public id, in one query."""
    numbers = [number for public_id in public_ids if (number := ids.decode(ChangeSet.id_prefix, public_id))]
    found = ChangeSet.objects.filter(pk__in=numbers) if numbers else []
    return {change_set.public_id: title_of(change_set) for change_set in found}


def change_sets(*, before: int | None = None) -> tuple[list[ChangeSet], int | None]:
    """A page of the log, newest first, and the number before which the next page begins."""
    rows = ChangeSet.objects.select_related("made_by").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def tabs(change_set: ChangeSet) -> list[Tab]:
    """The parts of a change set that have somebody in them, with how many; the first one is open first."""
    counts = change_set.counts
    changed = int(counts.get(_CHANGED, 0))
    applied, left_out = int(counts.get("applied", 0)), int(counts.get("left_out", 0))
    undone, kept = int(counts.get("undone", 0)), int(counts.get("kept", 0))
    if change_set.state in {State.APPLYING, State.UNDOING}:
        found = [Tab("changed", pgettext_lazy("customers", "Being changed"), _CHANGED, "", changed)]
    else:
        found = [
            Tab("kept", _LABELS["kept"], _CHANGED, Change.State.KEPT, kept),
            Tab("planned", _LABELS["planned"], _CHANGED, Change.State.PLANNED, changed - applied - left_out),
            Tab("applied", _LABELS["applied"], _CHANGED, Change.State.APPLIED, applied - undone - kept),
            Tab("undone", _LABELS["undone"], _CHANGED, Change.State.UNDONE, undone),
            Tab("left_out", _LABELS["left_out"], _CHANGED, Change.State.LEFT_OUT, left_out),
        ]
    found.append(Tab("same", _LABELS["same"], str(Outcome.SAME), "", int(counts.get(Outcome.SAME, 0))))
    found.append(Tab("refused", _LABELS["refused"], str(Outcome.REFUSED), "", int(counts.get(Outcome.REFUSED, 0))))
    return [tab for tab in found if tab.count > 0]


def lines(
    tab: Tab | None, change_set: ChangeSet, *, after: int = 0, reader: Any = None
) -> tuple[list[Shown], int | None]:
    """A page of lines in words, and the number after which the next page begins. Three queries, however many lines."""
    if tab is None:
        return [], None
    found = list(tab.lines(change_set).filter(id__gt=after).defer("images")[: PAGE + 1])
    following = found[PAGE - 1].pk if len(found) > PAGE else None
    return in_words(found[:PAGE], hidden=customfields.hidden_from(reader)), following


def in_words(changes: Iterable[Change], *, hidden: Collection[str] = ()) -> list[Shown]:
    """Lines as people read them, without the fields that this one may not see."""
    names = Names()
    return [
        Shown(
            change,
            ids.encode(Customer.id_prefix, change.customer_id) if change.customer_id else "",
            [
                FieldChange(field_label(name), field_words(name, was, names), field_words(name, now, names))
                for name, (was, now) in change.fields.items()
                if name not in hidden
            ],
        )
        for change in changes
    ]


def plain(change: Change, *, hidden: Collection[str] = ()) -> dict[str, Any]:
    """A line for programs, without the fields that this one may not see."""
    return {
        "customer": ids.encode(Customer.id_prefix, change.customer_id) if change.customer_id else None,
        "label": change.label,
        "outcome": change.outcome,
        "state": change.state,
        "reason": change.reason,
        "changes": {name: pair for name, pair in change.fields.items() if name not in hidden},
    }


def sentence(change_set: ChangeSet) -> str:
    """Where the work stands, in a few words: for the log and the command line."""
    if change_set.state == State.PLANNED:
        return _("Planned, not done")
    return str(State(change_set.state).label)


_LABELS = {
    "kept": gettext_lazy("Stayed as changed since"),
    "planned": gettext_lazy("To be changed"),
    "applied": pgettext_lazy("customers", "Changed"),
    "undone": gettext_lazy("Taken back"),
    "left_out": gettext_lazy("Left out"),
    "same": gettext_lazy("So already"),
    "refused": gettext_lazy("Refused"),
}
