"""What people change about themselves."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.staff.facts import PasswordChanged
from regulars.staff.models import User
from regulars.timeline.actions import record

_OWN = frozenset({"name", "language", "theme", "shows_keys", "has_single_keys"})


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
    for name, value in values.items():
        setattr(user, name, value)
    user.save(update_fields=sorted(values))
    return user


@transaction.atomic
def change_password(user: User, *, current: str, new: str) -> User:
    """Set a new password, for one who knows the old one. Everybody signed in with the old one is signed out.

    Raises Invalid.
    """
    if not user.check_password(current):
        why = _("This is not your present password.")
        raise Invalid(why, fields={"current": [why]})
    try:
        validate_password(new, user)
    except ValidationError as bad:
        raise Invalid(" ".join(bad.messages), fields={"new": bad.messages}) from bad
    user.set_password(new)
    user.save(update_fields=["password"])
    record(PasswordChanged(email=user.email))
    return user
