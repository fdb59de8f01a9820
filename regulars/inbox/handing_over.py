"""Whoever leaves the shop, or is switched off, hands over the inquiries they have: nothing stays with nobody there."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, ngettext

from regulars.core import ids
from regulars.core.background import background
from regulars.core.walls import visible
from regulars.inbox.actions.changing import held, image, settle
from regulars.inbox.models import Conversation, FollowUp, Status
from regulars.staff.duties import Duty
from regulars.staff.models import User
from regulars.staff.policy import access_of, unmasked, verb
from regulars.timeline.models import Entry

AT_HAND: Final = 50
"""So many are handed over at once; more in the background."""

_UNDONE: Final = (Status.OPEN, Status.WAITING, Status.LATER)


@unmasked
def count(person: User) -> int:
    """How many inquiries that are not done somebody has, whoever asks."""
    return _undone_of(person).count()


@verb
def hand_over(person: User, successor: User | None) -> int:
    """Give the inquiries of somebody that are not done to a colleague, or back to the queue; how many that are.

    What the colleague may not answer, or whose customer they do not see, goes back to the queue.
    """
    FollowUp.objects.filter(user=person).update(user=successor)
    number = _undone_of(person).count()
    if number > AT_HAND:
        hand_all_over.later(person_id=person.pk, successor_id=successor.pk if successor is not None else None)
    elif number:
        hand_all_over(person_id=person.pk, successor_id=successor.pk if successor is not None else None)
    return number


@background(label=gettext_lazy("Hand over inquiries"), retries=3)
@unmasked
def hand_all_over(*, person_id: int, successor_id: int | None) -> int:
    """Each in a transaction of its own; begun again, it goes on with those that are left."""
    successor = User.objects.select_related("definition").filter(pk=successor_id or 0, is_active=True).first()
    may = successor is not None and successor.may("inbox.edit")
    keys = list(_undone_of(person_id).order_by("pk").values_list("pk", flat=True))
    return sum(_give(key, person_id, successor if may else None) for key in keys)


def switched_off(entry: Entry) -> None:
    """A reaction to StaffChanged: whoever was switched off gives back what they have."""
    changes = entry.data.get("changes") or {}
    if list(changes.get("is_active") or ()) != [True, False]:
        return
    person = User.objects.filter(
        pk=ids.decode(User.id_prefix, str(entry.data.get("person", ""))) or 0, is_active=False
    ).first()
    if person is not None:
        hand_over(person, None)


@verb
def _give(key: int, person_id: int, successor: User | None) -> bool:
    current = held(Conversation(pk=key))
    if current.assignee_id != person_id or current.status not in _UNDONE:
        return False  # somebody took it meanwhile
    before = image(current)
    current.assignee = successor if successor is not None and _sees(successor, current) else None
    settle(current, before)
    return True


def _sees(user: User, conversation: Conversation) -> bool:
    sight = access_of(user)
    rows = Conversation._base_manager.filter(pk=conversation.pk)
    return sight.sees_all or rows.filter(visible(Conversation, sight)).exists()


def _undone_of(person: User | int) -> QuerySet[Conversation]:
    return Conversation._base_manager.filter(assignee=person, status__in=_UNDONE, merged_into=None)


DUTY = Duty(
    name="inquiries",
    count=count,
    said=lambda number: ngettext("%(count)s inquiry", "%(count)s inquiries", number) % {"count": number},
    hand_over=hand_over,
)
