"""The library of texts: what the shop writes again and again, in the languages of its customers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.messaging.models.accounts import Way


class Template(Row):
    """A text with gaps for one purpose. What it says stands in its versions: the newest of each language holds.

    `ready` names the ready text it was made from; of one of the house's own mails it says which mail it is instead.
    """

    class Purpose(models.TextChoices):
        SERVICE = "service", _("Service")
        MARKETING = "marketing", _("Marketing")

    id_prefix = "tpl"

    name = models.CharField(_("name"), max_length=80, unique=True)
    folder = models.CharField(_("folder"), max_length=80, blank=True, default="")
    way = models.CharField(_("way"), max_length=8, choices=Way, default=Way.EMAIL)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose, default=Purpose.SERVICE)
    ready = models.CharField(max_length=40, blank=True, default="")
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["folder", "name", "id"]

    def __str__(self) -> str:
        return self.name


class TemplateVersion(models.Model):
    """What a template says in one language, since `made_at`. It is never changed; whoever edits adds the next one."""

    id = models.BigAutoField(primary_key=True)
    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions", db_index=False)
    language = models.CharField(_("language"), max_length=16)
    number = models.PositiveIntegerField()
    subject = models.CharField(_("subject"), max_length=250, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    mjml = models.TextField(_("design (MJML)"), blank=True, default="")
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "language", "number"], name="template_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.template_id} {self.language} {self.number}"
