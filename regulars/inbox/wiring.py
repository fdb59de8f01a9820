"""Everything the inbox plugs into the house."""

from regulars.inbox import walls  # noqa: F401 — says what is kept from whom
