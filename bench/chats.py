"""Two hundred visitors chat at once: each writes from an address of its own, holds a stream, and reads the answer.

The product's own server and worker run on SQLite. Three visitors a second open the chat and write; when all streams are
open, one colleague answers three of them a second, from a process of its own. “Answer” is from the moment somebody
sends it to the moment its text is at the visitor's, with the telling and the fetching in between; figures are the 95th
of a hundred. CPU is what all processes of the product used for one visitor, with all the work in the background: it
holds on a machine that others use as well. Nobody may miss an answer, or get one that is another's.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from bench.idle import free_port, seconds_to_ready
from bench.result import Options, Result, quantile

_A_SECOND = 3
_PATIENCE = 180.0
_SHOP = "https://shop.example"


@dataclass
class _Visitor:
    """One of them, in a thread of its own."""

    number: int
    port: int
    path: str
    said: float = 0.0
    heard: float = 0.0
    texts: list[str] = field(default_factory=list)
    listens: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        token = self._asked("GET", None)["token"]
        began = time.perf_counter()
        talk = self._asked("POST", {"token": token, "id": f"message-{self.number:04}", "text": f"No. {self.number}"})
        self.said = time.perf_counter() - began
        stream = self._connection()
        address = f"/live/open?{urlencode({'ticket': talk['ticket'], 'after': talk['mark']})}"
        stream.request("GET", address, headers={"Accept": "text/event-stream"})
        answer = stream.getresponse()
        self.listens.set()
        while line := answer.readline():
            if line.startswith(b"data:"):
                talk = self._asked("POST", {"token": token})
                self.texts = [post["text"] for post in talk["posts"] if not post["own"]]
                if self.texts:
                    self.heard = time.time()
                    break
        stream.close()

    def _connection(self) -> http.client.HTTPConnection:
        source = (f"127.{1 + self.number // 250}.{self.number % 250}.1", 0)  # a network each
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE, source_address=source)

    def _asked(self, method: str, body: dict[str, Any] | None) -> dict[str, Any]:
        connection = self._connection()
        connection.request(
            method,
            f"{self.path}?lang=en&seen=1",
            json.dumps(body) if body else None,
            {"Origin": _SHOP, "Content-Type": "text/plain"},
        )
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status != HTTPStatus.OK:
            raise RuntimeError(f"visitor {self.number}: {answer.status} {said[:200]!r}")
        found: dict[str, Any] = json.loads(said)
        return found


def measure(options: Options) -> Iterator[Result]:
    """Set a shop up, let them come, answer them."""
    count = options.rows_or(200)
    environment = {**os.environ, "REGULARS_HOME": str(options.folder / "home")}
    regulars = str(Path(sys.executable).with_name("regulars"))
    subprocess.run([regulars, "setup", "--no-demo"], env=environment, check=True, stdout=sys.stderr)
    mine = [sys.executable, "-m", "bench.chats"]
    chat = subprocess.run([*mine, "prepare"], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    path, port = f"/chat/{chat.stdout.split()[-1]}/talk", free_port()
    server = subprocess.Popen(
        [regulars, "run", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        seconds_to_ready(port, time.perf_counter())
        visitors = [_Visitor(number, port, path) for number in range(count)]
        threads = [threading.Thread(target=visitor.run, daemon=True) for visitor in visitors]
        memory, used = _memory(server.pid), _cpu(server.pid)
        for thread in threads:
            thread.start()
            time.sleep(1 / _A_SECOND)
        listening = sum(visitor.listens.wait(_PATIENCE) for visitor in visitors)
        grown, wrote = _memory(server.pid) - memory, _cpu(server.pid)
        subprocess.run([*mine, "answer"], env=environment, check=True, stdout=sys.stderr)
        for thread in threads:
            thread.join(_PATIENCE)
        answered = _cpu(server.pid)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
    right = [one for one in visitors if len(one.texts) == 1 and one.texts[0].startswith(f"No. {one.number} ")]
    late = [one.heard - float(one.texts[0].rpartition(" ")[2]) for one in right]
    note = f"{listening} streams open at once, {len(right)} of {count} have their answer and no other"
    yield Result(
        name="word of a visitor, p95", rows=count, unit="ms", ours=1000 * quantile([v.said for v in visitors], 0.95)
    )
    yield Result(name="answer at the visitor, p95", rows=count, unit="ms", ours=1000 * quantile(late, 0.95), note=note)
    yield Result(name="answer at the visitor, last", rows=count, unit="ms", ours=1000 * max(late, default=0.0))
    yield Result(name="CPU for a word", rows=count, unit="ms", ours=1000 * (wrote - used) / count)
    yield Result(name="CPU for an answer", rows=count, unit="ms", ours=1000 * (answered - wrote) / count)
    yield Result(name="memory of the product, more", rows=count, unit="MB", ours=grown / 1e6)


def _memory(pid: int) -> float:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return float(sum(one.memory_info().rss for one in family))


def _cpu(pid: int) -> float:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return float(sum(one.cpu_times().user + one.cpu_times().system for one in family))


def _prepare() -> None:
    """A chat that is always open, and a colleague."""
    from regulars.inbox.models import Calendar, Chat
    from regulars.staff.models import User

    always = Calendar.objects.create(name="Always", week=[[["00:00", "24:00"]]] * 7)
    User.objects.create(email="mara@shop.example", name="Mara", role="owner")
    print(Chat.objects.create(name="Shop", origins=[_SHOP], calendar=always, away_after=0).public_id)


def _answer() -> None:
    """Each gets their own words back, with the moment at which that was sent."""
    from regulars.inbox.actions import answering
    from regulars.inbox.models import Conversation
    from regulars.staff.models import User

    mara = User.objects.get(email="mara@shop.example")
    for conversation in Conversation.objects.order_by("pk"):
        began = time.perf_counter()
        answering.answer(conversation, author=mara, text=f"{conversation.preview} {time.time()}")
        time.sleep(max(0.0, 1 / _A_SECOND - (time.perf_counter() - began)))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    import django

    django.setup()
    {"prepare": _prepare, "answer": _answer}[sys.argv[1]]()
