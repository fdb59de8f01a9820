"""Who gets an inquiry that goes to a team: each in turn, or who has the least to do."""

from __future__ import annotations

from django.db.models import Count

from regulars.core.walls import visible
from regulars.inbox.models import Conversation, Status, TeamTurn
from regulars.inbox.people import take_turns
from regulars.staff.models import Team, User
from regulars.staff.policy import access_of


def in_turn(team: Team, conversation: Conversation) -> User | None:
    """The next one of a team, each as often as the others; nobody where nobody of it may answer this one.

    Whoever asks at the same moment waits until the transaction of the other is over.
    """
    take_turns(f"team {team.pk}")
    members = able(team, conversation)
    if not members:
        return None
    TeamTurn.objects.get_or_create(team=team)
    turn = TeamTurn.objects.select_for_update().get(team=team)
    chosen = next((one for one in members if one.pk > turn.last), members[0])
    TeamTurn.objects.filter(team=team).update(last=chosen.pk)
    return chosen


def least_loaded(team: Team, conversation: Conversation) -> User | None:
    """Who of a team has the fewest open inquiries; of several each in turn."""
    take_turns(f"team {team.pk}")
    members = able(team, conversation)
    if not members:
        return None
    rows = Conversation._base_manager.filter(assignee__in=members, status=Status.OPEN, merged_into=None)
    loads = dict(rows.values_list("assignee").annotate(count=Count("id")).order_by())
    last = TeamTurn.objects.get_or_create(team=team)[0].last
    chosen = min(members, key=lambda one: (loads.get(one.pk, 0), one.pk <= last, one.pk))
    TeamTurn.objects.filter(team=team).update(last=chosen.pk)
    return chosen


def able(team: Team, conversation: Conversation) -> list[User]:
    """Who of a team works here, answers inquiries, and sees this one's customer."""
    rows = team.members.select_related("definition").filter(is_active=True).order_by("pk")
    found = []
    for member in rows:
        if not member.may("inbox.edit"):
            continue
        sight = access_of(member)
        seen = Conversation._base_manager.filter(visible(Conversation, sight), pk=conversation.pk)
        if sight.sees_all or seen.exists():
            found.append(member)
    return found
