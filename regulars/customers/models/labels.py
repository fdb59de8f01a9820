"""What the shop itself adds to a customer: tags, and fields of its own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.customers.models.people import Customer


class Tags(models.Manager["Tag"]):
    """Tags as everybody sees them: without those deleted."""

    def get_queryset(self) -> models.QuerySet[Tag]:
        return super().get_queryset().filter(deleted_at__isnull=True)


class Tag(Row):
    """A word that customers are marked with; `key` is its folded form, so that “VIP” and “vip” are one tag.

    A deleted tag stays for thirty days with everybody who had it, under a key that no word has. One that was merged
    into another tag remembers which taggings of that one the merge made, by their first and last id.
    """

    id_prefix = "tag"

    name = models.CharField(_("tag"), max_length=60)
    key = models.CharField(max_length=60, unique=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    first_tagging = models.BigIntegerField(null=True, editable=False)
    last_tagging = models.BigIntegerField(null=True, editable=False)

    objects: ClassVar[Tags] = Tags()
    everyone: ClassVar[models.Manager[Tag]] = models.Manager()

    class Meta:
        base_manager_name = "everyone"
        ordering: ClassVar = ["key"]

    def __str__(self) -> str:
        return self.name


class Tagging(models.Model):
    """A customer has a tag."""

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="taggings", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taggings", db_index=False)

    objects: ClassVar[models.Manager[Tagging]] = Guarded()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer", "tag"], name="tagged_once")]
        indexes: ClassVar = [
            # who has a tag
            models.Index(fields=["tag", "customer"], name="tagging_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} is {self.tag_id}"


class CustomField(Row):
    """A field that the shop added without code; `metafields.custom.<key>` in filters, groups and the API.

    `options` are the values of a choice, `[{"key", "label"}]`; `seen_by` the roles that may see it, all where empty.
    The values of a field that `is_sensitive` are sealed, each for its customer.
    A field is archived rather than deleted: its values stay.
    """

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        LONG_TEXT = "long_text", _("Long text")
        NUMBER = "number", _("Number")
        MONEY = "money", _("Money")
        DATE = "date", _("Date")
        YES_NO = "yes_no", _("Yes or no")
        ONE_OF = "one_of", _("One of")
        SEVERAL_OF = "several_of", _("Several of")
        LINK = "link", _("Link")

    id_prefix = "fld"

    key = models.SlugField(_("key"), max_length=40, unique=True)
    label = models.CharField(_("label"), max_length=80)
    type = models.CharField(_("type"), max_length=10, choices=Type)
    help = models.CharField(_("help"), max_length=250, blank=True, default="")
    options = models.JSONField(default=list, blank=True)
    is_required = models.BooleanField(_("required"), default=False)
    is_sensitive = models.BooleanField(_("sensitive"), default=False, db_default=False)
    default = models.JSONField(null=True, blank=True)
    seen_by = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    is_archived = models.BooleanField(_("archived"), default=False)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.label

    @property
    def name(self) -> str:
        """The field's name in the catalogue."""
        return f"metafields.custom.{self.key}"


class CustomValue(OfPerson):
    """A value of a custom field; several rows, by `place`, for a field that holds several.

    `text` is the value exactly, in its canonical form; `folded` (texts) and `number` (numbers, money in the smallest
    unit, dates as days, yes and no as 1 and 0) are what filters and orders compare. Of a sensitive field none of
    them is kept: `sealed` is the value, and `blind` a number that finds those who have the very same.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="custom_values", db_index=False)
    field = models.ForeignKey(CustomField, on_delete=models.PROTECT, related_name="values", db_index=False)
    place = models.PositiveSmallIntegerField(default=0)
    text = models.TextField()
    folded = models.CharField(max_length=500, blank=True, default="")
    number = models.FloatField(null=True)
    sealed = SealedText(blank=True, default="", db_default="")
    blind = models.BigIntegerField(null=True, blank=True, db_default=None)

    objects: ClassVar[models.Manager[CustomValue]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "field", "place"], name="custom_value_once")
        ]
        indexes: ClassVar = [
            # filters and orders of a field
            models.Index(fields=["field", "folded", "customer"], name="custom_value_by_text"),
            models.Index(fields=["field", "number", "customer"], name="custom_value_by_number"),
            models.Index(
                fields=["field", "blind", "customer"],
                name="custom_value_by_blind",
                condition=models.Q(blind__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.text
