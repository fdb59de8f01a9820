"""Two questions of machines, answered before anything else is asked: does the process live, and can it serve?"""

from __future__ import annotations

from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse


class Health:
    """Answers /healthz and /readyz. It stands first: a probe has no session, no language, and any host name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._is_migrated = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in {"/healthz", "/readyz"}:
            return self.get_response(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        # A slow database must not get a live process restarted: only /readyz looks at it.
        reason = self._reason() if request.path_info == "/readyz" else ""
        answer = {"status": "not ready", "reason": reason} if reason else {"status": "ok"}
        return JsonResponse(answer, status=503 if reason else 200, headers={"Cache-Control": "no-store"})

    def _reason(self) -> str:
        """Why the shop cannot serve; empty when it can."""
        try:
            # Migrations that were there stay there: they are looked at until they are complete, and never again.
            if self._is_migrated:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
                return ""
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return "the database waits for `regulars migrate`"
        except Error:
            return "the database does not answer"
        self._is_migrated = True
        return ""
