"""What two records are compared by: every field with its levels, from “the same” down to “different”.

The numbers are what is believed before any data were seen: how often a level is met between two records of one person
(`same`), and of two people taken by chance (`chance`). A model learns better ones from the records themselves; these
keep it sensible where there are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

MISSING = 0
"""The level of a field that one of two records does not have: no evidence, either way."""

EXACT = 1
"""The first level of every field."""


@dataclass(frozen=True)
class Field:
    """One comparison. `levels` are words for its levels 1, 2, …, the strongest first.

    `is_shared` says that people of one household have it in common. `follows` are fields that largely decide this one:
    two people with one postcode have one city, which therefore proves nothing more. `most_different` is how often, at
    most, one person is different here: a model that believes more has learnt something else than who is one person.
    `at_home` is how often people of one household have exactly the same by more than chance: couples share a mailbox,
    sons are called as their fathers, twins are born on one day.
    """

    name: str
    levels: tuple[str, ...]
    same: tuple[float, ...]
    chance: tuple[float, ...]
    is_shared: bool = False
    follows: tuple[str, ...] = ()
    most_different: float = 0.3
    at_home: float = 0.0

    def __post_init__(self) -> None:
        if not len(self.levels) == len(self.same) == len(self.chance):
            raise ValueError(f"{self.name} has not as many figures as levels")

    @cached_property
    def size(self) -> int:
        """How many levels there are, with the missing one."""
        return len(self.levels) + 1

    def level(self, word: str) -> int:
        """The number of a level."""
        return self.levels.index(word) + 1


FIELDS: tuple[Field, ...] = (
    Field(
        "given",
        ("exact", "nickname", "typo", "swapped", "initial", "similar", "different"),
        (0.74, 0.04, 0.09, 0.02, 0.02, 0.03, 0.06),
        (0.005, 0.002, 0.002, 0.0005, 0.004, 0.03, 0.9565),
        at_home=0.01,
    ),
    Field(
        "middle",
        ("exact", "initial", "typo", "different"),
        (0.70, 0.10, 0.08, 0.12),
        (0.01, 0.04, 0.01, 0.94),
        most_different=0.5,
    ),
    Field(
        "family",
        ("exact", "sound", "typo", "part", "similar", "different"),
        (0.80, 0.02, 0.09, 0.02, 0.02, 0.05),
        (0.002, 0.0005, 0.002, 0.001, 0.02, 0.9745),
        is_shared=True,
    ),
    Field(
        "name",
        ("exact", "reordered", "typo", "part", "similar", "different"),
        (0.60, 0.08, 0.12, 0.10, 0.04, 0.06),
        (0.0005, 0.0002, 0.001, 0.004, 0.02, 0.9743),
        most_different=0.4,
    ),
    Field(
        "birth",
        ("exact", "day_month", "digit", "two_parts", "near", "different"),
        (0.85, 0.02, 0.06, 0.03, 0.02, 0.02),
        (0.00005, 0.00003, 0.0006, 0.0035, 0.03, 0.96582),
        at_home=0.01,
    ),
    Field(
        "id_number",
        ("exact", "typo", "near", "different"),
        (0.86, 0.08, 0.02, 0.04),
        (0.00001, 0.00005, 0.001, 0.99894),
    ),
    Field(
        "email",
        ("exact", "local_part", "typo", "similar", "different"),
        (0.70, 0.06, 0.10, 0.04, 0.10),
        (0.00002, 0.0002, 0.0004, 0.01, 0.98938),
        follows=("names", "family", "given"),
        most_different=0.6,
        at_home=0.06,
    ),
    Field(
        "phone",
        ("exact", "tail", "typo", "different"),
        (0.64, 0.08, 0.10, 0.18),
        (0.00003, 0.00003, 0.0002, 0.99974),
        is_shared=True,
        most_different=0.7,
    ),
    Field("gender", ("exact", "different"), (0.95, 0.05), (0.5, 0.5), follows=("given",)),
    Field(
        "company",
        ("exact", "typo", "part", "different"),
        (0.70, 0.10, 0.10, 0.10),
        (0.001, 0.0005, 0.005, 0.9935),
        is_shared=True,
        most_different=0.6,
    ),
    Field(
        "postcode",
        ("exact", "typo", "area", "different"),
        (0.74, 0.09, 0.05, 0.12),
        (0.002, 0.002, 0.03, 0.966),
        is_shared=True,
        most_different=0.5,
    ),
    Field(
        "street",
        ("exact", "typo", "crossed", "part", "different"),
        (0.64, 0.16, 0.02, 0.08, 0.10),
        (0.001, 0.001, 0.0005, 0.02, 0.9775),
        is_shared=True,
        follows=("postcode",),
        most_different=0.5,
    ),
    Field(
        "number",
        ("exact", "part", "different"),
        (0.76, 0.08, 0.16),
        (0.02, 0.06, 0.92),
        is_shared=True,
        follows=("street",),
        most_different=0.5,
    ),
    Field(
        "unit",
        ("exact", "typo", "part", "different"),
        (0.62, 0.12, 0.08, 0.18),
        (0.005, 0.002, 0.03, 0.963),
        is_shared=True,
        follows=("street",),
        most_different=0.5,
    ),
    Field(
        "city",
        ("exact", "typo", "similar", "different"),
        (0.76, 0.10, 0.03, 0.11),
        (0.02, 0.005, 0.03, 0.945),
        is_shared=True,
        follows=("postcode",),
        most_different=0.5,
    ),
    Field(
        "region",
        ("exact", "typo", "different"),
        (0.88, 0.03, 0.09),
        (0.2, 0.02, 0.78),
        is_shared=True,
        follows=("postcode", "city"),
        most_different=0.4,
    ),
    Field(
        "country",
        ("exact", "different"),
        (0.97, 0.03),
        (0.6, 0.4),
        is_shared=True,
        follows=("postcode", "city", "region"),
        most_different=0.4,
    ),
    Field(
        "birth_place",
        ("exact", "typo", "different"),
        (0.80, 0.08, 0.12),
        (0.02, 0.01, 0.97),
        is_shared=True,
        follows=("city", "postcode"),
        most_different=0.6,
    ),
    Field("occupation", ("exact", "typo", "different"), (0.70, 0.06, 0.24), (0.02, 0.01, 0.97), most_different=0.7),
)  # fmt: skip

NAMES = Field("names", ("both", "different"), (0.8, 0.2), (0.0001, 0.9999))
"""Whether given and family name agree together: no evidence of its own, but e-mails made of names follow from it."""

BY_NAME: dict[str, Field] = {field.name: field for field in (*FIELDS, NAMES)}
