"""Signatures of mail (DKIM, RFC 6376): a key for each domain we send from, and the line that its DNS has to say."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone

from regulars.core import sealing
from regulars.core.resealing import add_secrets
from regulars.messaging.facts import SigningTurned
from regulars.messaging.models import SigningKey
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_BITS: Final = 2048
# what a signature covers, of these what a mail has; with Unsubscribe, as RFC 8058 wants it
_COVERED: Final = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "in-reply-to",
    "references",
    "auto-submitted",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "list-unsubscribe",
    "list-unsubscribe-post",
)


@verb
def make_key(domain: str) -> SigningKey:
    """The key of a domain; a new one where there is none. It signs when somebody says so (`turn`)."""
    known = SigningKey.objects.filter(domain=domain).first()
    if known is not None:
        return known
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    row = SigningKey.objects.create(
        domain=domain, selector=f"regulars{timezone.now():%Y%m}", public=b64encode(public).decode(), secret=""
    )
    row.secret = sealing.seal_secret(private.decode(), _place(row.pk))
    row.save(update_fields=["secret"])
    return row


@verb
def turn(key: SigningKey, *, is_on: bool) -> None:
    """Sign with this key from now on, or not any more."""
    if SigningKey.objects.filter(pk=key.pk, is_on=not is_on).update(is_on=is_on):
        record(SigningTurned(domain=key.domain, state="on" if is_on else "off"))


def record_of(key: SigningKey) -> tuple[str, str]:
    """The name and the text of the TXT record that the DNS of the domain has to have."""
    return f"{key.selector}._domainkey.{key.domain}", f"v=DKIM1; k=rsa; p={key.public}"


def signed(mail: bytes, domain: str) -> bytes:
    """A mail with the signature of its domain before it; as it is, where the domain has no key that signs."""
    key = SigningKey.objects.filter(domain=domain, is_on=True).first()
    if key is None:
        return mail
    import dkim  # noqa: PLC0415 — the product idles without it

    head = mail.split(b"\r\n\r\n", 1)[0].lower()
    there = [
        name.encode() for name in _COVERED if head.startswith(f"{name}:".encode()) or f"\r\n{name}:".encode() in head
    ]
    # From is covered once more than it is there: nobody can put a second one before it
    header: bytes = dkim.sign(
        mail,
        key.selector.encode(),
        domain.encode(),
        sealing.open_secret(key.secret, _place(key.pk)).encode(),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[*there, b"from"],
    )
    return header + mail


def _place(pk: object) -> str:
    return f"messaging_signingkey.secret/{pk}"


def plug() -> None:
    """Let the keys follow to newer ones of the shop."""
    add_secrets(SigningKey, "secret", place=_place)
