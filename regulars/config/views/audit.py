"""Settings > Audit: who did and read what, whether the log is as it was, and the log as a file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.config import audit_log
from regulars.core import shop
from regulars.core.text import BadText, clean
from regulars.staff.access import ON_OPENING, requires
from regulars.timeline.exporting import Part, lines_of

_REASON = 250


@requires("audit.view")
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The log, newest first, narrowed by what the address says."""
    asked = audit_log.Asked.read(request.GET)
    found = audit_log.page(asked)
    context = {
        "asked": asked,
        "lines": found.lines,
        "following": asked.url(before=found.following) if found.following else "",
        "is_continued": asked.before is not None,
        "newest": asked.url(),
        "colleagues": audit_log.colleagues(),
        "kinds": audit_log.KINDS,
        "doors": {str(door): words for door, words in audit_log.DOORS.items()},
        "proof": audit_log.proof(),
    }
    status = HTTPStatus.BAD_REQUEST if asked.problems else HTTPStatus.OK
    return render(request, "config/audit.html", context, status=status)


@requires("audit.view", recent=ON_OPENING)
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The log, or the part of it that the page shows, as JSON Lines: asked what for, then streamed."""
    asked = audit_log.Asked.read(request.POST if request.method == "POST" else request.GET)
    reason, problem = request.POST.get("reason", ""), ""
    if "_go" in request.POST and not asked.problems:
        try:
            reason = clean(reason, limit=_REASON)
        except BadText as bad:
            problem = str(bad)
        else:
            problem = "" if reason else _("Say what the file is for. It is written down with it.")
        if not problem:
            part = Part.read(
                since=asked.values["since"],
                until_day=asked.until,
                customer=asked.values["customer"],
                actor=asked.values["who"],
            )
            response = StreamingHttpResponse(_bytes(lines_of(part, reason=reason)), content_type="application/jsonl")
            name = f"audit-{shop.today().isoformat()}.jsonl"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
    context = {"asked": asked, "reason": reason, "problem": problem or " ".join(asked.problems)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context["problem"] else HTTPStatus.OK
    return render(request, "config/audit_export.html", context, status=status)


def _bytes(lines: Iterator[str]) -> Iterator[bytes]:
    """Some lines at a time: a chunk for each would cost more than the lines."""
    kept = io.StringIO()
    for line in lines:
        kept.write(line + "\n")
        if kept.tell() > 64 * 1024:
            yield kept.getvalue().encode()
            kept = io.StringIO()
    yield kept.getvalue().encode()
