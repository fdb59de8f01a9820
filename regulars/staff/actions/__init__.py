"""Verbs of staff."""

from regulars.staff.actions.profile import change_password, change_profile
from regulars.staff.actions.sign_in import TRIES, Paused, try_sign_in
from regulars.staff.actions.tokens import create_token, find_token, revoke_token

__all__ = [
    "TRIES",
    "Paused",
    "change_password",
    "change_profile",
    "create_token",
    "find_token",
    "revoke_token",
    "try_sign_in",
]
