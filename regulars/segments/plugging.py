"""What saved groups plug into the house; wiring.py imports it."""

from regulars.customers import belongings, catalogue
from regulars.segments import (
    facts,  # noqa: F401 — says what is announced
    holders,
    listing,
)

# ── what belongs to a customer
for _holder in holders.ALL:
    belongings.add(_holder)

# ── the list of customers
for _field in listing.FIELDS:
    catalogue.add(_field)
