"""What of a customer is sealed (core/sealing.py), and how it is found again without being opened.

Sealed are the date of birth, VAT number, how somebody likes to pay, why somebody is restricted, notes with the names
and bytes of their files, and the shop's own fields that are marked sensitive. A blind number stands beside each value
that can be asked for: equal values have the same one. Names, e-mails, phones and addresses are not sealed, because
they are searched for by parts of them.
"""

from __future__ import annotations

from collections.abc import Iterable

from regulars.core import sealing
from regulars.core.fields import Keys
from regulars.core.text import fold
from regulars.customers.birthdays import as_written

CUSTOM = "metafields.custom."
COLUMNS = ("birth", "vat_number", "payment_preference", "restriction_reason")

# The names under which sealed values stand in JSON: of rows, of facts, and of plans.
KEYS = Keys(
    names=frozenset({*COLUMNS, "birth_date", "birth_year", "birthday", "sealed"}),
    prefix=CUSTOM,
)
KEYS_OF_PARAMS = Keys(names=frozenset({"value", "because"}))  # what many customers get, and why they are restricted
KEYS_OF_PLANS = Keys(names=KEYS.names | {"note"}, prefix=CUSTOM)

_BIRTH, _YEAR, _DAY = "customers_customer.birth", "customers_customer.birth_year", "customers_customer.birthday"


def blind_of(column: str, value: str) -> dict[str, int | None]:
    """The blind numbers that go with a sealed column of a customer, by their columns."""
    match column:
        case "birth":
            year, day = as_written(value)
            return {
                "birth_blind": sealing.blind(value, _BIRTH) if year and day else None,
                "birth_year_blind": sealing.blind(str(year), _YEAR) if year else None,
                "birthday_blind": sealing.blind(day, _DAY) if day else None,
            }
        case "vat_number" | "payment_preference":
            return {f"{column}_blind": sealing.blind(comparable(value), _place(column)) if value else None}
    return {}


def blinds_of_days(days: Iterable[str]) -> list[int]:
    """The numbers of everybody born on one of some whole dates."""
    return [number for day in days for number in sealing.blinds(day, _BIRTH)]


def blinds_of_years(years: Iterable[int]) -> list[int]:
    """The numbers of everybody born in one of some years."""
    return [number for year in years for number in sealing.blinds(str(year), _YEAR)]


def blinds_of_birthdays(days: Iterable[str]) -> list[int]:
    """The numbers of everybody whose birthday is one of some days, “03-12”."""
    return [number for day in days for number in sealing.blinds(day, _DAY)]


def blinds_of_text(column: str, text: str) -> list[int]:
    """The numbers of everybody who says the same in a column, whatever the capitals and spaces."""
    return sealing.blinds(comparable(text), _place(column))


def blind_of_custom(field_id: int, text: str) -> int:
    """The number of a value of one of the shop's own fields."""
    return sealing.blind(fold(text), f"metafields.{field_id}")


def blinds_of_custom(field_id: int, text: str) -> list[int]:
    """The numbers of everybody who has this value in one of the shop's own fields."""
    return sealing.blinds(fold(text), f"metafields.{field_id}")


def comparable(text: str) -> str:
    """A text as it is compared as a whole."""
    return fold(text).replace(" ", "")


def _place(column: str) -> str:
    return f"customers_customer.{column}"
