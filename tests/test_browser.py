"""Every page in a real browser: no complaint in the console under the strict content policy, and no page wider than
its window; in both languages, light and dark, from desktop to phone, and without scripts."""

import os
import zlib

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from regulars.staff.access import PUBLIC

pytestmark = pytest.mark.browser

NOT_PAGES = (
    "api/", "^api", "assets/", "find", "customers/export", "customers/companies", "customers/people",
    "customers/tags/names", "customers/view-counts", "orders/draft/", "customers/address-fields",
    "settings/backups/", "settings/channels/add",
    "orders/why/rows", "settings/privacy/consents/export", "settings/privacy/rules/period",
    "groups/complete", "groups/who", "groups/offered", "live", "inbox/rows", "inbox/new/who",
    "settings/messages/limits/suppress", "settings/messages/sent/held",
    "settings/inbox/mails/again", "inbox/figures/behind", "settings/inbox/suggestions/",
    "inbox/articles/preview", "inbox/articles/misses",
)  # fmt: skip


def pages(resolver=None, before=""):
    """Every address that names no row and answers GET with a page."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from pages(entry, route)
        elif isinstance(entry, URLPattern) and "<" not in route and not route.startswith(NOT_PAGES):
            yield "/" + route, entry


PAGES = sorted({route for route, entry in pages() if entry.callback.permission != PUBLIC})


def is_too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1")


def looks(page):
    return {"complaints": page.complaints, "is_too_wide": is_too_wide(page)}


FINE = {"complaints": [], "is_too_wide": False}


@pytest.mark.parametrize("width", [1440, 390])
def test_the_sign_in_page_is_whole(visit, width):
    page = visit("/sign-in", width=width)
    assert looks(page) == FINE
    assert page.locator("input[type=password]").is_visible()


LOOKS = (
    {"width": 390, "language": "zh-CN"},
    {"width": 1024, "theme": "dark"},
    {"width": 390, "has_scripts": False},
)


def looks_of(path):
    """By day a wide window and two of the others, at night all: another one is left out for every page."""
    left_out = zlib.crc32(path.encode()) % 3
    chosen = [one for number, one in enumerate(LOOKS) if number != left_out or "REGULARS_NIGHT" in os.environ]
    return [{"width": 1440}, *chosen]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole(visit, client_of, ada, path):
    answer = client_of(ada).get(path)
    if answer.status_code == 405 or "text/html" not in answer.get("Content-Type", "text/html"):
        pytest.skip("not a page: it takes deeds only")
    for look in looks_of(path):
        page = visit(path, ada, **look)
        assert (look, looks(page)) == (look, FINE)
        assert page.locator("h1").count() == 1
