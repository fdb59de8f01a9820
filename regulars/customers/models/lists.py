"""Saved views of the customer list."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row


class SavedView(Row):
    """A list somebody comes back to: its filters, search, order, columns and density, for one person or for all."""

    id_prefix = "vue"

    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    is_shared = models.BooleanField(_("shared with everybody"), default=False)
    query = models.TextField(blank=True, default="")
    columns = models.JSONField(default=list, blank=True)
    density = models.CharField(max_length=8, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name
