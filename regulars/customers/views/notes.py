"""Notes on the page of a customer: write, change, pin, delete and bring back."""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid, Stale
from regulars.core.ui.toasts import toast
from regulars.customers import mentions
from regulars.customers.actions.notes import (
    change_note,
    delete_note,
    pin_note,
    require_author,
    restore_note,
    write_note,
)
from regulars.customers.attachments import BadFile
from regulars.customers.forms.note import NoteForm
from regulars.customers.models import Attachment, Customer, Note
from regulars.customers.people import records
from regulars.customers.views.editing import customer_or_404
from regulars.customers.views.page import shown
from regulars.staff.access import requires


@requires("customers.edit")
@require_POST
def write(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new note; where it is refused, the page comes back with what was typed and the reason."""
    customer = customer_or_404(public_id)
    form = NoteForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            note = write_note(customer, **form.values())
        except (Invalid, BadFile) as refused:
            _refuse(form, refused)
        else:
            toast(request, _("Noted."))
            return redirect(f"{reverse('customers:page', args=[customer.public_id])}#{note.public_id}")
    return shown(request, customer, "timeline", composer=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@requires("customers.edit")
def edit(request: HttpRequest, public_id: str, note_id: str) -> HttpResponse:
    """Change a note of one's own."""
    customer = customer_or_404(public_id)
    note = _note_or_404(customer, note_id)
    require_author(note, request.user)
    form = NoteForm(request.POST or None, request.FILES or None, initial={"text": note.text, "kind": note.kind})
    problem = ""
    if request.method == "POST" and form.is_valid():
        files = Attachment.objects.filter(note=note, pk__in=[Attachment.pk_of(one) or 0 for one in _removed(request)])
        values = form.values()
        values.pop("is_pinned")
        try:
            change_note(note, actor=request.user, **values, remove=list(files), version=_version(request))
        except (Invalid, BadFile) as refused:
            _refuse(form, refused)
        except Stale as refused:
            problem = refused.sentence
        else:
            toast(request, _("Saved."))
            return redirect(f"{reverse('customers:page', args=[customer.public_id])}#{note.public_id}")
    context = {
        "customer": customer,
        "note": note,
        "form": form,
        "files": Attachment.objects.filter(note=note).order_by("pk"),
        "colleagues": mentions.colleagues(),
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/note.html", context, status=HTTPStatus.CONFLICT if problem else status)


@requires("customers.edit")
@require_POST
def pin(request: HttpRequest, public_id: str, note_id: str) -> HttpResponse:
    """Keep a note on top, or no longer."""
    customer = customer_or_404(public_id)
    pin_note(_note_or_404(customer, note_id), is_pinned=request.POST.get("pin") == "yes")
    return redirect("customers:page", customer.public_id)


@requires("customers.edit")
@require_POST
def delete(request: HttpRequest, public_id: str, note_id: str) -> HttpResponse:
    """Take a note away; the toast brings it back."""
    customer = customer_or_404(public_id)
    note = delete_note(_note_or_404(customer, note_id), actor=request.user)
    undo = reverse("customers:note-restore", args=[customer.public_id, note.public_id])
    toast(request, _("The note is deleted."), undo=undo)
    return redirect("customers:page", customer.public_id)


@requires("customers.edit")
@require_POST
def restore(request: HttpRequest, public_id: str, note_id: str) -> HttpResponse:
    """Bring a deleted note back."""
    customer = customer_or_404(public_id)
    note = restore_note(_note_or_404(customer, note_id, is_deleted=True), actor=request.user)
    toast(request, _("The note is back."))
    return redirect(f"{reverse('customers:page', args=[customer.public_id])}#{note.public_id}")


def _refuse(form: NoteForm, refused: Invalid | BadFile) -> None:
    if isinstance(refused, Invalid):
        form.refuse(refused)
    else:
        form.add_error("attached", refused.sentence)


def _removed(request: HttpRequest) -> list[str]:
    return [str(one) for one in request.POST.getlist("remove")]


def _note_or_404(customer: Customer, note_id: str, *, is_deleted: bool = False) -> Note:
    notes = Note.objects.filter(customer__in=records(customer), deleted_at__isnull=not is_deleted)
    note = notes.select_related("author").filter(pk=Note.pk_of(note_id) or 0).first()
    if note is None:
        raise Http404(_("There is no such note. Perhaps it was deleted."))
    return note


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
