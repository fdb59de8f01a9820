"""Sealed columns in the images that change sets keep of rows (customers/journal.py): sealed there as in the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Cast

from regulars.core.fields import SealedJson, SealedText, sealed_fields
from regulars.core.resealing import parts, renewed_json, renewed_text
from regulars.core.sealing import Forgotten, is_sealed
from regulars.customers.journal import TABLES
from regulars.customers.models import Change

Field = SealedText | SealedJson
Treat = Callable[[Field, Any, int | None], Any]


def seal_plain() -> int:
    """Seal what images of an older version hold plainly; in how many lines that was."""
    return _treat(_sealed)


def renew() -> int:
    """Seal anew what older keys sealed; in how many lines that was."""
    return _treat(_renewed)


def _treat(treat: Treat) -> int:
    names = {name for model in TABLES.values() for name in sealed_fields(model)}
    found = Q()
    for name in names:
        found |= Q(as_text__contains=f'"{name}"')
    rows = Change._base_manager.annotate(as_text=Cast("images", models.TextField())).filter(found)
    count = 0
    for keys in parts(rows):
        with transaction.atomic():
            held = Change._base_manager.select_for_update(of=("self",), no_key=True).filter(pk__in=keys)
            for line in held.only("images", "customer_id"):
                images = [_image(image, line.customer_id, treat) for image in line.images]
                if images != line.images:
                    Change._base_manager.filter(pk=line.pk).update(images=images)
                    count += 1
    return count


def _image(image: Any, customer_id: int | None, treat: Treat) -> list[Any]:
    table, key, before, after = image
    fields = sealed_fields(TABLES[table]) if table in TABLES else {}

    def columns(found: dict[str, Any] | None) -> dict[str, Any] | None:
        if not found:
            return found
        whose = key if table in {"customer", "own_profile"} else found.get("customer_id", customer_id)
        return {
            name: treat(fields[name], value, whose) if value and name in fields else value
            for name, value in found.items()
        }

    return [table, key, columns(before), columns(after)]


def _sealed(field: Field, value: Any, person_id: int | None) -> Any:
    if isinstance(field, SealedText) and (person_id is None or is_sealed(value)):
        return value
    try:
        sealed = field.sealed(value, person_id)
    except Forgotten:
        return ""
    return str(sealed) if isinstance(field, SealedText) else sealed


def _renewed(field: Field, value: Any, _person_id: int | None) -> Any:
    if isinstance(field, SealedText):
        return renewed_text(value, field.place)
    return renewed_json(value, field)
