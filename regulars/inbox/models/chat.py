"""Chats on the shop's pages, and who writes in them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.inbox.models.conversations import Conversation


class Chat(Row):
    """A chat that stands on pages of the shop: how it looks, who may show it, where its inquiries go.

    `greeting` has a text by language. `origins` are the shop's addresses whose pages may speak with it. Outside the
    hours of `calendar`, or where nobody was here for `away_after` minutes (0: never asked), nobody is there.
    """

    class Side(models.TextChoices):
        RIGHT = "right", _("Right")
        LEFT = "left", _("Left")

    class Asked(models.TextChoices):
        NEVER = "never", _("Never")
        OPTIONAL = "optional", _("Always, as they like")
        AWAY = "away", _("When nobody is there")

    id_prefix = "cht"

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_on = models.BooleanField(_("on"), default=True)
    greeting = models.JSONField(default=dict)
    colour = models.CharField(_("colour"), max_length=7, default="#1f4e4a")
    side = models.CharField(_("side"), max_length=5, choices=Side, default=Side.RIGHT)
    origins = models.JSONField(default=list)
    channel = models.ForeignKey("channels.Channel", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    team = models.ForeignKey("staff.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    topic = models.ForeignKey("inbox.Topic", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    mailbox = models.ForeignKey("inbox.Mailbox", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    calendar = models.ForeignKey("inbox.Calendar", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    asks_name = models.CharField(_("asks for a name"), max_length=8, choices=Asked, default=Asked.OPTIONAL)
    asks_email = models.CharField(_("asks for an e-mail"), max_length=8, choices=Asked, default=Asked.AWAY)
    away_after = models.PositiveSmallIntegerField(_("minutes without anybody"), default=15)
    shows_names = models.BooleanField(_("shows who answers"), default=True)
    keeps_page = models.BooleanField(_("keeps the page"), default=False)

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class ChatVisitor(OfPerson, Row):
    """Somebody who wrote in a chat. They are known by the digest of their token alone, which also is their address.

    `email` is what they typed: a claim, which leads to nobody. `seen_at` is when they last fetched what was said.
    """

    id_prefix = "vis"

    chat = models.ForeignKey(Chat, on_delete=models.CASCADE, related_name="visitors")
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, null=True, on_delete=models.SET_NULL, related_name="visitors")
    digest = models.CharField(max_length=32, unique=True)
    email = SealedText(blank=True, default="")
    language = models.CharField(max_length=16, blank=True, default="")
    seen_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[ChatVisitor]] = Guarded()

    def __str__(self) -> str:
        return f"{self.chat_id} {self.digest[:6]}"
