"""The addresses of the API, its reference, and the pages that explain its problems."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from regulars.config.api import api, permissions
from regulars.config.api_reference import docs, openapi, problem_page, problems_page
from regulars.core.api import problems
from regulars.staff.access import public


@csrf_exempt
@public
def nothing_here(request: HttpRequest) -> HttpResponse:
    """Whatever begins with /api/ and is no operation."""
    return problems.answer(request, problems.kind_for(404), detail=_("There is nothing at this address."))


def _operations() -> tuple[list[URLPattern | URLResolver], str, str]:
    """The operations' addresses; each view says its permission, for the test that no address is without."""
    made, app, namespace = api.urls
    needed = permissions()
    patterns: list[URLPattern | URLResolver] = []
    # The framework makes one pattern per operation, named as the operation is, and one for the root, which is none.
    for pattern in made:
        permission = needed.get(str(getattr(pattern, "name", "")))
        if permission is not None:
            pattern.callback.permission = permission  # type: ignore[union-attr]
            patterns.append(pattern)
    return patterns, app, namespace


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/v1/docs", docs, name="api-docs"),
    path("api/v1/", _operations()),
    re_path(r"^api/", nothing_here),
    path("problems", problems_page, name="problems"),
    path("problems/<slug:slug>", problem_page, name="problem"),
]
