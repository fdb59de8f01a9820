"""Everything groups plug into the house."""

from regulars.segments import (
    walls,  # noqa: F401 — says what is kept from whom
)
