"""A new password for one who forgot it: by a link, good once and for an hour.

The link is signed, and nothing of it is kept: it names the person and holds a mark of the present password. With any
new password every link is worth nothing. It opens no door; whoever used it signs in then, second step and all.
"""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import background
from regulars.core.errors import Invalid, Refusal
from regulars.staff.actions.sessions import end_sessions
from regulars.staff.actions.throttle import ADDRESS, LINKS, Count, count_try, network_of
from regulars.staff.facts import PasswordChanged, PasswordLinkAsked
from regulars.staff.models import User
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Source

GOOD_FOR = dt.timedelta(hours=1)

_SALT = "regulars.staff.password"


class PasswordLinkTooOld(Refusal):
    """The link of a mail is older than an hour, was used, or is none."""

    status: ClassVar[int] = HTTPStatus.GONE
    slug: ClassVar[str] = "password-link-too-old"


def has_mail() -> bool:
    """Whether a link can be sent at all."""
    return bool(settings.EMAIL_HOST)


def ask_for_link(*, email: str, address: str) -> None:
    """Send a link to whoever has this e-mail. What is done here is the same whether anybody has it. Raises Paused."""
    email = email.strip().lower()[:254]
    count_try([Count(LINKS, email), Count(ADDRESS, f"links {network_of(address)}")], called=email)
    look_for_person.later(email=email)


@background(retries=3, label=gettext_lazy("Look for who forgot a password"))
def look_for_person(*, email: str) -> None:
    """The part that takes longer where somebody has the e-mail, away from the page, so that nobody can time it."""
    user = User.objects.filter(email=email, is_active=True).first()
    if user is not None:
        record(PasswordLinkAsked(email=user.email, how="mail"), subject=user)


def password_link(user: User) -> str:
    """The address behind which this person may choose a new password, for an hour from now."""
    token = signing.dumps([user.pk, _mark_of(user)], salt=_SALT)
    return settings.PUBLIC_URL + reverse("staff:new-password", args=[token])


def person_of(token: str) -> User:
    """Whose link this is. Raises PasswordLinkTooOld."""
    try:
        number, mark = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        number, mark = 0, ""
    user = User.objects.select_related("definition").filter(pk=number, is_active=True).first()
    if user is None or not constant_time_compare(mark, _mark_of(user)):
        raise PasswordLinkTooOld(_("This link was used, or is older than an hour. Ask for another one."))
    return user


@transaction.atomic
def set_password(token: str, *, new: str) -> User:
    """Choose a new password with a link, which is used up then. Whoever is signed in is signed out.

    Raises PasswordLinkTooOld and Invalid.
    """
    user = User.objects.select_for_update().get(pk=person_of(token).pk)
    person_of(token)  # once more, held: two browsers may send it at the same time
    check_new(new, user)
    user.set_password(new)
    user.save(update_fields=["password"])
    with acting(user.pk, Source.PAGE):
        record(PasswordChanged(email=user.email, how="link"), subject=user)
        end_sessions(user, why="password")
    return user


def check_new(password: str, user: User) -> None:
    """Refuse a password that others would guess. Raises Invalid."""
    try:
        validate_password(password, user)
    except ValidationError as bad:
        raise Invalid(" ".join(bad.messages), fields={"new": bad.messages}) from bad


def _mark_of(user: User) -> str:
    """What changes with every new password, and tells nothing of it."""
    return salted_hmac(_SALT, f"{user.pk} {user.password} {user.email}", algorithm="sha256").hexdigest()[:32]
