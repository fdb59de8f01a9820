"""The notes about a customer, for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.core import ids
from regulars.core.api.listing import PAGING, Query, neighbours, parameter
from regulars.core.api.preconditions import must_match
from regulars.core.api.problems import Problem
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.customers.actions import notes as actions
from regulars.customers.api.people import addressed, listed
from regulars.customers.api.shapes import routes
from regulars.customers.models import Attachment, Customer, Note
from regulars.customers.notes import of_customer
from regulars.customers.people import records
from regulars.staff.models import User

_MANY, _ONE = "/customers/{customer_id}/notes", "/customers/{customer_id}/notes/{note_id}"

NoteKind = Literal["note", "service", "requirement", "complaint", "compliment", "restriction"]
_EXAMPLE: dict[str, Any] = {
    "text": "Wrap ceramics in the double box, always.",
    "kind": "requirement",
    "is_pinned": True,
}


class NoteIn(In):
    """A note to write. Colleagues who are named in it with @ find it on their page."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    text: Annotated[str, Field(min_length=1, max_length=actions.LONGEST)]
    kind: Annotated[NoteKind, Field(default="note")]
    is_pinned: Annotated[bool, Field(default_factory=bool)]


class NotePatch(In):
    """What to change of a note; what is not sent stays as it is."""

    model_config = ConfigDict(json_schema_extra={"example": {"is_pinned": True}})

    text: Annotated[str, Field(default_factory=str, max_length=actions.LONGEST)]
    kind: Annotated[NoteKind, Field(default="note")]
    is_pinned: Annotated[bool, Field(default_factory=bool)]


class AttachmentOut(Out):
    """A file that belongs to a note; it is downloaded in the shop's own pages."""

    id: PublicId
    name: str
    media_type: str
    size: int
    sha256: str


class NoteOut(Out):
    """A note of the team."""

    id: PublicId
    version: int
    kind: NoteKind
    text: str
    author: Annotated[PublicId | None, Field(description="Who wrote it; null for an import.")]
    at: Moment
    edited_at: Moment | None
    is_pinned: bool
    attachments: list[AttachmentOut]


class NotesOut(Out):
    """A page of notes, the newest first."""

    items: list[NoteOut]
    next: str | None


@routes.reads(
    _MANY,
    permission="customers.view",
    summary="List notes",
    out=NotesOut,
    parameters=[
        parameter("kind", "Only notes of these kinds; several are separated by commas."),
        *(one for one in PAGING if one["name"] != "before"),
    ],
)
def list_notes(request: HttpRequest, customer_id: str) -> Answer:
    """The notes about a customer, the newest first."""
    query, notes = Query(request), of_customer(listed(customer_id))
    kinds, limit, after = query.choices("kind", Note.Kind.values), query.limit(), query.row_id("after", Note)
    query.refuse_rest()
    if kinds:
        notes = notes.filter(kind__in=kinds)
    notes = notes.order_by("-pk")
    if after is not None:
        notes = notes.filter(pk__lt=after)
    found = list(notes[: limit + 1])
    following = found[limit - 1].public_id if len(found) > limit else ""
    links = neighbours(request, next_cursor=following, previous_cursor="")
    return Answer(body=NotesOut(items=_notes_out(found[:limit]), next=links.get("next")), links=links)


@routes.creates(_MANY, permission="customers.edit", summary="Write a note", out=NoteOut)
def create_note(request: HttpRequest, customer_id: str, note: NoteIn) -> Answer:  # noqa: ARG001
    """Write a note, in the name of the token's owner."""
    customer = addressed(customer_id, to_change=True)
    made = actions.write_note(customer, text=note.text, kind=note.kind, is_pinned=note.is_pinned)
    location = f"/api/v1/customers/{customer.public_id}/notes/{made.public_id}"
    return _answer(customer, made, location=location)


@routes.reads(_ONE, permission="customers.view", summary="Read a note", out=NoteOut)
def get_note(request: HttpRequest, customer_id: str, note_id: str) -> Answer:  # noqa: ARG001
    """A note about a customer."""
    customer = listed(customer_id)
    return _answer(customer, _of(customer, note_id))


@routes.changes(_ONE, permission="customers.edit", summary="Change a note", out=NoteOut)
def change_note(request: HttpRequest, customer_id: str, note_id: str, note: NotePatch) -> Answer:
    """Change a note that the token's owner wrote; pin or unpin anybody's."""
    customer = addressed(customer_id, to_change=True)
    known = _of(customer, note_id)
    must_match(request, known, shown=_note_out(known))
    given = note.given()
    if "is_pinned" in given:
        known = actions.pin_note(known, is_pinned=given.pop("is_pinned"))
    if given:
        known = actions.change_note(known, actor=_owner(request), **given)
    return _answer(customer, known)


@routes.removes(_ONE, permission="customers.edit", summary="Delete a note")
def delete_note(request: HttpRequest, customer_id: str, note_id: str) -> Answer:
    """Delete a note. For 30 days it can be brought back; then it goes for good, with its files."""
    customer = addressed(customer_id, to_change=True)
    known = _of(customer, note_id)
    must_match(request, known, shown=_note_out(known))
    actions.delete_note(known, actor=request.auth)  # type: ignore[attr-defined]
    return Answer(about=customer.public_id)


@routes.acts(f"{_ONE}/restore", permission="customers.edit", summary="Bring back a note", out=NoteOut)
def restore_note(request: HttpRequest, customer_id: str, note_id: str) -> Answer:
    """Bring back a deleted note."""
    customer = listed(customer_id)
    gone = Note.objects.filter(customer__in=records(customer), pk=Note.pk_of(note_id) or 0).first()
    if gone is None:
        raise Problem("not-found", _("This customer has no note with the id %(id)s.") % {"id": note_id})
    return _answer(customer, actions.restore_note(gone, actor=request.auth))  # type: ignore[attr-defined]


def _owner(request: HttpRequest) -> User:
    owner: User = request.auth.user  # type: ignore[attr-defined]
    return owner


def _of(customer: Customer, note_id: str) -> Note:
    note = of_customer(customer).filter(pk=Note.pk_of(note_id) or 0).first()
    if note is None:
        raise Problem("not-found", _("This customer has no note with the id %(id)s.") % {"id": note_id})
    return note


def _answer(customer: Customer, note: Note, *, location: str = "") -> Answer:
    return Answer(body=_note_out(note), version=note.version, location=location, about=customer.public_id)


def _note_out(note: Note) -> NoteOut:
    return _notes_out([note])[0]


def _notes_out(notes: list[Note]) -> list[NoteOut]:
    """Notes as they go out: one query for their files, however many there are."""
    files: dict[int, list[AttachmentOut]] = {}
    for file in Attachment.objects.filter(note__in=notes).order_by("pk") if notes else ():
        files.setdefault(file.note_id, []).append(
            AttachmentOut(
                id=file.public_id, name=file.name, media_type=file.media_type, size=file.size, sha256=file.sha256
            )
        )
    return [
        NoteOut(
            id=note.public_id,
            version=note.version,
            kind=note.kind,  # type: ignore[arg-type]
            text=note.text,
            author=None if note.author_id is None else ids.encode(User.id_prefix, note.author_id),
            at=note.at,
            edited_at=note.edited_at,
            is_pinned=note.is_pinned,
            attachments=files.get(note.pk, []),
        )
        for note in notes
    ]
