"""The form of an address: the fields its country has, in the country's order and by its names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from regulars.core.errors import Invalid
from regulars.customers.forms.base import ShopForm
from regulars.customers.models import Address
from regulars.customers.places import countries
from regulars.customers.postal import Rules, rules_of

_BESIDES = ("keep_as_is",)
_WIDTHS = {"name": "c6", "company": "c6", "line1": "c6", "line2": "c6", "postcode": "c3", "city": "c5", "region": "c4"}


class AddressForm(ShopForm):
    """A postal address. Nothing is demanded but a place; what its country does not have is refused once.

    Who knows better ticks `keep_as_is`.
    """

    country = forms.ChoiceField(label=_("Country"), required=False)
    name = forms.CharField(label=_("Recipient"), required=False)
    company = forms.CharField(label=_("Company"), required=False)
    line1 = forms.CharField(label=_("Street and number"), required=False)
    line2 = forms.CharField(label=_("Floor, flat, care of"), required=False)
    postcode = forms.CharField(label=_("Postcode"), required=False)
    city = forms.CharField(label=_("City"), required=False)
    region = forms.CharField(label=_("State or province"), required=False)
    phone = forms.CharField(label=_("Phone at the door"), required=False)
    is_default_shipping = forms.BooleanField(label=_("Parcels go here"), required=False)
    is_default_billing = forms.BooleanField(label=_("Invoices go here"), required=False)
    keep_as_is = forms.BooleanField(label=_("It is right: keep it as it is"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("country", [("", "—"), *countries(get_language() or "en")])
        self.is_doubted = False
        for name, label in self.rules.labels.items():
            self.fields[name].label = str(label)
        if self.rules.regions:
            self.fields["region"].widget.attrs["list"] = self.add_prefix("regions")
        self.fields["country"].widget.attrs |= {
            "hx-post": "/customers/address-fields",
            "hx-target": f"#{self.add_prefix('place')}",
            "hx-swap": "outerHTML",
            "hx-include": "closest form",
            "hx-vals": f'{{"prefix": "{self.prefix or ""}"}}',
        }

    @classmethod
    def initial_of(cls, address: Address) -> dict[str, Any]:
        """What the form shows of an address before anybody typed."""
        return {name: getattr(address, name) for name in cls.base_fields if name not in _BESIDES}

    @property
    def rules(self) -> Rules:
        """The rules of the country that is chosen now."""
        chosen = self.data.get(self.add_prefix("country")) if self.is_bound else self.initial.get("country")
        return rules_of(str(chosen or ""))

    @property
    def place_id(self) -> str:
        """The id of the part that changes with the country."""
        return self.add_prefix("place")

    @property
    def regions_id(self) -> str:
        return self.add_prefix("regions")

    def place(self) -> Iterator[tuple[BoundField, str]]:
        """The fields of the country, as it orders them, and those it has not but somebody wrote, with their widths."""
        order = [name for name in self.rules.order if name not in {"name", "company"}]
        written = ("line1", "city", "postcode", "region")
        order += [name for name in written if name not in order and self[name].value()]
        for name in order:
            yield self[name], _WIDTHS[name]
            if name == "line1":
                yield self["line2"], _WIDTHS["line2"]

    @property
    def is_blank(self) -> bool:
        """Whether nobody wrote an address at all (the country alone comes from the shop)."""
        written = ("name", "company", "line1", "line2", "postcode", "city", "region", "phone")
        return not any((self.data.get(self.add_prefix(name)) or "").strip() for name in written)

    @property
    def is_strict(self) -> bool:
        """Whether the rules of the country hold."""
        return not self.cleaned_data["keep_as_is"]

    def typed(self) -> dict[str, Any]:
        """What is written so far, unread."""
        return {name: self.data.get(self.add_prefix(name), "") for name in self.fields if name not in _BESIDES}

    def refuse(self, refusal: Invalid) -> None:
        """Also offer to keep what the country does not have."""
        super().refuse(refusal)
        self.is_doubted = self.is_doubted or bool({"postcode", "region"} & set(refusal.fields))

    def values(self) -> dict[str, Any]:
        """The values as `customers.actions` takes them."""
        return {name: value for name, value in self.cleaned_data.items() if name not in _BESIDES}
