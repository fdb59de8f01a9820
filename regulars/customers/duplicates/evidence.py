"""Why two records may be one person: field by field, what each says, how well they agree, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regulars.customers.duplicates.comparing import Compared, compare
from regulars.customers.duplicates.fields import BY_NAME, FIELDS, MISSING
from regulars.customers.duplicates.model import Model
from regulars.customers.duplicates.table import Rows, Table


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one field says. `weight` is in bits: each doubles the odds of one person, or halves them below zero."""

    field: str
    left: str
    right: str
    level: str
    weight: float

    def as_data(self) -> dict[str, Any]:
        """As it is kept and printed."""
        return {"field": self.field, "left": self.left, "right": self.right, "level": self.level, "weight": self.weight}


def evidence_of(table: Table, model: Model, left: Rows, right: Rows) -> list[list[Evidence]]:
    """The evidence of every pair of rows, the strongest first; fields that one of them does not have say nothing."""
    if not len(left):
        return []
    compared: Compared = compare(table, left, right)
    weights = model.weights(compared)
    found = []
    for place, (one, other) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        pieces = [
            Evidence(
                field.name,
                table.text(field.name, one),
                table.text(field.name, other),
                BY_NAME[field.name].levels[level - 1],
                round(float(weights[field.name][place]), 2),
            )
            for field in FIELDS
            if field.name in weights and (level := int(compared.levels[field.name][place])) != MISSING
        ]
        found.append(sorted(pieces, key=lambda piece: -abs(piece.weight)))
    return found
