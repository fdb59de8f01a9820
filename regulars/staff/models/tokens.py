"""Keys for programs."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.staff.models.people import User

SOON = dt.timedelta(days=14)
LONG_UNUSED = dt.timedelta(days=90)


class ApiToken(Row):
    """A key for a program. Only its hash is kept; `scopes` are permissions, never more than its owner has."""

    id_prefix = "tok"

    name = models.CharField(_("name"), max_length=80)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    made_by = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")  # None: command line
    hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)
    scopes = models.JSONField(default=list)
    networks = models.JSONField(default=list)  # the addresses it may come from; empty: from anywhere
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def role(self) -> str:
        """Whose role decides what it sees: its owner's."""
        return self.user.role

    @property
    def is_valid(self) -> bool:
        """Neither revoked nor expired, and its owner still works here."""
        now = timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now) and self.user.is_active

    @property
    def ends_soon(self) -> bool:
        """Whether it ends within a fortnight."""
        return self.is_valid and self.expires_at is not None and self.expires_at - timezone.now() <= SOON

    @property
    def is_unused(self) -> bool:
        """Whether no program came with it for ninety days."""
        return self.is_valid and (self.last_used_at or self.created_at) < timezone.now() - LONG_UNUSED

    @property
    def idle_scopes(self) -> list[str]:
        """What it was made for and may not do any more, because its owner may not."""
        return [scope for scope in self.scopes if not self.user.may(scope)] if self.is_valid else []

    def may_come_from(self, address: str) -> bool:
        """Whether a program at this address may use it."""
        if not self.networks:
            return True
        try:
            here = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(here, ipaddress.IPv6Address) and here.ipv4_mapped is not None:
            here = here.ipv4_mapped
        return any(here in ipaddress.ip_network(network) for network in self.networks)

    def may(self, permission: str) -> bool:
        """Whether the token has the scope, and its owner still the permission."""
        return permission in self.scopes and self.user.may(permission)
