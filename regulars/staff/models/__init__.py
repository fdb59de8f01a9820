"""Users, their roles and teams, how they sign in, and their API tokens."""

from regulars.staff.models.people import Invitation, Team, User, Users
from regulars.staff.models.roles import Sees, StaffRole
from regulars.staff.models.sign_in import SignInTry
from regulars.staff.models.tokens import ApiToken

__all__ = ["ApiToken", "Invitation", "Sees", "SignInTry", "StaffRole", "Team", "User", "Users"]
