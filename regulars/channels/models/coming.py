"""What comes in: the connection to a shop platform, each delivery as it arrived, and which of our rows it is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.walls import Guarded


class Connection(Row):
    """A channel joined to a shop platform by one of our connectors, or to a program that speaks our own format.

    `options` are what the connector's form asked for (the shop's address, say). `secrets` is JSON that was sealed with
    `sealing.seal_secret`: passwords of the platform, and the one or two keys that deliveries are signed with.
    `cursor` says how far the connector has read; `error` is the sentence of the last pull that failed.
    `pulling_until` is set while somebody reads, and passes by itself where they died.
    """

    id_prefix = "con"

    channel = models.ForeignKey("channels.Channel", on_delete=models.PROTECT, related_name="connections")
    provider = models.CharField(_("system"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    is_on = models.BooleanField(_("on"), default=True)
    options = models.JSONField(default=dict)
    secrets = models.TextField(default="", editable=False)
    cursor = models.JSONField(default=dict, editable=False)
    pulled_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(max_length=500, blank=True, default="", editable=False)
    pulling_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Fate(models.TextChoices):
    """What became of a delivery."""

    WAITING = "waiting", _("Waiting")
    APPLIED = "applied", _("Taken in")
    OLD = "old", _("Older than what we know")
    HELD = "held", _("Waits for another")
    FAILED = "failed", _("Failed")
    IGNORED = "ignored", _("Not for us")


class Delivery(models.Model):
    """What arrived, as it arrived: kept before anything is made of it, so that it can be made again after a fix.

    `event` is the sender's id of the event, or the digest of the body where there is none: once per connection.
    `body` is compressed and sealed; empty where we know better by now. `kind`, `external_id` and `version` name the
    (first) object it tells of and when that was so in the shop; they are found when it is read. Of one that is held
    they name what it waits for. `customer_id` is whom it tells of, a plain number, so that a forgotten person takes
    their deliveries along; DeliveryPerson has the others.
    """

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    event = models.CharField(max_length=200)
    topic = models.CharField(max_length=80, blank=True, default="")
    received_at = models.DateTimeField(default=timezone.now)
    body = models.BinaryField()
    fate = models.CharField(max_length=8, choices=Fate, default=Fate.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")
    kind = models.CharField(max_length=16, blank=True, default="")
    external_id = models.CharField(max_length=120, blank=True, default="")
    version = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    customer_id = models.BigIntegerField(null=True)

    objects: ClassVar[models.Manager[Delivery]] = Guarded()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "event"], name="delivery_event_once"),
        ]
        indexes: ClassVar = [
            # what is to be taken in next
            models.Index(fields=["id"], name="delivery_waiting", condition=models.Q(fate="waiting")),
            # what waits for its order, say
            models.Index(
                fields=["connection", "kind", "external_id"], name="delivery_held", condition=models.Q(fate="held")
            ),
            # the page of a connection, by fate and newest first
            models.Index(fields=["connection", "fate", "id"], name="delivery_by_fate"),
            # a person's, to be forgotten with them
            models.Index(
                fields=["customer_id"], name="delivery_of_customer", condition=models.Q(customer_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.event}"


class DeliveryPerson(models.Model):
    """Whom a delivery tells of beside the one it names itself: a list may tell of many."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="people", db_index=False)
    customer_id = models.BigIntegerField()

    objects: ClassVar[models.Manager[DeliveryPerson]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["delivery", "customer_id"], name="delivery_person_once"),
        ]
        indexes: ClassVar = [
            # a person's, to be forgotten with them
            models.Index(fields=["customer_id"], name="delivery_person_of_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.customer_id}"


class Mirror(models.Model):
    """Which of our rows a channel's object is, and which of its states we have.

    `version` and `digest` are those of the newest state that was taken in: an older one changes nothing, whenever it
    arrives; of two states of the same moment the larger digest stands. What was deleted there stays as a stone
    (`is_gone`), so that a late delivery does not bring it back. `local_id` is empty while only that is known.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey("channels.Channel", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=16)
    external_id = models.CharField(max_length=120)
    local_id = models.BigIntegerField(null=True)
    version = models.DateTimeField()
    digest = models.BinaryField(max_length=16)
    is_gone = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "kind", "external_id"], name="mirror_once_per_channel"),
        ]
        indexes: ClassVar = [
            # by which name a channel knows one of our rows
            models.Index(fields=["kind", "local_id"], name="mirror_of_row"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
