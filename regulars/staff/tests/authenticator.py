"""A device with passkeys, in software: answers as WebAuthn wants it, signs honestly, and counts as it is told to."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


class Device:
    """One passkey for one address."""

    def __init__(self, *, origin="http://localhost", rp_id="localhost", counts=False, verifies=True):
        self.origin, self.rp_id, self.counts, self.verifies = origin, rp_id, counts, verifies
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id, self.count, self.handle = os.urandom(32), 0, b""

    def make(self, options):
        """The answer to “make a passkey”."""
        self.handle = _bytes(options["user"]["id"])
        self.count += self.counts
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(HAS_KEY) + credential
        response = {
            "clientDataJSON": _text(self._client("webauthn.create", options["challenge"])),
            "attestationObject": _text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal"],
        }
        return self._answer(response)

    def use(self, options):
        """The answer to “use a passkey”."""
        self.count += self.counts
        client = self._client("webauthn.get", options["challenge"])
        data = self._data(0)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": _text(client),
            "authenticatorData": _text(data),
            "signature": _text(signed),
            "userHandle": _text(self.handle),
        }
        return self._answer(response)

    def _data(self, more):
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind, challenge):
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response):
        known = {"id": _text(self.id), "rawId": _text(self.id), "type": "public-key"}
        return json.dumps({**known, "response": response, "clientExtensionResults": {}})


def _text(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
