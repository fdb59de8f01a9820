"""One delivery: what became of it, what it says, and, for who may see everything, the delivery as it arrived."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from regulars.channels import bodies
from regulars.channels.applying.engine import link_of
from regulars.channels.connectors.registry import connector_of
from regulars.channels.facts import DeliveryRead
from regulars.channels.models import Connection, Delivery
from regulars.channels.saying import Said, in_words
from regulars.channels.views.finding import connection_at
from regulars.core.errors import Refusal
from regulars.core.sealing import Damaged
from regulars.staff.access import requires
from regulars.staff.policy import current
from regulars.timeline.actions import note_read

_SHOWN = 200_000  # characters of a body that stand on the page


@requires("channels.view")
@require_safe
@never_cache
def delivery(request: HttpRequest, connection_id: str, delivery_id: str) -> HttpResponse:
    """A delivery with its fate. What it says is shown to who sees all customers in full, and that is written down."""
    user: Any = request.user
    connection = connection_at(connection_id)
    number = int(delivery_id) if delivery_id.isascii() and delivery_id.isdigit() and len(delivery_id) < 19 else 0
    found = Delivery.objects.filter(connection=connection, pk=number).first()
    if found is None:
        raise Http404(_("There is no such delivery, or it is not kept any more."))
    context: dict[str, Any] = {
        "connection": connection,
        "delivery": found,
        "is_shown": current().is_open,
        "may_edit": user.may("channels.edit"),
    }
    if current().is_open and found.body:
        note_read(DeliveryRead(topic=found.topic, delivery=found.event), customer_id=found.customer_id, subject=found)
        context |= _opened(connection, found)
    return render(request, "channels/delivery.html", context)


def _opened(connection: Connection, found: Delivery) -> dict[str, Any]:
    try:
        body = bodies.body_of(found)
    except Damaged:
        return {"problem": _("It cannot be opened: it was changed, or sealed with other keys.")}
    said, problem = _said(connection, found, body)
    text = _pretty(body)
    return {
        "body": text[:_SHOWN],
        "is_cut": len(text) > _SHOWN,
        "size": len(body),
        "records": said,
        "problem": problem,
    }


def _said(connection: Connection, found: Delivery, body: bytes) -> tuple[list[Said], str]:
    try:
        records = connector_of(connection.provider).records(found.topic, body, link_of(connection))
        return [in_words(record) for record in records], ""
    except Refusal as refusal:
        return [], refusal.sentence
    except KeyError:
        return [], _("This version does not know the system “%(name)s”.") % {"name": connection.provider}


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body.decode("utf-8", "replace")
