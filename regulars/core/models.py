"""The base every table stands on, and the one row that describes the shop."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import ids


class Row(models.Model):
    """A row with a public id, its two moments, and a version that two editors cannot both raise."""

    id_prefix: ClassVar[str]

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return ids.encode(self.id_prefix, self.pk)

    @property
    def etag(self) -> str:
        """The version as HTTP quotes it."""
        return f'"{self.version}"'

    @classmethod
    def pk_of(cls, public_id: str) -> int | None:
        """The primary key behind a public id of this table, or None."""
        return ids.decode(cls.id_prefix, public_id)

    @classmethod
    def by_public_id(cls, public_id: str, **conditions: Any) -> Self:
        """The row of that public id; raises the model's DoesNotExist."""
        return cls._default_manager.get(pk=cls.pk_of(public_id) or 0, **conditions)


class Shop(models.Model):
    """The business of this installation: one row, ever (see docs/decisions)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("shop name"), max_length=120, default="Regulars")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    country = models.CharField(_("country"), max_length=2, default="DE")
    language = models.CharField(_("language"), max_length=16, default="en")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_shop")]

    def __str__(self) -> str:
        return self.name
