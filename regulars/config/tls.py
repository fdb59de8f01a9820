"""HTTPS by the shop itself: the certificate and its key, told in words where they do not fit, and renewed while open.

It knows no Django: the supervisor reads it before there is one.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from regulars.config.environment import BadSetting, text

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
PORT = 8443
_LOOKED_AT_EVERY = 3.0  # seconds
_HOME = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two files in PEM: the certificate with its chain, and its private key, which a password may close."""

    file: Path
    key: Path
    password: str = ""

    def check(self) -> None:
        """Refuse, in one sentence, what cannot serve; returns when both files are there and belong together."""
        for name, path in (("certificate", self.file), ("key", self.key)):
            try:
                path.read_bytes()
            except OSError as error:
                raise BadSetting(f"The {name} file {path} cannot be read: {error.strerror}.") from None
        certificate = self._read()
        if self.open_key().public_key() != certificate.public_key():
            raise BadSetting(f"The key {self.key} is not the key of the certificate {self.file}.")

    def open_key(self) -> PrivateKey:
        """The private key, opened with the password where it is closed."""
        written = self.key.read_bytes()
        is_closed = self.is_closed()
        if is_closed and not self.password:
            raise BadSetting(f"The key file {self.key} is closed with a password. Set REGULARS_TLS_KEY_PASSWORD_FILE.")
        try:
            key = serialization.load_pem_private_key(written, self.password.encode() if is_closed else None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            if is_closed:
                raise BadSetting(f"The password does not open the key file {self.key}.") from None
            raise BadSetting(f"The key file {self.key} holds no private key in PEM.") from None
        if not isinstance(key, PrivateKey):
            raise BadSetting(f"The key file {self.key} holds a kind of key that HTTPS does not use.")
        return key

    def is_closed(self) -> bool:
        """Whether a password closes the key."""
        return b"ENCRYPTED" in self.key.read_bytes()

    def names(self) -> list[str]:
        """The names it stands for, as the shop may be called: host names and addresses; a wildcard is no name."""
        try:
            held = self._read().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return []
        hosts = [name for name in held.get_values_for_type(x509.DNSName) if "*" not in name]
        addresses = held.get_values_for_type(x509.IPAddress)
        return [*hosts, *(f"[{one}]" if isinstance(one, ipaddress.IPv6Address) else str(one) for one in addresses)]

    def warnings(self) -> list[str]:
        """What lets it serve, but not well."""
        read, now = self._read(), dt.datetime.now(tz=dt.UTC)
        found = []
        if read.not_valid_after_utc < now:
            found.append(f"The certificate {self.file} expired on {read.not_valid_after_utc:%Y-%m-%d}.")
        if read.not_valid_before_utc > now:
            found.append(f"The certificate {self.file} is valid from {read.not_valid_before_utc:%Y-%m-%d} on only.")
        if self.key.stat().st_mode & 0o007:
            found.append(f"Everybody on this machine can read the key {self.key}. Run `chmod 600` on it.")
        return found

    def state(self) -> tuple[tuple[int, int, int], ...]:
        """What changes when one of the files is replaced, links followed; nothing where one is just missing."""
        try:
            known = [path.stat() for path in (self.file, self.key)]
        except OSError:
            return ()
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in known)

    def _read(self) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificates(self.file.read_bytes())[0]
        except ValueError:
            raise BadSetting(f"The certificate file {self.file} holds no certificate in PEM.") from None


def configured() -> Certificate | None:
    """The certificate that REGULARS_TLS_CERT names, checked; None where the shop does not speak HTTPS itself."""
    file, key = text("REGULARS_TLS_CERT", default="").strip(), text("REGULARS_TLS_KEY", default="").strip()
    if not file and not key:
        return None
    if not (file and key):
        raise BadSetting("HTTPS takes two files: set both REGULARS_TLS_CERT and REGULARS_TLS_KEY.")
    found = Certificate(
        Path(file).expanduser().resolve(),
        Path(key).expanduser().resolve(),
        text("REGULARS_TLS_KEY_PASSWORD", default=""),
    )
    found.check()
    return found


def answer_to_its_names(certificate: Certificate, port: int) -> None:
    """Let the shop answer to the certificate's names, and mails lead to the first, where no setting says otherwise."""
    names = certificate.names()
    os.environ.setdefault("REGULARS_HOSTS", ",".join(dict.fromkeys([*_HOME, *names])))
    known = next((name for name in names if name not in _HOME), "localhost")
    os.environ.setdefault("REGULARS_URL", f"https://{known}" + ("" if port == 443 else f":{port}"))


class OpenedKey:
    """The key as the web server reads it. One that a password closes is opened in memory, and never on the disk."""

    def __init__(self, certificate: Certificate) -> None:
        self.certificate = certificate
        self.path = certificate.key
        if certificate.is_closed():
            self._memory = os.memfd_create("key")
            # our children, the web server's workers, read it here; nobody else's processes may
            self.path = Path(f"/proc/{os.getpid()}/fd/{self._memory}")
            self.read_anew()

    def read_anew(self) -> None:
        """Take over what the file holds now."""
        if self.path == self.certificate.key:
            return
        opened = self.certificate.open_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        os.ftruncate(self._memory, 0)
        os.pwrite(self._memory, opened, 0)


def renew_when_changed(certificate: Certificate, key: OpenedKey) -> None:
    """Have this process, the web server's first, open new workers whenever the files changed and fit together.

    New workers answer before the old ones end. A renewal that is half written, or wrong, leaves the old pair in use.
    """
    threading.Thread(target=_watch, args=(certificate, key), name="certificate", daemon=True).start()


def _watch(certificate: Certificate, key: OpenedKey) -> None:
    used = seen = refused = certificate.state()
    while True:
        time.sleep(_LOOKED_AT_EVERY)
        now = certificate.state()
        # twice the same: whoever writes the files has come to an end
        is_settled, seen = now == seen, now
        if not now or now in (used, refused) or not is_settled:
            continue
        try:
            certificate.check()
            key.read_anew()
        except (BadSetting, OSError) as wrong:
            refused = now
            print(f"{wrong} The certificate of before stays in use.", file=sys.stderr, flush=True)
            continue
        used = now
        os.kill(os.getpid(), signal.SIGHUP)
