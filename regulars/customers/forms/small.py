"""Small forms: an e-mail or phone, the number of a channel, a household, a category."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.channels.models import Channel
from regulars.customers.forms.base import ShopForm
from regulars.customers.models import ContactPoint


class ContactPointForm(ShopForm):
    """Another e-mail or phone, or a change of one."""

    kind = forms.ChoiceField(
        label=_("What"),
        choices=ContactPoint.Kind.choices,
        widget=forms.RadioSelect(attrs={"class": "check"}),
        initial=ContactPoint.Kind.EMAIL,
    )
    value = forms.CharField(
        label=_("Address or number"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    label = forms.CharField(label=_("Label"), required=False, help_text=_("Work, home, mobile."))
    is_do_not_contact = forms.BooleanField(label=_("Do not call or write"), required=False)


class IdentityForm(ShopForm):
    """The number of a customer in a channel."""

    channel = forms.ChoiceField(label=_("Channel"))
    external_id = forms.CharField(label=_("Their number there"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channels = {channel.code: channel for channel in Channel.objects.order_by("name")}
        self.choose("channel", [(code, channel.name) for code, channel in self.channels.items()])

    @property
    def chosen(self) -> Channel:
        """The channel that was chosen."""
        return self.channels[self.cleaned_data["channel"]]


class HouseholdForm(ShopForm):
    """Somebody who lives in the same household, by e-mail, phone, name or number; and what it is called."""

    who = forms.CharField(
        label=_("Who lives there too"),
        required=False,
        help_text=_("Name, e-mail, phone or customer number."),
        widget=forms.TextInput(
            attrs={
                "list": "people",
                "autocomplete": "off",
                "hx-get": "/customers/people",
                "hx-trigger": "input changed delay:120ms",
                "hx-target": "#people",
            }
        ),
    )
    name = forms.CharField(label=_("Name of the household"), required=False)


class CategoryForm(ShopForm):
    """A category of the shop."""

    name = forms.CharField(label=_("Name"), required=False)
    rule = forms.CharField(
        label=_("Rule"),
        required=False,
        help_text=_(
            "Filters of the customer list, as its address has them: number_of_orders.min=5. Whoever fits is put here "
            "every night; whom somebody put in a category by hand stays there. Empty: by hand alone."
        ),
    )
