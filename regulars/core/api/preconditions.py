"""ETags: which version an answer shows, and which version a change means.

An ETag is `"<version>-<fingerprint of the body>"`. Reading compares all of it, so that a purchase that changes the
figures on a customer is seen. Changing compares the version alone: figures that moved meanwhile are no reason to
refuse a new phone number.
"""

from __future__ import annotations

import hashlib
from typing import TypeVar

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import BaseModel

from regulars.core.api.problems import Problem, reason
from regulars.core.models import Row

AnyRow = TypeVar("AnyRow", bound=Row)


def as_json(body: BaseModel) -> bytes:
    """A body as it goes out."""
    return body.model_dump_json(by_alias=True).encode()


def etag(body: bytes, *, version: int | None = None) -> str:
    """The ETag of a body, and of the version of the row it shows."""
    fingerprint = hashlib.sha256(body).hexdigest()[:16]
    return f'"{fingerprint}"' if version is None else f'"{version}-{fingerprint}"'


def find(model: type[AnyRow], public_id: str, *, to_change: bool = False) -> AnyRow:
    """The row of that id, locked until the end of the transaction where it is to be changed; else a 404."""
    rows = model._default_manager.all()
    if to_change:
        # On SQLite the transaction already holds the only write lock, and this says nothing.
        rows = rows.select_for_update(of=("self",), no_key=True)
    row = rows.filter(pk=model.pk_of(public_id) or 0).first()
    if row is None:
        raise Problem("not-found", _("There is nothing with the id %(id)s here.") % {"id": public_id})
    return row


def must_match(request: HttpRequest, row: Row, *, shown: BaseModel) -> None:
    """Refuse a change that does not say which version it means (428), or means another than this one (412).

    `shown` is what a read would bring now; the refusal hands its ETag over.
    """
    current = etag(as_json(shown), version=row.version)
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise Problem(
            "needs-if-match",
            _("Send the ETag of your last read in “If-Match”."),
            errors=[reason("header", "If-Match", _("This is required."))],
            headers={"ETag": current},
        )
    if header == "*":
        return
    if str(row.version) not in {tag.partition("-")[0] for tag in tags(header) if not tag.startswith("W/")}:
        raise Problem(
            "changed-meanwhile",
            _("Somebody changed it since you read it. Read it again, and send the new ETag with your change."),
            headers={"ETag": current},
            etag=current,
        )


def is_known(request: HttpRequest, current: str) -> bool:
    """Whether the caller already has this answer (If-None-Match, compared weakly as reading may)."""
    header = request.headers.get("If-None-Match", "").strip()
    if header == "*":
        return True
    return current.strip('"') in {tag.removeprefix("W/") for tag in tags(header)}


def tags(header: str) -> list[str]:
    """The entity tags of a header, without their quotation marks; a weak one keeps its W/."""
    return [tag.strip().replace('"', "") for tag in header.split(",") if tag.strip()]
