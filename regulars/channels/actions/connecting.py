"""A channel is joined to a shop system, changed, paused and taken off again."""

from __future__ import annotations

import secrets as randomness
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from regulars.channels import facts
from regulars.channels import secrets as kept
from regulars.channels.connectors.protocol import Connector
from regulars.channels.connectors.registry import connector_of
from regulars.channels.models import Channel, Connection, Delivery
from regulars.core.errors import Invalid
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_AT_ONCE = 1_000


@verb
def connect(
    *,
    channel: Channel,
    provider: str,
    name: str,
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Connection:
    """Join a channel to a system. A key to sign deliveries with is made where the system has none of its own.

    Raises Invalid where something that the connector needs is missing, or was never asked for.
    """
    connector = _connector(provider)
    options, secrets = _cleaned(connector, options or {}, secrets or {})
    if kept.KEY not in {option.name for option in connector.options}:
        secrets.setdefault(kept.KEY, new_key())
    _require(connector, options, secrets)
    connection = Connection.objects.create(channel=channel, provider=provider, name=_named(name), options=options)
    connection.secrets = kept.sealed(connection.pk, secrets)
    connection.save(update_fields=["secrets"])
    record(
        facts.ChannelConnected(called=connection.name, system=provider, code=channel.code),
        subject=connection,
    )
    return connection


@verb
def change_connection(
    *,
    connection: Connection,
    name: str | None = None,
    options: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Connection:
    """Change the name, the options or some secrets; what is not given, and an empty secret, stays as it is.

    The signing key that another takes the place of goes on to count, until `rotate_key` or the next change ends it.
    """
    connection = _locked(connection)
    connector = _connector(connection.provider)
    given_options, given_secrets = _cleaned(connector, options or {}, secrets or {})
    known = dict(kept.opened(connection))
    changes: dict[str, list[Any]] = {}
    if name is not None and _named(name) != connection.name:
        changes["name"] = [connection.name, _named(name)]
        connection.name = _named(name)
    for option, value in given_options.items():
        if connection.options.get(option, "") != value:
            changes[option] = [connection.options.get(option, ""), value]
    connection.options = {**connection.options, **given_options}
    replaced = sorted(key for key, value in given_secrets.items() if value and known.get(key) != value)
    if kept.KEY in replaced and known.get(kept.KEY):
        known[kept.KEY_BEFORE] = known[kept.KEY]
    known |= {key: given_secrets[key] for key in replaced}
    _require(connector, connection.options, known)
    if not changes and not replaced:
        return connection
    if replaced:
        connection.secrets = kept.sealed(connection.pk, known)
    _save(connection, "name", "options", "secrets")
    record(
        facts.ConnectionChanged(called=connection.name, changes=changes, replaced=tuple(replaced)), subject=connection
    )
    return connection


@verb
def rotate_key(*, connection: Connection, drop_old: bool = False) -> Connection:
    """Make a new signing key, beside which the old one counts until it is dropped (`drop_old`)."""
    connection = _locked(connection)
    known = dict(kept.opened(connection))
    if drop_old:
        if not known.pop(kept.KEY_BEFORE, ""):
            return connection
    else:
        known |= {kept.KEY_BEFORE: known.get(kept.KEY, ""), kept.KEY: new_key()}
    connection.secrets = kept.sealed(connection.pk, known)
    _save(connection, "secrets")
    which = kept.KEY_BEFORE if drop_old else kept.KEY
    record(facts.ConnectionChanged(called=connection.name, replaced=(which,)), subject=connection)
    return connection


@verb
def pause(*, connection: Connection, is_on: bool = False) -> Connection:
    """Take in nothing more from a system; with `is_on`, take in again. What has arrived stays."""
    connection = _locked(connection)
    if connection.is_on != is_on:
        connection.is_on = is_on
        _save(connection, "is_on")
        fact = facts.ConnectionResumed if is_on else facts.ConnectionPaused
        record(fact(called=connection.name), subject=connection)
    return connection


@verb
def remove_connection(*, connection: Connection) -> None:
    """Take a system off, with all that it delivered. What became of the deliveries stays: orders, people, products."""
    connection = _locked(connection)
    count = 0
    deliveries = Delivery.objects.filter(connection=connection).order_by("pk")
    while keys := list(deliveries.values_list("pk", flat=True)[:_AT_ONCE]):
        count += Delivery.objects.filter(pk__in=keys).delete()[0]
    record(facts.ConnectionRemoved(called=connection.name, count=count), subject=connection)
    connection.delete()


def new_key() -> str:
    """A key for Standard Webhooks: 32 random bytes."""
    return "whsec_" + b64encode(randomness.token_bytes(32)).decode()


def _connector(provider: str) -> Connector:
    try:
        return connector_of(provider)
    except KeyError:
        sentence = _("There is no connector called “%(name)s”.") % {"name": provider}
        raise Invalid(sentence, fields={"provider": [sentence]}) from None


def _cleaned(
    connector: Connector, options: Mapping[str, Any], secrets: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What was given, without blanks around it; nothing that the connector's form does not ask for."""
    asked = {option.name: option for option in connector.options}
    plain = {key for key, option in asked.items() if not option.is_secret}
    sealed = {key for key, option in asked.items() if option.is_secret} | {kept.KEY}
    for key in (*(set(options) - plain), *(set(secrets) - sealed)):
        sentence = _("This system has no option “%(name)s”.") % {"name": key}
        raise Invalid(sentence, fields={key: [sentence]})
    return (
        {key: value.strip() if isinstance(value, str) else value for key, value in options.items()},
        {key: value.strip() for key, value in secrets.items() if value.strip()},
    )


def _require(connector: Connector, options: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
    missing = {
        option.name: [_("Please fill this in.")]
        for option in connector.options
        if option.is_required and not (secrets if option.is_secret else options).get(option.name)
    }
    if missing:
        raise Invalid(_("Something is missing to join this system."), fields=missing)


def _named(name: str) -> str:
    name = name.strip()[:80]
    if not name:
        sentence = _("Give the connection a name.")
        raise Invalid(sentence, fields={"name": [sentence]})
    return name


def _locked(connection: Connection) -> Connection:
    return Connection.objects.select_for_update(of=("self",)).select_related("channel").get(pk=connection.pk)


def _save(connection: Connection, *columns: str) -> None:
    connection.version += 1
    connection.save(update_fields=[*columns, "version"])
