"""Accounts at message services: connecting one, what it reported, and taking it off."""
