"""What is announced of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact

_LABELS: Mapping[str, Promise] = {
    "title": _("product"),
    "category": _("category"),
    "brand": _("brand"),
    "tags": _("tags"),
    "image_url": _("picture"),
    "url": _("page in the shop"),
    "is_active": _("on sale"),
    "variants": _("variants"),
}


@dataclass(frozen=True, slots=True)
class ProductChanged(Fact):
    """Somebody added or changed a product by hand; `changes` has the old and the new value of each field."""

    name: ClassVar[str] = "product.changed"
    sentence: ClassVar = _("Product changed")
    icon: ClassVar[str] = "package"
    kind: ClassVar[str] = "change"
    on_timeline: ClassVar[bool] = False
    labels: ClassVar = _LABELS

    product: str = ""
    is_new: bool = False
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProductsImported(Fact):
    """A file of products came in; one fact for the whole file, with its summary."""

    name: ClassVar[str] = "products.imported"
    sentence: ClassVar = _("Products imported")
    icon: ClassVar[str] = "upload"
    kind: ClassVar[str] = "change"
    on_timeline: ClassVar[bool] = False

    file: str = ""
    rows: int = 0
    created: int = 0
    updated: int = 0
    rejected: int = 0
