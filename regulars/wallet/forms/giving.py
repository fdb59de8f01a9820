"""Giving or taking credit or points at a desk: read as typed, then shown with old and new balance before it is done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import shop
from regulars.core.amounts import minor_of, number_of
from regulars.customers.forms import ShopForm
from regulars.wallet.actions.once import LONGEST_REASON
from regulars.wallet.models import POINTS


class GivingForm(ShopForm):
    """What a person at a desk gives or takes."""

    way = forms.ChoiceField(
        label=gettext_lazy("What you do"),
        choices=[("give", gettext_lazy("Give")), ("take", gettext_lazy("Take away"))],
    )
    sort = forms.ChoiceField(label=gettext_lazy("Of what"))
    amount = forms.CharField(label=gettext_lazy("Amount"), max_length=40)
    ends_on = forms.DateField(
        label=gettext_lazy("Ends after"),
        help_text=gettext_lazy("Empty: it never ends. Only for what is given."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Stands in the history for good, with your name."),
        max_length=LONGEST_REASON,
    )

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [
            (one, _("Points") if one == POINTS else _("Store credit, %(code)s") % {"code": one}) for one in currencies
        ]
        self.fields["sort"].choices = names  # type: ignore[attr-defined]

    def clean_ends_on(self) -> dt.datetime | None:
        """The moment the day is over in the shop's time zone."""
        day = self.cleaned_data["ends_on"]
        if day is None:
            return None
        if day < timezone.localdate(timezone=shop.zone()):
            raise forms.ValidationError(_("It has to end today or later."))
        if day.year > 2200:
            raise forms.ValidationError(_("That is too far away. Leave it empty for what never ends."))
        return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), shop.zone())

    def clean(self) -> dict[str, Any]:
        """With `change`, in the smallest unit, below zero where it is taken."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "amount" in data and "sort" in data:
            try:
                data["change"] = self._minor(data["amount"], data["sort"]) * (-1 if data.get("way") == "take" else 1)
            except ValueError as problem:
                self.add_error("amount", str(problem))
        return data

    def _minor(self, typed: str, currency: str) -> int:
        if currency == POINTS:
            number = number_of(typed)
            if number is None or number != int(number):
                raise ValueError(_("Points are whole numbers."))
            minor = int(number)
        else:
            minor = minor_of(typed, currency=currency)
        if minor == 0:
            raise ValueError(_("Say how much."))
        return minor
