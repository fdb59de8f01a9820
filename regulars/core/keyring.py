"""The keys of this shop: one short text, kept apart from the data.

A key is 32 random bytes, written `rgk_…`. The first of the text is the current one; those below are older, kept for
what still needs them (backups, until they are gone). The text stands in REGULARS_KEYS, in the file that
REGULARS_KEYS_FILE names, or in `<data folder>.keys`, beside the data folder and never in it, so that a copy of the data
is no copy of the keys.

Nothing is encrypted with such a key itself: each purpose has its own, derived by HKDF-SHA256 (RFC 5869).
Nothing here imports Django, because the settings read it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_PREFIX = "rgk_"
_SIZE = 32
_HEAD = """\
# The keys of this shop. Without them nothing of it can be read: not the database, not a backup.
# Keep a copy in another place, and let nobody else read it.
"""


class BadKeys(ValueError):  # noqa: N818 — an answer, like the refusals
    """A text that is no key ring; says why in words."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key; `id` is a name for it that gives nothing away."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return hashlib.sha256(b"regulars key id" + self.secret).hexdigest()[:8]

    @property
    def text(self) -> str:
        return _PREFIX + urlsafe_b64encode(self.secret).decode().rstrip("=")

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose: HKDF-SHA256 without salt, `regulars/<purpose>` as its info, one block."""
        extracted = hmac.digest(bytes(_SIZE), self.secret, "sha256")
        return hmac.digest(extracted, f"regulars/{purpose}".encode() + b"\x01", "sha256")

    @classmethod
    def new(cls) -> Key:
        return cls(secrets.token_bytes(_SIZE))

    @classmethod
    def read(cls, text: str) -> Key:
        """The key that a text says; raises BadKeys."""
        body = text.removeprefix(_PREFIX)
        try:
            secret = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        except ValueError:
            secret = b""
        if body == text or len(secret) != _SIZE:
            raise BadKeys(f"“{text[:8]}…” is not a key; a key is {_PREFIX} and 43 letters and digits")
        return cls(secret)


@dataclass(frozen=True)
class KeyRing:
    """The keys there are, the current one first; `path` is the file they stand in, None where it is not our own."""

    keys: tuple[Key, ...]
    path: Path | None = None

    @property
    def current(self) -> Key:
        return self.keys[0]

    @cached_property
    def by_id(self) -> dict[str, Key]:
        return {key.id: key for key in self.keys}

    @property
    def text(self) -> str:
        return _HEAD + "".join(f"{key.text}\n" for key in self.keys)


def parse(text: str, *, path: Path | None = None) -> KeyRing:
    """A key ring from its text: keys between spaces, commas or line ends; what follows a # is a remark."""
    lines = (line.partition("#")[0] for line in text.splitlines())
    words = " ".join(lines).replace(",", " ").split()
    if not words:
        raise BadKeys("there is no key in it")
    return KeyRing(tuple(dict.fromkeys(Key.read(word) for word in words)), path)


def find(home: Path) -> KeyRing | None:
    """The keys of the shop in that data folder, or None where none were made yet. Raises BadKeys."""
    if "REGULARS_KEYS" in os.environ:
        return parse(os.environ["REGULARS_KEYS"])
    path = path_of(home)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if "REGULARS_KEYS_FILE" in os.environ:
            raise BadKeys(f"REGULARS_KEYS_FILE names {path}, which is not there") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BadKeys(f"{path} cannot be read: {error}") from None
    return parse(text, path=path)


def path_of(home: Path) -> Path:
    """The file the keys of that data folder stand in, unless the environment holds them itself."""
    named = os.environ.get("REGULARS_KEYS_FILE")
    return Path(named).expanduser() if named else home.with_name(home.name + ".keys")


def save(ring: KeyRing) -> None:
    """Write the ring into its file, whole or not at all, readable by its owner alone."""
    if ring.path is None:
        raise BadKeys("the keys stand in the environment; change them there")
    part = ring.path.with_name(ring.path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(ring.text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(ring.path)
    folder = os.open(ring.path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
