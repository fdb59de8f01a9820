"""The notes of a customer as pages show them: on the timeline, pinned in the rail, and with their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from regulars.customers import mentions, moments
from regulars.customers.models import Attachment, Customer, Note
from regulars.customers.people import records

if TYPE_CHECKING:
    from django.http import HttpRequest

KIND = "note"
ICONS = {
    Note.Kind.NOTE: "sticky-note",
    Note.Kind.SERVICE: "wrench",
    Note.Kind.REQUIREMENT: "hand-helping",
    Note.Kind.COMPLAINT: "frown",
    Note.Kind.COMPLIMENT: "heart",
    Note.Kind.RESTRICTION: "ban",
}
_IN_THE_RAIL = (Note.Kind.RESTRICTION, Note.Kind.REQUIREMENT)
_MOST_IN_THE_RAIL = 12


def of_customer(customer: Customer) -> QuerySet[Note]:
    """The notes about a customer and the records merged into them, those that are deleted left out."""
    return Note.objects.filter(customer__in=records(customer), deleted_at=None).select_related("author")


def note_moments(customer: Customer, kind: str, before: moments.Mark | None, limit: int) -> list[moments.Moment]:
    """Notes on the timeline, newest first."""
    if kind not in {"", KIND}:
        return []
    notes = of_customer(customer)
    if before is not None:
        at, pk = before
        notes = notes.filter(at__lte=at).exclude(Q(at=at) & Q(pk__gte=pk))
    shown = list(notes.order_by("-at", "-pk")[:limit])
    return [
        moments.Moment(
            at=line["note"].at,
            id=line["note"].pk,
            icon=line["icon"],
            template="customers/_moment_note.html",
            context=line,
            css="note" if line["note"].kind != Note.Kind.RESTRICTION else "note bad",
        )
        for line in lines(shown)
    ]


def lines(notes: Sequence[Note]) -> list[dict[str, Any]]:
    """Notes with their text as a page shows it and their files; the number of queries does not grow with the notes."""
    files: dict[int, list[Attachment]] = {}
    for file in Attachment.objects.filter(note__in=notes).order_by("pk") if notes else ():
        files.setdefault(file.note_id, []).append(file)
    users = mentions.colleagues() if any("@" in note.text for note in notes) else []
    return [
        {
            "note": note,
            "icon": ICONS[Note.Kind(note.kind)],
            "words": mentions.drawn(note.text, users),
            "files": files.get(note.pk, []),
            "who": note.author.name if note.author else _("Import"),
        }
        for note in notes
    ]


def rail(_request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """What has to be known before anything is done: pinned notes, restrictions and special requirements."""
    notes = of_customer(customer).filter(Q(is_pinned=True) | Q(kind__in=_IN_THE_RAIL))
    # restrictions first, then what is pinned, newest first
    shown = sorted(
        notes.order_by("-at", "-pk")[:_MOST_IN_THE_RAIL],
        key=lambda note: (note.kind != Note.Kind.RESTRICTION, not note.is_pinned),
    )
    return {"lines": lines(shown)}


def pinned(customer: Customer) -> list[dict[str, Any]]:
    """The pinned notes, newest first."""
    return lines(list(of_customer(customer).filter(is_pinned=True).order_by("-at", "-pk")))
