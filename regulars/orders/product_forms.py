"""What the address of the list of products asks for, and the form of a product."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.channels.models import Channel
from regulars.customers.forms.base import ShopForm
from regulars.orders.models import Product, Variant
from regulars.orders.queries.catalogue import ProductRequest, choices

_FILTERS = ("category", "brand", "channel")
_SORTS = ("title", "-revenue")
_VARIANT = ("id", "title", "sku", "barcode", "price", "cost")
_MOST_ROWS = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One filter in words, and the address of the list without it."""

    label: str
    value: str
    without: str


@dataclass(slots=True)
class Asked:
    """The list that an address asks for, what can be asked for, and what was not understood."""

    request: ProductRequest
    choices: dict[str, list[tuple[str, str]]]
    chips: list[Chip] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    query: str = ""
    active: list[str] = field(default_factory=list)
    by_title: str = ""
    by_revenue: str = ""


def read(data: QueryDict) -> Asked:
    """Read an address. A value nobody knows is a sentence, and then nothing is listed."""
    known = choices()
    options = {
        "category": [(word, word) for word in known["category"]],
        "brand": [(word, word) for word in known["brand"]],
        "channel": list(Channel.objects.values_list("code", "name")),
        "active": [("yes", _("On sale")), ("no", _("Not on sale"))],
    }
    names = {*_FILTERS, "active", "q", "sort", "page"}
    problems = [_("There is no filter “%(name)s”.") % {"name": name[:40]} for name in data if name not in names]
    labels = {"category": _("Category"), "brand": _("Brand"), "channel": _("Channel"), "active": _("State")}
    chips = []
    for name, label in labels.items():
        words = dict(options[name])
        for value in filter(None, data.getlist(name)):
            if value not in words:
                problems.append(
                    _("There is no product with %(label)s “%(value)s”.") % {"label": label, "value": value[:60]}
                )
            chips.append(Chip(label=label, value=words.get(value, value), without=_without(data, name, value)))
    sort = data.get("sort") or "title"
    if sort not in _SORTS:
        problems.append(_("Products cannot be sorted by “%(name)s”.") % {"name": sort[:40]})
    active = [value for value in data.getlist("active") if value]
    kept = data.copy()
    kept.pop("page", None)
    return Asked(
        request=ProductRequest(
            search=data.get("q", "").replace("\0", " ").strip()[:100],
            categories=tuple(filter(None, data.getlist("category"))),
            brands=tuple(filter(None, data.getlist("brand"))),
            channels=tuple(filter(None, data.getlist("channel"))),
            is_active=active[0] == "yes" if len(set(active)) == 1 else None,
            sort=sort,
        ),
        choices=options,
        chips=chips,
        problems=problems,
        query=kept.urlencode(),
        active=active,
        by_title=_sorted(kept, "title"),
        by_revenue=_sorted(kept, "-revenue"),
    )


def _sorted(kept: QueryDict, sort: str) -> str:
    query = kept.copy()
    query["sort"] = sort
    return query.urlencode()


def _without(data: QueryDict, name: str, value: str) -> str:
    kept = data.copy()
    kept.pop("page", None)
    kept.setlist(name, [one for one in data.getlist(name) if one != value])
    return kept.urlencode()


class ProductForm(ShopForm):
    """A product; its variants are rows of the same form."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=250)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    category = forms.CharField(label=gettext_lazy("Category"), max_length=250, required=False)
    brand = forms.CharField(label=gettext_lazy("Brand"), max_length=120, required=False)
    tags = forms.CharField(label=gettext_lazy("Tags, with commas between them"), max_length=2000, required=False)
    url = forms.CharField(label=gettext_lazy("Page in the shop"), max_length=1000, required=False)
    image_url = forms.CharField(label=gettext_lazy("Address of a picture"), max_length=1000, required=False)
    is_active = forms.BooleanField(
        label=gettext_lazy("On sale"), required=False, widget=forms.CheckboxInput(attrs={"class": "check"})
    )

    def __init__(self, data: QueryDict | None = None, *, product: Product | None = None) -> None:
        initial: dict[str, Any] = {"is_active": True}
        if product is not None:
            initial = {
                name: getattr(product, name) for name in ("title", "category", "brand", "url", "image_url", "is_active")
            }
            initial["tags"] = ", ".join(product.tags)
        super().__init__(data, initial=initial)
        self.product = product
        if product is None:
            self.fields["channel"].choices = list(Channel.objects.values_list("code", "name"))  # type: ignore[attr-defined]
        else:
            del self.fields["channel"]
        self.rows = _rows(data) if data is not None else _shown(product)

    def values(self) -> dict[str, Any]:
        """What stands in the form, as the verbs take it."""
        names = ("title", "category", "brand", "url", "image_url", "is_active")
        tags = [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]
        return {**{name: self.cleaned_data[name] for name in names}, "tags": tags}

    def variants(self) -> list[dict[str, Any]]:
        """The rows that say anything, as the verbs take them."""
        own = {v.public_id: v for v in self.product.variants.all()} if self.product else {}
        found = []
        for row in self.rows:
            if not any(row[name] for name in ("title", "sku", "barcode", "price", "cost")):
                continue
            known = own.get(row["id"])
            kept = {"currency": known.currency, "is_active": known.is_active, "id": known.pk} if known else {}
            found.append({**{name: row[name] for name in _VARIANT[1:]}, **kept})
        return found


def _rows(data: QueryDict) -> list[dict[str, str]]:
    """The rows of variants as they were sent."""
    columns = {name: data.getlist(f"variant_{name}")[:_MOST_ROWS] for name in _VARIANT}
    length = max(map(len, columns.values()), default=0)
    return [
        {name: (values[at] if at < len(values) else "").strip() for name, values in columns.items()}
        for at in range(length)
    ]


def _shown(product: Product | None) -> list[dict[str, str]]:
    """The rows of a product's variants, and room for more."""
    variants: list[Variant] = list(product.variants.all()) if product else []
    rows = [
        {
            "id": variant.public_id,
            "title": variant.title,
            "sku": variant.sku,
            "barcode": variant.barcode,
            "price": _plain(variant.price),
            "cost": _plain(variant.cost),
        }
        for variant in variants
    ]
    return [*rows, *(dict.fromkeys(_VARIANT, "") for _row in range(3 if not rows else 1))]


def _plain(amount: Any) -> str:
    return "" if amount is None else f"{amount.normalize():f}"
