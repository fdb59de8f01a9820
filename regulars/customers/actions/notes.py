"""Write notes about customers, with files, and name colleagues in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import every
from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.text import BadText, clean_lines
from regulars.customers import attachments, mentions
from regulars.customers.actions.profile import as_read
from regulars.customers.attachments import BadFile, Stored, Upload
from regulars.customers.facts import (
    NoteChanged,
    NotesErased,
    NoteWritten,
)
from regulars.customers.models import Attachment, Customer, Mention, Note
from regulars.customers.people import records
from regulars.staff.models import User
from regulars.staff.policy import require_full, unmasked, verb
from regulars.timeline.actions import record, who_acts

LONGEST = 10_000
KEPT_FOR = dt.timedelta(days=30)


class NotYourNote(Refusal):
    """A note is changed by who wrote it; others may pin it, and delete it where they may delete customers."""

    slug = "not-your-note"


@unmasked
def write_note(
    customer: Customer,
    *,
    text: str,
    kind: str = Note.Kind.NOTE,
    is_pinned: bool = False,
    files: Sequence[Upload] = (),
    at: dt.datetime | None = None,
) -> Note:
    """A new note of whoever acts, with its files; colleagues who are named in it with @ find it on their page.

    Raises Invalid, or BadFile, and then no file stays.
    """
    kept = _text(text, has_files=bool(files))
    kind = _kind(kind)
    stored = _store(files, known=0, customer_id=customer.pk)
    try:
        with transaction.atomic():
            current = as_read(customer, None)
            note = Note.objects.create(
                customer=current,
                author_id=who_acts().user_id,
                kind=kind,
                text=kept,
                at=at or timezone.now(),
                is_pinned=is_pinned,
            )
            _attach(note, stored)
            _mention(note)
            record(NoteWritten(note=note.public_id, note_kind=kind), customer=current, subject=note, at=note.at)
    except BaseException:
        attachments.remove(one.key for one in stored)
        raise
    return note


@unmasked
def change_note(
    note: Note,
    *,
    actor: Any,
    text: str | None = None,
    kind: str | None = None,
    files: Sequence[Upload] = (),
    remove: Sequence[Attachment] = (),
    version: int | None = None,
) -> Note:
    """Change a note of one's own, add files to it, take files away. Raises Invalid, BadFile, NotYourNote or Stale."""
    require_author(note, actor)
    require_full("notes")
    gone = {one.pk for one in remove}
    left = Attachment.objects.filter(note=note).exclude(pk__in=gone).count()
    kept = None if text is None else _text(text, has_files=bool(left or files))
    stored = _store(files, known=left, customer_id=note.customer_id)
    try:
        with transaction.atomic():
            current = _held(note, version)
            changed: dict[str, Any] = {}
            if kept is not None and kept != current.text:
                changed |= {"text": kept, "edited_at": timezone.now()}
            if kind is not None and _kind(kind) != current.kind:
                changed["kind"] = kind
            if not (changed or stored or gone):
                return current
            _write(current, changed)
            _attach(current, stored)
            _detach(Attachment.objects.filter(note=current, pk__in=gone))
            _mention(current)
            _tell(current, "changed")
    except BaseException:
        attachments.remove(one.key for one in stored)
        raise
    return current


@verb
def pin_note(note: Note, *, is_pinned: bool = True) -> Note:
    """Keep a note on top, or no longer."""
    current = _held(note, None)
    if current.is_pinned != is_pinned:
        _write(current, {"is_pinned": is_pinned})
        _tell(current, "pinned" if is_pinned else "unpinned")
    return current


@verb
def delete_note(note: Note, *, actor: Any, version: int | None = None) -> Note:
    """Take a note away; for thirty days it can be brought back. Raises NotYourNote or Stale."""
    if not actor.may("customers.delete"):
        require_author(note, actor)
    current = _held(note, version)
    if current.deleted_at is None:
        _write(current, {"deleted_at": timezone.now()})
        _tell(current, "deleted")
    return current


@verb
def restore_note(note: Note, *, actor: Any) -> Note:
    """Bring a deleted note back. Raises NotYourNote."""
    if not actor.may("customers.delete"):
        require_author(note, actor)
    current = _held(note, None)
    if current.deleted_at is not None:
        _write(current, {"deleted_at": None})
        _tell(current, "brought back")
    return current


def see_mentions(customer: Customer, *, user: User) -> int:
    """Somebody opened the notes of a customer: what named them there is seen; how many that were."""
    unseen = Mention.objects.filter(user=user, seen_at=None, note__customer__in=records(customer))
    return unseen.update(seen_at=timezone.now())


@every("03:25", label=gettext_lazy("Let go for good the notes that were deleted thirty days ago"))
def erase_deleted_notes() -> int:
    """Let go for good the notes that nobody brought back in thirty days, with their files; how many notes that were."""
    due = Note.objects.filter(deleted_at__lt=timezone.now() - KEPT_FOR)
    count = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            note = due.select_for_update().filter(pk=pk).first()
            if note is not None:
                _detach(Attachment.objects.filter(note=note))
                note.delete()
                count += 1
    if count:
        record(NotesErased(count=count))
    return count


@every("03:35", label=gettext_lazy("Remove files that no note keeps"))
def sweep_attachments() -> int:
    """Remove from the disk what no note keeps; how many files that were."""
    return attachments.sweep(lambda keys: set(Attachment.objects.filter(key__in=keys).values_list("key", flat=True)))


def require_author(note: Note, actor: Any) -> None:
    """Raises NotYourNote where somebody else wrote it. A token writes for its owner."""
    user = getattr(actor, "user", actor)
    if note.author_id != user.pk:
        who = note.author.name if note.author else _("the import")
        raise NotYourNote(_("%(name)s wrote this note, and changes it. Write one of your own.") % {"name": who})


def _text(text: str, *, has_files: bool) -> str:
    try:
        kept = clean_lines(text, limit=LONGEST)
    except BadText as problem:
        raise _refused("text", str(problem)) from problem
    if not kept and not has_files:
        raise _refused("text", _("The note is empty. Write something, or add a file."))
    return kept


def _kind(kind: str) -> str:
    if kind not in Note.Kind.values:
        raise _refused("kind", _("“%(kind)s” is not a kind of note.") % {"kind": kind[:40]})
    return str(kind)


def _store(files: Sequence[Upload], *, known: int, customer_id: int) -> list[Stored]:
    most = settings.ATTACHMENTS_OF_A_NOTE
    if known + len(files) > most:
        raise BadFile(_("A note keeps at most %(most)s files.") % {"most": most}, field="files")
    stored: list[Stored] = []
    try:
        stored.extend(attachments.store(file, customer_id=customer_id) for file in files)
    except BaseException:
        attachments.remove(one.key for one in stored)
        raise
    return stored


def _attach(note: Note, stored: Sequence[Stored]) -> None:
    for one in stored:
        Attachment.objects.create(
            customer_id=note.customer_id,
            note=note,
            name=one.name,
            media_type=one.media_type,
            size=one.size,
            sha256=one.sha256,
            key=one.key,
        )


def _detach(rows: Any) -> None:
    """The rows now, and the files when nothing can bring the rows back."""
    keys = list(rows.values_list("key", flat=True))
    rows.delete()
    if keys:
        transaction.on_commit(lambda: attachments.remove(keys))


def _mention(note: Note) -> None:
    """Who is named in the note now: new ones have not seen it, and who is no longer named is not asked to."""
    named = {user.pk for user in mentions.named_in(note.text)} - {note.author_id}
    known = dict(Mention.objects.filter(note=note).values_list("user", "pk"))
    Mention.objects.filter(pk__in=[pk for user, pk in known.items() if user not in named]).delete()
    Mention.objects.bulk_create([Mention(note=note, user_id=user) for user in sorted(named - set(known))])
    for user in {*named, *known}:
        mentions.forget_waiting(user)


def _held(note: Note, version: int | None) -> Note:
    current = Note.objects.select_for_update(of=("self",)).filter(pk=note.pk).first()
    if current is None or (version is not None and current.version != version):
        raise Stale(_("Somebody else changed this note meanwhile. Load the page again and repeat your change."))
    return current


def _write(note: Note, changed: dict[str, Any]) -> None:
    for name, value in changed.items():
        setattr(note, name, value)
    note.updated_at, note.version = timezone.now(), note.version + 1
    note.save()


def _tell(note: Note, deed: str) -> None:
    record(NoteChanged(note=note.public_id, deed=deed), customer=note.customer, subject=note)


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={name: [sentence]})
