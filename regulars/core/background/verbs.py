"""What can run later: the verbs that said so, what they carry with them, and how they tell of their progress."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import update_wrapper
from importlib import import_module
from typing import Any

from django.utils.functional import Promise
from django_tasks import task

from regulars.core import quarantine

Capture = Callable[[], Any]
Restore = Callable[[Any], AbstractContextManager[None]]

_VERBS: dict[str, Background] = {}
_CARRIED: dict[str, tuple[Capture, Restore]] = {}


class UnknownVerb(Exception):  # noqa: N818 — it is told as a sentence on the page of jobs
    """A job names a verb that this version does not have."""


class Cancelled(Exception):  # noqa: N818 — not an error: somebody asked for it
    """Raised by progress() inside a job that somebody stopped, so that it ends at a point of its own choosing."""


class Background:
    """A verb that can also run later. Its arguments are ids and other JSON values, by keyword only."""

    def __init__(
        self,
        verb: Callable[..., Any],
        *,
        retries: int,
        label: str | Promise,
        is_atomic: bool,
        leaves: bool = False,
        path: str = "",
    ) -> None:
        self.verb, self.retries, self.label, self.is_atomic, self.leaves = verb, retries, label, is_atomic, leaves
        self.path = path or f"{verb.__module__}.{verb.__qualname__}"
        update_wrapper(self, verb)
        _VERBS[self.path] = self

    def __call__(self, **arguments: Any) -> Any:
        if self.leaves:
            quarantine.check()
        return self.verb(**arguments)

    def later(self, **arguments: Any) -> str:
        """Enqueue it and return the job's id; the job exists if and only if the surrounding transaction commits."""
        context = {name: capture() for name, (capture, _) in _CARRIED.items()}
        return perform.enqueue(verb=self.path, arguments=arguments, context=context).id

    def at(self, moment: dt.datetime, **arguments: Any) -> str:
        """The same, and no worker begins it before this moment."""
        context = {name: capture() for name, (capture, _) in _CARRIED.items()}
        task = perform.using(run_after=moment)
        return task.enqueue(verb=self.path, arguments=arguments, context=context).id


def background(
    *, retries: int = 5, label: str | Promise = "", is_atomic: bool = False, leaves: bool = False
) -> Callable[[Callable[..., Any]], Background]:
    """Give a verb `.later()`; it is tried up to `retries` times again, with growing delay.

    `label` is what the page of jobs calls it. With `is_atomic` the verb's writes and the mark “done” are one
    transaction: a killed worker then never does it twice. That holds SQLite's write lock, so it is for short verbs.
    `leaves` says that something leaves the shop, a mail say: a restored copy holds it back (core/quarantine.py).
    """
    return lambda verb: Background(verb, retries=retries, label=label, is_atomic=is_atomic, leaves=leaves)


def carry(name: str, *, capture: Capture, restore: Restore) -> None:
    """Let jobs carry something of the moment they were enqueued in: `restore(capture())` surrounds the run."""
    _CARRIED[name] = (capture, restore)


def find(path: str) -> Background:
    """The verb of that path; only what was declared with @background can be found. Raises UnknownVerb."""
    if path not in _VERBS and path.startswith("regulars."):
        try:
            import_module(path.rpartition(".")[0])
        except ImportError as gone:
            raise UnknownVerb(path) from gone
    try:
        return _VERBS[path]
    except KeyError:
        raise UnknownVerb(path) from None


@task()
def perform(*, verb: str, arguments: dict[str, Any], context: dict[str, Any]) -> None:
    """The one task that django-tasks knows: run a verb of ours, in what it carried along."""
    with ExitStack() as stack:
        for name, value in context.items():
            if name in _CARRIED:
                stack.enter_context(_CARRIED[name][1](value))
        find(verb)(**arguments)


@dataclass(slots=True)
class Running:
    """The job of this thread, as progress() needs it."""

    tell: Callable[[int, int], bool]  # writes n of total; False when the job was stopped or taken over
    told_at: float = field(default=0.0)


_running: ContextVar[Running | None] = ContextVar("running", default=None)


@contextmanager
def running(tell: Callable[[int, int], bool]) -> Iterator[None]:
    """Inside, progress() reaches this job."""
    token = _running.set(Running(tell))
    try:
        yield
    finally:
        _running.reset(token)


def progress(done: int, total: int) -> None:
    """Say how far the running job is; written at most once a second. Outside a job it does nothing.

    Raises Cancelled when somebody stopped the job: call it between two transactions, where ending leaves whole rows.
    """
    job = _running.get()
    if job is None:
        return
    now = time.monotonic()
    if now - job.told_at < 1 and done < total:
        return
    job.told_at = now
    if not job.tell(done, total):
        raise Cancelled
