"""What staff announces; read by the audit log alone."""

from regulars.staff.facts.sign_in import PasswordChanged, SignInPaused
from regulars.staff.facts.tokens import TokenCreated, TokenRevoked

__all__ = ["PasswordChanged", "SignInPaused", "TokenCreated", "TokenRevoked"]
