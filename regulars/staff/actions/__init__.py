"""Verbs of staff."""

from regulars.staff.actions.invitations import accept, find_invitation, invite, invite_again, revoke_invitation
from regulars.staff.actions.leaving import Leaving, let_go
from regulars.staff.actions.people import change_colleague, switch_off, switch_on
from regulars.staff.actions.profile import change_password, change_profile
from regulars.staff.actions.roles import change_role, create_role, delete_role, give_back_role
from regulars.staff.actions.sign_in import try_sign_in
from regulars.staff.actions.teams import change_team, create_team, delete_team
from regulars.staff.actions.throttle import TRIES, Paused
from regulars.staff.actions.tokens import create_token, find_token, revoke_token

__all__ = [
    "TRIES",
    "Leaving",
    "Paused",
    "accept",
    "change_colleague",
    "change_password",
    "change_profile",
    "change_role",
    "change_team",
    "create_role",
    "create_team",
    "create_token",
    "delete_role",
    "delete_team",
    "find_invitation",
    "find_token",
    "give_back_role",
    "invite",
    "invite_again",
    "let_go",
    "revoke_invitation",
    "revoke_token",
    "switch_off",
    "switch_on",
    "try_sign_in",
]
