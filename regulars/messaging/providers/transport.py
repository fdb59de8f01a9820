"""The way out to providers: what a translator wants to ask is asked here, through the one door out of the house."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import outbound
from regulars.messaging import accounts, files, transports
from regulars.messaging.models import Account, Message
from regulars.messaging.providers.base import (
    Answer,
    Attached,
    Link,
    Outgoing,
    Provider,
    Refused,
    Steps,
    Template,
    Unclear,
)
from regulars.messaging.providers.registry import provider_of, providers

TEMPLATE: Final = "X-Provider-Template"
REPLY_TO: Final = "X-Provider-Reply-To"

_WITHIN = 30.0
_MOST_CALLS = 40
_AGAIN_IN = 60.0

Result = TypeVar("Result")


def join() -> None:
    """Let the gate hand messages over to all providers."""
    for provider in providers():
        transports.add(provider.name, lambda: hand_over)


def hand_over(message: Message, account: Account | None, journal: Callable[[], None]) -> str:
    """Hand a message over; by the id that comes back, the service names it. Raises transports.Refused and Unsure."""
    provider = provider_of(account.provider) if account is not None else None
    if account is None or provider is None:
        raise transports.Refused(_("No service is set up for this message."), is_final=False)
    outgoing = outgoing_of(message)
    try:
        check_form(provider, outgoing.text, outgoing.files)
        journal()
        sent = asked(provider.send(outgoing, link_of(account)))
    except Unclear as unclear:
        raise transports.Unsure(unclear.sentence) from unclear
    except Refused as refusal:
        raise transports.Refused(refusal.sentence, is_final=refusal.is_final, again_in=refusal.again_in) from refusal
    return sent.provider_id


def asked(steps: Steps[Result]) -> Result:
    """Do all that a translator wants to ask, one call after the other. Raises Refused, and Unclear (see there)."""
    try:
        call = next(steps)
        for _count in range(_MOST_CALLS):
            try:
                reply = outbound.send(
                    call.url,
                    method=call.method,
                    body=call.body,
                    headers=call.headers,
                    within=_WITHIN,
                    at_most=call.at_most,
                )
            except outbound.Unanswered as unanswered:
                is_unclear = call.is_telling and unanswered.was_sent
                later = Refused(unanswered.sentence, is_final=False, again_in=_AGAIN_IN)
                call = steps.throw(Unclear(unanswered.sentence) if is_unclear else later)
            except (outbound.AddressRefused, ValueError) as refused:
                # a redirect, or an address that somebody entered, that leads where nothing of ours may go
                sentence = getattr(refused, "sentence", "") or _("A key or an address holds what cannot be sent.")
                call = steps.throw(Refused(sentence, is_final=False, again_in=_AGAIN_IN))
            else:
                call = steps.send(Answer(reply.status, reply.headers, reply.body))
    except StopIteration as end:
        result: Result = end.value
        return result
    raise Refused(_("The service asks for more calls than a message takes."), is_final=True)


def link_of(account: Account) -> Link:
    """What a provider may know of an account."""
    return Link(
        account_id=account.pk,
        way=account.way,
        address=account.address,
        options=account.options,
        secrets=accounts.secrets_of(account),
        hook=hook_of(account),
        now=timezone.now(),
    )


def hook_of(account: Account) -> str:
    """The address at which the service reports to us."""
    return f"{settings.PUBLIC_URL}{reverse('messaging:hook', args=[account.public_id])}"


def outgoing_of(message: Message) -> Outgoing:
    """A message as providers take it."""
    attached: list[Attached] = []
    for one in message.files.order_by("pk"):
        with files.opened(one) as source:
            attached.append(Attached(one.name, one.media_type, source.read()))
    return Outgoing(
        id=message.public_id,
        to=message.to,
        text=message.text,
        files=attached,
        in_reply_to=str(message.headers.get(REPLY_TO, "")),
        template=template_in(message.headers),
    )


def template_header(name: str, language: str, values: Sequence[str] = ()) -> dict[str, str]:
    """The header by which `sending.send` is told that a template of the service goes out."""
    return {TEMPLATE: json.dumps([name, language, *values])}


def template_in(headers: Mapping[str, Any]) -> Template | None:
    """The template that headers name, if they do."""
    try:
        found = json.loads(str(headers.get(TEMPLATE) or "null"))
    except ValueError:
        return None
    if not isinstance(found, list) or len(found) < 2:
        return None
    name, language, *values = (str(one) for one in found)
    return Template(name, language, values)


def check_form(provider: Provider, text: str, attached: Sequence[Any]) -> None:
    """Raises Refused where the service never takes such a message, whoever gets it."""
    if len(text) > provider.longest:
        raise Refused(
            _("It is %(length)s characters long; %(limit)s are the most that fit.")
            % {"length": len(text), "limit": provider.longest},
            is_final=True,
        )
    if attached and not provider.takes_files:
        raise Refused(_("A file cannot go by this way. Send the text alone, or a link."), is_final=True)
    if any(len(one.data) > provider.largest_file for one in attached):
        raise Refused(
            _("A file is too large: this way takes %(size)s MB.") % {"size": provider.largest_file // 1_000_000},
            is_final=True,
        )
