"""Inquiries, for programs."""

from regulars.inbox.api import contact, conversations, posts  # noqa: F401 — they register their operations
from regulars.inbox.api.shapes import routes

__all__ = ["routes"]
