"""Everything channels plug into the house."""

from regulars.channels import walls  # noqa: F401 — says what is kept from whom
