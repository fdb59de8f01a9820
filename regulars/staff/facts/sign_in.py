"""What is announced of the door: who came in and how, who did not, and how people prove who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class SignedIn(Fact):
    """Somebody came in: how (password, passkey, the sign-in service), with which browser, from where."""

    name: ClassVar[str] = "sign_in.done"
    sentence: ClassVar = _("Signed in: %(email)s")
    icon: ClassVar[str] = "log-in"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    how: str = ""
    second_step: str = ""
    browser: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignInFailed(Fact):
    """Somebody did not come in. Who has no account here is not named: `email` is a mark of what was typed then."""

    name: ClassVar[str] = "sign_in.failed"
    sentence: ClassVar = _("Sign-in failed: %(email)s")
    icon: ClassVar[str] = "shield-x"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    is_known: bool = False
    how: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class SignInPaused(Fact):
    """Somebody guessed too often and has to wait; `email` as in a failed sign-in."""

    name: ClassVar[str] = "sign_in.paused"
    sentence: ClassVar = _("Sign-in paused after wrong passwords")
    icon: ClassVar[str] = "shield-alert"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""


@dataclass(frozen=True, slots=True)
class SignedOut(Fact):
    """Somebody went out."""

    name: ClassVar[str] = "sign_in.ended"
    sentence: ClassVar = _("Signed out: %(email)s")
    icon: ClassVar[str] = "log-out"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""


@dataclass(frozen=True, slots=True)
class SessionRevoked(Fact):
    """Browsers were signed out by force; `why` says what for."""

    name: ClassVar[str] = "session.revoked"
    sentence: ClassVar = _("Signed out elsewhere: %(email)s")
    icon: ClassVar[str] = "monitor-x"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    count: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class PasswordChanged(Fact):
    """Somebody chose a new password, knowing the old one or with a link (`how`)."""

    name: ClassVar[str] = "password.changed"
    sentence: ClassVar = _("Password changed")
    icon: ClassVar[str] = "key-round"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class PasswordLinkAsked(Fact):
    """Somebody who forgot the password asked for a link, or got one from the command line."""

    name: ClassVar[str] = "password.link_asked"
    sentence: ClassVar = _("Link for a new password: %(email)s")
    icon: ClassVar[str] = "mail-question-mark"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class SecondStepAdded(Fact):
    """Codes from an app are asked for at sign-in now."""

    name: ClassVar[str] = "second_step.added"
    sentence: ClassVar = _("Second step set up: %(email)s")
    icon: ClassVar[str] = "shield-check"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""


@dataclass(frozen=True, slots=True)
class SecondStepRemoved(Fact):
    """No second step is asked for any more; `is_reset` where somebody else did that."""

    name: ClassVar[str] = "second_step.removed"
    sentence: ClassVar = _("Second step removed: %(email)s")
    icon: ClassVar[str] = "shield-off"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    is_reset: bool = False


@dataclass(frozen=True, slots=True)
class PasskeyAdded(Fact):
    """Somebody can sign in with a device."""

    name: ClassVar[str] = "passkey.added"
    sentence: ClassVar = _("Passkey added: %(email)s")
    icon: ClassVar[str] = "fingerprint-pattern"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    passkey: str = ""


@dataclass(frozen=True, slots=True)
class PasskeyRemoved(Fact):
    """A device does not open the door any more."""

    name: ClassVar[str] = "passkey.removed"
    sentence: ClassVar = _("Passkey removed: %(email)s")
    icon: ClassVar[str] = "fingerprint-pattern"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    passkey: str = ""


@dataclass(frozen=True, slots=True)
class PasskeyRefused(Fact):
    """A passkey was used whose count went back: there may be a copy of it."""

    name: ClassVar[str] = "passkey.refused"
    sentence: ClassVar = _("Passkey refused, it may be a copy: %(email)s")
    icon: ClassVar[str] = "shield-alert"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    passkey: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryCodesMade(Fact):
    """Somebody has ten new recovery codes; the old ones hold no more."""

    name: ClassVar[str] = "recovery_codes.made"
    sentence: ClassVar = _("Recovery codes made: %(email)s")
    icon: ClassVar[str] = "life-buoy"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""


@dataclass(frozen=True, slots=True)
class RecoveryCodeUsed(Fact):
    """A recovery code took the place of the second step."""

    name: ClassVar[str] = "recovery_codes.used"
    sentence: ClassVar = _("Recovery code used: %(email)s")
    icon: ClassVar[str] = "life-buoy"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    left: int = 0


@dataclass(frozen=True, slots=True)
class IdentityLinked(Fact):
    """Somebody signs in through the sign-in service from now on."""

    name: ClassVar[str] = "identity.linked"
    sentence: ClassVar = _("Linked to the sign-in service: %(email)s")
    icon: ClassVar[str] = "link"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    email: str = ""
    issuer: str = ""
    is_new: bool = False
