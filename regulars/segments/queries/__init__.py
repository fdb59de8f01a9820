"""Reads of groups: which lean on which, how lists become rules."""
