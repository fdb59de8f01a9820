"""Error pages: what happened, and what to do. Their addresses are in config/urls.py as handlers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _

from regulars.core.context import html_lang
from regulars.core.ui.stylesheet import sheet
from regulars.staff.access import public


@public
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """400."""
    return _page(
        request,
        HTTPStatus.BAD_REQUEST,
        title=_("This cannot be read"),
        sentence=_("The browser sent something this address does not understand. Go back and try again."),
    )


@public
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """403 where no room said why; a room refuses with NotAllowed, which names the roles."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        title=_("You cannot open this"),
        sentence=_("Your role does not allow it. An owner of the shop can change that."),
        icon="lock",
    )


@public
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404, in the words of the view where it had some."""
    said = (
        str(exception.args[0])
        if exception is not None and exception.args and isinstance(exception.args[0], str)
        else ""
    )
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        title=_("Nothing is here"),
        sentence=said or _("There is no page at this address. It may have been deleted, or the link has a slip in it."),
        icon="search-x",
    )


@public
def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """What Django calls a CSRF failure; to people it is a page that stood open too long."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        title=_("This page stood open too long"),
        sentence=_("Nothing was saved, to be on the safe side. Go back, load the page again, and send it once more."),
        icon="history",
    )


@public
def broken(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """A fault of ours. The page needs neither the database nor a session: either may be what broke."""
    context = {"sheet": sheet().digest, "html_lang": html_lang()}
    return HttpResponse(loader.render_to_string("errors/broken.html", context), status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _page(request: HttpRequest, status: HTTPStatus, **words: Any) -> HttpResponse:
    return render(request, "errors/page.html", words, status=status)
