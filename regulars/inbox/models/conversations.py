"""Conversations: one question and everything said about it, until it is settled."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.messaging.models.accounts import Way


class Kind(models.TextChoices):
    """What sort of thing somebody says."""

    INQUIRY = "inquiry", _("Inquiry")
    SUGGESTION = "suggestion", _("Suggestion")
    COMPLAINT = "complaint", _("Complaint")
    COMPLIMENT = "compliment", _("Compliment")
    RETURN = "return", _("Return")


class Status(models.TextChoices):
    """Whose turn it is: ours (open), the customer's (waiting), nobody's for now (later), or nobody's any more."""

    OPEN = "open", _("Open")
    WAITING = "waiting", _("Waiting for the customer")
    LATER = "later", _("Later")
    CLOSED = "closed", _("Done")
    SPAM = "spam", _("Spam")


class Priority(models.IntegerChoices):
    """How pressing it is; urgent ones stand first where promises are equal."""

    LOW = 1, _("Low")
    NORMAL = 2, _("Normal")
    HIGH = 3, _("High")
    URGENT = 4, _("Urgent")


class By(models.TextChoices):
    """By which way somebody spoke: the ways of messages, and those that have none."""

    EMAIL = Way.EMAIL.value, Way.EMAIL.label
    SMS = Way.SMS.value, Way.SMS.label
    WHATSAPP = Way.WHATSAPP.value, Way.WHATSAPP.label
    TELEGRAM = Way.TELEGRAM.value, Way.TELEGRAM.label
    WECHAT = Way.WECHAT.value, Way.WECHAT.label
    CHAT = Way.CHAT.value, Way.CHAT.label
    OTHER = Way.OTHER.value, Way.OTHER.label
    FORM = "form", _("Contact form")
    PHONE = "phone", _("Phone")
    STORE = "store", _("In the store")
    API = "api", _("API")


class Topic(Row):
    """What inquiries are about, as the shop names it."""

    id_prefix = "top"

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_archived = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Label(Row):
    """A word that conversations are marked with."""

    id_prefix = "lab"

    name = models.CharField(_("name"), max_length=60, unique=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Conversation(OfPerson, Row):
    """What somebody asked and all that was said to it. It always belongs to a customer; its number is its key.

    `waiting_since` is the first moment since our last word at which the customer wrote; empty while they wait for
    nothing. `reply_to` is where an answer goes: an address, a number, a chat's id. Of one that was merged into another,
    `merged_into` says which; its posts stay its own, and are shown there.
    """

    id_prefix = "inq"

    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="conversations")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.INQUIRY)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.OPEN)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    team = models.ForeignKey("staff.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    by = models.CharField(_("channel"), max_length=8, choices=By)
    channel = models.ForeignKey("channels.Channel", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    account = models.ForeignKey("messaging.Account", null=True, on_delete=models.SET_NULL, related_name="+")
    mailbox = models.ForeignKey("inbox.Mailbox", null=True, on_delete=models.SET_NULL, related_name="+")
    reply_to = SealedText(blank=True, default="")
    reply_digest = models.CharField(max_length=64, blank=True, default="")
    subject = SealedText(_("subject"), blank=True, default="")
    preview = SealedText(blank=True, default="")
    language = models.CharField(_("language"), max_length=16, blank=True, default="")
    posts_count = models.PositiveIntegerField(default=0)
    answers_count = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_in_at = models.DateTimeField(null=True)
    last_out_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)
    first_answer_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    later_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reopened_count = models.PositiveSmallIntegerField(default=0)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged")
    labels = models.ManyToManyField(Label, through="ConversationLabel", related_name="conversations")
    orders = models.ManyToManyField("orders.Order", through="ConversationOrder", related_name="+")
    products = models.ManyToManyField("orders.Product", through="ConversationProduct", related_name="+")

    objects: ClassVar[models.Manager[Conversation]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # the list: what is due first, and then what came last
            models.Index(fields=["status", "due_at", "-last_at"], name="conversation_by_due"),
            models.Index(fields=["status", "-last_at"], name="conversation_by_status"),
            models.Index(fields=["assignee", "status", "due_at"], name="conversation_by_assignee"),
            # who wrote from this address before
            models.Index(fields=["reply_digest", "-last_at"], name="conversation_by_reply"),
            # what wakes by the clock
            models.Index(
                fields=["later_until"], name="conversation_later", condition=models.Q(later_until__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ConversationLabel(models.Model):
    """One conversation has one label."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="labellings", db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="labellings")

    objects: ClassVar[models.Manager[ConversationLabel]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "label"], name="conversation_label_once")
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.label_id}"


class ConversationOrder(models.Model):
    """A conversation is about an order."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+", db_index=False)
    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[models.Manager[ConversationOrder]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "order"], name="conversation_order_once")
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.order_id}"


class ConversationProduct(models.Model):
    """A conversation is about a product."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+", db_index=False)
    product = models.ForeignKey("orders.Product", on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[models.Manager[ConversationProduct]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "product"], name="conversation_product_once")
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.product_id}"
