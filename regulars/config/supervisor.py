"""One command that runs the shop: web and background worker as children of one small process that knows no Django.

It restarts a child that crashed (with growing pauses), passes on what asks it to end, and leaves no orphan: each child
follows its parent, and ends itself when that is gone, however it went.
"""

from __future__ import annotations

import http.client
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from types import FrameType

from regulars.config import interpreter, plain_door, tls
from regulars.config.environment import BadSetting, data_folder, number, require_key, text
from regulars.config.setup import is_set_up, step
from regulars.core import pause

_GRACE = 4.5  # seconds until a child that does not end is killed
_READY_WITHIN = 60.0
_LONGEST_PAUSE = 30.0
_MOST_PROCESSES = 2
THREADS = 4  # pages at a time in a process
_PARENT = "REGULARS_PARENT"


@dataclass
class Child:
    """A process of ours, and how often it had to be started."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    crashes: int = 0
    started_at: float = 0.0
    again_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches it through us, once, not through the terminal."""
        environment = {**os.environ, _PARENT: str(os.getpid())}
        environment.setdefault("REGULARS_LOG_LEVEL", "WARNING")
        self.process = subprocess.Popen(self.command, env=environment, start_new_session=True)
        self.started_at = time.monotonic()

    def end(self, number: int) -> None:
        """Send a signal to it and all it started."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)


def supervise(*, port: int | None, bind: str | None, with_demo: bool) -> int:
    """Set up what is missing, run web and worker, print where the shop is, and stay until asked to end."""
    began = time.monotonic()
    interpreter.warn_about_missing_guards()
    certificate = tls.configured()
    command = [sys.executable, "-m", "regulars.config.cli"]
    if not is_set_up():
        done = subprocess.run([*command, "setup", "--demo" if with_demo else "--no-demo"], check=False)
        if done.returncode:
            return done.returncode
    bind = _bind(bind, certificate)
    port = port or number("REGULARS_PORT", default=tls.PORT if certificate else 0)
    port = _checked(bind, port) if port else _free_port(bind)
    if certificate:
        tls.answer_to_its_names(certificate, port)
        for sentence in certificate.warnings():
            _say(sentence)
    children = [
        Child("web", [*command, "web", "--bind", bind, "--port", str(port)]),
        Child("worker", [*command, "worker"]),
    ]
    return _Supervisor(children, bind, port, certificate).run(began)


class _Supervisor:
    def __init__(self, children: list[Child], bind: str, port: int, certificate: tls.Certificate | None) -> None:
        self.children, self.bind, self.port, self.certificate = children, bind, port, certificate
        self.stop = threading.Event()

    def run(self, began: float) -> int:
        for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(asked, self._asked_to_end)
        (data_folder() / "paused").unlink(missing_ok=True)  # of a supervisor that was killed
        for child in self.children:
            child.start()
        code = 0
        try:
            with pause.supervising(data_folder()):
                with step("Start"):
                    code = self._wait_until_ready()
                if code == 0 and not self.stop.is_set():
                    _greet(self.bind, self.port, self.certificate, time.monotonic() - began)
                    code = self._watch()
        finally:
            self._end_all()
        return code

    def _wait_until_ready(self) -> int:
        ends_at = time.monotonic() + _READY_WITHIN
        while not self.stop.is_set():
            if is_ready(self.bind, self.port, is_https=self.certificate is not None):
                return 0
            code = self._look_after_children()
            if code:
                return code
            if time.monotonic() > ends_at:
                _say("The shop did not become ready within a minute; what it said is above.")
                return 1
            self.stop.wait(0.05)
        return 0

    def _watch(self) -> int:
        while not self.stop.wait(0.5):
            if pause.is_wanted(data_folder()):
                self._stand_still()
            code = self._look_after_children()
            if code:
                return code
        return 0

    def _stand_still(self) -> None:
        """Somebody needs the database alone, to change its key say: nothing of ours runs until they are done."""
        self._end_all()
        for child in self.children:
            child.process, child.again_at = None, 0.0
        _say("The shop pauses for work on its database.")
        pause.stand_still(data_folder(), self.stop)
        _say("The shop goes on.")

    def _look_after_children(self) -> int:
        """Start again what crashed; a child that says it cannot be started like this (2) ends the whole."""
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.again_at:
                    child.start()
                continue
            code = child.process.poll()
            if code is None:
                continue
            if code == 2:
                return code
            now = time.monotonic()
            child.crashes = 1 if now - child.started_at > 60 else child.crashes + 1
            pause = min(2.0 ** (child.crashes - 1), _LONGEST_PAUSE)
            _say(f"The {child.name} process ended unexpectedly ({code}). It is started again in {pause:.0f} s.")
            child.process, child.again_at = None, now + pause
        return 0

    def _end_all(self) -> None:
        for child in self.children:
            child.end(signal.SIGTERM)
        ends_at = time.monotonic() + _GRACE
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, ends_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.end(signal.SIGKILL)
                child.process.wait()

    def _asked_to_end(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()


def serve_web(*, port: int | None, bind: str | None) -> None:
    """Run the web server: two processes where the machine has the cores for them, each with a few threads.

    Python draws one page at a time in a process, whatever its threads; the threads are for requests that wait for the
    database or the disk, and for streams, which wait for something to happen (core/live/gate.py). A third process
    would draw for more people than SQLite has room to write for.
    """
    require_key()
    follow_parent()
    # The server's own worker is a child of this process, and follows it in wsgi.py.
    os.environ[_PARENT] = str(os.getpid())
    from granian.constants import Interfaces, SSLProtocols
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    from regulars.core import streaming

    certificate = tls.configured()
    bind = _bind(bind, certificate)
    port = port or number("REGULARS_PORT", default=tls.PORT if certificate else 8000)
    if certificate:
        tls.answer_to_its_names(certificate, port)
        plain = number("REGULARS_HTTP_PORT", default=0)
        if plain:
            plain_door.open_beside(bind, plain, port)
    server = Server(
        "regulars.config.wsgi:application",
        address=bind,
        port=port,
        interface=Interfaces.WSGI,
        workers=min(_MOST_PROCESSES, _cores()),
        blocking_threads=THREADS + streaming.STREAMS,
        backlog=1024,
        backpressure=128 + streaming.STREAMS,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        respawn_failed_workers=True,
        workers_kill_timeout=4,
        log_level=LogLevels.warning,
    )
    # it takes threads that wait for threads that work
    logging.getLogger("_granian").addFilter(lambda said: "Python threads" not in said.getMessage())
    if certificate:
        key = tls.OpenedKey(certificate)
        files = str(certificate.file), str(key.path)
        server.ssl_ctx = (True, *files, None, SSLProtocols.tls12.value, None, [], False)  # type: ignore[assignment]
        tls.renew_when_changed(certificate, key)
    server.serve()


def _bind(asked: str | None, certificate: tls.Certificate | None) -> str:
    """The address to listen on. Who hands in a certificate wants to be reached from outside; without one, nobody is."""
    return asked or text("REGULARS_BIND", default="0.0.0.0" if certificate else "127.0.0.1")  # noqa: S104


def _cores() -> int:
    """How many cores this process may use: a container may have fewer than its machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def follow_parent() -> None:
    """End this process when the one that started it is gone (REGULARS_PARENT says which); a no-op without it.

    Looking once a second works on every system and survives changes of user, which a death signal does not.
    """
    parent = number(_PARENT, default=0)
    if parent:
        threading.Thread(target=_follow, args=(parent,), name="follow-parent", daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)


def is_ready(bind: str, port: int, *, is_https: bool = False) -> bool:
    """Whether the shop answers that it is ready."""
    host = _reachable(bind)
    # We ask ourselves, at home, and send nothing: whose name stands in the certificate does not matter here.
    unchecked = ssl._create_unverified_context() if is_https else None  # noqa: S323
    connection = (
        http.client.HTTPSConnection(host, port, timeout=5, context=unchecked)
        if is_https
        else http.client.HTTPConnection(host, port, timeout=5)
    )
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port(bind: str) -> int:
    for port in range(8000, 8100):
        if _is_free(bind, port):
            return port
    raise BadSetting("No port from 8000 to 8099 is free. Set REGULARS_PORT.")


def _checked(bind: str, port: int) -> int:
    if not _is_free(bind, port):
        raise BadSetting(f"Port {port} on {bind} is taken or not allowed. Set REGULARS_PORT to another one.")
    return port


def _is_free(bind: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _reachable(bind: str) -> str:
    """The address to try from this machine: a server that listens everywhere is found at home."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104 — compared, not bound


def _greet(bind: str, port: int, certificate: tls.Certificate | None, seconds: float) -> None:
    from regulars.config.sign_in import first_sign_in

    host = _reachable(bind)
    host = f"[{host}]" if ":" in host else host
    here = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
    lines = ["", f"  Regulars is open at  {text('REGULARS_URL', default=here) if certificate else here}/"]
    known = first_sign_in()
    if known is not None:
        lines += [f"  Sign in with         {known.email}", f"  Password             {known.password}"]
    lines += [f"  Started in {seconds:.1f} s. Ctrl-C ends it.", ""]
    print("\n".join(lines), flush=True)


def _say(sentence: str) -> None:
    print(f"regulars: {sentence}", file=sys.stderr, flush=True)
