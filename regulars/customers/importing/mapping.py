"""Which column holds what, as far as an import goes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.tabular import Table
from regulars.customers.importing.guessing import Guess, guess

PROFILE = ("title", "given_name", "family_name", "name", "company", "email", "phone", "kind", "language", "status",
           "is_guest", "customer_since")  # fmt: skip
ADDRESS = ("line1", "line2", "city", "region", "postcode", "country", "address_name", "address_company",
           "address_phone")  # fmt: skip

_SAMPLE = 400
_DIALLED = (
    ("JP", re.compile("番号|携帯|[\u3040-\u30ff]")),
    ("KR", re.compile("[\uac00-\ud7af]")),
    ("TW", re.compile("[電話機號碼聯絡]")),
    ("CN", re.compile("[\u4e00-\u9fff]")),
)
_WHO = ("external_id", "email", "phone", "name", "given_name", "family_name", "company")


@dataclass(frozen=True, slots=True)
class Mapped:
    """What an import takes of a table: the place of each field, every guess, and the headings that are left out."""

    columns: dict[str, int]
    guesses: list[Guess]

    def left_out(self, table: Table) -> list[str]:
        """The columns that hold something and are not imported, as people call them."""
        taken = set(self.columns.values())
        return [table.label(one.column) for one in self.guesses if one.column not in taken and not one.is_empty]


def map_columns(
    table: Table,
    chosen: Mapping[str, str],
    *,
    country: str,
    own_fields: Mapping[str, str] | None = None,
    is_whole: bool = False,
) -> Mapped:
    """Find the columns of a table; `own_fields` are the shop's, {name: label}. With `is_whole` only what is
    chosen is taken.

    Raises Invalid where no column says who somebody is.
    """
    guesses = guess(table.header, table.sample(_SAMPLE), chosen=chosen, own_fields=own_fields, country=country)
    found = {one.field: one.column for one in guesses if one.field and (one.is_chosen or not is_whole)}
    if not any(field in found for field in _WHO):
        header = table.header
        sentence = _(
            "No column of this file says who somebody is. It has: %(columns)s. Name one with --map, for example "
            "--map email=%(first)s."
        ) % {"columns": _listed(header), "first": next((name for name in header if name), "1")}
        raise Invalid(sentence, fields={})
    return Mapped(found, guesses)


def dialled_in(header: Sequence[str], columns: Mapping[str, int], *, shop_country: str) -> str:
    """Where phone numbers of rows without a country are dialled: where the heading's script is at home, else here.

    Exports of Chinese channels have no country column, and their numbers no country code; those of Taiwan, Japan and
    Korea neither.
    """
    at = columns.get("phone", columns.get("address_phone"))
    heading = header[at] if at is not None else ""
    return next((country for country, script in _DIALLED if script.search(heading)), shop_country)


def _listed(header: Sequence[str]) -> str:
    shown = [name[:40] for name in header if name]
    return ", ".join(shown[:12]) + (", …" if len(shown) > 12 else "")
