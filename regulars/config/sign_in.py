"""The first sign-in: an owner with a random password, printed at every start until somebody changes it."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from regulars.config.environment import data_folder

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no letter that is read as another


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a person types to get in the first time; `hash` is how the database knew the password then."""

    email: str
    password: str
    hash: str


def first_sign_in() -> SignIn | None:
    """The first sign-in, as long as it is still good."""
    try:
        return SignIn(**json.loads(_path().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def make_first_sign_in() -> None:
    """Make an owner where nobody works here yet, and give the first owner a password where none is known."""
    from regulars.staff.models import User
    from regulars.staff.roles import Role

    owner = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk").first()
    if owner is None:
        if User.objects.exists():
            return
        owner = User(name="Owner", email="owner@shop.example", role=Role.OWNER)
        owner.set_unusable_password()
    if owner.has_usable_password():
        return
    words = ["".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4)]
    password = "-".join(words)
    owner.set_password(password)
    _keep(SignIn(owner.email, password, owner.password))
    owner.save()


def forget_when_changed() -> None:
    """Remove the kept password once the owner's is another one. The web process calls this when it starts."""
    from regulars.staff.models import User

    known = first_sign_in()
    if known is not None and not User.objects.filter(email=known.email, password=known.hash).exists():
        _path().unlink(missing_ok=True)


def _path() -> Path:
    return data_folder() / "first-sign-in"


def _keep(sign_in: SignIn) -> None:
    values = {"email": sign_in.email, "password": sign_in.password, "hash": sign_in.hash}
    path = _path()
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(values, file)
