"""The only way out of this house to addresses that people or other systems name: webhooks, pictures, connectors.

Filters on how an address is written do not hold: 0177.1, [::ffff:7f00:1] and a name that leads home are all
127.0.0.1. So the name is resolved once, every address it has must be out in the world, and the connection goes to the
very address that was looked at. Redirects are not followed, and nothing waits or reads without an end.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal

_HOST = re.compile(r"\A[a-z0-9_](?:[a-z0-9_.:-]*[a-z0-9_.])?\Z|\A::[0-9a-f.:]*\Z")
_BAD = re.compile(r"[\x00-\x20\x7f\\]")
# These carry an IPv4 address inside, or belong to nobody; Python calls some of them global.
_NOWHERE = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
    )
)


class AddressRefused(Refusal):
    """An address that nothing of ours may be sent to."""


class Unanswered(Refusal):
    """The other side cannot be reached, did not answer in time, or answered more than we read.

    `was_sent` says that some of the request may have arrived there.
    """

    def __init__(self, sentence: str, *, was_sent: bool = False) -> None:
        super().__init__(sentence)
        self.was_sent = was_sent


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side said, whatever it said: a redirect and an error are replies, too."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the name for the certificate and the Host header, and the address that was looked at."""

    scheme: str
    host: str
    port: int
    path: str
    address: IPv4Address | IPv6Address


def send(
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    within: float = 5.0,
    at_most: int = 1_000_000,
    ports: frozenset[int] = frozenset({443}),
) -> Reply:
    """Send one request and return the reply, which is read up to `at_most` bytes and `within` seconds in all.

    Refused before anything is sent: what is not https, another port, a name that leads to an address of this machine
    or network. REGULARS_PRIVATE_HOSTS names exceptions; to those plain http and any port are allowed as well.
    """
    target = aim(url, ports=ports)
    connection = _Pinned(target, within)
    too_late = threading.Timer(within, connection.cut)
    too_late.start()
    was_sent = False
    try:
        connection.connect()
        was_sent = True
        connection.request(
            method, target.path, body, {"User-Agent": "Regulars", "Connection": "close", **(headers or {})}
        )
        answer = connection.getresponse()
        read = answer.read(at_most + 1)
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(
            _("%(host)s cannot be reached, or does not answer in time.") % {"host": target.host}, was_sent=was_sent
        ) from error
    finally:
        too_late.cancel()
        connection.close()
    if len(read) > at_most:
        raise Unanswered(_("%(host)s answers more than we read.") % {"host": target.host}, was_sent=True)
    return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, read)


def dial(host: str, port: int, *, within: float, has_tls: bool) -> socket.socket:
    """Open a line for another protocol than HTTP, to an address that was looked at; every wait on it ends in time.

    With `has_tls` the certificate must be valid for the name. Without, what is said can be read on the way: it is for
    whoever turns on TLS next (STARTTLS), or for REGULARS_PRIVATE_HOSTS. Raises AddressRefused, Unanswered, and
    ssl.SSLError where the certificate is not right.
    """
    name = host.strip().rstrip(".").lower()
    try:
        name = name if ":" in name else name.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not name or not _HOST.match(name) or not 0 < port < 65_536:
        raise AddressRefused(_("“%(name)s” is not the name of a server.") % {"name": host[:200]})
    address = _address_of(name, port, is_private=name in settings.PRIVATE_HOSTS)
    try:
        line = socket.create_connection((str(address), port), within)
    except OSError as error:
        raise Unanswered(_("%(host)s cannot be reached, or does not answer in time.") % {"host": name}) from error
    if not has_tls:
        return line
    try:
        return ssl.create_default_context().wrap_socket(line, server_hostname=name)
    except BaseException:
        line.close()
        raise


def aim(url: str, *, ports: frozenset[int] = frozenset({443})) -> Target:
    """Where a URL leads, looked up once; AddressRefused where nothing of ours may go there."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (
            (parts.hostname or "").encode("idna").decode("ascii")
            if ":" not in (parts.hostname or "")
            else parts.hostname
        )
    except (ValueError, UnicodeError):
        raise _refused(url) from None
    if _BAD.search(url) or not host or not _HOST.match(host) or "@" in parts.netloc:
        raise _refused(url)
    is_private = host in settings.PRIVATE_HOSTS
    if parts.scheme != "https" and not (parts.scheme == "http" and is_private):
        raise _refused(url)
    port = port if port is not None else 443 if parts.scheme == "https" else 80
    if port not in ports and not is_private:
        raise _refused(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise _refused(url)
    return Target(parts.scheme, host, port, path, _address_of(host, port, is_private=is_private))


def is_out_in_the_world(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to the public internet, and to nobody's own machine or network."""
    if isinstance(address, IPv6Address) and (address.scope_id or address.is_site_local):
        return False
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in _NOWHERE if network.version == address.version)


def _address_of(host: str, port: int, *, is_private: bool) -> IPv4Address | IPv6Address:
    """The address to connect to. One bad address among good ones refuses all: the next look-up may give that one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise Unanswered(_("There is no %(host)s to be found.") % {"host": host}) from error
    addresses = [ipaddress.ip_address(str(place[0])) for *_kind, place in found]
    if not addresses or not (is_private or all(map(is_out_in_the_world, addresses))):
        raise AddressRefused(_("%(host)s is not a place out in the world.") % {"host": host})
    return addresses[0]


def _refused(url: str) -> AddressRefused:
    return AddressRefused(_("“%(url)s” is not an address we send to; it begins with https://.") % {"url": url[:200]})


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked at, under the name that was asked for."""

    def __init__(self, target: Target, within: float) -> None:
        super().__init__(target.host, target.port, timeout=within)
        self.default_port = 443 if target.scheme == "https" else 80
        self._target = target

    def connect(self) -> None:
        """Open it; over https the certificate must be valid for the name."""
        self.sock = socket.create_connection((str(self._target.address), self.port), self.timeout)
        if self._target.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self._target.host)

    def cut(self) -> None:
        """End whatever goes on, from another thread."""
        held = self.sock
        if held is not None:
            try:
                held.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it ended by itself meanwhile
