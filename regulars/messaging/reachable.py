"""What services let through, asked when a message is written: hours since people last wrote, and the form of a text.

WhatsApp lets a shop answer freely for 24 hours after somebody's last message, and takes a template it has approved
after that. The gate says so before anything is planned, not the service when it is too late.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.messaging import incoming
from regulars.messaging.gate import MayNotWrite
from regulars.messaging.models import Account
from regulars.messaging.providers import transport
from regulars.messaging.providers.base import Provider, Refused
from regulars.messaging.providers.registry import provider_of


def check(
    account: Account | None, *, to: str, text: str, files: Sequence[Any] = (), headers: Mapping[str, Any] | None = None
) -> None:
    """Nothing, where the service of the account would take this message now. Raises MayNotWrite."""
    provider = provider_of(account.provider) if account is not None else None
    if account is None or provider is None:
        return
    has_template = transport.template_in(headers or {}) is not None
    if has_template and not provider.has_templates:
        raise MayNotWrite(_("This way has no templates."))
    try:
        transport.check_form(provider, text, files)
    except Refused as refusal:
        raise MayNotWrite(refusal.sentence) from refusal
    if provider.window is None or has_template:
        return
    until = open_until(account, to)
    if until is None or until <= timezone.now():
        raise MayNotWrite(_shut(provider, provider.window, is_known=until is not None))


def open_until(account: Account, to: str) -> dt.datetime | None:
    """Until when somebody may be answered freely; None where they never wrote, or the service counts no hours."""
    provider = provider_of(account.provider)
    if provider is None or provider.window is None:
        return None
    last = incoming.last_heard(account, to)
    return last + provider.window if last is not None else None


def _shut(provider: Provider, window: dt.timedelta, *, is_known: bool) -> str:
    hours = int(window.total_seconds() // 3600)
    said = {"way": provider.label, "hours": hours}
    if not is_known:
        sentence = _("%(way)s lets nobody be written to freely who did not write first.") % said
    else:
        sentence = (
            ngettext(
                "More than %(hours)s hour passed since their last message, and %(way)s lets nothing through then.",
                "More than %(hours)s hours passed since their last message, and %(way)s lets nothing through then.",
                hours,
            )
            % said
        )
    if provider.has_templates:
        return f"{sentence} {_('A template that the service has approved can be sent at any time.')}"
    return sentence
