"""Importing customers: bring a file, say what its columns are, look at the plan, do it or a part, take it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core import ids, shop
from regulars.core.dates import date_order
from regulars.core.errors import Invalid, Refusal
from regulars.core.tabular import Table
from regulars.core.tabular.encodings import SELECTABLE, encoding_name
from regulars.core.ui.toasts import toast
from regulars.customers import customfields
from regulars.customers.actions import imports as verbs
from regulars.customers.actions.custom_fields import create_field
from regulars.customers.actions.undoing import may_undo, undo_import
from regulars.customers.bulk.words import Names
from regulars.customers.importing import files
from regulars.customers.importing.guessing import Guess, guess
from regulars.customers.importing.labels import groups, label_of, new_fields, value_of
from regulars.customers.importing.survey import date_orders
from regulars.customers.models import Change, ChangeSet, Customer, ImportFile
from regulars.customers.queries import imports as reading
from regulars.staff.access import requires

State = ChangeSet.State
_UNDER_WAY = {State.PLANNING, State.APPLYING, State.UNDOING}
_SAMPLE = 400
_SHOWN = 3
_MOST = 500
_DELIMITERS = {",": ",", ";": ";", "\t": "Tab", "|": "|"}


@requires("customers.import")
def start(request: HttpRequest) -> HttpResponse:
    """Bring a file; below, what was imported before, each with the way back."""
    problem = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if not isinstance(upload, UploadedFile):
            problem = _("Choose a file first.")
        else:
            try:
                file = verbs.receive_file(name=upload.name or "", chunks=upload.chunks())
                return redirect("customers:import-columns", file.public_id)
            except Refusal as refusal:
                problem = refusal.sentence
    before = request.GET.get("before", "")
    found, following = reading.imports(before=int(before) if _is_number(before) else None)
    context = {
        "problem": problem,
        "imports": [
            {"change_set": one, "file": getattr(one, "file", None), "may_undo": may_undo(one)} for one in found
        ],
        "before": following,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "customers/import.html", context, status=status)


@requires("customers.import")
def columns(request: HttpRequest, import_id: str) -> HttpResponse:
    """What each column holds: guessed, with the reason; the answer is the plan."""
    file = _file(import_id)
    if not verbs.may_plan(file):
        return redirect("customers:import-plan", import_id)
    problem = ""
    data = request.POST if request.method == "POST" else None
    said = _reading(data) if data is not None else dict(file.options.get("reading", {}))
    date_format = data.get("date_format", "") if data is not None else file.options.get("date_format", "")
    try:
        table = files.open_file(file, said)
    except Refusal as refusal:
        problem, said = refusal.sentence, {}
        table = files.open_file(file, {})
    if data is not None and "_plan" in data and not problem:
        try:
            mapping = _mapping(request, table)
            planned = verbs.plan_import(file, mapping=mapping, reading=said, date_format=date_format)
            return redirect("customers:import-plan", planned.file.public_id)
        except Refusal as refusal:
            problem = _problem(refusal)
    context = _mapper(file, table, data=data, date_format=date_format) | {
        "problem": problem,
        "said": said,
        "may_make_fields": request.user.may("customers.setup"),  # type: ignore[union-attr]
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "customers/import_columns.html", context, status=status)


@requires("customers.import")
def plan(request: HttpRequest, import_id: str) -> HttpResponse:
    """The plan of an import, how far it is, or what became of it, row by row."""
    change_set = _change_set(import_id)
    return _page(request, change_set)


@requires("customers.import")
@require_POST
def leave_out(request: HttpRequest, import_id: str) -> HttpResponse:
    """Leave the ticked rows out, or take them in again."""
    change_set = _change_set(import_id)
    lines = [int(number) for number in request.POST.getlist("line") if _is_number(number)]
    try:
        verbs.leave_out(change_set, lines=lines, is_left_out="_in" not in request.POST)
    except Refusal as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.CONFLICT)
    back = QueryDict(request.POST.get("back", "")).urlencode()
    return redirect(f"{_address(change_set)}?{back}" if back else _address(change_set))


@requires("customers.import")
@require_POST
def apply(request: HttpRequest, import_id: str) -> HttpResponse:
    """Do what was planned, the chosen kinds of it."""
    change_set = _change_set(import_id)
    try:
        verbs.apply_import(change_set, kinds=request.POST.getlist("kind"))
    except Invalid as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except Refusal as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.CONFLICT)
    return redirect(_address(change_set))


@requires("customers.import")
@require_POST
def undo(request: HttpRequest, import_id: str) -> HttpResponse:
    """Take an import back."""
    change_set = _change_set(import_id)
    try:
        change_set = undo_import(change_set)
    except Refusal as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.CONFLICT)
    if change_set.state == State.UNDONE and not change_set.counts.get("kept"):
        toast(request, _("Taken back: %(title)s.") % {"title": change_set.title})
    return redirect(_address(change_set))


@requires("customers.import")
@require_POST
def stop(request: HttpRequest, import_id: str) -> HttpResponse:
    """Stop what is under way; what is done stays, and can be taken back."""
    change_set = _change_set(import_id)
    try:
        verbs.stop_import(change_set)
    except Refusal as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.CONFLICT)
    return redirect(_address(change_set))


@requires("customers.import")
def rejects(_request: HttpRequest, import_id: str) -> HttpResponse | FileResponse:
    """The rows that did not come in, with their reasons, as a file to mend and bring again."""
    change_set = _change_set(import_id)
    path, file = verbs.rejects_of(change_set), getattr(change_set, "file", None)
    if path is None or not path.is_file() or (file and _hidden_columns(file.mapping)):
        raise Http404(_("There is no such file any more."))
    content = files.opened(path)
    return FileResponse(content, as_attachment=True, filename=path.name, content_type="text/csv; charset=utf-8")


def _mapper(file: ImportFile, table: Table, *, data: QueryDict | None, date_format: str) -> dict[str, Any]:
    own = {one.name: one.label for one in customfields.of_who_acts()}
    sample = table.sample(_SAMPLE)
    country = shop.current().country
    remembered = file.mapping or verbs.remembered(table)
    guesses = guess(table.header, sample, chosen={}, own_fields=own, country=country)
    # columns without a name and without anything in them are none; thousands are nobody's table
    guesses = [one for one in guesses if table.header[one.column] or not one.is_empty][:_MOST]
    known = {int(column) - 1: field for field, column in remembered.items() if field in own or _is_field(field)}
    shown = [_column(one, table, sample, known=known, is_remembered=bool(remembered), data=data) for one in guesses]
    for column in shown:
        if column["number"] in _hidden_columns(remembered):
            column["values"] = []
    places = {one["chosen"]: one["number"] - 1 for one in shown if one["chosen"]}
    _orders, findings = date_orders(table, places, country=country, chosen=date_order(date_format))
    return {
        "file": file,
        "table": table,
        "columns": shown,
        "groups": groups(),
        "new_fields": new_fields(),
        "findings": [*table.findings, *findings],
        "encodings": [(name, encoding_name(name)) for name in SELECTABLE] if table.delimiter else [],
        "delimiters": list(_DELIMITERS.items()) if table.delimiter else [],
        "date_format": date_format,
        "is_remembered": bool(remembered) and not file.mapping,
    }


def _column(
    one: Guess,
    table: Table,
    sample: list[list[str]],
    *,
    known: dict[int, str],
    is_remembered: bool,
    data: QueryDict | None,
) -> dict[str, Any]:
    values = dict.fromkeys(text for row in sample if one.column < len(row) and (text := row[one.column].strip()))
    chosen, reason = one.field, one.reason
    if is_remembered:
        chosen = known.get(one.column, "")
        if chosen != one.field:
            reason = _("So it was the last time.") if chosen else _("It was left out the last time.")
    if data is not None and f"column_{one.column}" in data:
        chosen = str(data[f"column_{one.column}"])
    return {
        "number": one.column + 1,
        "name": f"column_{one.column}",
        "label": table.label(one.column),
        "values": [text[:60] for text in list(values)[:_SHOWN]],
        "chosen": chosen,
        "reason": reason,
        "suggestion": f"new:{one.suggestion}" if one.suggestion else "",
    }


def _mapping(request: HttpRequest, table: Table) -> dict[str, str]:
    """{field: number of the column} as the form says it; new fields are made. Raises Invalid."""
    mapping: dict[str, str] = {}
    for place in range(len(table.header)):
        field = request.POST.get(f"column_{place}", "")
        if field.startswith("new:"):
            if not request.user.may("customers.setup"):  # type: ignore[union-attr]
                raise Invalid(_("You may not make new fields. Ask somebody who sets up the shop."), fields={})
            field = create_field(label=table.label(place), type=field.removeprefix("new:")).name
            customfields.forget()
        if not field:
            continue
        if field in mapping:
            sentence = _("Two columns cannot both be “%(field)s”: choose one of them.") % {"field": label_of(field)}
            raise Invalid(sentence, fields={"columns": [sentence]})
        mapping[field] = str(place + 1)
    return mapping


def _reading(data: QueryDict) -> dict[str, str]:
    return {name: str(data[name]) for name in ("encoding", "delimiter", "sheet") if data.get(name)}


def _page(
    request: HttpRequest, change_set: ChangeSet, *, problem: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    is_under_way = change_set.state in _UNDER_WAY
    parts = [] if change_set.state == State.PLANNING else reading.parts(change_set)
    wanted = request.GET.get("show", "")
    part = next((one for one in parts if one.name == wanted), parts[0] if parts else None)
    after = request.GET.get("after", "")
    found, following = reading.lines(change_set, part, after=int(after) if _is_number(after) else 0)
    file = getattr(change_set, "file", None)
    counts = change_set.counts
    names, hidden = Names(), customfields.hidden_from(request.user)
    context: dict[str, Any] = {
        "change_set": change_set,
        "file": file,
        "counts": counts,
        "parts": parts,
        "part": part,
        "lines": [_line(line, names, hidden=hidden) for line in found],
        "has_changes": any(line.fields for line in found),
        "has_reasons": any(line.reason for line in found),
        "after": following,
        "is_continued": _is_number(after),
        "query": request.GET.urlencode(),
        "problem": problem,
        "is_under_way": is_under_way,
        "share": min(1.0, change_set.done / change_set.total) if change_set.total else 0.0,
        "has_ticks": change_set.state == State.PLANNED and part is not None and part.outcome in verbs.DONE_BY,
        "kinds": [
            {"name": name, "label": label, "count": counts.get(name, 0)}
            for name, label in (
                ("new", _("new customers")),
                ("changed", _("changes of known ones")),
                ("possible", _("new ones who may be known")),
            )
            if counts.get(name)
        ],
        "left_out": reading.left_out(change_set) if change_set.state == State.PLANNED else counts.get("left_out", 0),
        "findings": file.repairs
        if file and change_set.state == State.PLANNED
        else change_set.params.get("findings", []),
        "not_imported": change_set.params.get("not_imported", []),
        "broken": change_set.params.get("broken", ""),
        "may_undo": may_undo(change_set),
        "may_plan": file is not None and verbs.may_plan(file) and files.path_of(file).is_file(),
        "has_rejects": bool(verbs.rejects_of(change_set)),
    }
    return render(request, "customers/import_plan.html", context, status=status)


def _line(line: Change, names: Names, *, hidden: Collection[str]) -> dict[str, Any]:
    return {
        "line": line,
        "public_id": ids.encode(Customer.id_prefix, line.customer_id) if line.customer_id else "",
        "is_left_out": line.state == Change.State.LEFT_OUT,
        "changes": [
            {"label": label_of(name), "was": value_of(name, was, names), "now": value_of(name, now, names)}
            for name, (was, now) in line.fields.items()
            if name not in hidden
        ],
    }


def _hidden_columns(mapping: Mapping[str, str]) -> set[int]:
    """The numbers of the columns that hold what the reader may not see."""
    own = {one.name for one in customfields.of_who_acts()}
    return {int(number) for name, number in mapping.items() if name.startswith(customfields.PREFIX) and name not in own}


def _is_field(name: str) -> bool:
    return any(name == known for _group, fields in groups() for known, _label in fields)


def _problem(refusal: Refusal) -> str:
    fields = getattr(refusal, "fields", {})
    return refusal.sentence or " ".join(reason for reasons in fields.values() for reason in reasons)


def _file(import_id: str) -> ImportFile:
    found = ImportFile.objects.select_related("change_set").filter(pk=ImportFile.pk_of(import_id) or 0).first()
    if found is None or not files.path_of(found).is_file():
        raise Http404(_("There is no such file any more."))
    return found


def _change_set(import_id: str) -> ChangeSet:
    """The import of that file or change set."""
    sets = ChangeSet.objects.filter(action=verbs.ACTION).select_related("made_by", "file")
    found = sets.filter(pk=ChangeSet.pk_of(import_id) or 0).first()
    found = found or sets.filter(file__pk=ImportFile.pk_of(import_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such import."))
    return found


def _address(change_set: ChangeSet) -> str:
    return reverse("customers:import-plan", args=[change_set.public_id])


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
