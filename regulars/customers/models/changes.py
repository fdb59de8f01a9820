"""Work on many customers at once, and how to take it back: change sets with what was there before."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import SealedJson
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.customers import sealed


class ChangeSet(Row):
    """One piece of work on many customers: planned, applied, and undone as one.

    `action` names what is done (`tag`, `delete`, `import`), `params` with what, `selection` to whom; `counts` are the
    sums of the plan by outcome. What it did to whom stands in Change and ChangeSpan.
    """

    class State(models.TextChoices):
        PLANNING = "planning", _("Being planned")
        PLANNED = "planned", _("Planned")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")

    id_prefix = "chg"

    action = models.CharField(max_length=40)
    title = models.CharField(max_length=250, blank=True, default="")
    state = models.CharField(max_length=8, choices=State, default=State.PLANNING)
    params = SealedJson(keys=sealed.KEYS_OF_PARAMS, person="", default=dict, blank=True)
    selection = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True, default="")
    problem = models.TextField(blank=True, default="")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=8, default="page")
    total = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undo_until = models.DateTimeField(null=True)  # nothing: for ever (imports)

    objects: ClassVar[models.Manager[ChangeSet]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # the log of bulk work, newest first
            models.Index(fields=["action", "-id"], name="change_set_by_action"),
        ]

    def __str__(self) -> str:
        return self.title or self.action


class Change(models.Model):
    """A line of a plan, and afterwards what was done: to one customer, or with one row of a file.

    `images` is a list of `[table, key, before, after]`: the columns of one row before and after, `before` null where
    the row was made, `after` null where it went (see customers/journal.py). `fields` says the same in a few words,
    for people: `{field: [old, new]}`.
    """

    class Outcome(models.TextChoices):
        NEW = "new", _("New")
        SAME = "same", _("Same")
        CHANGED = "changed", _("Changed")
        POSSIBLE = "possible", _("Possible duplicate")
        REFUSED = "refused", _("Refused")

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        LEFT_OUT = "left_out", _("Left out")
        APPLIED = "applied", _("Applied")
        UNDONE = "undone", _("Undone")
        KEPT = "kept", _("Kept, because somebody changed it since")

    id = models.BigAutoField(primary_key=True)
    change_set = models.ForeignKey(ChangeSet, on_delete=models.CASCADE, related_name="changes", db_index=False)
    customer_id = models.BigIntegerField(null=True)
    row = models.PositiveBigIntegerField(null=True)  # the line of a file
    label = models.CharField(max_length=250, blank=True, default="")
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.CHANGED)
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    reason = models.TextField(blank=True, default="")
    fields = SealedJson(keys=sealed.KEYS_OF_PLANS, default=dict, blank=True)
    images = models.JSONField(default=list, blank=True)

    objects: ClassVar[models.Manager[Change]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # the plan, page by page, by outcome
            models.Index(fields=["change_set", "outcome", "id"], name="change_by_outcome"),
            # what was ever done to a customer in bulk
            models.Index(fields=["customer_id"], name="change_by_customer"),
        ]

    def __str__(self) -> str:
        return self.label or str(self.customer_id)


class ChangeSpan(models.Model):
    """Customers that a change set made, from one id to another, all of them: a million in a few rows."""

    id = models.BigAutoField(primary_key=True)
    change_set = models.ForeignKey(ChangeSet, on_delete=models.CASCADE, related_name="spans")
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.first_id}–{self.last_id}"


class ImportFile(Row):
    """A file somebody brought: where it lies, how it is read, and the change set it became."""

    id_prefix = "imp"

    change_set = models.OneToOneField(ChangeSet, null=True, on_delete=models.CASCADE, related_name="file")
    name = models.CharField(max_length=250)
    key = models.CharField(max_length=80, unique=True)
    size = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField(null=True)
    mapping = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    repairs = models.JSONField(default=list, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[ImportFile]] = Guarded()

    def __str__(self) -> str:
        return self.name


class RememberedMapping(models.Model):
    """How a file with these headings was read the last time."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=20, default="customers")
    headings = models.CharField(max_length=64)  # the digest of the headings, in order
    mapping = models.JSONField(default=dict)
    used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "headings"], name="mapping_once")]

    def __str__(self) -> str:
        return self.headings
