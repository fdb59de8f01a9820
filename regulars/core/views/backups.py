"""The page of backups: what there is, whether it is proven, and how to bring the shop back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.core import quarantine
from regulars.core.background import overview
from regulars.core.backup import keys, sockets, state, taking

_SHOWN = 40


@require_safe
def backups(request: HttpRequest) -> HttpResponse:
    """All backups on one page; the part that changes is fetched again while one is being taken."""
    listed, away = state.listed()
    labels = {"tables": _("rows of all tables"), "files": _("files")} | {
        name: label for name, (label, _check) in sockets.checks().items()
    }
    context: dict[str, Any] = {
        "listed": [{"one": one, "checked": _checked(one, labels)} for one in listed[:_SHOWN]],
        "more": max(0, len(listed) - _SHOWN),
        "away": away,
        "failed": state.failed(),
        "health": state.health(),
        "keys_missing": [row for row in keys.missing() if row.error],
        "running": overview.running_of(*taking.VERBS),
        "waiting": overview.waits(*taking.VERBS),
        "stores": settings.BACKUP_PLACES,
        "keep": dict(zip(("daily", "weekly", "monthly"), settings.BACKUP_KEEP, strict=True)),
        "at": settings.BACKUP_AT,
        "escrow": len(settings.BACKUP_RECIPIENTS),
        "restoration": quarantine.current(),
        "may_edit": request.user.may("backups.edit"),  # type: ignore[union-attr]
    }
    is_part = request.headers.get("HX-Target") == "backups"
    return render(request, "core/_backups.html" if is_part else "core/backups.html", context)


@require_POST
def back_up_now(request: HttpRequest) -> HttpResponse:
    """Take a backup in the background."""
    if overview.running_of(*taking.VERBS) or overview.waits(*taking.VERBS):
        messages.info(request, _("A backup is being taken already."))
    else:
        taking.back_up_now.later()
        messages.success(request, _("The backup begins."))
    return redirect("backups")


@require_POST
def verify(request: HttpRequest, name: str) -> HttpResponse:
    """Prove a backup again in the background."""
    taking.verify_now.later(name=name)
    messages.success(request, _("%(name)s is restored in a scratch place and looked at.") % {"name": name})
    return redirect("backups")


@require_POST
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Remove a backup from every place."""
    taking.remove(name)
    messages.success(request, _("%(name)s is removed.") % {"name": name})
    return redirect("backups")


@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """End the quarantine of a restored shop."""
    last = quarantine.release()
    if last is not None:
        sockets.tell("released", last.backup)
        messages.success(request, _("The quarantine is over. What waited goes out now."))
    return redirect("backups")


def _checked(one: state.Listed, labels: dict[str, Any]) -> list[dict[str, Any]]:
    """What was looked at, in the reader's words."""
    checked = one.run.checked if one.run else []
    return [{**check, "label": labels.get(check["name"], check["name"])} for check in checked]
