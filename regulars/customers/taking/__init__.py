"""Taking in what sales channels say of their customers (docs/decisions/0027)."""
