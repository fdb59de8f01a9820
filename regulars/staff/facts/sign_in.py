"""What is announced of the door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class SignInPaused(Fact):
    """Somebody guessed a password too often; that e-mail rests for a while at that address."""

    name: ClassVar[str] = "sign_in.paused"
    sentence: ClassVar = _("Sign-in paused after wrong passwords")
    icon: ClassVar[str] = "shield-alert"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""


@dataclass(frozen=True, slots=True)
class PasswordChanged(Fact):
    """Somebody chose a new password."""

    name: ClassVar[str] = "password.changed"
    sentence: ClassVar = _("Password changed")
    icon: ClassVar[str] = "key-round"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
