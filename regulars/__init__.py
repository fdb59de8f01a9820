"""Regulars: turn first-time buyers into regulars."""

__version__ = "0.1.0"
