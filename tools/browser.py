"""The browser that tests drive: the machine's Chromium, or one installed by its package name where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

# --no-sandbox: tests often run as root, where Chromium's sandbox does not start; it opens our own pages only.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def find() -> str | None:
    """The path of a Chromium: REGULARS_CHROMIUM, or what this machine has."""
    named = os.environ.get("REGULARS_CHROMIUM")
    if named:
        return named if os.access(named, os.X_OK) else None
    return next(filter(None, map(shutil.which, _NAMES)), None)


def ensure() -> str | None:
    """The same, installing Debian's package where there is none and we may."""
    found = find()
    if found or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    print("  … Chromium is installed for the browser tests", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
    for command in (["apt-get", "update"], install):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    return find()


def version(path: str) -> str:
    """What the browser calls itself."""
    done = subprocess.run([path, "--version", "--no-sandbox"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "an unknown Chromium"


if __name__ == "__main__":
    sys.exit(0 if ensure() else 1)
