"""Pages of the kit that belong to nobody else: the joined stylesheet, and the living page of pieces."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from regulars.core import shop
from regulars.core.money import Money
from regulars.core.ui.stylesheet import sheet

_TOKENS = (
    *("canvas", "sheet", "raised", "well", "hover", "rule", "rule-strong", "edge", "ink", "ink-2", "ink-3"),
    *("petrol", "petrol-deep", "petrol-tint", "petrol-tint-2", "now", "now-deep", "now-tint"),
    *("honey", "honey-fill", "honey-tint", "leaf", "leaf-fill", "leaf-tint"),
    *("c1", "c2", "c3", "c4", "c5", "c6", "heat-0", "heat-1"),
)


@dataclass(frozen=True, slots=True)
class _Stroke:
    day_fraction: float
    height: float


@require_safe
def stylesheet(request: HttpRequest) -> HttpResponse:
    """All styles in one answer, for ever: the address has the hash of what it holds."""
    known = sheet()
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(known.packed if is_packed else known.text, content_type="text/css; charset=utf-8")
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    asked = request.GET.get("v")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if asked == known.digest else "no-cache"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


@require_safe
def pieces(request: HttpRequest) -> HttpResponse:
    """Every piece of a page with an example, drawn by the same code that draws the pages."""
    now = timezone.now()
    currency = shop.current().currency
    strokes = [_Stroke(0.04 + 0.07 * place, 0.45 + 0.5 * ((place * 7) % 5) / 5) for place in range(12)]
    return render(
        request,
        "core/ui.html",
        {
            "tokens": _TOKENS,
            "tallies": range(1, 6),
            "strokes": strokes,
            "days": [14 + (place * 5) % 11 + place // 4 for place in range(29)],
            "amounts": [Money(123450, currency), Money(98700, currency), Money(-3800, currency)],
            "moments": [now, now - dt.timedelta(days=3), now - dt.timedelta(days=41), now - dt.timedelta(days=500)],
        },
    )
