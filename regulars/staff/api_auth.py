"""Who calls the API: a bearer token, and nothing else. A session cookie opens no door here."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security.http import HttpAuthBase

from regulars.core.api import budget
from regulars.core.api.problems import Problem
from regulars.staff.actions import find_token
from regulars.staff.actions.tokens import NotFromHere
from regulars.staff.models import ApiToken

_REALM = 'Bearer realm="Regulars"'


class Bearer(HttpAuthBase):
    """Lets a token in that has the scope, and whose owner still has the permission. The token is `request.auth`."""

    openapi_scheme = "bearer"

    def __init__(self, permission: str) -> None:
        super().__init__()
        self.permission = permission

    def __call__(self, request: HttpRequest) -> ApiToken:
        scheme, _space, plain = request.headers.get("Authorization", "").strip().partition(" ")
        if not scheme:
            raise Problem(
                "not-signed-in",
                _("Send a token: “Authorization: Bearer rgl_…”."),
                headers={"WWW-Authenticate": _REALM},
            )
        if scheme.lower() != "bearer":
            raise Problem(
                "not-signed-in",
                _("The header “Authorization” must begin with “Bearer”."),
                headers={"WWW-Authenticate": _REALM},
            )
        return self._let_in(plain.strip(), request.META.get("REMOTE_ADDR", ""))

    def _let_in(self, plain: str, address: str) -> ApiToken:
        try:
            found = find_token(plain, address=address)
        except NotFromHere as refusal:
            raise Problem("not-allowed", refusal.sentence) from refusal
        if found is None:
            raise Problem(
                "not-signed-in",
                _("This token is not known, or it has expired or been revoked."),
                headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
            )
        budget.spend(found.pk)
        if not found.may(self.permission):
            raise Problem(
                "not-allowed",
                _("This token lacks the scope “%(scope)s”.") % {"scope": self.permission}
                if self.permission not in found.scopes
                else _("The owner of this token has lost the permission “%(scope)s”.") % {"scope": self.permission},
                headers={
                    "WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{self.permission}"',
                },
                scope=self.permission,
            )
        return found
