"""Mail that comes in: the mailboxes, and a ledger in which every mail of each ends as something."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import Keys, SealedJson
from regulars.core.models import Row
from regulars.core.walls import Guarded


class Mailbox(Row):
    """A mailbox that is read by IMAP. `secrets` is JSON sealed with `sealing.seal_secret`: a password, or OAuth tokens.

    `uid_validity` and `uid_seen` say how far it was read: every mail up to `uid_seen` has its row in the ledger.
    """

    class Sign(models.TextChoices):
        PASSWORD = "password", _("Password")
        OAUTH2 = "oauth2", _("OAuth 2")

    id_prefix = "mbx"

    name = models.CharField(_("name"), max_length=80)
    address = models.EmailField(_("e-mail address"), max_length=254)
    account = models.ForeignKey(
        "messaging.Account", null=True, blank=True, on_delete=models.SET_NULL, related_name="mailboxes"
    )
    channel = models.ForeignKey("channels.Channel", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    team = models.ForeignKey("staff.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    host = models.CharField(_("server"), max_length=250)
    port = models.PositiveIntegerField(_("port"), default=993)
    security = models.CharField(
        _("encryption"), max_length=8, default="tls", choices=[("tls", "TLS"), ("starttls", "STARTTLS"), ("none", "—")]
    )
    user = models.CharField(_("user name"), max_length=254)
    sign = models.CharField(_("signs in by"), max_length=8, choices=Sign, default=Sign.PASSWORD)
    options = models.JSONField(default=dict)
    secrets = models.TextField(default="", editable=False)
    folder = models.CharField(_("folder"), max_length=250, default="INBOX")
    since = models.DateField(_("from"), null=True, blank=True)
    is_on = models.BooleanField(_("on"), default=True)
    uid_validity = models.BigIntegerField(null=True, editable=False)
    uid_seen = models.BigIntegerField(default=0, editable=False)
    problem = models.CharField(max_length=500, blank=True, default="", editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Outcome(models.TextChoices):
    """What became of a mail. Only `waiting` is not the end."""

    WAITING = "waiting", _("Waiting to be read")
    INQUIRY = "inquiry", _("New inquiry")
    REPLY = "reply", _("Reply")
    BOUNCE = "bounce", _("Bounce")
    AUTO = "auto", _("Automatic mail")
    COPY = "copy", _("Arrived before")
    QUARANTINE = "quarantine", _("Not understood")


class Arrival(Row):
    """One mail in the ledger. The raw mail lies sealed in the data folder under `key` before the row is written.

    What was handed in by LMTP or by a provider has no mailbox; its `uid` is empty. `about` says to people who sent it
    and what it is about, sealed with the shop's key, because it may belong to nobody we know; `sender_digest` finds all
    that came from an address. Of a mail that was too large, only the headers are kept until somebody fetches it
    (`is_partial`). What an erased person wrote has its row, and nothing else any more (`is_erased`).
    """

    class Source(models.TextChoices):
        IMAP = "imap", _("Mailbox")
        LMTP = "lmtp", _("Handed in")
        PROVIDER = "provider", _("Mail provider")
        FILE = "file", _("File")

    id_prefix = "arr"

    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.PROTECT, related_name="arrivals", db_index=False)
    account = models.ForeignKey("messaging.Account", null=True, on_delete=models.SET_NULL, related_name="+")
    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.SET_NULL, related_name="+")
    source = models.CharField(_("source"), max_length=8, choices=Source)
    uid_validity = models.BigIntegerField(null=True)
    uid = models.BigIntegerField(null=True)
    key = models.CharField(max_length=80, unique=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    id_digest = models.CharField(max_length=64, blank=True, default="")
    sender_digest = models.CharField(max_length=64, blank=True, default="")
    is_partial = models.BooleanField(default=False)
    is_erased = models.BooleanField(default=False)
    received_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.WAITING)
    about = SealedJson(keys=Keys(frozenset({"sender", "subject", "to"})), person="", default=dict)
    reason = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    read_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Arrival]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["mailbox", "uid_validity", "uid"], name="arrival_once"),
        ]
        indexes: ClassVar = [
            # what waits, what was not understood, newest first
            models.Index(fields=["outcome", "-id"], name="arrival_by_outcome"),
            # the same mail by another way
            models.Index(fields=["id_digest"], name="arrival_by_message"),
            models.Index(fields=["mailbox", "received_at"], name="arrival_by_day"),
            # what somebody sent, when they are to be forgotten
            models.Index(fields=["sender_digest"], name="arrival_by_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.uid_validity}/{self.uid}: {self.outcome}"


class MailCount(models.Model):
    """What a mailbox holds and what stands in the ledger, counted once a day and whenever somebody asks.

    `missing` are the numbers of mails that the server has and the ledger had not; `fetched` is how many of them came
    then. `left` is what could not be had even so: a difference that stays.
    """

    id = models.BigAutoField(primary_key=True)
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="counts", db_index=False)
    day = models.DateField()
    counted_at = models.DateTimeField(default=timezone.now)
    on_server = models.PositiveIntegerField(default=0)
    in_ledger = models.PositiveIntegerField(default=0)
    missing = models.JSONField(default=list)
    fetched = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-day", "mailbox_id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["mailbox", "day"], name="mail_count_once")]

    def __str__(self) -> str:
        return f"{self.mailbox_id} {self.day}: {self.left}"
