"""What a browser tells of itself in a few words, and by which mark one is known in which somebody signed in before."""

from __future__ import annotations

import ipaddress
import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

_SALT = "regulars.staff.browsers"
_KEPT = 400 * 24 * 3600  # the longest that browsers keep a cookie
_MOST_PEOPLE = 8

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("MicroMessenger", "WeChat"),
    ("QQBrowser", "QQ Browser"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("HarmonyOS", "HarmonyOS"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def name_of(user_agent: str) -> str:
    """“Firefox · Windows”: enough to tell one's own browsers apart; empty for what is none that we know."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part)


def coarse(address: str) -> str:
    """An address without its end, which is enough to notice a strange one: 203.0.113.x, 2001:db8:7::x."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, ipaddress.IPv6Address):
        known = known.ipv4_mapped or known
    if isinstance(known, ipaddress.IPv6Address):
        return f"{str(ipaddress.ip_network((known, 48), strict=False)).partition('/')[0]}x"
    return f"{str(known).rpartition('.')[0]}.x"


def known_as(request: HttpRequest, email: str) -> str:
    """The mark of this browser, if the person of that e-mail has signed in here before; else empty."""
    known = _read(request)
    return str(known["mark"]) if _sign_of(email) in known["people"] else ""


def remember(response: HttpResponse, request: HttpRequest, email: str) -> None:
    """Let this browser be known from now on as one in which that person signed in. It opens no door by itself."""
    known = _read(request)
    people = [_sign_of(email), *(one for one in known["people"] if one != _sign_of(email))][:_MOST_PEOPLE]
    value = signing.dumps({"mark": known["mark"], "people": people}, salt=_SALT, compress=True)
    response.set_cookie(_name(), value, max_age=_KEPT, secure=settings.IS_HTTPS, httponly=True, samesite="Lax")


def _read(request: HttpRequest) -> dict[str, Any]:
    try:
        known: dict[str, Any] = signing.loads(request.COOKIES.get(_name(), ""), salt=_SALT, max_age=_KEPT)
    except signing.BadSignature:
        return {"mark": secrets.token_urlsafe(12), "people": []}
    return known


def _name() -> str:
    """The cookie's name, with the prefix that the session's has over HTTPS."""
    return str(settings.SESSION_COOKIE_NAME).replace("sessionid", "known")


def _sign_of(email: str) -> str:
    return salted_hmac(_SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:20]
