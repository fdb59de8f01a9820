"""The addresses of the API, its reference, and the pages that explain its problems."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt

from regulars.config.api import api, permissions
from regulars.config.api_reference import docs, openapi, problem_page, problems_page
from regulars.staff.access import PUBLIC, public


@csrf_exempt
@public
def nothing_here(_request: HttpRequest) -> HttpResponse:
    """Whatever begins with /api/ and is no operation; core.api.door turns this into a problem."""
    raise Http404


def _operations() -> tuple[list[URLPattern | URLResolver], str, str]:
    """The operations' addresses; each view says its permission, for the test that no address is without."""
    patterns, app, namespace = api.urls
    for pattern in patterns:
        # The framework makes one pattern per operation, named as the operation is; the root tells of nothing.
        pattern.callback.permission = permissions().get(str(pattern.name), PUBLIC)
    return patterns, app, namespace


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/v1/docs", docs, name="api-docs"),
    path("api/v1/", _operations()),
    re_path(r"^api/", nothing_here),
    path("problems", problems_page, name="problems"),
    path("problems/<slug:slug>", problem_page, name="problem"),
]
