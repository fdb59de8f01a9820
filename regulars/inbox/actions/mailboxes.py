"""A mailbox is joined to the inbox, changed, turned off and on. It is never removed: its mails stand in the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core.errors import Invalid, Refusal
from regulars.inbox.mail import line as lines
from regulars.inbox.mail import signing
from regulars.inbox.mail.facts import MailboxChanged
from regulars.inbox.mail.fetching import day_of
from regulars.inbox.models import Mailbox
from regulars.messaging.models import Account, Way
from regulars.staff.models import Team
from regulars.staff.policy import verb
from regulars.timeline.actions import record

AFTER = ("", "seen", "move")
_OPTIONS = ("token_url", "client_id", "scope", "after", "move_to", "has_no_plus")
_SECRETS = ("password", "client_secret", "refresh_token")
_LONGEST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a mailbox that people choose; `secrets` holds what was typed, empty ones stay as they were."""

    name: str
    address: str
    host: str
    user: str
    port: int = 993
    security: str = "tls"
    sign: str = Mailbox.Sign.PASSWORD
    folder: str = "INBOX"
    since: dt.date | None = None
    account: Account | None = None
    channel: Channel | None = None
    team: Team | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tried:
    """What a try to sign in found: the folders, and how many mails there are to fetch in the chosen one."""

    folders: tuple[str, ...] = ()
    count: int = 0
    problem: str = ""


@verb
def add_mailbox(settings: Settings) -> Mailbox:
    """Join a mailbox. It is fetched from then on. Raises Invalid where something about it is missing or wrong."""
    columns = _columns(settings)
    _require(settings, {})
    made = Mailbox.objects.create(**columns)
    made.secrets = signing.sealed(made.pk, _given(settings))
    made.save(update_fields=["secrets"])
    record(MailboxChanged(called=made.name, deed="added"), subject=made)
    return made


@verb
def change_mailbox(mailbox: Mailbox, settings: Settings) -> Mailbox:
    """Change it. One that is elsewhere now (server, user or folder) is read from its beginning; nothing comes twice."""
    current = Mailbox.objects.select_for_update(of=("self",)).get(pk=mailbox.pk)
    columns = _columns(settings)
    known = signing.secrets_of(current)
    _require(settings, known)
    before = {name: getattr(current, name) for name in columns}
    changes = {name: [_told(before[name]), _told(value)] for name, value in columns.items() if before[name] != value}
    given = {name: value for name, value in _given(settings).items() if known.get(name) != value}
    if not changes and not given:
        return current
    for name, value in columns.items():
        setattr(current, name, value)
    if {"host", "user", "folder"} & set(changes):
        current.uid_validity, current.uid_seen = None, 0
    elif "since" in changes:
        current.uid_seen = 0
    if given or {"sign", "options", "user"} & set(changes):
        kept = {name: value for name, value in known.items() if name not in {"access_token", "expires_at"}}
        current.secrets = signing.sealed(current.pk, kept | given)
    current.problem = ""
    current.version += 1
    current.save()
    record(MailboxChanged(called=current.name, changes=changes, replaced=tuple(sorted(given))), subject=current)
    return current


@verb
def switch_mailbox(mailbox: Mailbox, *, is_on: bool) -> Mailbox:
    """Fetch nothing more from it, or go on from where it was."""
    current = Mailbox.objects.select_for_update(of=("self",)).get(pk=mailbox.pk)
    if current.is_on != is_on:
        current.is_on, current.problem = is_on, ""
        current.version += 1
        current.save(update_fields=["is_on", "problem", "version"])
        record(MailboxChanged(called=current.name, deed="on" if is_on else "off"), subject=current)
    return current


def try_mailbox(settings: Settings, mailbox: Mailbox | None = None) -> Tried:
    """Sign in with these settings, and look; nothing is fetched and nothing changed. Secrets that were not typed are
    those of `mailbox`.
    """
    secrets = {**(signing.secrets_of(mailbox) if mailbox is not None else {}), **_given(settings)}
    try:
        _columns(settings)
        _require(settings, secrets)
        token = ""
        if settings.sign == Mailbox.Sign.OAUTH2:
            token = signing.renewed(settings.options, secrets)["access_token"]
        place = lines.Place(
            settings.host, settings.port, settings.security, settings.user, secrets.get("password", ""), token
        )
        with lines.opened(place) as line:
            folders = tuple(line.folders())
            line.open_folder(settings.folder)
            count = len(line.uids(since=day_of(settings.since) if settings.since else ""))
    except Invalid as refusal:
        return Tried(problem=" ".join(reason for reasons in refusal.fields.values() for reason in reasons))
    except Refusal as refusal:
        return Tried(problem=refusal.sentence)
    return Tried(folders, count)


def _columns(settings: Settings) -> dict[str, Any]:
    name, address = settings.name.strip()[:80], settings.address.strip()
    wrong: dict[str, list[str]] = {}
    for column, value in (("name", name), ("host", settings.host.strip()), ("user", settings.user.strip())):
        if not value:
            wrong[column] = [_("Please fill this in.")]
    try:
        validate_email(address)
    except ValidationError:
        wrong["address"] = [_("This is not an e-mail address.")]
    if settings.security not in {"tls", "starttls", "none"}:
        wrong["security"] = [_("Choose one of these.")]
    if settings.sign not in Mailbox.Sign.values:
        wrong["sign"] = [_("Choose one of these.")]
    if not 0 < settings.port < 65_536:
        wrong["port"] = [_("A port is a number from 1 to 65535.")]
    options = {key: str(value).strip()[:_LONGEST] for key, value in settings.options.items() if str(value).strip()}
    if set(options) - set(_OPTIONS) or options.get("after", "") not in AFTER:
        wrong["after"] = [_("Choose one of these.")]
    if settings.account is not None and settings.account.way != Way.EMAIL:
        wrong["account"] = [_("Mails are not answered by this account.")]
    if wrong:
        raise Invalid(_("Something about the mailbox is missing or wrong."), fields=wrong)
    return {
        "name": name,
        "address": address,
        "host": settings.host.strip(),
        "port": settings.port,
        "security": settings.security,
        "user": settings.user.strip(),
        "sign": settings.sign,
        "folder": settings.folder.strip() or "INBOX",
        "since": settings.since,
        "account": settings.account,
        "channel": settings.channel,
        "team": settings.team,
        "options": options,
    }


def _given(settings: Settings) -> dict[str, str]:
    return {name: value for name, value in settings.secrets.items() if name in _SECRETS and value}


def _require(settings: Settings, known: Mapping[str, str]) -> None:
    """What it takes to sign in, from what was typed and what is known."""
    secrets = {**known, **_given(settings)}
    if settings.sign == Mailbox.Sign.OAUTH2:
        needed = {
            "token_url": settings.options.get("token_url"),
            "client_id": settings.options.get("client_id"),
            "refresh_token": secrets.get("refresh_token"),
        }
    else:
        needed = {"password": secrets.get("password")}
    missing = {name: [_("Please fill this in.")] for name, value in needed.items() if not value}
    if missing:
        raise Invalid(_("Something about the mailbox is missing or wrong."), fields=missing)


def _told(value: Any) -> Any:
    return value if isinstance(value, str | int | None) else dict(value) if isinstance(value, Mapping) else str(value)
