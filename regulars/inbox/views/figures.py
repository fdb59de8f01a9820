"""The page of figures, what stands behind each of them, and all of it as a table for spreadsheets."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from regulars.core.errors import Invalid
from regulars.core.tabular_out import SafeWriter
from regulars.inbox.figures import counting, periods, satisfaction
from regulars.inbox.figures.counting import Figures
from regulars.inbox.models import Kept
from regulars.inbox.promises import saying
from regulars.staff.access import requires

_SHOWN = 200
_GROUP_TITLES = {
    "topic": gettext_lazy("By topic"),
    "agent": gettext_lazy("By colleague"),
    "way": gettext_lazy("By way"),
}
_OF_A_LINE = (
    *("came", "in_time", "late", "answers", "first_answer_median"),
    *("asked", "asked_and_rated", "rated", "good", "good_share", "rating_rate"),
)


@requires("inbox.view")
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """A period beside the one before; `as=csv` gives it as a table."""
    try:
        period = periods.read(request.GET.dict())
    except Invalid as refused:
        context: dict[str, Any] = {
            "problem": " ".join(reason for reasons in refused.fields.values() for reason in reasons)
        }
        context |= {"begins": request.GET.get("from", ""), "ends": request.GET.get("to", "")}
        return render(request, "inbox/figures.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    found = counting.figures(period)
    if request.GET.get("as") == "csv":
        return _table(found)
    before = counting.figures(period.before)
    span = {"from": period.begins.isoformat(), "to": period.ends.isoformat()}
    context = {
        "begins": span["from"],
        "ends": span["to"],
        "span": urlencode(span),
        "found": found,
        "before": before,
        "tiles": _tiles(found, before, span),
        "groups": _groups(found),
        "rated_tiles": _rated_tiles(found, before, span),
        "rated_groups": _rated_groups(found),
        "promises": [
            {**one, "what": saying.kind(one["kind"]), "share": counting.share(one["kept"], one["missed"])}
            for one in found.promises
        ],
        "has_any": bool(
            found.came
            or found.answered
            or found.in_time
            or found.late
            or found.satisfaction.rated
            or any(found.backlog)
        ),
        "backlog": list(zip(period.days, found.backlog, strict=True)),
    }
    return render(request, "inbox/figures.html", context)


@requires("inbox.view")
@require_safe
def behind(request: HttpRequest) -> HttpResponse:
    """The conversations that one number counts."""
    what = request.GET.get("what", "")
    if what not in counting.WHATS:
        raise Http404(_("There is no such figure."))
    try:
        period = periods.read(request.GET.dict())
    except Invalid as refused:
        raise Http404(refused.sentence) from refused
    group, key = request.GET.get("group", ""), request.GET.get("key", "")
    rows = counting.behind(what, period, group=group, key=key).select_related("customer", "topic", "assignee")
    context = {
        "title": _titles()[what],
        "period": period,
        "rows": list(rows.order_by("-began_at", "-pk")[:_SHOWN]),
        "count": rows.count(),
        "span": urlencode({"from": period.begins.isoformat(), "to": period.ends.isoformat()}),
    }
    return render(request, "inbox/behind.html", context)


def _tiles(found: Figures, before: Figures, span: dict[str, str]) -> list[dict[str, Any]]:
    """The figures on top, each with what it was before, in words."""
    titles = _titles()

    def tile(what: str, value: str, was: str, note: str = "") -> dict[str, Any]:
        address = urlencode({"what": what, **span})
        return {"title": titles[what], "value": value, "was": was, "note": note, "query": address}

    share, was_share = found.share, before.share
    in_time = _("%(in_time)s of %(all)s") % {"in_time": found.in_time, "all": found.in_time + found.late}
    return [
        tile(counting.IN_TIME, _percent(share), _percent(was_share), in_time if share is not None else ""),
        tile(
            counting.ANSWERED,
            _length(found.median),
            _length(before.median),
            _("nine of ten within %(time)s") % {"time": _length(found.nine_of_ten)} if found.nine_of_ten else "",
        ),
        tile(counting.CAME, str(found.came), str(before.came)),
        tile(counting.DONE, str(found.done), str(before.done)),
        tile(counting.OPEN, str(found.backlog[-1]), str(before.backlog[-1])),
        tile(counting.LATE, str(found.late), str(before.late)),
    ]


def _rated_tiles(found: Figures, before: Figures, span: dict[str, str]) -> list[dict[str, Any]]:
    """How customers found it; nothing where nobody was asked."""
    now, was = found.satisfaction, before.satisfaction
    if not now.asked and not now.rated:
        return []
    titles = _titles()

    def tile(what: str, title: str, value: str, was: str, note: str = "") -> dict[str, Any]:
        return {"title": title, "value": value, "was": was, "note": note, "query": urlencode({"what": what, **span})}

    good = _("%(part)s of %(all)s") % {"part": now.good, "all": now.rated}
    answered = _("%(part)s of %(all)s") % {"part": now.answered, "all": now.asked}
    return [
        tile(satisfaction.GOOD, _("Share of good ratings"), _percent(now.good_share), _percent(was.good_share), good),
        tile(satisfaction.RATED, titles[satisfaction.RATED], str(now.rated), str(was.rated)),
        tile(
            satisfaction.ASKED,
            _("Said something when asked"),
            _percent(now.answer_rate),
            _percent(was.answer_rate),
            answered,
        ),
    ]


def _rated_groups(found: Figures) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": _GROUP_TITLES[name],
            "lines": [
                {
                    "line": line,
                    "rated": line.satisfaction,
                    "share": _percent(line.satisfaction.good_share),
                    "rate": _percent(line.satisfaction.answer_rate),
                }
                for line in sorted(lines, key=lambda one: (-one.satisfaction.rated, one.name))
                if line.satisfaction.asked or line.satisfaction.rated
            ],
        }
        for name, lines in found.groups.items()
    ]


def _groups(found: Figures) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "title": _GROUP_TITLES[name],
            "has_answers": name == "agent",
            "lines": [{"line": line, "share": _percent(line.share), "median": _length(line.median)} for line in lines],
        }
        for name, lines in found.groups.items()
        if lines
    ]


def _titles() -> dict[str, str]:
    return {
        counting.IN_TIME: _("Answered in time"),
        counting.ANSWERED: _("First answer after"),
        counting.CAME: _("Inquiries"),
        counting.DONE: pgettext("inquiries", "Done"),
        counting.OPEN: _("Open at the end"),
        counting.LATE: _("Late"),
        counting.COMPLAINTS: _("Complaints"),
        satisfaction.ASKED: _("Asked for a rating"),
        satisfaction.RATED: _("Ratings"),
        satisfaction.GOOD: _("Good ratings"),
    }


def _table(found: Figures) -> HttpResponse:
    stream = io.StringIO()
    writer = SafeWriter(stream)
    writer.writerow(["part", "name", "figure", "value"])
    said = found.as_json()
    for name, value in said.items():
        if not isinstance(value, list):
            writer.writerow(["all", "", name, value])
    for day in said["backlog"]:
        writer.writerow(["backlog", day["day"], "open", day["open"]])
    for group in counting.GROUPS:
        for line in said[f"by_{group}"]:
            for figure in _OF_A_LINE:
                writer.writerow([group, line["name"], figure, line[figure]])
    for one in said["promises"]:
        for figure in ("kept", "missed"):
            writer.writerow(["promise", f"{one['promise']}: {Kept(one['kind']).value}", figure, one[figure]])
    for one in said["complaints"]:
        writer.writerow(["complaints", one["title"], "count", one["count"]])
    response = HttpResponse(stream.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    name = f"inbox-{found.period.begins}-{found.period.ends}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{part:.0%}"


def _length(minutes: float | None) -> str:
    return "–" if minutes is None else saying.span(minutes)
