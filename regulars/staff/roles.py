"""Roles, and what each may do: one table, read by pages, API and docs alike."""

from __future__ import annotations

from functools import cache

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """From the first day; editable roles come with their own issue."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    AGENT = "agent", _("Agent")
    MARKETER = "marketer", _("Marketer")
    ANALYST = "analyst", _("Analyst")
    READ_ONLY = "read_only", _("Read-only")


PERMISSIONS: dict[str, Promise | str] = {
    "customers.view": _("See customers"),
    "customers.edit": _("Create and change customers"),
    "customers.delete": _("Delete customers"),
    "customers.merge": _("Merge customers and take merges back"),
    "customers.import": _("Import customers"),
    "customers.export": _("Export customers"),
    "customers.reveal": _("Show masked values for a while, with a reason"),
    "customers.setup": _("Set up tags and fields of customers"),
    "privacy.view": _("See privacy requests, limits and erasures"),
    "privacy.edit": _("Answer privacy requests, set limits, copy and erase people"),
    "segments.view": _("See groups, and try queries"),
    "segments.edit": _("Save and change groups"),
    "orders.view": _("See orders"),
    "orders.edit": _("Create and change orders"),
    "orders.delete": _("Delete orders"),
    "orders.import": _("Import orders"),
    "wallet.view": _("See credit and points of customers"),
    "wallet.edit": _("Give and take credit and points"),
    "inbox.view": _("Read inquiries"),
    "inbox.edit": _("Answer, sort and close inquiries, write down calls"),
    "inbox.setup": _("Set up mailboxes, promises, rules and answers of the inbox"),
    "messages.view": _("See what was sent, and what became of it"),
    "messages.setup": _("Set up senders, templates and limits of messages"),
    "channels.view": _("See channels, and what they deliver"),
    "channels.edit": _("Join channels to shop systems, fetch and repeat what they deliver"),
    "webhooks.edit": _("Let other systems know what happens here"),
    "jobs.view": _("See background work"),
    "jobs.edit": _("Stop and repeat background work"),
    "staff.view": _("See who works here"),
    "staff.edit": _("Invite people, give them roles and teams, switch them off"),
    "roles.edit": _("Change what roles may do and see"),
    "tokens.edit": _("Make and revoke API tokens"),
    "shop.edit": _("Change the shop's settings"),
    "audit.view": _("See the audit log"),
    "backups.view": _("See backups"),
    "backups.edit": _("Take, prove and remove backups, release a restored shop"),
}

_EVERYTHING = frozenset(PERMISSIONS)
_LOOKING = frozenset(
    {"customers.view", "segments.view", "orders.view", "wallet.view", "inbox.view", "messages.view", "staff.view"}
)

_ROLES: dict[str, frozenset[str]] = {
    Role.OWNER: _EVERYTHING,
    Role.MANAGER: _EVERYTHING
    - {"shop.edit", "roles.edit", "webhooks.edit", "audit.view", "backups.view", "backups.edit"},
    Role.AGENT: _LOOKING | {"customers.edit", "customers.reveal", "orders.edit", "inbox.edit"},
    Role.MARKETER: _LOOKING | {"customers.export", "segments.edit"},
    Role.ANALYST: _LOOKING | {"customers.export", "segments.edit", "jobs.view"},
    Role.READ_ONLY: _LOOKING,
}


@cache
def permissions_of(role: str) -> frozenset[str]:
    """What a role may do; an unknown role may do nothing."""
    return _ROLES.get(role, frozenset())
