"""The pages of customers: the list, the 360° page, the forms."""
