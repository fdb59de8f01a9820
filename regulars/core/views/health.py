"""Two questions of machines: does the process live, and can it serve?"""

from __future__ import annotations

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

_is_migrated = False


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The process lives; asks nothing of anybody else, so that a slow database does not get it restarted."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The database answers and has this version's shape; 503 with the reason until then."""
    try:
        problem = _problem()
    except Error:
        problem = "the database does not answer"
    if problem:
        return JsonResponse({"status": "not ready", "reason": problem}, status=503)
    return JsonResponse({"status": "ready"})


def _problem() -> str:
    # A process never loses migrations that were there: looking once is enough, and quick from then on.
    global _is_migrated  # noqa: PLW0603
    if _is_migrated:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return ""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "the database waits for `regulars migrate`"
    _is_migrated = True
    return ""
