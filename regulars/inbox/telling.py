"""Open pages hear that something happened to an inquiry, and to which; what it is they fetch, past the walls."""

from __future__ import annotations

from regulars.core import live

LIST = "inbox"


def tell(public_id: str, what: str) -> None:
    """Tell the list, and whoever has this inquiry open."""
    live.tell(LIST, {"id": public_id})
    live.tell(f"{LIST}.{public_id}", {"said": what})
