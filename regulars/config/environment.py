"""Typed reading of the environment. Every option can also be handed in as a file: NAME_FILE holds its path."""

from __future__ import annotations

import datetime as dt
import os
import sys
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from regulars.core import keyring
from regulars.core.keyring import BadKeys, KeyRing


class BadSetting(SystemExit):
    """An option that cannot be used: the process ends with one sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"regulars: {sentence}")


def text(name: str, *, default: str, file: Path | None = None) -> str:
    """The option as text; else what NAME_FILE or `file` holds; else the default."""
    if name in os.environ:
        return os.environ[name]
    path = Path(os.environ[f"{name}_FILE"]) if f"{name}_FILE" in os.environ else file
    if path is not None and path.is_file():
        return path.read_text(encoding="utf-8").strip()
    if f"{name}_FILE" in os.environ:
        raise BadSetting(f"{name}_FILE names {path}, which is not there.")
    return default


def flag(name: str, *, default: bool) -> bool:
    """1, true, yes, on or 0, false, no, off."""
    value = text(name, default="").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(f"{name} is “{value}”; write 1 or 0.")


def number(name: str, *, default: int) -> int:
    """A whole number, not negative."""
    value = text(name, default="").strip()
    if not value:
        return default
    if not value.isascii() or not value.isdigit():
        raise BadSetting(f"{name} is “{value}”; write a whole number.")
    return int(value)


def words(name: str, *, default: str) -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default=default).split(",") if word.strip()]


def networks(name: str, *, default: str) -> list[IPv4Network | IPv6Network]:
    """A list of addresses and networks, as `10.0.0.5,172.16.0.0/12`."""
    try:
        return [ip_network(word) for word in words(name, default=default)]
    except ValueError as wrong:
        raise BadSetting(f"{name} holds something that is no address and no network: {wrong}.") from None


def home(name: str, *, default: Path) -> Path:
    """The data folder, as an absolute path; it is made by `regulars setup`."""
    return Path(text(name, default="") or default).expanduser().resolve()


def data_folder() -> Path:
    """REGULARS_HOME: where all of this shop lies; by default `data` in the checkout, else in the working folder."""
    checkout = Path(__file__).resolve().parents[2]
    is_checkout = (checkout / "pyproject.toml").is_file()
    return home("REGULARS_HOME", default=(checkout if is_checkout else Path.cwd()) / "data")


def key_ring() -> KeyRing | None:
    """The shop's keys (core/keyring.py); None before set-up has made them."""
    try:
        return keyring.find(data_folder())
    except BadKeys as bad:
        raise BadSetting(f"The keys cannot be read: {bad}.") from None


def secret_keys(ring: KeyRing | None) -> list[str]:
    """What signs sessions and links: REGULARS_SECRET_KEY, else from the current key; then what older keys signed."""
    given = text("REGULARS_SECRET_KEY", default="")
    derived = [key.derive("signatures").hex() for key in ring.keys] if ring else []
    return [given, *derived] if given else derived


def require_key() -> None:
    """End with a sentence where there are no keys: nothing that serves people starts without them."""
    if key_ring() is None:
        raise BadSetting("This shop has no keys yet. Run `regulars setup` first.")


def database(url: str, *, home: Path, ring: KeyRing | None) -> dict[str, Any]:
    """DATABASE_URL as Django wants it: `sqlite:///path`, `postgresql://user:password@host:port/name`, or nothing."""
    if not url:
        return sqlite(home / "regulars.sqlite3", ring)
    parts = urlsplit(url)
    if parts.scheme in {"sqlite", "sqlite3"}:
        path = unquote(parts.path)
        # sqlite:///relative and sqlite:////absolute, as most tools read it
        return sqlite(Path(path[1:]) if path.startswith("/") else Path(path), ring)
    if parts.scheme in {"postgres", "postgresql"}:
        query = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", None) or unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": query,
        }
    raise BadSetting(f"DATABASE_URL begins with “{parts.scheme}”; it takes sqlite:/// or postgresql://.")


def sqlite(path: Path, ring: KeyRing | None) -> dict[str, Any]:
    """SQLite as we run it: encrypted, many readers, one writer that queues, and commits that survive a power cut."""
    return {
        "ENGINE": "regulars.core.sqlcipher",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "keys": [key.derive("database").hex() for key in ring.keys] if ring else [],
            "is_encrypted": flag("REGULARS_ENCRYPT", default=True),
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA secure_delete=ON; PRAGMA cache_size=-64000; PRAGMA mmap_size=268435456; "
                "PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=67108864"
            ),
        },
        "TEST": {"NAME": str(path.with_name(f"test_{path.name}"))},
    }


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that mail goes out through; without a host there is none."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    has_tls: bool = False
    has_starttls: bool = False


def mail_server(url: str) -> MailServer:
    """REGULARS_MAIL: `smtps://user:password@host`, or `smtp://…`, which goes over to TLS where a user signs in.

    `smtp://host?starttls=1` asks for TLS without a user.
    """
    if not url:
        return MailServer()
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise BadSetting("REGULARS_MAIL is not a mail server; write smtps://user:password@host or smtp://host:25.")
    try:
        port = parts.port
    except ValueError:
        raise BadSetting("REGULARS_MAIL names a port that is none.") from None
    has_tls = parts.scheme == "smtps"
    asks = dict(parse_qsl(parts.query)).get("starttls", "1" if parts.username else "0")
    return MailServer(
        host=parts.hostname,
        port=port or (465 if has_tls else 587 if parts.username else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        has_tls=has_tls,
        has_starttls=not has_tls and asks == "1",
    )


@dataclass(frozen=True, slots=True)
class MailDoor:
    """Where mail servers hand in mail; with neither a path nor a port, nowhere."""

    host: str = ""
    port: int = 0
    path: str = ""
    is_lmtp: bool = True

    def __bool__(self) -> bool:
        return bool(self.path or self.port)


def mail_door(url: str) -> MailDoor:
    """REGULARS_LMTP: `lmtp://127.0.0.1:2424`, `smtp://127.0.0.1:2525`, or `lmtp:/run/regulars/mail` for a socket."""
    if not url:
        return MailDoor()
    parts = urlsplit(url)
    try:
        port = parts.port or 0
    except ValueError:
        raise BadSetting("REGULARS_LMTP names a port that is none.") from None
    has_one = bool(parts.hostname and port) != bool(not parts.netloc and parts.path.startswith("/"))
    if parts.scheme not in {"lmtp", "smtp"} or not has_one:
        raise BadSetting(
            "REGULARS_LMTP is no address to listen on; write lmtp://127.0.0.1:2424 or lmtp:/run/mail.sock."
        )
    return MailDoor(parts.hostname or "", port, "" if port else unquote(parts.path), parts.scheme == "lmtp")


@dataclass(frozen=True, slots=True)
class SignInService:
    """The service people sign in with elsewhere in the house (OpenID Connect); `role` is that of newcomers, if any."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    role: str


def sign_in_service() -> SignInService | None:
    """REGULARS_OIDC_ISSUER and what belongs to it; None where there is no such service."""
    issuer = text("REGULARS_OIDC_ISSUER", default="").strip()
    if not issuer:
        return None
    parts = urlsplit(issuer)
    is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.scheme not in ({"https", "http"} if is_here else {"https"}):
        raise BadSetting(f"REGULARS_OIDC_ISSUER is “{issuer}”; write the https:// address that the service names.")
    client_id = text("REGULARS_OIDC_CLIENT_ID", default="").strip()
    if not client_id:
        raise BadSetting("REGULARS_OIDC_ISSUER is set; REGULARS_OIDC_CLIENT_ID has to be, too.")
    return SignInService(
        issuer=issuer,
        client_id=client_id,
        client_secret=text("REGULARS_OIDC_CLIENT_SECRET", default="").strip(),
        name=text("REGULARS_OIDC_NAME", default="").strip() or parts.hostname,
        role=text("REGULARS_OIDC_ROLE", default="").strip(),
    )


def backup_places() -> list[str]:
    """REGULARS_BACKUP: folders and `s3://bucket/part`, separated by commas; by default one folder beside the data."""
    home = data_folder()
    return words("REGULARS_BACKUP", default="") or [str(home.with_name(home.name + ".backups"))]


def time_of_day(name: str, *, default: str) -> str:
    """A time such as 02:30, in the shop's zone."""
    value = text(name, default="").strip() or default
    try:
        dt.time.fromisoformat(value)
    except ValueError:
        raise BadSetting(f"{name} is “{value}”; write a time such as 02:30.") from None
    return value


def is_running_tests() -> bool:
    """Whether pytest started this process."""
    return "pytest" in sys.modules
