"""Who can open a backup: the keys of the shop, and whoever else REGULARS_BACKUP_RECIPIENTS names.

Backups are age files (age-encryption.org/v1), so that they can be opened without us. The shop's age identity is an
X25519 key derived from its key ring, written as age writes it: bech32 (BIP 173).
"""

from __future__ import annotations

from collections.abc import Iterable

import pyrage
from django.conf import settings
from django.utils.translation import gettext as _
from pyrage.x25519 import Identity, Recipient

from regulars.core import keyring
from regulars.core.backup.refusals import NoKeys
from regulars.core.errors import Refusal
from regulars.core.keyring import Key, KeyRing

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


class BadRecipient(Refusal):
    """REGULARS_BACKUP_RECIPIENTS, or a file with identities, holds something that is not one of age's."""

    slug = "bad-recipient"


def ring() -> KeyRing:
    """The keys of the shop as they are now, even where they were changed since this process began."""
    found: KeyRing | None = keyring.find(settings.REGULARS_HOME) or settings.KEY_RING
    if found is None:
        raise NoKeys(
            _(
                "This shop has no keys, and without them no backup can be opened. Put your copy of the key file at "
                "%(path)s, or name it in REGULARS_KEYS_FILE."
            )
            % {"path": keyring.path_of(settings.REGULARS_HOME)}
        )
    return found


def identity_of(key: Key) -> Identity:
    """What opens the backups that were made under that key."""
    return Identity.from_str(bech32("age-secret-key-", key.derive("backup")).upper())


def identities() -> list[Identity]:
    """What opens backups here: every key of the ring, the older ones as well."""
    return [identity_of(key) for key in ring().keys]


def recipients() -> list[Recipient]:
    """Whom backups are encrypted for: the shop under its current key, and who else was named."""
    own = identity_of(ring().current).to_public()
    return [own, *(_recipient(text) for text in settings.BACKUP_RECIPIENTS)]


def identities_in(text: str) -> list[Identity]:
    """The identities of a file as age-keygen writes it. Raises BadRecipient."""
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError as bad:
        raise BadRecipient(_("The file holds no identity of age; each begins with AGE-SECRET-KEY-1.")) from bad
    if not found:
        raise BadRecipient(_("The file holds no identity of age; each begins with AGE-SECRET-KEY-1."))
    return found


def bech32(prefix: str, data: bytes) -> str:
    """Bytes as BIP 173 writes them: the prefix, 1, groups of five bits as letters, and six letters of checksum."""
    number, size = int.from_bytes(data, "big"), len(data) * 8
    padding = -size % 5
    groups = [(number << padding) >> place & 31 for place in range(size + padding - 5, -1, -5)]
    spread = [*(ord(letter) >> 5 for letter in prefix), 0, *(ord(letter) & 31 for letter in prefix)]
    checksum = _polymod([*spread, *groups, 0, 0, 0, 0, 0, 0]) ^ 1
    groups += [checksum >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(_ALPHABET[group] for group in groups)


def _polymod(values: Iterable[int]) -> int:
    rest = 1
    for value in values:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATOR):
            if top >> place & 1:
                rest ^= generator
    return rest


def _recipient(text: str) -> Recipient:
    try:
        return Recipient.from_str(text)
    except pyrage.RecipientError as bad:
        sentence = _("REGULARS_BACKUP_RECIPIENTS holds “%(text)s”, which is not a recipient of age (age1…).")
        raise BadRecipient(sentence % {"text": text[:20]}) from bad
