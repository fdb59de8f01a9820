"""A customer's own mail program: s-nail as the machine has it, or installed by its package name where we may.

It reads a mailbox over IMAP and hands mail to an SMTP server as people's programs do. What stands in the headers, the
ids by which an answer belongs to what it answers among them, is its own doing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools import dovecot

_SECONDS = 20


class NoProgram(Exception):  # noqa: N818 — it says what there is not
    """There is no mail program on this machine; the text says which to install."""


@dataclass(frozen=True)
class MailProgram:
    """The program of one customer: who they are, where they read (a dovecot of a test's), and who takes what they send.

    `home` is a folder of its own, so that it knows nothing of whoever runs the test.
    """

    home: Path
    name: str
    address: str
    server: dovecot.Server
    smtp_port: int

    def send(self, to: str, subject: str, text: str) -> None:
        """Write a new mail."""
        self._run(["-s", subject, to], text)

    def reply(self, number: int, text: str) -> None:
        """Answer the mail with this number in the mailbox, as they stand there, quoting it."""
        user = self.address.partition("@")[0]
        place = ["-#", "-S", f"password={dovecot.PASSWORD}", "-f", f"imap://{user}@127.0.0.1:{self.server.port}/INBOX"]
        self._run(place, f"reply {number}\n{text}\n~.\nxit\n")

    def _run(self, words: list[str], typed: str) -> None:
        program = ensure()
        if program is None:
            raise NoProgram("There is no mail program on this machine. Install the package s-nail.")
        settings = (
            "v15-compat",
            "sendwait",
            f"mta=smtp://127.0.0.1:{self.smtp_port}",
            "smtp-auth=none",
            f"from={self.name} <{self.address}>",
            f"hostname={self.address.rpartition('@')[2]}",
            "ttycharset=utf-8",
            "quote",
            "indentprefix=> ",
            "reply-to-honour",
        )
        done = subprocess.run(
            [program, "-:/", *(word for one in settings for word in ("-S", one)), *words],
            input=typed,
            capture_output=True,
            text=True,
            env={"HOME": str(self.home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"},
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode or "not sent" in done.stderr:
            raise AssertionError(f"the mail program says: {done.stderr[-500:] or done.stdout[-500:]}")


def find() -> str | None:
    """The path of the program on this machine."""
    return shutil.which("s-nail")


def ensure() -> str | None:
    """The same, installing Debian's package where there is none and we may."""
    found = find()
    if found or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    print("  … s-nail is installed for the test with a customer's mail program", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", "s-nail"]
    for command in (["apt-get", "update"], install):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    return find()


if __name__ == "__main__":
    sys.exit(0 if ensure() else 1)
