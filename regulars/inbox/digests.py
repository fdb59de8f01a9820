"""Digests: by which something that a person said of themselves is found again, and which tell it to nobody.

An address or the id of a mail stands sealed in its column. Beside it stands a keyed hash of it, which can be looked up
by whoever has the shop's keys and the very same text, and turned back by nobody.
"""

from __future__ import annotations

import hmac

from regulars.core import datakeys
from regulars.core.text import fold

_KEY = "inbox-digests"


def of(text: str) -> str:
    """What stands for a text in an index: the same for every way to write it large or small; empty for an empty one."""
    folded = fold(text.strip())
    if not folded:
        return ""
    keys = datakeys.named(_KEY).generations
    # never exchanged: what was found by a digest has to be found by it for as long as the rows stay
    return hmac.digest(keys[min(keys)], folded.encode(), "sha256").hex()
