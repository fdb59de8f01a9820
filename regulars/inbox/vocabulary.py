"""What groups can ask of inquiries: one by one, how many, the last one, and whether one is open."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.inbox.models import Conversation, Kind, Status, Topic
from regulars.inbox.models.conversations import By
from regulars.segments.lake import tables
from regulars.segments.language.words import Kind as Sort
from regulars.segments.language.words import Label, Total
from regulars.segments.vocabulary import declared
from regulars.segments.vocabulary.building import attribute, channel_ids, channel_names, column, function
from regulars.segments.vocabulary.declared import Figure, Known, Rows

ASKED = _("What they asked")
_SEE = "inbox.view"


def _kinds() -> Sequence[tuple[str, Label]]:
    return [(str(kind), Kind(kind).label) for kind in Kind.values]


def _statuses() -> Sequence[tuple[str, Label]]:
    return [(str(status), Status(status).label) for status in Status.values if status != Status.SPAM]


def _ways() -> Sequence[tuple[str, Label]]:
    return [(str(way), By(way).label) for way in By.values]


def _topics() -> Sequence[tuple[str, Label]]:
    return [(name, name) for name in Topic.objects.order_by("name").values_list("name", flat=True)]


def _count(name: str, label: Label, about: Label, *, where: str = "") -> Known:
    return attribute(
        name,
        label,
        Sort.NUMBER,
        section=ASKED,
        figure=Figure(table="inquiries", total=Total.COUNT, moment="opened", where=where),
        permission=_SEE,
        about=about,
    )


ATTRIBUTES: tuple[Known, ...] = (
    _count("number_of_inquiries", _("Inquiries"), _("All that was asked, spam left out.")),
    _count("number_of_complaints", _("Complaints"), _("Inquiries of the kind complaint."), where="is_complaint"),
    _count(
        "number_of_open_inquiries",
        _("Open inquiries"),
        _("Those that are our turn, or put off for later."),
        where="is_open",
    ),
    attribute(
        "last_inquiry_date",
        _("Last inquiry"),
        Sort.MOMENT,
        section=ASKED,
        figure=Figure(table="inquiries", total=Total.MAXIMUM, moment="opened", column="opened"),
        permission=_SEE,
        about=_("When the newest inquiry began."),
    ),
)

FUNCTIONS: tuple[Rows, ...] = (
    function(
        "inquiries",
        _("Asked something"),
        column("opened", _("Date"), Sort.MOMENT, "opened"),
        column("last", _("Last message"), Sort.MOMENT, "last"),
        column("count", _("How many"), Sort.NUMBER, total=Total.COUNT),
        column("kind", _("Kind"), Sort.CHOICE, "kind", values=_kinds),
        column("status", pgettext_lazy("inquiry", "State"), Sort.CHOICE, "status", values=_statuses),
        column("topic", _("Topic"), Sort.CHOICE, "topic", values=_topics, is_open=True),
        column("by", _("Came by"), Sort.CHOICE, "by", values=_ways),
        column("channel", _("Sales channel"), Sort.CHOICE, "channel", values=channel_names, keys=channel_ids),
        section=ASKED,
        table="inquiries",
        moment="opened",
        permission=_SEE,
        about=_("Inquiries of every kind and way; spam, and what is shown in another inquiry, left out."),
    ),
)


def who_asked_about(topics: Collection[int]) -> list[int]:
    """Whose inquiries have one of these topics, which has another name now; nobody where they are very many."""
    rows = Conversation._base_manager.filter(topic__in=topics).order_by()
    found = list(rows.values_list("customer", flat=True).distinct()[: tables.MOST_REACHED + 1])
    return found if len(found) <= tables.MOST_REACHED else []


def plug_in() -> None:
    """Put what can be asked of inquiries into the vocabulary, and their rows into the lake."""
    declared.add(*ATTRIBUTES, *FUNCTIONS)
    tables.come_from("regulars.inbox.lake")
    tables.reaches("inbox.setting_changed", who_asked_about)
