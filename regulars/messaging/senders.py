"""Senders: mail servers that people entered, and what signs their mail."""

from __future__ import annotations

import re
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import quarantine
from regulars.core.errors import Invalid
from regulars.messaging import accounts
from regulars.messaging.accounts import NONE, SMTP, STARTTLS, TLS
from regulars.messaging.connected.facts import ServiceChanged, ServiceConnected, ServiceRemoved
from regulars.messaging.headers import checked_line
from regulars.messaging.models import Account, Way
from regulars.messaging.transports import Refused
from regulars.staff.policy import verb
from regulars.timeline.actions import record

SECURITIES: Final = (TLS, STARTTLS, NONE)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,248}[A-Za-z0-9])?\Z")
_LARGEST_PORT = 65_535


@verb
def add(
    *,
    name: str,
    address: str,
    host: str,
    port: int,
    security: str,
    user: str = "",
    password: str = "",
    return_to: str = "",
    channel: Channel | None = None,
) -> Account:
    """A mail server that mail goes out through, and as whom. The first one is the default. Raises Invalid."""
    options = _checked(name=name, address=address, host=host, port=port, security=security, return_to=return_to)
    account = Account.objects.create(
        way=Way.EMAIL,
        provider=SMTP,
        name=name.strip(),
        address=address.strip(),
        channel=channel,
        options={**options, "user": user.strip()},
        is_default=not Account.objects.filter(way=Way.EMAIL, is_default=True).exists(),
    )
    account.secrets = accounts.sealed_secrets(account.pk, {"password": password} if password else {})
    account.save(update_fields=["secrets"])
    record(ServiceConnected(called=account.name, provider=SMTP), subject=account)
    return account


@verb
def change(
    account: Account,
    *,
    name: str,
    address: str,
    host: str,
    port: int,
    security: str,
    user: str = "",
    password: str = "",
    return_to: str = "",
    channel: Channel | None = None,
) -> Account:
    """Change a mail server. An empty password stays as it is, unless the server is another one. Raises Invalid."""
    current = Account.objects.select_for_update(of=("self",)).get(pk=account.pk)
    options = _checked(name=name, address=address, host=host, port=port, security=security, return_to=return_to)
    options["user"] = user.strip()
    known = dict(accounts.secrets_of(current))
    is_moved = any(current.options.get(key) != options[key] for key in ("host", "port", "security"))
    if is_moved and known.get("password") and not password:
        sentence = _("Mail goes to another server then: enter the password anew, so that it goes nowhere by mistake.")
        raise Invalid(sentence, fields={"password": [sentence]})
    before: dict[str, Any] = {"name": current.name, "address": current.address, **current.options}
    after: dict[str, Any] = {"name": name.strip(), "address": address.strip(), **options}
    changes = {key: [before.get(key, ""), value] for key, value in after.items() if before.get(key, "") != value}
    current.name, current.address, current.channel = name.strip(), address.strip(), channel
    current.options = {**current.options, **options}
    if password:
        current.secrets = accounts.sealed_secrets(current.pk, known | {"password": password})
    current.version += 1
    current.updated_at = timezone.now()
    current.save()
    if changes or password:
        replaced = ("password",) if password else ()
        record(ServiceChanged(called=current.name, changes=changes, replaced=replaced), subject=current)
    return current


@verb
def remove(account: Account) -> None:
    """Take a mail server off. What was sent by it stays; what waits goes by the default."""
    record(ServiceRemoved(called=account.name), subject=account)
    Account.objects.filter(pk=account.pk).delete()


def try_out(account: Account | None) -> str:
    """Sign in to a server and leave again; what it can. Raises Refused; what is wrong is kept with the account."""
    from regulars.messaging import smtp  # noqa: PLC0415 — loaded when it is needed

    quarantine.check()
    try:
        said = smtp.check(accounts.server(account))
    except Refused as refusal:
        _note(account, refusal.sentence)
        raise
    _note(account, "")
    return said


def _note(account: Account | None, problem: str) -> None:
    if account is not None:
        Account.objects.filter(pk=account.pk).update(problem=problem[:500], checked_at=timezone.now())


def _checked(*, name: str, address: str, host: str, port: int, security: str, return_to: str) -> dict[str, Any]:
    wrong: dict[str, list[str]] = {}
    if not name.strip():
        wrong["name"] = [_("Please fill this in.")]
    checked_line(name, name="From")
    for field, value in (("address", address.strip()), ("return_to", return_to.strip())):
        try:
            if value or field == "address":
                validate_email(value)
        except ValidationError:
            wrong[field] = [_("This is not an e-mail address.")]
    if not _HOST.match(host.strip()):
        wrong["host"] = [_("This is not the name of a server.")]
    if not 0 < port <= _LARGEST_PORT:
        wrong["port"] = [_("This is not a port.")]
    if security not in SECURITIES:
        wrong["security"] = [_("Choose one of the list.")]
    if wrong:
        raise Invalid(_("This sender cannot be saved as it is."), fields=wrong)
    return {
        "host": host.strip().lower(),
        "port": port,
        "security": security,
        "return_to": return_to.strip(),
    }
