"""Taking in what sales channels say of products, orders, returns and checkouts (docs/decisions/0027)."""
