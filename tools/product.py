"""The product itself beside a test or a measurement: `regulars run`, web and worker, with a data folder of its own."""

from __future__ import annotations

import contextlib
import ctypes
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_START_SECONDS = 120
_PR_SET_PDEATHSIG = 1
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_KEPT = {"PATH", "LANG", "VIRTUAL_ENV", "HOME"}


class NotReady(Exception):  # noqa: N818 — it says what there is not
    """The product ended, or did not become ready in time; the text is what it said."""


@dataclass
class Product:
    """A running shop of ours, and a browser's worth of cookies of its owner."""

    folder: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen
    browser: urllib.request.OpenerDirector = field(init=False)

    def __post_init__(self) -> None:
        jar = http.cookiejar.CookieJar()
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> str:
        """A page, as the owner sees it once `sign_in` was called."""
        with self.browser.open(self.address + path, timeout=30) as answer:
            return str(answer.read().decode())

    def post(self, path: str, **fields: str) -> str:
        """Send the form of a page; answers the page that one comes to."""
        token = _CSRF.search(self.get(path))
        if token is None:
            raise AssertionError(f"{path} has no form")
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        with self.browser.open(self.address + path, body, timeout=30) as answer:
            return str(answer.read().decode())

    def sign_in(self) -> None:
        """Come in as the owner, with what the first start has printed."""
        known = json.loads((self.folder / "home" / "first-sign-in").read_text())
        self.post("/sign-in", email=known["email"], password=known["password"])

    def run(self, code: str, **given: Any) -> Any:
        """Run Python in the product's own surroundings, with `given` at hand; answers what it puts into `answer`."""
        frame = "import json, sys, django; django.setup(); given = json.load(sys.stdin); answer = None\n"
        done = subprocess.run(
            [sys.executable, "-c", f"{frame}{code}\nprint(json.dumps(answer))"],
            cwd=ROOT,
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "regulars.config.settings"},
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stderr[-2000:])
        return json.loads(done.stdout)

    def said(self) -> str:
        """All that web and worker have printed."""
        return (self.folder / "log").read_text(errors="replace")

    def stop(self) -> None:
        """End web and worker."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=15)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(folder: Path, *, database: str = "", **settings: str) -> Product:
    """Set up a shop without the demo in a folder, and run it; `database` is the address of another one than its own."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    environment = kept | {"REGULARS_HOME": str(folder / "home"), "DATABASE_URL": database, "PYTHONUNBUFFERED": "1"}
    environment |= settings
    command = [sys.executable, "-m", "regulars.config.cli", "run", "--no-demo", "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 — nothing of it is Python but one call
        )
    product = Product(folder, port, environment, process)
    ends_at = time.monotonic() + _START_SECONDS
    while "Ctrl-C" not in product.said():
        if process.poll() is not None or time.monotonic() > ends_at:
            product.stop()
            raise NotReady(product.said()[-3000:])
        time.sleep(0.05)
    return product


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
