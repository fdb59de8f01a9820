"""Our own format, for tills, programs and scripts: signed JSON, a record or a list of them (docs/guide/push.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pydantic_core
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from regulars.channels.connectors import signatures
from regulars.channels.connectors.protocol import Event, Incoming, Link, NotGenuine, Option, Unreadable
from regulars.channels.connectors.push.reading import as_record
from regulars.channels.connectors.push.shapes import DELIVERY
from regulars.channels.models import Kind
from regulars.channels.records import AnyRecord
from regulars.channels.secrets import live_keys

_MOST_REASONS = 3


class Push:
    """Receives what a program of the shop's own says."""

    provider: ClassVar[str] = "push"
    label: ClassVar[Promise | str] = gettext_lazy("Your own program or till")
    channel_kind: ClassVar[Kind] = Kind.STORE
    options: ClassVar[Sequence[Option]] = ()
    guide: ClassVar[Promise | str] = gettext_lazy(
        "Post customers, orders, returns, products and checkouts as JSON to the address shown here, signed with the "
        "key shown here. The guide “Push sales from your own program” has whole examples."
    )

    def genuine(self, incoming: Incoming, secrets: Mapping[str, str]) -> Event:
        """The event, once its signature and moment have been checked. Raises NotGenuine."""
        keys = live_keys(secrets)
        if not keys:
            raise NotGenuine(_("This connection has no key."))
        event, sent_at = signatures.check(incoming, keys)
        return Event(id=event, topic="records", sent_at=sent_at)

    def records(self, topic: str, body: bytes, link: Link) -> Sequence[AnyRecord]:  # noqa: ARG002 — there is one topic
        """The records of the body. Raises Unreadable with a sentence for each of the first fields that are wrong."""
        try:
            content = pydantic_core.from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise Unreadable(_("The body is not JSON: %(why)s.") % {"why": error}) from None
        try:
            shapes = DELIVERY.validate_python(content if isinstance(content, list) else [content])
        except ValidationError as error:
            raise Unreadable(_sentence(error)) from None
        return [as_record(shape, link) for shape in shapes]


def _sentence(error: ValidationError) -> str:
    """Which fields are wrong, and how. What was sent is not repeated: it may be about a person."""
    said = [
        f"{_place(reason['loc'])}: {reason['msg'].removeprefix('Value error, ')}"
        for reason in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    more = len(said) - _MOST_REASONS
    text = "; ".join(said[:_MOST_REASONS])
    return _("%(reasons)s; and %(count)s more.") % {"reasons": text, "count": more} if more > 0 else f"{text}."


def _place(steps: tuple[int | str, ...]) -> str:
    """`0.lines.2.unit_price`; of the union's own steps, which repeat the type, nothing."""
    return ".".join(str(step) for number, step in enumerate(steps) if number != 1) or "0"


push = Push()
