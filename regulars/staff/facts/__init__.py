"""What staff announces; read by the audit log alone."""

from regulars.staff.facts.people import (
    InvitationAccepted,
    InvitationRevoked,
    RoleChanged,
    RoleCreated,
    RoleDeleted,
    StaffChanged,
    StaffInvited,
    StaffLeft,
    TeamChanged,
)
from regulars.staff.facts.sign_in import PasswordChanged, SignInPaused
from regulars.staff.facts.tokens import TokenCreated, TokenRevoked

__all__ = [
    "InvitationAccepted",
    "InvitationRevoked",
    "PasswordChanged",
    "RoleChanged",
    "RoleCreated",
    "RoleDeleted",
    "SignInPaused",
    "StaffChanged",
    "StaffInvited",
    "StaffLeft",
    "TeamChanged",
    "TokenCreated",
    "TokenRevoked",
]
