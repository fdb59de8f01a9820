"""The demo shop: real orders of a gift shop, invented people, and the same in any size for measuring."""
