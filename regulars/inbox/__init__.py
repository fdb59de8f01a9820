"""Inbox: what customers ask, over every channel; answered in time, and on record."""
