"""What people change about themselves."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.staff.actions.passwords import check_new
from regulars.staff.actions.sessions import end_sessions
from regulars.staff.actions.throttle import count_try, counts_of, forgive
from regulars.staff.facts import PasswordChanged, ProfileChanged
from regulars.staff.models import User
from regulars.timeline.actions import record

_OWN = frozenset({"name", "language", "theme", "shows_keys", "has_single_keys", "list_columns"})


@transaction.atomic
def change_profile(user: User, **values: Any) -> User:
    """Change one's own name, language, theme and keys. Raises Invalid."""
    unknown = values.keys() - _OWN
    if unknown:
        raise TypeError(f"{', '.join(sorted(unknown))} cannot be changed by oneself")
    if "name" in values:
        try:
            values["name"] = clean(values["name"], limit=120)
        except BadText as bad:
            raise Invalid(str(bad), fields={"name": [str(bad)]}) from bad
        if not values["name"]:
            why = _("A name is needed; colleagues see it.")
            raise Invalid(why, fields={"name": [why]})
    changes = {name: [getattr(user, name), value] for name, value in values.items() if getattr(user, name) != value}
    for name, value in values.items():
        setattr(user, name, value)
    user.save(update_fields=sorted(values))
    if changes:
        record(ProfileChanged(changes=changes), subject=user)
    return user


def change_password(user: User, *, current: str, new: str, session_key: str | None = None) -> User:
    """Set a new password, for one who knows the old one. Everybody signed in with the old one is signed out.

    Raises Invalid, and Paused where somebody guesses the old one.
    """
    counts = counts_of(email=user.email, address="", browser=f"change {user.pk}")
    count_try(counts, called=user.email)
    if not user.check_password(current):
        why = _("This is not your present password.")
        raise Invalid(why, fields={"current": [why]})
    forgive(counts)
    check_new(new, user)
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
        record(PasswordChanged(email=user.email, how="old password"), subject=user)
        end_sessions(user, keep=session_key, why="password")
    return user
