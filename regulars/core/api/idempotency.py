"""Calls that happen once: the answer of a write is kept with its Idempotency-Key, in the transaction of the change.

1. The key is inserted first. A second call with it, at the same moment, waits here for the first one's commit (on
   SQLite for the write lock, on PostgreSQL at the unique index), or takes over when the first one rolled back.
2. The verb runs, and its answer is written beside the key.
3. All of it is committed at once: there is no change without its record, and no record of a change that never was.
   What was refused is not kept: repeating a refused call is harmless, and may go through when the reason has gone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import resealing, sealing
from regulars.core.api.problems import Problem, reason
from regulars.core.background import every
from regulars.core.models import IdempotentCall
from regulars.core.sight import current

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEPT_FOR = dt.timedelta(days=7)
_KEPT_HEADERS = ("ETag", "Location")
_PLACE = "core_idempotentcall.body"


def begin(request: HttpRequest, *, caller_id: int) -> IdempotentCall | None:
    """The record of this call, new or answered before; None where no key came. Runs inside the transaction."""
    key = _key(request)
    if key is None:
        return None
    fingerprint = _fingerprint(request)
    IdempotentCall.objects.bulk_create(
        [IdempotentCall(caller_id=caller_id, key=key, fingerprint=fingerprint)], ignore_conflicts=True
    )
    call = IdempotentCall.objects.get(caller_id=caller_id, key=key)
    if call.fingerprint != fingerprint:
        raise Problem(
            "key-used-twice",
            _("This Idempotency-Key came with another request before. Take a new key for a new request."),
            errors=[reason("header", HEADER, _("It was used for another request."))],
        )
    return call


def finish(call: IdempotentCall, response: HttpResponse, *, about: str) -> None:
    """Keep the answer, sealed, in the transaction of the change. `about` is the public id of whom the answer tells."""
    call.status = response.status_code
    call.headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    call.body = sealing.seal_secret(response.content.decode(), _PLACE)
    call.about = about
    call.save(update_fields=["status", "headers", "body", "about"])


def replay(call: IdempotentCall) -> HttpResponse:
    """The answer that was given before."""
    if call.is_forgotten:
        raise Problem("gone", _("What this call made has been deleted since; it is not made again."))
    body = sealing.open_secret(call.body, _PLACE) if sealing.is_sealed(call.body) else call.body
    response = HttpResponse(body, status=call.status, headers=call.headers)
    if call.body:
        response["Content-Type"] = "application/json"
    else:
        del response["Content-Type"]
    response["Idempotent-Replayed"] = "true"
    return response


def forget(about: str) -> None:
    """Drop the stored answers that tell of somebody, and keep the keys, so that nothing is done a second time."""
    IdempotentCall.objects.filter(about=about).update(body="", headers={}, is_forgotten=True)


@every("03:50", label=gettext_lazy("Forget API calls older than seven days"))
def prune() -> None:
    """Delete records older than seven days."""
    IdempotentCall.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()


def _key(request: HttpRequest) -> str | None:
    if HEADER not in request.headers:
        return None
    key = request.headers[HEADER].strip()
    if not 0 < len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        sentence = _("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        raise Problem("invalid", sentence, errors=[reason("header", HEADER, sentence)])
    return key


def _fingerprint(request: HttpRequest) -> str:
    """What makes two requests the same: method, address, and the JSON in the body whatever its spacing and order.

    And what the caller sees: an answer that was given when they saw more is not repeated to who sees less.
    """
    body: Any = json.loads(request.body) if request.body else None
    parts = [request.method, request.get_full_path(), json.dumps(body, sort_keys=True)]
    if not current().is_open:
        parts.append(current().key)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


# an answer tells of people what their rows keep sealed
resealing.add_secrets(IdempotentCall, "body", place=lambda _pk: _PLACE)
