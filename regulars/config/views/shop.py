"""The shop's settings, and what this product is."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.config.actions import change_shop, currency_is_fixed
from regulars.config.demo.facts import ABOUT, DemoLoaded
from regulars.config.forms import ShopForm
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.staff.access import SIGNED_IN, requires
from regulars.timeline.models import Entry


@requires("shop.edit")
def settings(request: HttpRequest) -> HttpResponse:
    """Name, currency, time zone, country, language."""
    here = shop.current()
    kept = {name: getattr(here, name) for name in ShopForm.base_fields}
    form = ShopForm(request.POST or None, initial=kept, is_currency_fixed=currency_is_fixed())
    if request.method == "POST" and form.is_valid():
        try:
            change_shop(**form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("The shop's settings are saved."))
            return redirect("shop-settings")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "config/shop.html", {"form": form}, status=status)


@require_safe
@requires(SIGNED_IN)
def about(request: HttpRequest) -> HttpResponse:
    """Version, licence, and where the demo's data comes from."""
    has_demo = Entry.objects.filter(name=DemoLoaded.name).exists()
    return render(request, "config/about.html", {"demo": ABOUT if has_demo else ""})
