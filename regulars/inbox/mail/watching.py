"""A line to every mailbox stays open: a thread beside the jobs of every worker, of which one at a time is at work.

Each mailbox has a thread of its own. It fetches what is new, then waits for the server to speak (IDLE), or looks again
every minute where the server cannot. When the line breaks, or the server is away, it tries again, at first soon and
then ever more seldom. Nothing is kept in memory that could be lost: what was fetched stands in the ledger.
"""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import dataclass, field

from django.db import Error, close_old_connections, connection

from regulars.core import quarantine
from regulars.core.errors import Refusal
from regulars.inbox.mail.fetching import fetch, fetch_once, in_the_shops_words, note_problem, signed_in
from regulars.inbox.mail.line import Line
from regulars.inbox.models import Mailbox
from regulars.segments.following import Alone

logger = logging.getLogger(__name__)

_ADVISORY = 7_301_330_071
_LOOK_AROUND = 5.0
_POLL = 60.0
_IDLE = 540.0  # servers may hang up after half an hour, routers do so after ten minutes
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0


@dataclass(slots=True)
class _Watch:
    """The thread of one mailbox, and the version of the settings it knows."""

    thread: threading.Thread
    version: int
    stop: threading.Event = field(default_factory=threading.Event)


def watch(stop: threading.Event) -> None:
    """Keep lines to all mailboxes that are on until asked to end, whenever no other process does."""
    alone, known = Alone("mail", _ADVISORY), dict[int, _Watch]()
    while True:
        try:
            close_old_connections()
            if alone.is_ours():
                _look_around(known)
        except Error:
            logger.exception("the mailboxes cannot be looked up now")
            connection.close()
        if stop.wait(_LOOK_AROUND):
            break
    for one in known.values():
        one.stop.set()
    for one in known.values():
        one.thread.join(2)
    alone.give_up()
    connection.close()


def fetch_all() -> int:
    """Fetch what is new in every mailbox that is on, here and now; how many mails came. What is away is told there."""
    count = 0
    for mailbox in Mailbox.objects.filter(is_on=True) if not quarantine.is_on() else ():
        try:
            with in_the_shops_words():
                count += fetch_once(mailbox).entered
        except Refusal as refusal:
            logger.warning("%s: %s", mailbox.name, refusal.sentence)
    return count


def _look_around(known: dict[int, _Watch]) -> None:
    """Begin to watch what is new or was changed, and end with what is off."""
    wanted = {} if quarantine.is_on() else dict(Mailbox.objects.filter(is_on=True).values_list("pk", "version"))
    for number, one in list(known.items()):
        if wanted.get(number) != one.version or not one.thread.is_alive():
            one.stop.set()
            if not one.thread.is_alive():
                del known[number]
    for number, version in wanted.items():
        if number not in known:
            stop = threading.Event()
            thread = threading.Thread(target=_stay, args=(number, stop), name=f"mailbox-{number}", daemon=True)
            known[number] = _Watch(thread, version, stop)
            thread.start()


def _stay(mailbox_id: int, stop: threading.Event) -> None:
    """Fetch and wait, again and again, until asked to end."""
    pause = 0.0
    while not stop.wait(pause):
        try:
            close_old_connections()
            mailbox = Mailbox.objects.filter(pk=mailbox_id, is_on=True).first()
            if mailbox is None:
                break
            with in_the_shops_words(), signed_in(mailbox) as line:
                while not stop.is_set():
                    fetch(mailbox, line)
                    pause = 0.0  # the server was there: when the line breaks now, it is soon tried again
                    _wait(line, stop)
        except Error:
            logger.exception("mails cannot be written down now")
            connection.close()
            pause = _longer(pause)
        except Exception as error:  # noqa: BLE001 — whatever a server says: it is told, and tried again
            pause = _longer(pause)
            _tell(mailbox_id, error)
    connection.close()


def _wait(line: Line, stop: threading.Event) -> None:
    """Until the server says that something came, or it is time to look."""
    if line.can_wait:
        line.wait(until=stop.is_set, seconds=_IDLE)
    else:
        stop.wait(_POLL)


def _longer(pause: float) -> float:
    """The next pause: twice as long, a little by chance."""
    return min(max(_FIRST_PAUSE, 2 * pause), _LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311 — spreads tries


def _tell(mailbox_id: int, error: Exception) -> None:
    if isinstance(error, Refusal):
        logger.warning("mailbox %s: %s", mailbox_id, error.sentence)
        refusal = error
    else:
        logger.error("mailbox %s cannot be read", mailbox_id, exc_info=error)
        refusal = Refusal(f"{type(error).__name__}: {error}")
    try:
        note_problem(Mailbox(pk=mailbox_id), refusal)
    except Error:
        logger.exception("the problem of a mailbox cannot be written down")
        connection.close()
