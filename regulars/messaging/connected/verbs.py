"""An account at a message service is connected, changed, tried, switched off and taken off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import quarantine
from regulars.core.errors import Invalid
from regulars.messaging import accounts, reports
from regulars.messaging.connected.facts import ReportsReadAgain, ServiceChanged, ServiceConnected, ServiceRemoved
from regulars.messaging.models import Account, Report
from regulars.messaging.providers import transport
from regulars.messaging.providers.base import Provider, Refused
from regulars.messaging.providers.registry import provider_of
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_LONGEST = 2_000


@verb
def connect(
    *,
    provider: str,
    name: str,
    address: str = "",
    channel: Channel | None = None,
    options: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> tuple[Account, dict[str, str]]:
    """Connect an account; with it come the secrets that were made for it, which are shown this once.

    The first account of a way is its default. Raises Invalid where something that the service needs is missing.
    """
    service = _service(provider)
    plain, sealed = _cleaned(service, options or {}, secrets or {})
    wanted = [option.name for option in service.options if option.is_made and not sealed.get(option.name)]
    made = {name: service.new_secret(name) for name in wanted}
    sealed |= made
    _require(service, plain, sealed)
    way = service.ways[0]
    account = Account.objects.create(
        way=way,
        provider=service.name,
        name=_named(name),
        address=_line(address, 254),
        channel=channel,
        options=plain,
        is_default=not Account.objects.filter(way=way, is_default=True).exists(),
    )
    account.secrets = accounts.sealed_secrets(account.pk, sealed)
    account.save(update_fields=["secrets"])
    record(ServiceConnected(called=account.name, provider=service.name), subject=account)
    return account, made


@verb
def change(
    account: Account,
    *,
    name: str,
    address: str = "",
    channel: Channel | None = None,
    options: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Account:
    """Change an account; an empty secret stays as it is.

    Where messages go by another address of the API, the secrets have to be entered anew: else whoever may set up
    senders could have them sent to an address of their own. Raises Invalid.
    """
    account = _locked(account)
    service = _service(account.provider)
    plain, given = _cleaned(service, options or {}, secrets or {})
    known = dict(accounts.secrets_of(account))
    is_moved = plain.get("api", "") != str(account.options.get("api") or "")
    kept = [one.name for one in service.options if one.is_secret and not one.is_made and known.get(one.name)]
    if is_moved and (missing := [key for key in kept if not given.get(key)]):
        sentence = _("The address of the API changes: enter this anew, so that it goes nowhere by mistake.")
        raise Invalid(sentence, fields={key: [sentence] for key in missing})
    changes: dict[str, list[Any]] = {}
    for column, value in (("name", _named(name)), ("address", _line(address, 254))):
        if getattr(account, column) != value:
            changes[column] = [getattr(account, column), value]
            setattr(account, column, value)
    if account.channel_id != (channel.pk if channel else None):
        changes["channel"] = [account.channel and account.channel.name, channel and channel.name]
        account.channel = channel
    changes |= {
        key: [account.options.get(key, ""), value]
        for key, value in plain.items()
        if str(account.options.get(key) or "") != value
    }
    account.options = {**account.options, **plain}
    replaced = sorted(key for key, value in given.items() if known.get(key) != value)
    known |= given
    _require(service, account.options, known)
    if replaced:
        account.secrets = accounts.sealed_secrets(account.pk, known)
    if changes or replaced:
        _save(account)
        record(ServiceChanged(called=account.name, changes=changes, replaced=tuple(replaced)), subject=account)
    return account


@verb
def renew(account: Account) -> tuple[Account, dict[str, str]]:
    """Make the secrets of ours anew, which are shown this once; the former ones count no more."""
    account = _locked(account)
    service = _service(account.provider)
    made = {option.name: service.new_secret(option.name) for option in service.options if option.is_made}
    if made:
        account.secrets = accounts.sealed_secrets(account.pk, {**accounts.secrets_of(account), **made})
        _save(account)
        record(ServiceChanged(called=account.name, replaced=tuple(made)), subject=account)
    return account, made


@verb
def switch(account: Account, *, is_on: bool) -> Account:
    """Take nothing in and send nothing by an account for now; with `is_on`, go on."""
    account = _locked(account)
    if account.is_on != is_on:
        account.is_on = is_on
        _save(account)
        record(ServiceChanged(called=account.name, changes={"is_on": [not is_on, is_on]}), subject=account)
    return account


@verb
def make_default(account: Account) -> Account:
    """Let what goes this way, and names no account, go by this one."""
    account = _locked(account)
    if not account.is_default:
        Account.objects.filter(way=account.way, is_default=True).update(is_default=False, updated_at=timezone.now())
        account.is_default = True
        _save(account)
        record(ServiceChanged(called=account.name, changes={"is_default": [False, True]}), subject=account)
    return account


@verb
def remove(account: Account) -> None:
    """Take an account off, with what it reported. Messages and inquiries stay."""
    account = _locked(account)
    record(ServiceRemoved(called=account.name), subject=account)
    account.delete()


@verb
def read_again(account: Account) -> int:
    """Read once more what was not understood; how many reports those are."""
    count = reports.read_again(Report.objects.filter(account=account))
    if count:
        record(ReportsReadAgain(count=count), subject=account)
    return count


def try_out(account: Account) -> str:
    """Ask the service whether the keys are good, and let it report to us; what it calls the account.

    Raises Refused with what it says, which is kept with the account. Nothing leaves a shop in quarantine.
    """
    quarantine.check()
    service = _service(account.provider)
    try:
        called = transport.asked(service.check(transport.link_of(account)))
    except Refused as refusal:
        _note(account, refusal.sentence)
        raise
    _note(account, "")
    return called


def _note(account: Account, problem: str) -> None:
    Account.objects.filter(pk=account.pk).update(problem=problem[:500], checked_at=timezone.now())


def _service(name: str) -> Provider:
    found = provider_of(name)
    if found is None:
        sentence = _("There is no message service called “%(name)s”.") % {"name": name[:60]}
        raise Invalid(sentence, fields={"provider": [sentence]})
    return found


def _cleaned(
    service: Provider, options: Mapping[str, str], secrets: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """What was given, without blanks around it; nothing that the service does not ask for."""
    secret = {option.name: option.is_secret for option in service.options}
    for key in (*options, *secrets):
        if secret.get(key) is not (key in secrets):
            sentence = _("This service has no option “%(name)s”.") % {"name": key[:60]}
            raise Invalid(sentence, fields={key: [sentence]})
    plain = {key: _line(value, _LONGEST) for key, value in options.items()}
    return plain, {key: _line(value, _LONGEST) for key, value in secrets.items() if value.strip()}


def _require(service: Provider, options: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    missing = {
        option.name: [_("Please fill this in.")]
        for option in service.options
        if option.is_required and not (secrets if option.is_secret else options).get(option.name)
    }
    if missing:
        raise Invalid(_("Something is missing to connect this service."), fields=missing)


def _named(name: str) -> str:
    found = _line(name, 80)
    if not found:
        sentence = _("Give the account a name.")
        raise Invalid(sentence, fields={"name": [sentence]})
    return found


def _line(text: str, limit: int) -> str:
    return "".join(one for one in text if one.isprintable()).strip()[:limit]


def _locked(account: Account) -> Account:
    return Account.objects.select_for_update(of=("self",)).get(pk=account.pk)


def _save(account: Account) -> None:
    account.version += 1
    account.updated_at = timezone.now()
    account.save()
