"""Keys for programs: made here, shown once, revoked at any time."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.staff import queries
from regulars.staff.access import requires
from regulars.staff.actions import create_token, revoke_token
from regulars.staff.forms import TokenForm
from regulars.staff.models import ApiToken
from regulars.staff.roles import PERMISSIONS


@requires("tokens.edit", recent=True)
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """All tokens, and the form for a new one. The text of a new one stands on the answer to its making alone."""
    user: Any = request.user
    form = TokenForm(request.POST or None, user=user)
    made, plain = None, ""
    if request.method == "POST" and form.is_valid():
        try:
            made, plain = create_token(
                user=user,
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at,
                networks=form.addresses,
                by=user,
            )
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            form = TokenForm(user=user)
    works, ended = queries.token_list()
    context = {"form": form, "made": made, "plain": plain, "tokens": _lines(works), "ended": _lines(ended)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/tokens.html", context, status=status)


@requires("tokens.edit")
@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let the program in no more."""
    try:
        token = ApiToken.by_public_id(public_id)
    except ApiToken.DoesNotExist as missing:
        raise Http404(_("There is no such token.")) from missing
    revoke_token(token)
    toast(request, _("“%(name)s” is revoked.") % {"name": token.name})
    return redirect("staff:tokens")


def _lines(tokens: Iterable[ApiToken]) -> list[dict[str, Any]]:
    return [
        {
            "token": token,
            "may": [PERMISSIONS.get(scope, scope) for scope in token.scopes],
            "idle": [PERMISSIONS.get(scope, scope) for scope in token.idle_scopes],
        }
        for token in tokens
    ]
