"""The API of groups: /api/v1/segments."""

from regulars.segments.api import operations, people  # noqa: F401 — they register themselves
from regulars.segments.api.shapes import routes

__all__ = ["routes"]
