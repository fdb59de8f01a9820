"""The page of background work: what runs, what waits, what failed, and what runs by the clock."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_tasks_db.models import DBTaskResult

from regulars.core.background import overview, queue


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """All jobs on one page; the part that changes is fetched again while something runs."""
    context: dict[str, Any] = {
        "running": overview.running(),
        "waiting": overview.waiting(),
        "failed": overview.failed(),
        "done": overview.done(),
        "clocks": overview.by_the_clock(),
        "may_edit": request.user.may("jobs.edit"),  # type: ignore[union-attr]
    }
    return render(request, "core/_jobs.html" if _is_fragment(request) else "core/jobs.html", context)


@require_POST
def try_again(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Put a failed job back into the queue."""
    queue.try_again(get_object_or_404(DBTaskResult, pk=job_id))
    messages.success(request, _("It is tried again."))
    return redirect("jobs")


@require_POST
def stop(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Stop a job that waits or runs."""
    queue.cancel(get_object_or_404(DBTaskResult, pk=job_id), by=str(request.user))
    messages.success(request, _("It is stopped."))
    return redirect("jobs")


def _is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target") == "jobs"
