"""The filter of the order list: read from the address, checked, and written back as chips."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import QueryDict
from django.utils.text import get_text_list
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.money import Money
from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.models import Fulfilment, Status
from regulars.orders.queries import OrderRequest

_FILTERS = (
    "status",
    "channel",
    "placed_at.after",
    "placed_at.before",
    "total.min",
    "total.max",
    "customer",
    "fulfilment",
    "tag",
    "code",
    "source",
    "product",
)
_PAGING = ("number", "sort", "after", "before")
_MOST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in words, and the address of the list without it."""

    label: str
    operator: str
    value: str
    without: str


@dataclass(slots=True)
class Asked:
    """What the address asks for; with problems there is no request, so that no wrong list is shown."""

    form: OrderFilter
    request: OrderRequest | None = None
    chips: list[Chip] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    customer: Customer | None = None
    sort: str = "-placed_at"
    query: str = ""

    @property
    def kept(self) -> list[tuple[str, list[str]]]:
        """What the search field sends along: everything but itself and the place in the list."""
        return [(name, values) for name, values in QueryDict(self.query).lists() if name != "number"]


class OrderFilter(forms.Form):
    """The names are those of the API, so that an address can be read by both."""

    number = forms.CharField(label=gettext_lazy("Number"), required=False, max_length=60)
    status = forms.MultipleChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=Status.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}),
    )
    channel = forms.MultipleChoiceField(
        label=gettext_lazy("Channel"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}),
    )
    fulfilment = forms.MultipleChoiceField(
        label=pgettext_lazy("how far they are", "Goods"),
        required=False,
        choices=[(value, label) for value, label in Fulfilment.choices if value],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}),
    )
    product = forms.CharField(label=gettext_lazy("Product or SKU"), required=False, max_length=120)
    tag = forms.CharField(label=gettext_lazy("Tag"), required=False, max_length=60)
    code = forms.CharField(label=gettext_lazy("Discount code"), required=False, max_length=80)
    source = forms.CharField(label=gettext_lazy("Source or campaign"), required=False, max_length=120)
    customer = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict) -> None:
        plain: dict[str, Any] = {name: data.get(name, "") for name in (*_PAGING, *_FILTERS)}
        for name in ("status", "channel", "fulfilment"):
            plain[name] = [word for text in data.getlist(name) for word in text.split(",") if word]
        super().__init__(plain, auto_id="%s")
        self.channels = {channel.code: channel.name for channel in Channel.objects.all()}
        self.fields["channel"].choices = list(self.channels.items())  # type: ignore[attr-defined]
        for name, label in (
            ("placed_at.after", _("From")),
            ("placed_at.before", _("Before")),
        ):
            self.fields[name] = forms.DateField(
                label=label, required=False, widget=forms.DateInput(attrs={"type": "date"})
            )
        for name, label in (("total.min", _("At least")), ("total.max", _("At most"))):
            self.fields[name] = forms.DecimalField(
                label=label,
                required=False,
                min_value=-_MOST,
                max_value=_MOST,
                widget=forms.TextInput(attrs={"inputmode": "decimal"}),
            )

    @property
    def days(self) -> list[forms.BoundField]:
        return [self["placed_at.after"], self["placed_at.before"]]

    @property
    def words(self) -> list[forms.BoundField]:
        return [self["product"], self["tag"], self["code"], self["source"]]

    @property
    def totals(self) -> list[forms.BoundField]:
        return [self["total.min"], self["total.max"]]


def read(data: QueryDict) -> Asked:
    """The list that an address asks for. Whatever cannot be read is a sentence, and then nothing is listed."""
    form = OrderFilter(data)
    asked = Asked(form=form, query=_kept(data))
    known = {*_FILTERS, *_PAGING}
    asked.problems = [_("There is no filter “%(name)s”.") % {"name": name[:40]} for name in data if name not in known]
    if not form.is_valid():
        asked.problems += [
            str(reason) if name == NON_FIELD_ERRORS else f"{form.fields[name].label or name}: {reason}"
            for name, reasons in form.errors.items()
            for reason in reasons
        ]
        return asked
    values = form.cleaned_data
    asked.sort = data.get("sort") or "-placed_at"
    if asked.sort not in {"placed_at", "-placed_at", "total", "-total"}:
        asked.problems.append(_("Orders cannot be sorted by “%(name)s”.") % {"name": asked.sort[:40]})
    if values["customer"]:
        rows = Customer.everyone.filter(pk=Customer.pk_of(values["customer"]) or 0, deleted_at__isnull=True)
        asked.customer = next((one.person for one in rows.select_related("merged_into")), None)
        if asked.customer is None:
            asked.problems.append(_("There is no such customer. Perhaps it was deleted."))
    asked.chips = _chips(data, asked)
    if not asked.problems:
        asked.request = OrderRequest(
            number=values["number"].strip(),
            statuses=tuple(values["status"]),
            fulfilments=tuple(values["fulfilment"]),
            **{name: values[name].strip() for name in ("tag", "code", "source", "product")},
            channels=tuple(values["channel"]),
            customer_ids=tuple(records(asked.customer)) if asked.customer else (),
            since=_start(values["placed_at.after"]),
            until=_start(values["placed_at.before"]),
            least_minor=_minor(values["total.min"]),
            most_minor=_minor(values["total.max"]),
            sort="total" if asked.sort.endswith("total") else "placed_at",
            is_oldest_first=not asked.sort.startswith("-"),
            after=data.get("after", ""),
            before=data.get("before", ""),
        )
    return asked


def _chips(data: QueryDict, asked: Asked) -> list[Chip]:
    values, form = asked.form.cleaned_data, asked.form
    currency = shop.current().currency
    language = _language()
    labels, sent = dict(Status.choices), dict(Fulfilment.choices)
    goods = pgettext("how far they are", "Goods")
    found = [
        ("status", _("State"), _("is"), _or([str(labels[name]) for name in values["status"]])),
        ("fulfilment", goods, _("is"), _or([str(sent[name]) for name in values["fulfilment"]])),
        ("product", _("Product"), _("is"), values["product"]),
        ("tag", _("Tag"), _("is"), values["tag"]),
        ("code", _("Discount code"), _("is"), values["code"]),
        ("source", _("Source"), _("is"), values["source"]),
        ("channel", _("Channel"), _("is"), _or([form.channels[code] for code in values["channel"]])),
        ("customer", _("Customer"), _("is"), str(asked.customer or "")),
        ("placed_at.after", _("Placed"), _("from"), _day(values["placed_at.after"])),
        ("placed_at.before", _("Placed"), _("before"), _day(values["placed_at.before"])),
        ("total.min", _("Total"), _("at least"), _amount(values["total.min"], currency, language)),
        ("total.max", _("Total"), _("at most"), _amount(values["total.max"], currency, language)),
    ]
    return [Chip(label, operator, value, _kept(data, without=name)) for name, label, operator, value in found if value]


def _kept(data: QueryDict, *, without: str = "") -> str:
    """The address of the same list from its first page, without one filter."""
    kept = data.copy()
    for name in ("after", "before", without):
        kept.pop(name, None)
    return kept.urlencode()


def _or(words: list[str]) -> str:
    return str(get_text_list(words, _("or")))


def _day(day: dt.date | None) -> str:
    return day.isoformat() if day else ""


def _amount(amount: Decimal | None, currency: str, language: str) -> str:
    return Money.of(amount, currency).format(language, whole_from=0) if amount is not None else ""


def _language() -> str:
    return get_language() or "en"


def _start(day: dt.date | None) -> dt.datetime | None:
    return shop.start_of(day) if day else None


def _minor(amount: Decimal | None) -> int | None:
    return Money.of(amount, shop.current().currency).minor if amount is not None else None
