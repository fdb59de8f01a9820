"""An IMAP server of a test's own: dovecot as the machine has it, or installed by its package names where we may.

It listens on loopback only, in a temporary folder, as a person who may do nothing, and ends with the process that
started it, however that one ends. Everybody signs in with one password; mail is delivered by LMTP.
"""

from __future__ import annotations

import ctypes
import grp
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD = "let-me-read-this"  # noqa: S105 — of a server that lives for one test
DOMAIN = "hain.example"
_SECONDS = 20
_PR_SET_PDEATHSIG = 1
_PACKAGES = ["dovecot-imapd", "dovecot-lmtpd"]


class NoServer(Exception):  # noqa: N818 — it says what there is not
    """No dovecot could be started; the text says why."""


@dataclass
class Server:
    """A running server. `kill` and `start` may follow each other as often as one likes: its mails stay."""

    folder: Path
    ports: dict[str, int]
    who: dict
    process: subprocess.Popen | None = field(default=None)

    @property
    def port(self) -> int:
        """Where it speaks IMAP in the open, with STARTTLS."""
        return self.ports["imap"]

    @property
    def tls_port(self) -> int:
        """Where it speaks IMAP over TLS."""
        return self.ports["imaps"]

    @property
    def certificate(self) -> Path:
        """What a client has to trust to believe it (SSL_CERT_FILE)."""
        return self.folder / "cert.pem"

    def start(self) -> None:
        """Let it run; returns when it answers."""
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                [str(find()), "-F", "-c", str(self.folder / "conf")],
                stdout=said,
                stderr=said,
                cwd=self.folder,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 — it only asks the kernel for a signal
                start_new_session=True,
                **self.who,
            )
        ends_at = time.monotonic() + _SECONDS
        while time.monotonic() < ends_at:
            if self.process.poll() is not None:
                raise NoServer(f"dovecot ended at once: {(self.folder / 'said').read_text(errors='replace')[-500:]}")
            if _greets(self.port) and _greets(self.ports["lmtp"]):
                return
            time.sleep(0.02)
        self.kill()
        raise NoServer(f"dovecot was not ready within {_SECONDS} seconds")

    def kill(self) -> None:
        """End it and all that it started, at once and without a word."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                self.process.poll()
            self.process.wait(timeout=20)
            self.process = None

    def stop(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def deliver(self, user: str, mails: Iterable[bytes], *, sender: str = "mail@customer.example") -> int:
        """Put mails into somebody's INBOX, over LMTP as mail servers do; how many."""
        count = 0
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"], timeout=20) as line:
            for mail in mails:
                line.sendmail(sender, [f"{user}@{DOMAIN}"], mail)
                count += 1
        return count

    def forget_numbers(self, user: str) -> None:
        """Lose what it knows of somebody's INBOX, so that every mail there gets another number (UIDVALIDITY)."""
        box = self.folder / "mail" / user / "box"
        for path in box.glob("dovecot*"):
            path.unlink()


def find() -> str | None:
    """The path of dovecot on this machine."""
    return shutil.which("dovecot") or next((path for path in ("/usr/sbin/dovecot",) if os.access(path, os.X_OK)), None)


def ensure() -> str | None:
    """The same, installing Debian's packages where there is none and we may."""
    found = find()
    if found or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    print("  … dovecot is installed for the tests of the inbox", flush=True)
    # a fresh machine would start it at once, for everybody
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *_PACKAGES]
    for command in (["apt-get", "update"], install):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    return find()


def start(*, introspection: str = "") -> Server:
    """Start a server; raises NoServer. With `introspection`, that address says whose an OAuth token is (RFC 7662)."""
    if ensure() is None:
        raise NoServer("There is no dovecot on this machine. Install the packages dovecot-imapd and dovecot-lmtpd.")
    folder = Path(tempfile.mkdtemp(prefix="regulars-imap-", dir="/tmp"))
    who = _server_user()
    server = Server(folder, _free_ports("imap", "imaps", "lmtp"), who)
    try:
        _certify(folder)
        (folder / "conf").write_text(_conf(folder, server.ports, who, introspection))
        (folder / "oauth").write_text(f"introspection_mode = post\nintrospection_url = {introspection}\n{_OAUTH}")
        for name in ("run", "state", "mail"):
            (folder / name).mkdir()
        (folder / "said").touch()
        if who:
            for path in (folder, *folder.iterdir()):
                os.chown(path, who["user"], who["group"])
        server.start()
    except BaseException:
        server.stop()
        raise
    return server


_OAUTH = "username_attribute = username\nactive_attribute = active\nactive_value = true\n"


def _conf(folder: Path, ports: dict[str, int], who: dict, introspection: str) -> str:
    user = pwd.getpwuid(who.get("user", os.geteuid())).pw_name
    group = grp.getgrgid(who.get("group", os.getegid())).gr_name
    oauth = f"passdb {{\n driver = oauth2\n mechanisms = xoauth2\n args = {folder}/oauth\n}}" if introspection else ""
    return f"""
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/said
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain{" xoauth2" if introspection else ""}
auth_username_format = %n
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
mail_location = maildir:~/box
mail_fsync = never
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
{oauth}
passdb {{
 driver = static
 args = password={PASSWORD}
}}
userdb {{
 driver = static
 args = uid={user} gid={group} home={folder}/mail/%n allow_all_users=yes
}}
first_valid_uid = 1
service anvil {{
 chroot =
 unix_listener anvil-auth-penalty {{
  mode = 0
 }}
}}
service imap-login {{
 chroot =
 inet_listener imap {{
  port = {ports["imap"]}
 }}
 inet_listener imaps {{
  port = {ports["imaps"]}
  ssl = yes
 }}
}}
service lmtp {{
 inet_listener lmtp {{
  port = {ports["lmtp"]}
 }}
}}
"""


def _certify(folder: Path) -> None:
    """A certificate for 127.0.0.1 and localhost, signed by itself."""
    about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *about, *files],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoServer(f"no certificate could be made: {done.stderr[-300:]}")


def _free_ports(*names: str) -> dict[str, int]:
    held = {name: socket.socket() for name in names}
    try:
        for one in held.values():
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in held.items()}
    finally:
        for one in held.values():
            one.close()


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as line:
            line.settimeout(2)
            return bool(line.recv(1))
    except OSError:
        return False


def _server_user() -> dict:
    """Dovecot gives out no mail of root: then all of it runs as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(0 if ensure() else 1)
