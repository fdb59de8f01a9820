"""Saved groups, who joined and left them, how large they were, and the versions of the lake."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.walls import Guarded


class Folder(Row):
    """A drawer for groups."""

    id_prefix = "fld"

    name = models.CharField(_("folder"), max_length=80, unique=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Kept(models.Manager["Group"]):
    """Groups that nobody deleted."""

    def get_queryset(self) -> models.QuerySet[Group]:
        return super().get_queryset().filter(deleted_at__isnull=True)


class Group(Row):
    """Customers under one name: by rule (`query`, its canonical text), or hand-picked where there is no rule.

    `members` is who is in it as far as it was followed (a roaring bitmap of customer ids), `founders` who was in it
    from the beginning (`begun_at`: when it was saved, or its rule last changed) and never left; everybody else who
    ever was has a Spell. `size` and `counted_at` repeat what `members` says; a rule that nobody has looked at for
    everybody since it was saved is not counted yet. `key` is the folded name.

    `objects` are the groups there are; `everything` has those that are deleted, and can come back for a while.
    """

    id_prefix = "grp"

    name = models.CharField(_("name"), max_length=80)
    key = models.CharField(max_length=80, unique=True, editable=False)
    description = models.CharField(_("description"), max_length=300, blank=True, default="")
    is_by_rule = models.BooleanField(default=True)
    query = models.TextField(_("rule"), blank=True, default="")
    template = models.CharField(max_length=60, blank=True, default="", editable=False)
    folder = models.ForeignKey(Folder, null=True, blank=True, on_delete=models.SET_NULL, related_name="groups")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    archived_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    begun_at = models.DateTimeField(editable=False)
    founders = models.BinaryField(default=bytes, editable=False)
    members = models.BinaryField(default=bytes, editable=False)
    size = models.PositiveBigIntegerField(default=0, editable=False)
    counted_at = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=300, blank=True, default="", editable=False)

    objects: ClassVar[models.Manager[Group]] = Kept()
    everything: ClassVar[models.Manager[Group]] = models.Manager()

    class Meta:
        base_manager_name = "everything"
        ordering: ClassVar = ["key"]

    def __str__(self) -> str:
        return self.name


class Spell(models.Model):
    """That somebody was in a group from `joined_at` on, until `left_at`; still is, where that is empty.

    A founder has one from when they leave on; they were in it from the beginning, and never joined.
    """

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="spells", db_index=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="spells", db_index=False)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)
    is_founder = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[Spell]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            # nobody joins twice without having left
            models.UniqueConstraint(
                fields=["group", "customer"], name="spell_open_once", condition=models.Q(left_at__isnull=True)
            ),
        ]
        indexes: ClassVar = [
            # which groups somebody was in; who joined a group when
            models.Index(fields=["customer", "group"], name="spell_by_customer"),
            models.Index(fields=["group", "joined_at"], name="spell_by_group"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} in {self.group_id}"


class Size(models.Model):
    """How many were in a group at the end of a day of the shop, or so far on this one."""

    id = models.BigAutoField(primary_key=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="sizes", db_index=False)
    day = models.DateField()
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["group", "day"], name="one_size_a_day")]

    def __str__(self) -> str:
        return f"{self.group_id} on {self.day}: {self.count}"


class Following(models.Model):
    """How far groups follow the timeline, one row: the last entry whose customers were looked at, and for which day
    everybody was.

    `turn` rises with whatever changes who is in which group, so that a follower sees that what it reckoned is old.
    `again` are customers who joined or left in round `rounds`: groups that ask about groups look at them once more.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    entry_id = models.BigIntegerField(default=0)
    day = models.DateField(null=True)
    turn = models.BigIntegerField(default=0)
    again = models.BinaryField(default=bytes)
    rounds = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_following")]

    def __str__(self) -> str:
        return f"followed to {self.entry_id}"


class Grading(models.Model):
    """The bounds of bands and of RFM, one row: quantiles over the shop's customers (docs/definitions.md).

    `bounds` are lists by name, of whole numbers: orders, the smallest units of money, microseconds since 1970. It is
    empty where too few of the `customers` ever ordered.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    bounds = models.JSONField(default=dict)
    customers = models.PositiveBigIntegerField(default=0)
    reckoned_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_grading")]

    def __str__(self) -> str:
        return f"{self.customers} graded at {self.reckoned_at}"
