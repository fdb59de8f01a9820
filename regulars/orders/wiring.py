"""Everything orders plug into the house."""
