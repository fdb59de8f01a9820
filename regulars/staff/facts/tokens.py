"""What is announced of API tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class TokenCreated(Fact):
    """Somebody let a program in: to do what, until when, and from where (empty: from anywhere)."""

    name: ClassVar[str] = "token.created"
    sentence: ClassVar = _("API token made")
    icon: ClassVar[str] = "key-round"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    token: str = ""
    owner: str = ""
    scopes: tuple[str, ...] = ()
    until: str = ""
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenRevoked(Fact):
    """A program is let in no more."""

    name: ClassVar[str] = "token.revoked"
    sentence: ClassVar = _("API token revoked")
    icon: ClassVar[str] = "key-round"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    token: str = ""
    owner: str = ""
