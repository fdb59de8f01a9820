"""A channel is a place where the shop sells: its web shop, a marketplace, a store."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row


class Kind(models.TextChoices):
    """What sort of place it is; decides the icon."""

    WEB = "web", _("Web shop")
    MARKETPLACE = "marketplace", _("Marketplace")
    STORE = "store", _("Store")
    SOCIAL = "social", _("Social")
    BUSINESS = "business", _("Business")
    OTHER = "other", _("Other")


class Channel(Row):
    """`code` is the stable short name used in files and the API; `name` is what people read."""

    id_prefix = "chn"

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.WEB)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def icon(self) -> str:
        """The Lucide icon of its kind."""
        return {
            Kind.WEB: "globe",
            Kind.MARKETPLACE: "shopping-bag",
            Kind.STORE: "store",
            Kind.SOCIAL: "message-circle",
            Kind.BUSINESS: "briefcase-business",
        }.get(Kind(self.kind), "circle-dot")
