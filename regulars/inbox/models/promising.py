"""Promises: when the shop works, by when customers hear from it, and what became of each single promise."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.inbox.models.conversations import By, Conversation

# what a new shop has by itself is called in the language of whoever reads it
_OURS = {"Working hours": _("Working hours"), "Everybody": _("Everybody")}


class Calendar(Row):
    """When the shop works: `week` has a list of windows for each day, Monday first, [["09:00", "18:00"], …].

    A window that ends before it begins goes over midnight. Without a time zone it goes by the shop's. One calendar is
    the default.
    """

    id_prefix = "cal"

    name = models.CharField(_("name"), max_length=80, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    week = models.JSONField(default=list)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        ordering: ClassVar = ["-is_default", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_calendar"
            ),
        ]

    def __str__(self) -> str:
        return str(_OURS.get(self.name, self.name))


class CalendarDay(models.Model):
    """A day that is not like others: a holiday, a part of one, or a Saturday that works like a Monday.

    `like` is the day of the week (0 is Monday) whose windows hold; without one, `windows` do, and none is a day off.
    """

    id = models.BigAutoField(primary_key=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="days", db_index=False)
    on = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    windows = models.JSONField(default=list)
    like = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["on"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["calendar", "on"], name="calendar_day_once")]

    def __str__(self) -> str:
        return f"{self.on}: {self.name}"


class Kept(models.TextChoices):
    """What is promised."""

    FIRST = "first", _("First answer")
    NEXT = "next", _("Next answer")
    SOLUTION = "solution", _("Solution")


class Promise(Row):
    """By when customers hear from us, in minutes of working time; the first one that fits an inquiry holds.

    What it is for (`category`, `topic`, `by`, `channel`, `mailbox`) is anything where it is empty. The default, which
    stands last, is for everything. With `runs_on_later` the clock of the solution runs while something is put off.
    """

    id_prefix = "prm"

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    is_default = models.BooleanField(default=False)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="promises")
    category = models.ForeignKey(
        "customers.Category", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    topic = models.ForeignKey(
        "inbox.Topic", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    by = models.CharField(_("way"), max_length=8, blank=True, default="", choices=By)
    channel = models.ForeignKey(
        "channels.Channel", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    mailbox = models.ForeignKey(
        "inbox.Mailbox", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    first_minutes = models.PositiveIntegerField(_("first answer"), null=True, blank=True)
    next_minutes = models.PositiveIntegerField(_("next answer"), null=True, blank=True)
    solution_minutes = models.PositiveIntegerField(_("solution"), null=True, blank=True)
    runs_on_later = models.BooleanField(_("the clock runs while it is put off"), default=True)

    class Meta:
        ordering: ClassVar = ["is_default", "position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_promise"
            ),
        ]

    def __str__(self) -> str:
        return str(_OURS.get(self.name, self.name))


class Deadline(models.Model):
    """One promise to one customer, with its moments.

    `left` is the working time that remained at `resumed_at` while it runs, at `paused_at` while it does not, and at
    `ended_at` in the end: when it was met (`met_at`), or when nothing was owed any more. Only while it runs it has a
    `due_at`. `missed_at` is the moment it was due, once that has passed. `promise_name`, `minutes`, `calendar` and
    `runs_on_later` are the promise as it was when it was given.
    """

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="deadlines", db_index=False)
    kind = models.CharField(_("promised"), max_length=8, choices=Kept)
    promise = models.ForeignKey(Promise, null=True, on_delete=models.SET_NULL, related_name="deadlines")
    promise_name = models.CharField(max_length=80)
    calendar = models.ForeignKey(Calendar, null=True, on_delete=models.SET_NULL, related_name="+")
    minutes = models.PositiveIntegerField()
    runs_on_later = models.BooleanField(default=True)
    started_at = models.DateTimeField()
    resumed_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    warn_at = models.DateTimeField(null=True)
    left = models.DurationField()
    paused_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    missed_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Deadline]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "kind"], condition=models.Q(ended_at__isnull=True), name="deadline_open_once"
            ),
        ]
        indexes: ClassVar = [
            # what was promised in a conversation
            models.Index(fields=["conversation", "id"], name="deadline_by_conversation"),
            # what is missed by the clock, and what is warned of
            models.Index(
                fields=["due_at"],
                name="deadline_to_miss",
                condition=models.Q(due_at__isnull=False, missed_at__isnull=True, ended_at__isnull=True),
            ),
            models.Index(
                fields=["warn_at"],
                name="deadline_to_warn",
                condition=models.Q(
                    warn_at__isnull=False, warned_at__isnull=True, missed_at__isnull=True, ended_at__isnull=True
                ),
            ),
            # figures: what ended when, and how
            models.Index(
                fields=["kind", "ended_at"], name="deadline_by_end", condition=models.Q(ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of #{self.conversation_id}"
