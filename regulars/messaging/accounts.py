"""By which account a message leaves: its own, else the default of its way, else the mail server of the settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from regulars.core import sealing, shop
from regulars.messaging.models import Account, Way

SMTP: Final = "smtp"
NONE: Final = "none"
STARTTLS: Final = "starttls"
TLS: Final = "tls"


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and as whom it is used. One that the settings name may lie in our own network."""

    key: str
    host: str
    port: int
    security: str
    user: str
    password: str
    address: str
    name: str
    return_to: str
    is_of_settings: bool


def default(way: str) -> Account | None:
    """The account that what goes this way leaves by, unless it names another one."""
    return Account.objects.filter(way=way, is_on=True, is_default=True).first()


def account_for(way: str, account: Account | None) -> Account | None:
    """The account of a message, or the default where it names none or one that is switched off."""
    return account if account is not None and account.is_on else default(way)


def can_send(way: str, account: Account | None = None) -> bool:
    """Whether there is anything a message of this way could leave by."""
    # a chat on the shop's pages is our own, and needs no account anywhere
    if way == Way.CHAT:
        return True
    return account_for(way, account) is not None or (way == Way.EMAIL and has_mail_server())


def has_mail_server() -> bool:
    """Whether the settings name a server that mail goes out through (REGULARS_MAIL)."""
    return bool(settings.EMAIL_HOST)


def can_mail() -> bool:
    """Whether mail can leave at all, by an account or by the server of the settings."""
    return can_send(Way.EMAIL)


def sender(account: Account | None) -> tuple[str, str]:
    """The name and the address that mail carries as its sender."""
    if account is None:
        return shop.current().name, str(settings.DEFAULT_FROM_EMAIL)
    return account.name, account.address


def domain(account: Account | None) -> str:
    """The domain that the ids of mails end with, and that signs them."""
    return sender(account)[1].rpartition("@")[2].lower() or "localhost"


def server(account: Account | None) -> Server:
    """The mail server of an account, or the one of the settings."""
    name, address = sender(account)
    if account is None:
        security = TLS if settings.EMAIL_USE_SSL else STARTTLS if settings.EMAIL_USE_TLS else NONE
        return Server(
            key="settings",
            host=str(settings.EMAIL_HOST),
            port=int(settings.EMAIL_PORT),
            security=security,
            user=str(settings.EMAIL_HOST_USER or ""),
            password=str(settings.EMAIL_HOST_PASSWORD or ""),
            address=address,
            name=name,
            return_to=address,
            is_of_settings=True,
        )
    options = account.options
    return Server(
        key=f"{account.pk} {account.version}",
        host=str(options.get("host", "")),
        port=int(options.get("port") or 587),
        security=str(options.get("security") or STARTTLS),
        user=str(options.get("user", "")),
        password=secrets_of(account).get("password", ""),
        address=address,
        name=name,
        return_to=str(options.get("return_to") or address),
        is_of_settings=False,
    )


def place_of(pk: int) -> str:
    """What the secrets of an account are bound to."""
    return f"messaging_account.secrets/{pk}"


def secrets_of(account: Account) -> Mapping[str, str]:
    """The secrets of an account, open. Raises Damaged."""
    return dict(json.loads(sealing.open_secret(account.secrets, place_of(account.pk)) or "{}"))


def sealed_secrets(pk: int, secrets: Mapping[str, Any]) -> str:
    """Secrets as they stand in the row of an account."""
    return sealing.seal_secret(json.dumps(dict(secrets)), place_of(pk)) if secrets else ""
