"""What saved groups plug into the house; wiring.py imports it."""

from regulars.customers import belongings
from regulars.segments import (
    facts,  # noqa: F401 — says what is announced
    holders,
)

# ── what belongs to a customer
for _holder in holders.ALL:
    belongings.add(_holder)
