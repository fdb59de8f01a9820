"""The API's door: all rooms' operations at /api/v1/, each behind a bearer token, in the name of the token's owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from regulars.channels.api import routes as channels
from regulars.channels.outgoing.api import routes as webhooks
from regulars.core.api import handlers
from regulars.core.api.parser import JsonParser
from regulars.core.api.routes import permission_of
from regulars.customers import reads
from regulars.customers.api import routes as customers
from regulars.customers.models import Customer
from regulars.inbox.api import routes as inbox
from regulars.inbox.api.figures import routes as inbox_figures
from regulars.inbox.articles.api import routes as articles
from regulars.inbox.mail.api import routes as mails
from regulars.messaging.api import routes as messages
from regulars.orders.api import routes as orders
from regulars.segments.api import routes as segments
from regulars.staff.api_auth import Bearer
from regulars.staff.policy import reading_as, streamed
from regulars.timeline.actions import acting
from regulars.timeline.models import Source

ROOMS = (customers, segments, orders, channels, webhooks, messages, mails, inbox, inbox_figures, articles)


def _as_owner(operation: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What a call changes is the deed of its token's owner, through the API; it reads what that person sees."""

    @wraps(operation)
    def run(request: HttpRequest, **arguments: Any) -> HttpResponse:
        token = request.auth  # type: ignore[attr-defined]
        with acting(token.user_id, Source.API, token_id=token.pk), reading_as(token) as access:
            _note_read(request, operation, arguments)
            return streamed(operation(request, **arguments), access)

    return run


def _note_read(request: HttpRequest, operation: Callable[..., HttpResponse], arguments: Mapping[str, Any]) -> None:
    """Whatever is read of one customer is written down, before it is read."""
    number = Customer.pk_of(str(arguments.get("customer_id", "")))
    if number and request.method in {"GET", "HEAD"}:
        reads.opened([number], operation.__name__)


api = NinjaAPI(
    title="Regulars", version="1", urls_namespace="api", openapi_url=None, docs_url=None, parser=JsonParser()
)
handlers.install(api)
api.add_decorator(_as_owner, mode="operation")
for room in ROOMS:
    api.add_router("", room.guarded_by(Bearer))


def permissions() -> dict[str, str]:
    """The permission of every operation, by the operation's name."""
    return {str(operation.operation_id): permission_of(operation) for room in ROOMS for operation in room.operations()}
