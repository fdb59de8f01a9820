"""The form of the shop's settings."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel.numbers import get_currency_name, get_territory_currencies
from django import forms
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from regulars.core.forms import PageForm
from regulars.core.money import babel_locale
from regulars.customers.places import countries


class ShopForm(PageForm):
    name = forms.CharField(label=_("Name"), help_text=_("As customers and colleagues read it."))
    currency = forms.ChoiceField(label=_("Currency"))
    time_zone = forms.ChoiceField(label=_("Time zone"), help_text=_("Days begin and end here."))
    country = forms.ChoiceField(
        label=_("Country"), help_text=_("Phone numbers without + are read as numbers of this country.")
    )
    language = forms.ChoiceField(label=_("Language"), help_text=_("For whoever has not chosen one."))

    def __init__(self, *args: Any, is_currency_fixed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = get_language() or settings.LANGUAGE_CODE
        choices: dict[str, Any] = {
            "currency": currencies(language),
            "time_zone": [(zone, zone.replace("_", " ")) for zone in zones()],
            "country": countries(language),
            "language": settings.LANGUAGES,
        }
        for name, of_field in choices.items():
            self.fields[name].choices = of_field  # type: ignore[attr-defined]
        if is_currency_fixed:
            self.fields["currency"].disabled = True
            self.fields["currency"].help_text = _("Fixed, because orders are summed up in it.")


@cache
def currencies(language: str) -> tuple[tuple[str, str], ...]:
    """Every currency that is legal tender somewhere today, by its name."""
    locale = babel_locale(language)
    codes = {code for country, _name in countries(language) for code in get_territory_currencies(country)}
    named = ((code, f"{code} · {get_currency_name(code, locale=locale)}") for code in codes)
    return tuple(sorted(named))


@cache
def zones() -> tuple[str, ...]:
    """The time zones by place; the old and the technical names are left out."""
    return tuple(
        sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    )
