"""What roles may do and see."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.sight import GROUPS, Level
from regulars.staff.roles import PERMISSIONS

NEEDS_EVERYTHING = frozenset({"customers.import", "orders.import", "customers.merge", "privacy.edit", "audit.view"})
"""What takes sight of all customers in full: it compares everybody, tells everything, or copies and erases somebody."""


class Sees(models.TextChoices):
    """Which customers a role sees; what hangs on the others is not there for it either."""

    ALL = "all", _("All customers")
    TEAM = "team", _("Customers of their teams")
    OWN = "own", _("Customers they look after")
    CHANNELS = "channels", _("Customers of some channels")


class StaffRole(Row):
    """What a role may do, where the shop says so: one of its own, or a built-in one that it changed.

    A built-in role that nobody changed has no row (see roles.py). `permissions` are names of PERMISSIONS, `channel_ids`
    the channels of a role that sees some channels, `fields` how much of each protected group of fields is shown: what
    is not named is shown in full.
    """

    id_prefix = "rol"

    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    permissions = models.JSONField(default=list)
    sees = models.CharField(_("sees"), max_length=8, choices=Sees, default=Sees.ALL)
    channel_ids = models.JSONField(default=list)
    fields = models.JSONField(default=dict)
    needs_second_factor = models.BooleanField(_("needs a second step at sign-in"), default=False)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name or self.key

    @property
    def levels(self) -> tuple[tuple[str, Level], ...]:
        """How much is shown of each protected group that is not shown in full; what nobody knows is hidden."""
        said = {group: self.fields.get(group, Level.FULL) for group in GROUPS}
        known = {group: Level(level) if level in tuple(Level) else Level.HIDDEN for group, level in said.items()}
        return tuple((group, level) for group, level in known.items() if level is not Level.FULL)

    @property
    def allowed(self) -> frozenset[str]:
        """What the role may do: what it says, less what takes sight of everything where it has none."""
        allowed = frozenset(self.permissions) & frozenset(PERMISSIONS)
        if self.sees != Sees.ALL or self.levels:
            allowed -= NEEDS_EVERYTHING
        if any(group == "spend" for group, _level in self.levels):
            # an order without its amounts is none: who sees no amounts sees no orders
            allowed = frozenset(one for one in allowed if not one.startswith("orders."))
        return allowed
