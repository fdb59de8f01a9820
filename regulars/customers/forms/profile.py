"""The form of a profile: every column that a person may write, in the groups a page shows them in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.text import sort_key
from regulars.core.walls import is_shown
from regulars.customers import birthdays, preferences
from regulars.customers.forms.base import ShopForm, WordsField
from regulars.customers.forms.conflict import Clash
from regulars.customers.models import Category, Customer, Frequency, Gender, Kind, Medium, Status
from regulars.customers.names import category_name, is_family_first_here
from regulars.customers.places import languages, time_zones
from regulars.staff.models import User

_TEXTS = (
    "kind", "title", "given_name", "family_name", "name", "company", "email", "phone", "status", "gender", "occupation",
    "time_zone", "position", "vat_number", "payment_preference", "restriction_reason", "shopping_frequency",
)  # fmt: skip
_FLAGS = ("is_guest", "is_blocked", "pays_in_advance", "has_no_credit")
_LISTS = ("preferred_channels", "contact_times")
_MOST_NAMESAKES = 4


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading, which links lead to by `slug`; each with the columns of twelve that it takes."""

    slug: str
    title: str | Promise
    fields: tuple[tuple[str, str], ...]
    hint: str | Promise = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A field as the page shows it, or the clash about it."""

    bound: BoundField
    css: str
    clash: Clash | None


_NAMES = (("given_name", "c5"), ("family_name", "c5"))
_GROUPS = (
    Group(
        "who",
        _("Who"),
        (
            ("kind", "wide"), ("title", "c2"), *_NAMES, ("name", "c6"), ("birth_date", "c6"), ("gender", "c4"),
            ("occupation", "c8"),
        ),
    ),
    Group(
        "reach",
        _("How to reach them"), (("email", "c6"), ("phone", "c6"), ("language", "c6"), ("time_zone", "c6"))),
    Group(
        "business",
        _("Business"),
        (
            ("company", "c6"), ("vat_number", "c6"), ("organisation", "c6"), ("position", "c6"), ("payment_days", "c3"),
            ("payment_preference", "c9"),
        ),
    ),
    Group(
        "preferences",
        _("What they prefer"),
        (("preferred_channels", "wide"), ("contact_times", "wide"), ("interests", "c8"), ("shopping_frequency", "c4")),
    ),
    Group(
        "shop",
        _("In the shop"),
        (
            ("category", "c4"), ("status", "c4"), ("looked_after_by", "c4"), ("customer_since", "c4"),
            ("is_guest", "c8 low"),
        ),
    ),
    Group(
        "restrictions",
        _("Restrictions"),
        (("is_blocked", "c4"), ("pays_in_advance", "c4"), ("has_no_credit", "c4"), ("restriction_reason", "wide")),
        _("Shown in red wherever somebody serves this customer."),
    ),
)  # fmt: skip


def hidden_fields() -> list[str]:
    """The fields that a form leaves out, because whoever reads does not see them in full."""
    columns = {name: "birth" if name == "birth_date" else name for name in CustomerForm.base_fields}
    return [name for name, column in columns.items() if not is_shown(Customer, column)]


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
    birth_date = forms.CharField(
        label=_("Birthday"),
        required=False,
        help_text=_("With the year or without: 12 March 1980, 12 March."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    gender = forms.ChoiceField(label=_("Gender"), required=False, choices=[("", "—"), *Gender.choices])
    occupation = forms.CharField(label=_("Occupation"), required=False)
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
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    organisation = forms.CharField(
        label=_("Works at"),
        required=False,
        help_text=_("A company of this shop, by its name."),
        widget=forms.TextInput(
            attrs={
                "list": "companies",
                "autocomplete": "off",
                "hx-get": "/customers/companies",
                "hx-trigger": "input changed delay:120ms",
                "hx-target": "#companies",
            }
        ),
    )
    position = forms.CharField(label=_("Position"), required=False)
    vat_number = forms.CharField(label=_("VAT number"), required=False)
    payment_days = forms.CharField(
        label=_("Days to pay"), required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    payment_preference = forms.CharField(label=_("Pays by preference"), required=False)
    preferred_channels = WordsField(label=_("Likes to hear from us by"), choices=Medium.choices)
    contact_times = WordsField(label=_("Best times"), choices=list(preferences.SLOTS.items()))
    interests = forms.CharField(
        label=_("Interested in"), required=False, help_text=_("Several with commas between them.")
    )
    shopping_frequency = forms.ChoiceField(
        label=_("Says they shop"), required=False, choices=[("", "—"), *Frequency.choices]
    )
    status = forms.ChoiceField(label=_("Status"), choices=Status.choices, initial=Status.ACTIVE)
    category = forms.ChoiceField(label=_("Category"), required=False)
    looked_after_by = forms.ChoiceField(label=_("Looked after by"), required=False)
    customer_since = forms.CharField(
        label=_("Customer since"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    is_guest = forms.BooleanField(label=_("Bought as a guest, without an account"), required=False)
    is_blocked = forms.BooleanField(label=_("Blocked: take no more orders"), required=False)
    pays_in_advance = forms.BooleanField(label=_("Pays in advance"), required=False)
    has_no_credit = forms.BooleanField(label=_("No credit"), required=False)
    restriction_reason = forms.CharField(label=_("Why"), required=False)

    def __init__(
        self, *args: Any, clashes: Mapping[str, Clash] | None = None, is_new: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        # what the reader sees in part is not asked: sent back, it would take the place of what is there
        for name in () if is_new else hidden_fields():
            del self.fields[name]
        self.clashes = clashes or {}
        self.colleagues = {user.public_id: user for user in User.objects.filter(is_active=True)}
        self.categories = {category.key: category for category in Category.objects.all()}
        self.choose("language", [("", "—"), *languages(get_language() or "en")])
        self.choose("time_zone", [("", _("As in their country")), *((zone, zone) for zone in time_zones())])
        names = ((key, category_name(category)) for key, category in self.categories.items())
        self.choose("category", [("", _("As the rules say")), *names])
        self.choose(
            "looked_after_by", [("", _("Nobody")), *((key, user.name) for key, user in self.colleagues.items())]
        )

    @classmethod
    def initial_of(cls, customer: Customer) -> dict[str, Any]:
        """What the form shows of a customer before anybody typed, as text, the way a browser sends it back."""
        owner = customer.looked_after_by
        return {
            **{name: getattr(customer, name) for name in (*_TEXTS, *_FLAGS)},
            **{name: preferences.listed(getattr(customer, name)) for name in _LISTS},
            "birth_date": birthdays.words(customer.birth_year, customer.birthday),
            "interests": preferences.words_of("interests", customer.interests),
            "language": customer.language.lower(),
            "payment_days": "" if customer.payment_days is None else str(customer.payment_days),
            "organisation": str(customer.organisation) if customer.organisation else "",
            "category": customer.category.key if customer.category else "",
            "looked_after_by": owner.public_id if owner else "",
            "customer_since": customer.customer_since.astimezone(shop.zone()).date().isoformat(),
        }

    def sections(self) -> Iterator[tuple[Group, list[Shown]]]:
        """The groups of the page, each with its fields, the names in the order of the reader's language."""
        for group in _GROUPS:
            names = [*group.fields]
            if is_family_first_here():
                at = names.index(_NAMES[0]) if _NAMES[0] in names else -1
                if at >= 0:
                    names[at], names[at + 1] = names[at + 1], names[at]
            yield group, [Shown(self[name], css, self.clashes.get(name)) for name, css in names if name in self.fields]

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

    def clean_organisation(self) -> Customer | str | None:
        """The company of that name, or of that number; the text itself where it was not touched."""
        text: str = self.cleaned_data["organisation"].strip()
        if text == self.initial.get("organisation", ""):
            return text  # a company that the reader does not see stands there as nothing
        if not text:
            return None
        companies = Customer.objects.filter(kind=Kind.COMPANY)
        if pk := Customer.pk_of(text):
            found = list(companies.filter(pk=pk))
        else:
            found = list(companies.filter(sort_name=sort_key(text)).order_by("id")[:_MOST_NAMESAKES])
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError(
                _("No company here is called “%(text)s”. Create it as a customer first."), params={"text": text[:60]}
            )
        raise forms.ValidationError(
            _("Several companies are called “%(text)s”. Write the number of one: %(numbers)s."),
            params={"text": text[:60], "numbers": ", ".join(company.public_id for company in found)},
        )

    def values(self) -> dict[str, Any]:
        """The values as `customers.actions` takes them; a field that was not sent is not changed."""
        data = self.cleaned_data
        values: dict[str, Any] = {
            name: data[name]
            for name in (*_TEXTS, *_FLAGS, *_LISTS, "language", "payment_days", "interests")
            if name in data
        }
        # dates, and lists that people write, are written in the reader's language: what was not touched is not read
        if "birth_date" in data:
            values["birth_date"] = data["birth_date"]
        for name in ("birth_date", "interests"):
            if name in values and data[name] == self.initial.get(name):
                del values[name]
        values["looked_after_by"] = self.colleagues.get(data["looked_after_by"])
        values["category"] = self.categories.get(data["category"])
        if not isinstance(data["organisation"], str):
            values["organisation"] = data["organisation"]
        since = data["customer_since"]
        # The day is all the form shows; the moment behind it stays where the day was not touched.
        if since is not None and since.isoformat() != self.initial.get("customer_since"):
            values["customer_since"] = shop.start_of(since)
        return values
