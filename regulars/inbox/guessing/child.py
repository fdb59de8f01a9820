"""The process that learns for another one, and ends: `python -m regulars.inbox.guessing.child`.

The examples come as JSON on standard input, the model goes to standard output. So what learning needs of memory is
given back when it is done, and the libraries for it are never loaded by the shop itself.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence

MEMORY = 3 << 30
SECONDS = 900
_ENVIRONMENT = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


class NotLearned(Exception):  # noqa: N818 — says what happened
    """The process ended without a model."""


def learn_apart(examples: Sequence[tuple[str, int, str, Sequence[str]]], *, least: int) -> bytes:
    """The model of some examples (text, writer, topic, canned answers), as bytes. Raises NotLearned."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    asked = json.dumps({"least": least, "examples": examples}, ensure_ascii=False).encode()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "regulars.inbox.guessing.child"],
            input=asked,
            capture_output=True,
            env=environment | _ENVIRONMENT,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotLearned(f"it took more than {SECONDS} seconds") from None
    if done.returncode or not done.stdout:
        raise NotLearned(f"the process ended with {done.returncode}: {_last_line(done.stderr)}")
    return done.stdout


def main() -> None:
    """Learn for whoever started this process."""
    from regulars.inbox.guessing.learning import Example, learn  # noqa: PLC0415 — heavy, and here alone

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)
    asked = json.loads(sys.stdin.buffer.read())
    examples = [Example(text, writer, topic, tuple(canned)) for text, writer, topic, canned in asked["examples"]]
    sys.stdout.buffer.write(learn(examples, least=asked["least"]).to_bytes())


def _last_line(said: bytes) -> str:
    """What kind of error it was; its words may be those of somebody's inquiry, and are left out."""
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1].partition(":")[0][:80] if lines else ""


if __name__ == "__main__":
    main()
