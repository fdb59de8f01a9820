"""The forms of a customer. They read and show; what is valid is decided by `normalise`, for pages and API alike."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.contact import format_phone
from regulars.core.errors import Invalid
from regulars.customers.models import Address, Customer, Kind, Status
from regulars.customers.places import countries, languages
from regulars.staff.models import User


class ShopForm(forms.Form):
    """A form whose refusals come from actions, and whose fields tell screen readers what is wrong with them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["auto_id"] = "%s"
        super().__init__(*args, **kwargs)
        _checks(self)

    def refuse(self, refusal: Invalid) -> None:
        """Put each reason at its field; reasons for fields that are not shown stand above the form."""
        for name, reasons in refusal.fields.items():
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)

    def first_bad(self) -> str:
        """The id of the first field with an error, where the focus belongs; empty when there is none."""
        return next((bound.id_for_label for bound in self if bound.errors), "")


class CustomerForm(ShopForm):
    """Every column of the profile that a person may write."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=Kind.choices, widget=forms.RadioSelect(attrs={"class": "check"}), initial=Kind.PERSON
    )
    title = forms.CharField(label=_("Title"), required=False)
    given_name = forms.CharField(label=_("Given name"), required=False)
    family_name = forms.CharField(label=_("Family name"), required=False)
    name = forms.CharField(
        label=_("Shown name"),
        required=False,
        help_text=_("Left empty, it is made of given and family name, or of the company."),
    )
    company = forms.CharField(label=_("Company"), required=False)
    email = forms.CharField(
        label=_("E-mail"), required=False, widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("With the country code, or as it is dialled in the customer’s country."),
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    status = forms.ChoiceField(label=_("Status"), choices=Status.choices, initial=Status.ACTIVE)
    looked_after_by = forms.ChoiceField(label=_("Looked after by"), required=False)
    customer_since = forms.CharField(
        label=_("Customer since"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    is_guest = forms.BooleanField(label=_("Bought as a guest, without an account"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {user.public_id: user for user in User.objects.filter(is_active=True)}
        _choose(self, "language", [("", "—"), *languages(get_language() or "en")])
        _choose(
            self, "looked_after_by", [("", _("Nobody")), *((key, user.name) for key, user in self.colleagues.items())]
        )

    @classmethod
    def initial_of(cls, customer: Customer) -> dict[str, Any]:
        """What the form shows of a customer before anybody typed, as text, the way a browser sends it back."""
        owner = customer.looked_after_by
        return {
            **{name: getattr(customer, name) for name in _PLAIN},
            "language": customer.language.lower(),
            "looked_after_by": owner.public_id if owner else "",
            "customer_since": customer.customer_since.astimezone(shop.zone()).date().isoformat(),
            "is_guest": customer.is_guest,
        }

    def clean_customer_since(self) -> dt.date | None:
        text = self.cleaned_data["customer_since"].strip()
        if not text:
            return None
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise forms.ValidationError(
                _("“%(text)s” is not a date. Write year, month and day: 2026-03-12."), params={"text": text}
            ) from None

    def values(self) -> dict[str, Any]:
        """The values as `customers.actions` takes them; a field that was not sent is not changed."""
        values: dict[str, Any] = {name: self.cleaned_data[name] for name in (*_PLAIN, "language", "is_guest")}
        values["looked_after_by"] = self.colleagues.get(self.cleaned_data["looked_after_by"])
        since = self.cleaned_data["customer_since"]
        # The day is all the form shows; the moment behind it stays where the day was not touched.
        if since is not None and since.isoformat() != self.initial.get("customer_since"):
            values["customer_since"] = shop.start_of(since)
        return values


_PLAIN = ("kind", "title", "given_name", "family_name", "name", "company", "email", "phone", "status")


class AddressForm(ShopForm):
    """A postal address. Which fields a country wants is for the parcel service to say: none is demanded but a place."""

    name = forms.CharField(label=_("Recipient"), required=False)
    company = forms.CharField(label=_("Company"), required=False)
    line1 = forms.CharField(label=_("Street and number"), required=False)
    line2 = forms.CharField(label=_("Floor, flat, care of"), required=False)
    postcode = forms.CharField(label=_("Postcode"), required=False)
    city = forms.CharField(label=_("City"), required=False)
    region = forms.CharField(label=_("State or province"), required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    phone = forms.CharField(label=_("Phone at the door"), required=False)
    is_default_shipping = forms.BooleanField(label=_("Parcels go here"), required=False)
    is_default_billing = forms.BooleanField(label=_("Invoices go here"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "country", [("", "—"), *countries(get_language() or "en")])

    @classmethod
    def initial_of(cls, address: Address) -> dict[str, Any]:
        """What the form shows of an address before anybody typed."""
        return {name: getattr(address, name) for name in cls.base_fields}

    @property
    def is_blank(self) -> bool:
        """Whether nobody wrote an address at all (the country alone comes from the shop)."""
        written = ("name", "company", "line1", "line2", "postcode", "city", "region", "phone")
        return not any((self.data.get(self.add_prefix(name)) or "").strip() for name in written)

    def values(self) -> dict[str, Any]:
        """The values as `customers.actions` takes them."""
        return dict(self.cleaned_data)


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two people changed: what it was, what the other wrote, what you wrote."""

    name: str
    label: str
    theirs: str
    mine: str
    theirs_words: str
    mine_words: str


def base_of(initial: Mapping[str, Any]) -> str:
    """The form's starting values, to be sent along and compared with when somebody else was faster."""
    return json.dumps(initial, ensure_ascii=False, default=str)


def merged(
    data: QueryDict, *, form_class: type[ShopForm], now: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Clash], list[str]]:
    """Three versions become one: what the form began with, what stands there now, and what was typed.

    Where one side changed a field, that side's value is taken; where both did, and differently, it is a clash for a
    person to decide. Returns the values to show, the clashes, and the names of the fields the other person changed.
    Nothing typed is lost: a clash carries both values.
    """
    try:
        base = json.loads(data.get("base", ""))
    except ValueError:
        base = {}
    if not isinstance(base, dict):
        base = {}
    form = form_class(data)
    values: dict[str, Any] = {}
    clashes: list[Clash] = []
    theirs_only: list[str] = []
    for name, form_field in form.fields.items():
        is_check = isinstance(form_field, forms.BooleanField)
        mine: Any = name in data if is_check else data.get(name, "")
        was, theirs = base.get(name, mine), now[name]
        if theirs in (mine, was):
            values[name] = mine
        elif mine == was:
            values[name] = theirs
            theirs_only.append(str(form_field.label))
        else:
            values[name] = theirs
            words = _words(form_field)
            in_words = format_phone(theirs) if name == "phone" and theirs else words(theirs)
            clashes.append(Clash(name, str(form_field.label), str(theirs), str(mine), in_words, words(mine)))
    return values, clashes, theirs_only


def _words(form_field: forms.Field) -> Any:
    choices = {str(key): str(label) for key, label in getattr(form_field, "choices", [])}
    return lambda value: choices.get(str(value), str(value)) or str(_("nothing"))


def _checks(form: forms.Form) -> None:
    """Give check boxes the look of check boxes."""
    for form_field in form.fields.values():
        if isinstance(form_field, forms.BooleanField):
            form_field.widget.attrs["class"] = "check"


def _choose(form: forms.Form, name: str, choices: Iterable[tuple[str, Any]]) -> None:
    """Set the choices of a select, keeping a value that is there already though CLDR does not list it."""
    choices = list(choices)
    current = form.initial.get(name)
    if current and current not in {key for key, _label in choices}:
        choices.append((current, current))
    form.fields[name].choices = choices  # type: ignore[attr-defined]
