"""Users, their roles and teams, how they sign in, and their API tokens."""

from regulars.staff.models.people import Invitation, Team, User, Users
from regulars.staff.models.roles import Sees, StaffRole
from regulars.staff.models.sign_in import (
    Authenticator,
    OutsideIdentity,
    Passkey,
    RecoveryCode,
    Session,
    SignInTry,
)
from regulars.staff.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "Authenticator",
    "Invitation",
    "OutsideIdentity",
    "Passkey",
    "RecoveryCode",
    "Sees",
    "Session",
    "SignInTry",
    "StaffRole",
    "Team",
    "User",
    "Users",
]
