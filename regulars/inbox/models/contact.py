"""Contact forms: what a form of the shop asks, where what is sent with it goes, and who may show it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.inbox.models.conversations import Topic


class Asks(models.TextChoices):
    """What a form can ask besides the name, the address and the message, which every form asks."""

    PHONE = "phone", _("Phone")
    ORDER = "order", _("Order number")
    KIND = "kind", _("What sort of message it is")
    TOPIC = "topic", _("Topic")
    FILES = "files", _("Files")


class ContactForm(Row):
    """One form on a page of the shop, or on a page of its own.

    `texts` has a title, an introduction and a word of thanks for each language; what is missing is said by the product.
    `topics` are the ids of those that may be chosen, `topic` is what it is about where nothing was chosen. `origins`
    are the sites that may show it in a frame; with none it stands on its own page alone.
    """

    id_prefix = "frm"

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_on = models.BooleanField(_("on"), default=True)
    texts = models.JSONField(default=dict)
    asks = models.JSONField(default=list)
    topics = models.JSONField(default=list)
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    team = models.ForeignKey(
        "staff.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    channel = models.ForeignKey(
        "channels.Channel", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    origins = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
