"""The body of a delivery as its row keeps it: compressed, sealed with the shop's key, bound to its event.

    1 byte 1, 1 byte generation of the key, 12 bytes nonce, ciphertext and tag (AES-256-GCM)

It belongs to no one person when it arrives, as nobody has read it yet; a forgotten person's deliveries are deleted.
"""

from __future__ import annotations

import secrets
import zlib
from functools import lru_cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import transaction

from regulars.channels.models import Delivery
from regulars.core import datakeys, resealing, sealing
from regulars.core.sealing import Damaged

_FORM = 1
_NONCE = 12
_HEAD = 2 + _NONCE


def pack(body: bytes, *, connection_id: int, event: str) -> bytes:
    """The body as it is kept. `event` is authenticated with it: no other row opens it."""
    generation, key = sealing.file_key(None)
    nonce = secrets.token_bytes(_NONCE)
    sealed = _cipher(key).encrypt(nonce, zlib.compress(body, 1), _bound(connection_id, event))
    return bytes((_FORM, generation)) + nonce + sealed


def unpack(packed: bytes | memoryview, *, connection_id: int, event: str) -> bytes:
    """The body as it arrived. Raises Damaged where it was changed, or stands in another row."""
    packed = bytes(packed)
    if len(packed) <= _HEAD or packed[0] != _FORM:
        raise Damaged("not the body of a delivery")
    _generation, key = sealing.file_key(None, generation=packed[1])
    try:
        return zlib.decompress(_cipher(key).decrypt(packed[2:_HEAD], packed[_HEAD:], _bound(connection_id, event)))
    except (InvalidTag, zlib.error):
        raise Damaged("the body of a delivery that was changed") from None


def body_of(delivery: Delivery) -> bytes:
    """What arrived, byte by byte. Raises Damaged."""
    return unpack(delivery.body, connection_id=delivery.connection_id, event=delivery.event)


def renew() -> int:
    """Seal all bodies anew that an older generation of the key sealed; how many those were."""
    newest, count = datakeys.named("files").newest, 0
    for keys in resealing.parts(Delivery._base_manager.all()):
        with transaction.atomic():
            for row in Delivery._base_manager.select_for_update(of=("self",), no_key=True).filter(pk__in=keys):
                if bytes(row.body[1:2]) == bytes((newest,)):
                    continue
                body = pack(body_of(row), connection_id=row.connection_id, event=row.event)
                count += Delivery._base_manager.filter(pk=row.pk).update(body=body)
    return count


def _bound(connection_id: int, event: str) -> bytes:
    return f"{connection_id}\0{event}".encode()


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(blake2b(key=key, person=b"regulars.deliver", digest_size=32).digest())
