"""What every page knows: the shop, the side bar, the language and the theme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language

from regulars import __version__
from regulars.core import menu, quarantine, shop
from regulars.core.ui.stylesheet import sheet

THEMES = ("light", "dark")
_HTML_LANG = {"zh-hans": "zh-Hans"}


def page(request: HttpRequest) -> Mapping[str, Any]:
    """The frame's context. Nothing here asks the database but the shop, which is kept for seconds."""
    user = getattr(request, "user", None)
    language = get_language() or settings.LANGUAGE_CODE
    known: dict[str, Any] = {
        "shop": shop.current(),
        "sheet_url": f"{reverse('stylesheet')}?v={sheet().digest}",
        "html_lang": html_lang(),
        "languages": settings.LANGUAGES,
        "language": language,
        "theme": theme(request),
        "version": __version__,
        "restoration": quarantine.current() if user is not None and user.is_authenticated else None,
    }
    if user is not None and user.is_authenticated:
        places = menu.places(user)
        # of a place inside another one, /customers/duplicates say, the inner one is where we are
        here = max((place.url for place in places if _is_here(place.url, request.path)), key=len, default="")
        known["places"] = [
            {
                "place": place,
                "is_here": place.url == here,
                "count": place.count(user) if place.count else 0,
            }
            for place in places
        ]
        known["fresh"] = lambda: menu.fresh(user)  # asked for by the foot of a page alone
        known["commands"] = menu.commands(user)
        known["settings_pages"] = [
            {"place": page, "is_here": any(_is_here(url, request.path) for url in (page.url, *page.also))}
            for page in menu.settings_pages(user)
        ]
    return known


def html_lang() -> str:
    """The `lang` of the page: zh-hans is zh-Hans there."""
    language = get_language() or settings.LANGUAGE_CODE
    return _HTML_LANG.get(language, language)


def theme(request: HttpRequest) -> str:
    """light, dark, or nothing for what the computer says: the person's choice, else the browser's cookie."""
    user = getattr(request, "user", None)
    chosen = user.theme if user is not None and user.is_authenticated else request.COOKIES.get("theme", "")
    return chosen if chosen in THEMES else ""


def _is_here(url: str, path: str) -> bool:
    return path == url or (url != "/" and path.startswith(f"{url}/"))
