"""The ways messages leave and arrive: one row an account at a mail server or provider, and what providers report."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row


class Way(models.TextChoices):
    """By which way a message goes. Those that consent is asked for share their names with `customers.Medium`."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    TELEGRAM = "telegram", _("Telegram")
    WECHAT = "wechat", _("WeChat")
    CHAT = "chat", _("Chat")
    OTHER = "other", _("Other")


class Account(Row):
    """An account at a provider, or a mail server: what goes out by it carries `address` and `name` as the sender.

    `provider` names a folder of `messaging/providers`; `options` are what its form asked for, `secrets` is JSON that
    was sealed with `sealing.seal_secret`. Of each way one account is the default.
    """

    id_prefix = "acc"

    way = models.CharField(_("way"), max_length=8, choices=Way)
    provider = models.CharField(_("provider"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address or number"), max_length=254, blank=True, default="")
    channel = models.ForeignKey("channels.Channel", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    options = models.JSONField(default=dict)
    secrets = models.TextField(default="", editable=False)
    is_on = models.BooleanField(_("on"), default=True)
    is_default = models.BooleanField(_("default"), default=False)
    problem = models.CharField(max_length=500, blank=True, default="", editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["way", "name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["way"], condition=models.Q(is_default=True), name="one_default_account"),
        ]

    def __str__(self) -> str:
        return self.name


class Report(models.Model):
    """What a provider called to tell: messages that came in, and what became of ours; kept as it came until it is read.

    `body` is sealed with the shop's key. The digest makes the second call with the same words no second report.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        READ = "read", _("Read")
        FAILED = "failed", _("Not understood")

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="reports")
    digest = models.CharField(max_length=64)
    headers = models.JSONField(default=dict)
    body = models.TextField(default="", editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=500, blank=True, default="")
    received_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "digest"], name="report_once")]
        indexes: ClassVar = [
            # what waits to be read, what was not understood, oldest first
            models.Index(fields=["state", "id"], name="report_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.received_at:%Y-%m-%d %H:%M}"
