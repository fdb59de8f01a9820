"""Files that tills and other programs put into a folder: taken in a minute later, channel by channel.

    drop/<code of the channel>/orders/…         and customers/…, products/…

A file that came in is removed: its sender has it. What could not be used lies in `back` afterwards, the file with the
reason beside it, or its rows that were left out. A file is taken in when nobody has written to it for ten seconds, and
again where the shop was stopped in the middle: what came in already changes nothing.
"""

from __future__ import annotations

import logging
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import OperationalError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from regulars.channels.models import Channel
from regulars.core.background import every
from regulars.core.errors import Refusal
from regulars.core.importing import Run, importing
from regulars.customers.actions.importing import import_customers
from regulars.orders.actions.importing import import_orders
from regulars.orders.actions.product_import import import_products
from regulars.orders.facts import DroppedFileRefused
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Source

logger = logging.getLogger(__name__)

_BACK = "back"
_UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", ".filepart")
_QUIET = 10.0  # seconds without a change until a file counts as whole


def _orders(file: Path, run: Run, code: str) -> None:
    import_orders(file, run=run, mapping={}, channel_code=code)


def _customers(file: Path, run: Run, code: str) -> None:
    import_customers(file, run=run, mapping={}, channel_code=code)


def _products(file: Path, run: Run, code: str) -> None:
    import_products(file, run=run, mapping={}, channel_code=code)


# in this order, for orders name customers and products
_KINDS: dict[str, Callable[[Path, Run, str], None]] = {
    "customers": _customers,
    "products": _products,
    "orders": _orders,
}


@every(minutes=1, label=_("Take in files that other programs put into the folder"))
def take_in_files() -> int:
    """Take in every whole file of the folder; how many there were. One that cannot be read stops no other."""
    count = 0
    for folder in _folders(Path(settings.DROP)):
        for kind, bring in _KINDS.items():
            for file in _whole(folder / kind):
                count += 1
                _take_in(file, kind, folder.name, bring)
    return count


def _folders(drop: Path) -> Iterator[Path]:
    """The folders that are called as a channel; what else lies there is nobody's."""
    if not drop.is_dir():
        return
    codes = set(Channel.objects.values_list("code", flat=True))
    yield from (one for one in sorted(drop.iterdir()) if one.name in codes and one.is_dir() and not one.is_symlink())


def _whole(folder: Path) -> list[Path]:
    """The files of a folder that are not being written any more, the oldest first."""
    if not folder.is_dir() or folder.is_symlink():
        return []
    found = []
    for file in folder.iterdir():
        about = file.lstat()
        if not stat.S_ISREG(about.st_mode) or file.name.startswith(".") or file.suffix.lower() in _UNFINISHED:
            continue
        if time.time() - about.st_mtime >= _QUIET:
            found.append((about.st_mtime, file))
    return [file for _at, file in sorted(found)]


def _take_in(file: Path, kind: str, code: str, bring: Callable[[Path, Run, str], None]) -> None:
    back, before = file.parent / _BACK, _state(file)
    try:
        with acting(None, Source.IMPORT), importing(kind, file) as run:
            bring(file, run, code)
    except OperationalError:
        raise  # the database is busy or away: the file waits where it is
    except Refusal as refusal:
        _refuse(file, back, code, refusal.sentence)
        return
    except Exception:
        logger.exception("%s of %s could not be taken in", file.name, code)
        _refuse(file, back, code, gettext("This file could not be taken in; the log of the worker says more."))
        return
    if run.summary.rejects_file:
        back.mkdir(mode=0o700, exist_ok=True)
        shutil.move(run.summary.rejects_file, _free(back / f"{file.stem}-rejected.csv"))
    if _state(file) != before:
        return  # somebody wrote to it meanwhile: it is taken in once more, and what is known changes nothing
    file.unlink()
    logger.info("%s of %s was taken in: %s", file.name, code, run.summary.figures())


def _refuse(file: Path, back: Path, code: str, sentence: str) -> None:
    """Put a file aside with a sentence why."""
    back.mkdir(mode=0o700, exist_ok=True)
    place = _free(back / file.name)
    file.rename(place)
    place.with_name(f"{place.name}.txt").write_text(f"{sentence}\n", "utf-8")
    record(DroppedFileRefused(file=place.name, channel=code, reason=sentence))


def _state(file: Path) -> tuple[int, int, int]:
    """What changes when somebody writes to a file, or puts another one in its place."""
    about = file.lstat()
    return about.st_ino, about.st_size, about.st_mtime_ns


def _free(path: Path) -> Path:
    """The path, or one with a number, where nothing lies yet."""
    number, place = 1, path
    while place.exists():
        number += 1
        place = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return place
