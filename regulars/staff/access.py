"""The policy layer: every page and every API operation states the permission it needs, or that it is public."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.core.errors import NotAllowed
from regulars.staff.actions.sign_in import MUST_SET_UP
from regulars.staff.queries import roles_with
from regulars.staff.recent import ON_OPENING, is_asked, require_recent
from regulars.staff.roles import PERMISSIONS

__all__ = ["ON_OPENING", "PUBLIC", "SIGNED_IN", "check", "public", "requires"]

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
SIGNED_IN = "signed-in"


def requires(permission: str, *, recent: bool | str = False, before_set_up: bool = False) -> Callable[[View], View]:
    """Guard a page: `@requires("customers.view")`. A test walks every URL and fails on one without.

    With `recent=True` whoever sends something proves anew who they are where the last time is too long ago; with
    ON_OPENING whoever opens the page does, too (recent.py). `before_set_up` marks the few pages that people see
    whose role asks for a second step which they have not set up yet.
    """
    if permission != SIGNED_IN and permission not in PERMISSIONS:
        raise ValueError(f"{permission} is not a permission; add it to staff/roles.py")

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
            if request.session.get(MUST_SET_UP) and not before_set_up:
                return redirect("staff:set-up-codes")
            if permission != SIGNED_IN:
                check(request.user, permission)
            if is_asked(request, recent) and (asks := require_recent(request)) is not None:
                return asks
            response: HttpResponse = view(request, *args, **kwargs)
            return response

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.recent = recent  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return guard


def public(view: View) -> View:
    """Say aloud that anyone may open this page."""
    view.permission = PUBLIC  # type: ignore[attr-defined]
    return view


def check(actor: Any, permission: str) -> None:
    """Refuse an actor (a user or a token) that lacks the permission, and say who has it."""
    if not actor.may(permission):
        roles = pgettext("between the words of a list", ", ").join(roles_with(permission))
        raise NotAllowed(
            _("You may not do this: %(what)s. It is for: %(roles)s.")
            % {"what": PERMISSIONS[permission], "roles": roles},
            permission=permission,
        )
