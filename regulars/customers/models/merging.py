"""One person, several records: who may be the same, who is, and what each record said by itself."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import SealedJson
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.customers import sealed
from regulars.customers.models.people import Customer


class MergeLink(Row):
    """`merged` is the same person as `kept`. A merge is this link and nothing else: undone, both are as they were.

    `choices` says whose value is shown, field by field: `{field: customer id}` for those that are not `kept`'s own.
    Links of one merge share its `group`, the id of the first of them. `marks` are the highest keys that there were when
    it was made, by holder (see belongings): a row of `kept` with a higher one came to the merged person. `aside` is
    what somebody took off the person since that was not `kept`'s own (see customers/aside.py).
    """

    id_prefix = "mrg"

    kept = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="links_kept")
    merged = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="links_merged", db_index=False)
    group = models.BigIntegerField(null=True)
    choices = models.JSONField(default=dict, blank=True)
    marks = models.JSONField(default=dict, blank=True)
    aside = SealedJson(keys=sealed.KEYS, person="merged_id", default=list, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[MergeLink]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["merged"], condition=models.Q(undone_at__isnull=True), name="merged_into_one_only"
            ),
            models.CheckConstraint(name="merged_with_another", condition=~models.Q(kept=models.F("merged"))),
        ]
        indexes: ClassVar = [
            # the merges a customer was ever in
            models.Index(fields=["merged"], name="merge_link_by_merged"),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} is {self.kept_id}"


class OwnProfile(models.Model):
    """What a record says by itself while its row shows what a merge makes of several; gone with the last link.

    `email` repeats the record's own e-mail, so that it is found although the row shows another one. `shown` is what the
    row was last made to show: whatever it says otherwise was written past the verbs since.
    """

    customer = models.OneToOneField(Customer, primary_key=True, on_delete=models.CASCADE, related_name="own_profile")
    values = SealedJson(keys=sealed.KEYS, default=dict)
    shown = SealedJson(keys=sealed.KEYS, default=dict)
    email = models.CharField(max_length=254, blank=True, default="")

    objects: ClassVar[models.Manager[OwnProfile]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # whose e-mail is this
            models.Index(fields=["email"], name="own_profile_by_email"),
        ]

    def __str__(self) -> str:
        return str(self.customer_id)


class DuplicatePair(models.Model):
    """Two customers who may be one person, with the evidence, and what was decided. `left` has the lower id."""

    class State(models.TextChoices):
        OPEN = "open", _("To decide")
        MERGED = "merged", _("The same")
        NEVER = "never", _("Never the same")
        HOUSEHOLD = "household", _("Same household")

    id = models.BigAutoField(primary_key=True)
    left = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    right = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    probability = models.FloatField()
    evidence = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[DuplicatePair]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["left", "right"], name="pair_once"),
            models.CheckConstraint(name="pair_in_order", condition=models.Q(left__lt=models.F("right"))),
        ]
        indexes: ClassVar = [
            # the review list, surest first
            models.Index(fields=["state", "-probability", "id"], name="pair_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.left_id} and {self.right_id}: {self.probability:.3f}"


class MatchingModel(models.Model):
    """What the last training learnt about this shop's customers: one row, or none before the first."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    parameters = models.JSONField(default=dict)
    threshold = models.FloatField()
    rows = models.PositiveBigIntegerField()
    trained_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_matching_model")]

    def __str__(self) -> str:
        return f"trained at {self.trained_at}"
