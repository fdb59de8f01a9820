"""Somebody leaves the shop: one step ends all that was theirs, and says what that was."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.staff import duties, grants
from regulars.staff.actions.invitations import revoke_invitation
from regulars.staff.actions.sessions import end_sessions
from regulars.staff.actions.tokens import revoke_token
from regulars.staff.facts import StaffLeft
from regulars.staff.models import ApiToken, Invitation, Sees, User
from regulars.timeline.actions import record


@dataclass(frozen=True, slots=True)
class Leaving:
    """What ended when somebody left: browsers, tokens, invitations, teams; and what went over to whom."""

    sessions: int
    tokens: tuple[str, ...]
    invitations: tuple[str, ...]
    teams: tuple[str, ...]
    handed_over: dict[str, int]
    successor: User | None

    @property
    def duties(self) -> list[str]:
        """What was handed over, in words."""
        known = [(duties.get(name), count) for name, count in self.handed_over.items() if count]
        return [duty.said(count) for duty, count in known if duty is not None]


@transaction.atomic
def let_go(person: User, *, by: User | None, successor: User | None = None) -> Leaving:
    """Somebody works here no more. In one step:

    1. they are let in no more, and signed out of every browser;
    2. their API tokens are revoked, and the invitations they sent are withdrawn;
    3. they leave their teams;
    4. what they looked after goes over to `successor`, or to nobody (see duties.py).

    What they did stays theirs in every log. Raises Invalid, NotOneself, TooMuch and LastOwner.
    """
    by, (person,) = grants.hold(by, "staff.edit", person)
    grants.require_power_over(by, person)
    if successor is not None and (successor.pk == person.pk or not successor.is_active):
        sentence = _("Choose somebody who works here.")
        raise Invalid(sentence, fields={"successor": [sentence]})
    if by is not None and successor is not None and successor.pk == by.pk and grants.of_person(by).sees != Sees.ALL:
        raise grants.TooMuch(_("You would see customers that you do not see now. Let a colleague take over."))
    grants.require_other_owner(person)
    teams = tuple(person.teams.values_list("name", flat=True))
    tokens = list(ApiToken.objects.filter(user=person, revoked_at__isnull=True).order_by("pk"))
    sent = Invitation.objects.filter(invited_by=person, accepted_at__isnull=True, revoked_at__isnull=True)
    invitations = list(sent.order_by("pk"))
    person.is_active, person.left_at = False, timezone.now()
    person.save(update_fields=["is_active", "left_at"])
    for token in tokens:
        revoke_token(token)
    for invitation in invitations:
        revoke_invitation(invitation)
    person.teams.clear()
    done = Leaving(
        sessions=end_sessions(person, why="left"),
        tokens=tuple(token.name for token in tokens),
        invitations=tuple(invitation.email for invitation in invitations),
        teams=teams,
        handed_over={duty.name: duty.hand_over(person, successor) for duty in duties.duties()},
        successor=successor,
    )
    record(
        StaffLeft(
            person=person.public_id,
            email=person.email,
            sessions=done.sessions,
            tokens=done.tokens,
            invitations=done.invitations,
            teams=done.teams,
            duties=done.handed_over,
            successor=successor.public_id if successor else "",
        ),
        subject=person,
    )
    return done
