"""Asking platforms: one request and its JSON, and what their refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.channels.connectors.protocol import Option, Unreached, Unreadable
from regulars.channels.connectors.reading import parsed
from regulars.core import outbound

HOW_OFTEN = Option(
    "pull_minutes",
    gettext_lazy("Minutes between two fetches"),
    gettext_lazy("What changed is fetched every 15 minutes where this is empty, and never with 0."),
    is_required=False,
)

_WITHIN = 30.0
_AT_MOST = 32_000_000
_SOME_SECONDS = 10.0
_LONGEST = 3_600.0
_NEXT = re.compile(r'<([^<>]{1,4000})>\s*;\s*rel="?next"?')


class Refused(Unreached):
    """The platform does not accept what was asked (4xx): another try would end in the same way."""

    def __init__(self, sentence: str, *, answered: int = 0) -> None:
        super().__init__(sentence)
        self.answered = answered

    @property
    def is_of_this_alone(self) -> bool:
        """Whether the key is good, but may not do this, or there is no such thing there."""
        return self.answered in {403, 404}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform answered: the JSON, and its headers with small letters."""

    found: Any
    headers: Mapping[str, str]

    @property
    def next_query(self) -> dict[str, str]:
        """The query of the next page's link (RFC 8288); only that is taken from it, never where it leads."""
        link = _NEXT.search(self.headers.get("link", ""))
        if link is None:
            return {}
        return {name: values[0] for name, values in parse_qs(urlsplit(link[1]).query).items()}


def base_of(shop: str) -> str:
    """The address of a shop as people write it, with https:// where they left that out, without a slash at the end."""
    shop = shop.strip().rstrip("/")
    return shop if "://" in shop else f"https://{shop}"


def ask(
    url: str,
    *,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    body: bytes | None = None,
) -> Answer:
    """One request. Raises Unreached, with the seconds to wait where the platform asks for patience; Refused."""
    if query:
        url = f"{url}?{urlencode(query)}"
    host = urlsplit(url).hostname or ""
    try:
        reply = outbound.send(
            url,
            method=method,
            body=body,
            headers={"Accept": "application/json", **(headers or {})},
            within=_WITHIN,
            at_most=_AT_MOST,
        )
    except outbound.Unanswered as unanswered:
        raise Unreached(unanswered.sentence, again_in=_SOME_SECONDS) from unanswered
    except (outbound.AddressRefused, ValueError) as refused:
        sentence = getattr(refused, "sentence", "") or _("A key or an address holds characters that cannot be sent.")
        raise Refused(sentence) from refused
    if reply.status == 429:
        raise Unreached(
            _("%(host)s asks us to slow down.") % {"host": host}, again_in=_patience(reply.headers.get("retry-after"))
        )
    if reply.status >= 500:
        raise Unreached(
            _("%(host)s has a problem of its own (%(status)s).") % {"host": host, "status": reply.status},
            again_in=_patience(reply.headers.get("retry-after")),
        )
    if reply.status in {401, 403}:
        raise Refused(
            _("%(host)s does not accept our key, or the key may not do this (%(status)s).")
            % {"host": host, "status": reply.status},
            answered=reply.status,
        )
    if not 200 <= reply.status < 300:
        raise Refused(
            _("%(host)s refuses what we asked (%(status)s).") % {"host": host, "status": reply.status},
            answered=reply.status,
        )
    try:
        found = parsed(reply.body)
    except Unreadable as unreadable:
        raise Unreached(
            _("%(host)s answered something that is not JSON.") % {"host": host}, again_in=_SOME_SECONDS
        ) from unreadable
    return Answer(found, reply.headers)


def _patience(said: str | None) -> float:
    """The seconds of Retry-After; some where it says nothing, or a date."""
    try:
        return min(max(float(said or ""), 0.1), _LONGEST)
    except ValueError:
        return _SOME_SECONDS
