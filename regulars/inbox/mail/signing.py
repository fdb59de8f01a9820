"""How one signs in to a mailbox: with its password, or with an OAuth token that its provider renews (RFC 6749, 6).

The secrets of a mailbox are JSON, sealed in its row and never shown again: `password`, or `client_secret`,
`refresh_token`, and the `access_token` that was asked for last with the moment until which it counts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from regulars.core import outbound, sealing
from regulars.core.errors import Refusal
from regulars.inbox.mail.line import LineBroken, Place, SignInRefused
from regulars.inbox.models import Mailbox

_A_MINUTE = 60.0


def place(mailbox_id: int) -> str:
    """Where the secrets of a mailbox are sealed for."""
    return f"inbox_mailbox.secrets/{mailbox_id}"


def sealed(mailbox_id: int, secrets: Mapping[str, str]) -> str:
    """The secrets as the row keeps them; none are the empty text."""
    return sealing.seal_secret(json.dumps(dict(secrets)), place(mailbox_id)) if secrets else ""


def secrets_of(mailbox: Mailbox) -> dict[str, str]:
    """The secrets of a mailbox. Raises sealing.Damaged where another shop sealed them."""
    text = sealing.open_secret(mailbox.secrets, place(mailbox.pk))
    known: dict[str, str] = json.loads(text) if text else {}
    return known


def place_of(mailbox: Mailbox) -> Place:
    """Where a mailbox is, and how one signs in there now. Raises MailboxAway where no token can be had."""
    known = secrets_of(mailbox)
    token = ""
    if mailbox.sign == Mailbox.Sign.OAUTH2:
        token = known.get("access_token", "")
        if not token or float(known.get("expires_at", "0")) < time.time() + _A_MINUTE:
            known = renewed(mailbox.options, known)
            token = known["access_token"]
            Mailbox.objects.filter(pk=mailbox.pk).update(secrets=sealed(mailbox.pk, known))
    return Place(mailbox.host, mailbox.port, mailbox.security, mailbox.user, known.get("password", ""), token)


def forget_token(mailbox: Mailbox) -> None:
    """The server did not take the token we had: ask for another one next time."""
    known = secrets_of(mailbox)
    if known.pop("access_token", ""):
        Mailbox.objects.filter(pk=mailbox.pk).update(secrets=sealed(mailbox.pk, known))


def renewed(options: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """The secrets with a new access token, and with a new refresh token where the provider exchanged it."""
    asked = {
        "grant_type": "refresh_token",
        "client_id": options.get("client_id", ""),
        "refresh_token": known.get("refresh_token", ""),
    }
    asked |= {"client_secret": known["client_secret"]} if known.get("client_secret") else {}
    asked |= {"scope": options["scope"]} if options.get("scope") else {}
    try:
        reply = outbound.send(
            options.get("token_url", ""),
            method="POST",
            body=urlencode(asked).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            within=15,
        )
    except outbound.Unanswered as error:
        raise LineBroken(error.sentence) from error
    except Refusal as error:
        raise SignInRefused(error.sentence) from error
    try:
        said = json.loads(reply.body)
        token, seconds = str(said["access_token"]), float(said.get("expires_in", 3600))
    except (ValueError, KeyError, TypeError) as error:
        raise SignInRefused(
            _("The provider gives no token (%(status)s). Sign in with it again, and enter the new refresh token.")
            % {"status": reply.status}
        ) from error
    made = {**known, "access_token": token, "expires_at": str(time.time() + seconds)}
    if isinstance(said.get("refresh_token"), str) and said["refresh_token"]:
        made["refresh_token"] = said["refresh_token"]
    return made
