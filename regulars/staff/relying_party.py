"""For which address passkeys are good: what browsers call the relying party, and its origin."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

_HERE = "localhost"


@dataclass(frozen=True, slots=True)
class Party:
    """The name a passkey belongs to, and the address its answers must come from."""

    id: str
    origin: str

    @property
    def is_possible(self) -> bool:
        """Browsers give passkeys to names over HTTPS, and to localhost; never to bare addresses."""
        try:
            ipaddress.ip_address(self.id)
        except ValueError:
            return self.origin.startswith("https://") or self.id == _HERE
        return False


def party_of(request: HttpRequest) -> Party:
    """The public address of the shop, where it has one; else the one it is visited at, which it knows (HOSTS)."""
    public = urlsplit(settings.PUBLIC_URL)
    if public.hostname and public.hostname != _HERE and public.scheme == "https":
        return Party(public.hostname, f"https://{public.netloc}")
    origin = f"{request.scheme}://{request.get_host()}"
    return Party(urlsplit(origin).hostname or "", origin)
