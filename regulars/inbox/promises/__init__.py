"""Promises: by when customers hear from us, counted in the hours in which the shop works."""
