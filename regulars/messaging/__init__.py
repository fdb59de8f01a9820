"""How we reach them."""
