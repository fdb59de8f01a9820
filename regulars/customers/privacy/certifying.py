"""The certificate of an erasure: what was erased, kept and searched, sealed with the shop's key; nobody is named in it.

The seal is an HMAC-SHA256 over the certificate's text under a key that is derived from the key ring. Whoever has the
shop's keys can check it (`regulars privacy verify --case`); everybody can check the digest.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from regulars import __version__
from regulars.core import shop
from regulars.core.backup import identities
from regulars.customers.models import Erasure, Tombstone
from regulars.customers.privacy.searching import Searched

FORMAT = "regulars.erasure/1"
_PURPOSE = "certificates"


def certificate_of(
    erasure: Erasure, *, searched: Searched | None, cleaned: dict[str, int], not_told: list[str], others: list[str]
) -> dict[str, Any]:
    """The certificate of a case, as plain data."""
    found = [hit for hit in searched.hits if not hit.is_others] if searched else []
    elsewhere = [hit for hit in searched.hits if hit.is_others] if searched else []
    return {
        "format": FORMAT,
        "case": erasure.public_id,
        "shop": shop.current().name,
        "cause": erasure.cause,
        "rule": erasure.rule,
        "erased_at": erasure.erased_at.isoformat() if erasure.erased_at else None,
        "verified_at": erasure.verified_at.isoformat() if erasure.verified_at else None,
        "people": erasure.people,
        "records": Tombstone.objects.filter(erasure=erasure).count(),
        "erased": erasure.preview.get("goes", []),
        "kept": erasure.preview.get("stays", []),
        "key_destroyed": True,
        "backups_told": not not_told,
        "not_told": not_told,
        "copies_cleaned": cleaned,
        "freed_space": others,
        "searched": {
            "identifiers": erasure.preview.get("identifiers", {}),
            "tables": searched.tables,
            "columns": searched.columns,
            "rows": searched.rows,
            "files": searched.files,
            "bytes": searched.bytes,
            "unread": searched.unread,
            "found": sum(hit.rows for hit in found),
            "places": [{"place": hit.place, "rows": hit.rows, "keys": list(hit.keys[:50])} for hit in found],
            "in_records_of_others": [
                {"place": hit.place, "rows": hit.rows, "keys": list(hit.keys[:50])} for hit in elsewhere
            ],
        }
        if searched
        else None,
        "program": f"regulars {__version__}",
    }


def text_of(certificate: dict[str, Any]) -> str:
    """The one text of a certificate that digest and seal are made of."""
    return json.dumps(certificate, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def sealed(certificate: dict[str, Any]) -> tuple[str, str]:
    """Digest and seal of a certificate; the seal names the key it was made with."""
    text = text_of(certificate).encode()
    key = identities.ring().current
    return hashlib.sha256(text).hexdigest(), f"{key.id}:{hmac.digest(key.derive(_PURPOSE), text, 'sha256').hex()}"


def is_true(erasure: Erasure) -> bool:
    """Whether a certificate is as it was sealed; False too where its key is not in the ring any more."""
    text = text_of(erasure.certificate).encode()
    name, _colon, seal = erasure.signature.partition(":")
    key = identities.ring().by_id.get(name)
    if key is None or hashlib.sha256(text).hexdigest() != erasure.digest:
        return False
    return hmac.compare_digest(hmac.digest(key.derive(_PURPOSE), text, "sha256").hex(), seal)
