"""Settings: what is promised to whom, when the shop works, and how inquiries are acknowledged."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers.names import category_name
from regulars.inbox.acknowledging import estimating, expecting, telling, texts
from regulars.inbox.acknowledging import setting_up as acknowledging
from regulars.inbox.forms.promising import AcknowledgingForm, CalendarForm, PromiseForm
from regulars.inbox.models import Calendar, Promise
from regulars.inbox.promises import recomputing, saying, setting_up, writing
from regulars.staff.access import requires


@requires("inbox.setup")
def promises(request: HttpRequest) -> HttpResponse:
    """Every promise in its order, in plain sentences, and the calendars."""
    rows = Promise.objects.select_related("calendar", "category", "topic", "channel", "mailbox")
    lines = [{"promise": one, "sentences": saying.sentences(one), "conditions": _conditions(one)} for one in rows]
    calendars = Calendar.objects.prefetch_related("days")
    context = {"lines": lines, "calendars": [{"calendar": one, "week": _week(one)} for one in calendars]}
    return render(request, "inbox/promises.html", context)


@requires("inbox.setup")
def promise(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """One promise, or a new one; before it is saved, what becomes of those that are open can be looked at."""
    current = _promise(public_id) if public_id else None
    form = PromiseForm(request.POST or None, promise=current)
    seen = None
    if request.method == "POST" and form.is_valid():
        try:
            if "look" in request.POST:
                seen = recomputing.preview(lambda: setting_up.save_promise(current, values=form.values))
            else:
                saved = setting_up.save_promise(current, values=form.values)
                toast(request, _("Saved. Open promises follow in the background."))
                return (
                    redirect("promises:promise", saved.public_id) if current is None else redirect("promises:promises")
                )
        except Invalid as refused:
            form.refuse(refused)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "inbox/promise.html", {"form": form, "promise": current, "seen": seen}, status=status)


@requires("inbox.setup")
@require_POST
def move(request: HttpRequest, public_id: str) -> HttpResponse:
    """Up or down the list."""
    setting_up.move_promise(_promise(public_id), by=-1 if request.POST.get("to") == "up" else 1)
    return redirect("promises:promises")


@requires("inbox.setup")
@require_POST
def remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Promise it no longer."""
    found = _promise(public_id)
    setting_up.delete_promise(found)
    toast(request, _("“%(name)s” is promised no longer.") % {"name": found.name})
    return redirect("promises:promises")


@requires("inbox.setup")
def calendar(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """When the shop works: a week, and the days that are not like others."""
    current = _calendar(public_id) if public_id else None
    form = CalendarForm(request.POST or None, calendar=current)
    seen = None
    if request.method == "POST" and form.is_valid():
        try:
            if "look" in request.POST:
                seen = recomputing.preview(lambda: setting_up.save_calendar(current, values=form.values))
            else:
                setting_up.save_calendar(current, values=form.values)
                toast(request, _("Saved. Open promises follow in the background."))
                return redirect("promises:promises")
        except Invalid as refused:
            form.refuse(refused)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "inbox/calendar.html", {"form": form, "calendar": current, "seen": seen}, status=status)


@requires("inbox.setup")
@require_POST
def calendar_remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Forget a calendar that nothing counts with."""
    found = _calendar(public_id)
    setting_up.delete_calendar(found)
    toast(request, _("The calendar “%(name)s” is removed.") % {"name": found.name})
    return redirect("promises:promises")


@requires("inbox.setup")
def acknowledgement(request: HttpRequest) -> HttpResponse:
    """On or off, by which ways, in which words; and how much there is to learn from."""
    rules = telling.current()
    form = AcknowledgingForm(request.POST or None, rules=rules)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        acknowledging.change(is_on=values["is_on"], ways=values["ways"], texts=form.texts())
        toast(request, _("Saved."))
        return redirect("promises:acknowledgement")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    now = timezone.now()
    examples = []
    if not form.errors:
        for language in form.languages:
            _name, text = texts.chosen(rules.texts, language)
            examples.append((language, *texts.example(text, now=now, language=language)))
    learned = expecting.learned_from()
    context = {
        "form": form,
        "examples": examples,
        "learned": learned,
        "enough": estimating.ENOUGH,
        "names": texts.NAMES,
    }
    return render(request, "inbox/acknowledgement.html", context, status=status)


def _conditions(promise: Promise) -> list[str]:
    found = []
    if promise.category is not None:
        found.append(_("customers of the category %(name)s") % {"name": category_name(promise.category)})
    if promise.by:
        found.append(_("by %(way)s") % {"way": saying.way(promise.by)})
    for row, sentence in (
        (promise.topic, _("about %(name)s")),
        (promise.channel, _("from %(name)s")),
        (promise.mailbox, _("to %(name)s")),
    ):
        if row is not None:
            found.append(sentence % {"name": str(row)})
    return found


def _week(calendar: Calendar) -> list[tuple[str, str]]:
    """The days of the week, those that follow each other with the same times as one line: Mon–Fri 09:00–18:00."""
    lines: list[list[Any]] = []
    for number, day in enumerate(calendar.week):
        times = writing.windows(day)
        if lines and lines[-1][2] == times:
            lines[-1][1] = number
        else:
            lines.append([number, number, times])
    named = {number: str(name) for number, name in WEEKDAYS_ABBR.items()}
    return [(named[one] if one == last else f"{named[one]}–{named[last]}", times) for one, last, times in lines]


def _promise(public_id: str) -> Promise:
    found = Promise.objects.filter(pk=Promise.pk_of(public_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such promise. Perhaps it was removed."))
    return found


def _calendar(public_id: str) -> Calendar:
    found = Calendar.objects.prefetch_related("days").filter(pk=Calendar.pk_of(public_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such calendar. Perhaps it was removed."))
    return found
